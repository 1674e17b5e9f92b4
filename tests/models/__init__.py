"""Tests of featcolor/models/."""
