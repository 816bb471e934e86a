"""The only writers of the challenges app."""
