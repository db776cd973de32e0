"""Benchmarks: figures beside a named reference of the same run, as ratios."""
