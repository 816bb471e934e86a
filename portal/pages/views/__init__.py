"""Surfaces that span the apps."""
