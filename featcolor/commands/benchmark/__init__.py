"""featcolor benchmark: what is compared, on which pictures or films, by hints, or in speed."""
