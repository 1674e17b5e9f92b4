"""What is given to commands that colour: options that several share, and what they become for each picture."""
