"""Hold the metrics, one module per family; the registry lists them."""
