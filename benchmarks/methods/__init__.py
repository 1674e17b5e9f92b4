"""Methods that are compared: their table, and each of them."""
