"""Hold and lend data."""
