"""The short forms of claims."""
