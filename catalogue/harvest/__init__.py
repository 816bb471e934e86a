"""Harvest other catalogues: fetch, read, decide, take in. Nothing is deleted, nothing repeated."""
