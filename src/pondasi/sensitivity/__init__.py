"""Which figure decides? Elementary effects and shares of variance, of any function and of a stress test."""
