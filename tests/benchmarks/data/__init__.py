"""Tests of benchmarks/data/."""
