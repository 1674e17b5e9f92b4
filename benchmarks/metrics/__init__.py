"""Measures of an output: their table, and each of them."""
