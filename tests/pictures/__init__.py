"""Tests of featcolor/pictures/."""
