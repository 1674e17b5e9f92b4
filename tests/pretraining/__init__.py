"""Tests of featcolor/pretraining/."""
