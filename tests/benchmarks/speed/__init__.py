"""Tests of benchmarks/speed/."""
