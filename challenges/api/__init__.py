"""Endpoints of challenges: the same reads and the same actions as the pages."""

from ninja import Router

from challenges.api import checks, decisions, entries, reading, rescorings, trials, uploads
from challenges.exchange import api as bundles
from challenges.teams import api as teams

# (prefix, router), gathered by portal.api in this order.
routers: list[tuple[str, Router]] = [
    ("", bundles.router),  # before the challenges by name: none is called « imports »
    ("", reading.router),
    ("", teams.router),
    ("", checks.router),
    ("", entries.router),
    ("", trials.router),
    ("", uploads.router),
    ("", decisions.router),
    ("", rescorings.router),
]
