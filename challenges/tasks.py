"""Deliver what the challenges app owes, and do what it does by itself, subject by subject."""

from challenges import retention
from challenges.disqualifications import tasks as disqualifications
from challenges.entries import tasks as entries
from challenges.evaluation import tasks as evaluation
from challenges.exchange.actions import bundles
from challenges.organising import letters
from challenges.organising import tasks as organising
from challenges.rescoring import tasks as rescoring
from challenges.results import tasks as results
from challenges.teams import tasks as teams
from portal.audit.duties import schedule

# Imported so that what they deliver and do by themselves is registered.
TASKS = (
    letters,
    disqualifications,
    entries,
    evaluation,
    organising,
    rescoring,
    results,
    teams,
)


# What the schedule does, and how often.
schedule("challenges.imports", bundles.expire_imports, minutes=60)
schedule(
    "challenges.retention",
    retention.delete_files,
    retention.forget_logs,
    minutes=24 * 60,
    by_itself=True,
)
