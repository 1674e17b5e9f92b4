"""Colour of one shot: carried along the motion from the frames that have it, and guessed where it does not come to."""
