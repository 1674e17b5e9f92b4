"""Key frames: chosen, exported, matched with a film, read."""
