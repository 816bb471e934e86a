"""The use cases, a folder each; none knows another."""
