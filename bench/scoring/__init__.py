"""Measure the scoring engine beside what a team would write with pandas and scikit-learn."""
