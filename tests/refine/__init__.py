"""Tests of refine/."""
