"""Pages of the datasets."""
