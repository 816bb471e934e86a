"""Scoring, in plain Python and NumPy."""
