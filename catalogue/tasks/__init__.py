"""Deliver what the catalogue owes, and do what it does by itself."""

from catalogue.tasks import (
    alerts,
    around,
    batches,
    contributions,
    drafts,
    expiries,
    follows,
    harvests,
    links,
    proposals,
    quality,
    renewals,
    reports,
    telling,
    transfers,
    usage,
)

__all__ = [
    "alerts",
    "around",
    "batches",
    "contributions",
    "drafts",
    "expiries",
    "follows",
    "harvests",
    "links",
    "proposals",
    "quality",
    "renewals",
    "reports",
    "telling",
    "transfers",
    "usage",
]
