"""Tests of benchmarks/demo/."""
