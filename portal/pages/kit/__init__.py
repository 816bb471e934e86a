"""Prepare what the component templates show."""
