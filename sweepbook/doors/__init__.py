"""Other people's forms of training code, each adapted to a generator in a file of its own."""
