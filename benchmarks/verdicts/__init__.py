"""How often each kind of verdict is wrong, simulated through the product's own functions."""
