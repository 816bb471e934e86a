"""Benchmarks: each prints its figures and fails over its target."""
