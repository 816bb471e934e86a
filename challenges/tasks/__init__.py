"""Deliver what the challenges app owes, and do what it does by itself."""

from challenges.disqualifications import tasks as disqualification_tasks
from challenges.rescoring import tasks as rescoring_tasks
from challenges.tasks import (
    alarms,
    certificates,
    deadlines,
    imports,
    kinds,
    letters,
    notices,
    origins,
    retention,
    takeovers,
    teams,
    telling,
)

__all__ = [
    "alarms",
    "certificates",
    "deadlines",
    "disqualification_tasks",
    "imports",
    "kinds",
    "letters",
    "notices",
    "origins",
    "rescoring_tasks",
    "retention",
    "takeovers",
    "teams",
    "telling",
]
