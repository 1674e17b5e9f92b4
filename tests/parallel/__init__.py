"""Tests of featcolor/parallel/."""
