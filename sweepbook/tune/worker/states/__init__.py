"""A trial's state: what a trainable gives, gets back, and what is kept of the best step."""
