"""Readers of published instance sets. They know the file forms, and nothing of the solvers."""
