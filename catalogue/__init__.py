"""Describe everything."""
