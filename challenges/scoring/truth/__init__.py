"""Compile a held-out file once: keys without a label, labels always sealed."""
