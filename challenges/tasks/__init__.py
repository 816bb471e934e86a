"""Deliver what the challenges app owes, and do what it does by itself."""

from challenges.tasks import letters, notices, signals, telling

__all__ = ["letters", "notices", "signals", "telling"]
