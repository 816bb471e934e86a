"""Compete."""
