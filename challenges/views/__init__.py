"""Pages of the challenges: read, take part, run."""
