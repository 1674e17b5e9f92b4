"""Tests of featcolor/colour/."""
