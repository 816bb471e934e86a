"""Commands: start, fill, verify."""
