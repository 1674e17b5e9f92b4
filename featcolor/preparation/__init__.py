"""Repairs of a scan before it is coloured."""
