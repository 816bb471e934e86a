"""Seal and open held-out bytes."""
