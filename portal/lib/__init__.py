"""How: no tables, no imports from the apps."""
