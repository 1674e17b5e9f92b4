"""What a pixel's neighbours say about its colour: edge-aware filters of chroma with lightness as guide."""
