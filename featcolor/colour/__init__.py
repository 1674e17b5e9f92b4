"""Colour as numbers: sRGB, CIELAB, film stocks, measures."""
