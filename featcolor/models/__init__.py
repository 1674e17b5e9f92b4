"""Models that colour one grey picture: fitted, by example, pretrained."""
