"""Colour for black-and-white photographs, learned from your own reference pictures."""
