"""Films in the studio: what is known of one, its small copy, single frames of it, and its colour."""
