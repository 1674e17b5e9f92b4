"""Benchmarks: quality and speed of featcolor beside other colorizers."""
