"""Hold the French names and sentences of the metrics, for pages."""
