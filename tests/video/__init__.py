"""Tests of featcolor/video/."""
