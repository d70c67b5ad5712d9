"""Records -> tidy frames -> aggregates -> figures, tables, findings -> report.

A record folder is the whole interface: nothing here imports the rooms that wrote it, Ray or torch.
"""
