"""Bytes and texts as arrays of numbers."""
