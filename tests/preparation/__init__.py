"""Tests of featcolor/preparation/."""
