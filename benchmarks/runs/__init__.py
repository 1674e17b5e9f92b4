"""Methods over pictures and films: each in a process of its own, then scored."""
