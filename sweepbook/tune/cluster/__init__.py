"""The Ray that trials run on: a running cluster's, or one of this process's own."""
