"""Moving pictures, read and written; no colour model is known here."""
