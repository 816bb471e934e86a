"""Deliver what the challenges app owes, and do what it does by itself."""

from challenges.tasks import imports, letters, notices, rescorings, signals, teams, telling

__all__ = ["imports", "letters", "notices", "rescorings", "signals", "teams", "telling"]
