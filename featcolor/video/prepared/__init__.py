"""A film made ready before it is coloured, when asked: whole frames of woven ones, and repairs of an old reel."""
