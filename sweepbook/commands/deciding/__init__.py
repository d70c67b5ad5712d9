"""The command `decide`: replicates are added, look by look, until the claims are decided."""
