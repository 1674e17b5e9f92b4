"""Training of a colour network, the semantic features behind the default model: needs the extra `train` (torch)."""
