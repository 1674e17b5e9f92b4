"""Still pictures: found, read, resized, written."""
