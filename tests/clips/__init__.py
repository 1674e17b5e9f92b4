"""Tests of featcolor/clips/."""
