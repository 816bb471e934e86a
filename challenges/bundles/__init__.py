"""Portable forms of a challenge."""
