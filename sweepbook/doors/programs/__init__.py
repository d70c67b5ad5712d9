"""A program as a trainable: what it prints, how it is stopped and ended, what it leaves."""
