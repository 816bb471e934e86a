"""Reads that join models: boards, quotas, queue, teams."""
