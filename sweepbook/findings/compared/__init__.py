"""Two records of the same study, held against each other."""
