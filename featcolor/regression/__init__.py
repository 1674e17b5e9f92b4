"""Regression from rows of features to chroma; it knows no pictures."""
