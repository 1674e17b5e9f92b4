"""A coloured picture in layers, for image editors."""
