"""Tests of featcolor/commands/: what a person types and reads."""
