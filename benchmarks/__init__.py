"""Measurements, not tests: ``python -m benchmarks`` prints them and writes ``results.md``."""
