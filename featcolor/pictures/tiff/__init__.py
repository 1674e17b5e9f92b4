"""TIFF files: which of their pictures is meant, its stored samples, the colours that those mean; and writing."""
