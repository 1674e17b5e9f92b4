"""Files of releases: what one release wrote, the next ones read."""
