"""What a record may hold: the types, ranges and sizes of its manifest and of its tables."""
