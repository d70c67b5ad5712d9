"""Search spaces as people have them, taken apart into a study's plain values."""
