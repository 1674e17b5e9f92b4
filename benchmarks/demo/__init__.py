"""The demo: python -m benchmarks.demo."""
