"""Studies that are written in YAML."""
