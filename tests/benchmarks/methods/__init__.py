"""Tests of benchmarks/methods/."""
