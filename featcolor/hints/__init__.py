"""What a person says of a picture, points, strokes, painted pictures and masks, and how it spreads."""
