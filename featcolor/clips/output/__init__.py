"""Film files, written: containers and codecs, the encoder, the tracks beside the picture."""
