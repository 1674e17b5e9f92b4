"""Tests of featcolor/regression/."""
