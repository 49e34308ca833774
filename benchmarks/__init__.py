"""Measures start-up, time per layer and memory: `python -m benchmarks` writes docs/benchmarks.md."""
