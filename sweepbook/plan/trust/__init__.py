"""Which code of a record may be run: that of where one stands, and nothing that came with it."""
