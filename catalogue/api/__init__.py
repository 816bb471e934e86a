"""Endpoints of the catalogue: the same reads and the same actions as the pages."""

from ninja import Router

from catalogue.api import (
    around,
    card_uploads,
    contributions,
    feedback,
    follows,
    organisations,
    pastes,
    searches,
    stored_files,
    writing,
)

# (prefix, router), gathered by portal.api in this order.
routers: list[tuple[str, Router]] = [
    ("", pastes.router),  # before the cards by name: none is called « from »
    ("", writing.cards),  # that of resources, which reads the same addresses
    ("", stored_files.router),
    ("", card_uploads.router),
    ("", organisations.router),
    ("", contributions.router),
    ("", searches.router),
    ("", follows.router),
    ("", feedback.router),
    ("", around.router),
]
