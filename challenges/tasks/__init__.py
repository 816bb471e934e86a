"""Deliver what the challenges app owes, and do what it does by itself."""

from challenges.tasks import (
    alarms,
    certificates,
    deadlines,
    disqualifications,
    imports,
    kinds,
    letters,
    notices,
    origins,
    rescorings,
    retention,
    takeovers,
    teams,
    telling,
)

__all__ = [
    "alarms",
    "certificates",
    "deadlines",
    "disqualifications",
    "imports",
    "kinds",
    "letters",
    "notices",
    "origins",
    "rescorings",
    "retention",
    "takeovers",
    "teams",
    "telling",
]
