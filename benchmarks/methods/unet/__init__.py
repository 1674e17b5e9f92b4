"""A compact U-Net, trained on the same references."""
