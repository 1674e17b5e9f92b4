"""Many pictures: coloured, and previewed in several settings."""
