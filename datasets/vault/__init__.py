"""Seal held-out files for the scoring worker; only `datasets.gate` comes here."""
