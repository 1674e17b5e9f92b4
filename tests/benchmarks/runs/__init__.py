"""Tests of benchmarks/runs/."""
