"""From a query and its results to what a page shows: facets, chips, marked lines."""
