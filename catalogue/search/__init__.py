"""Search: one French analysis, one query object, engines behind one contract."""
