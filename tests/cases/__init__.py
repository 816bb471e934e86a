"""Acceptance cases, made into challenges of the portal."""
