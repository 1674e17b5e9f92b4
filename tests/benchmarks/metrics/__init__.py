"""Tests of benchmarks/metrics/."""
