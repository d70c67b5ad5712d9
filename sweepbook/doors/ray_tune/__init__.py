"""The door of functions and classes that were written for Ray Tune."""
