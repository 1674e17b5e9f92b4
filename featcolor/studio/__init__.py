"""The studio: a local web page where a person colours pictures and film, corrects them, and keeps them."""
