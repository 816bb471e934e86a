"""Endpoints of challenges: the same reads and the same actions as the pages."""

from ninja import Router

from challenges.entries import api as entry_endpoints
from challenges.evaluation import api as followed_entries
from challenges.exchange import api as bundles
from challenges.pages import api as pages
from challenges.programs import api as trial_endpoints
from challenges.rescoring import api as decision_endpoints
from challenges.teams import api as teams

# (prefix, router), gathered by portal.api in this order.
routers: list[tuple[str, Router]] = [
    ("", bundles.router),  # before the challenges by name: none is called « imports »
    ("", pages.router),
    ("", teams.router),
    ("", entry_endpoints.check_router),
    ("", entry_endpoints.router),
    ("", followed_entries.router),
    ("", trial_endpoints.router),
    ("", entry_endpoints.upload_router),
    ("", decision_endpoints.decision_router),
]
