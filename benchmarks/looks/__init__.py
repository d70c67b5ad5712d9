"""How often claims that are looked at several times get a wrong verdict, and at how many seeds."""
