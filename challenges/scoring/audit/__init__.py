"""Audit fairness: groups held by the portal, gaps with intervals, small cells never shown."""
