"""Tests of featcolor/batch/."""
