"""Which files and modules a study is made of, found from its functions and their text."""
