"""Forms of the challenges pages."""
