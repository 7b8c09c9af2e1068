"""Benchmarks: each measures ours, the naive way and the limit in one run."""
