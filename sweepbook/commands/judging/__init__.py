"""Claims that are judged on a record after it was begun."""
