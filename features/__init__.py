"""What we know about each grey pixel: extractors that turn lightness into feature vectors."""
