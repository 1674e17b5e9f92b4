"""Tests of featcolor/hints/."""
