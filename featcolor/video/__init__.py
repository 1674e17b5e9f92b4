"""Moving pictures, coloured."""
