"""Translate between people and the catalogue."""
