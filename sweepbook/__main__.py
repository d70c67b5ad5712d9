"""`python -m sweepbook`: the command line."""

from sweepbook.cli import main

main()
