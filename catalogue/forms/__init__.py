"""Translate what people type into values for the actions."""
