"""Endpoints of the catalogue: the same reads and the same actions as the pages."""

from ninja import Router

from catalogue.api import contributions, organisations, resources, searches

# (prefix, router), gathered by portal.api in this order.
routers: list[tuple[str, Router]] = [
    ("", resources.router),
    ("", organisations.router),
    ("", contributions.router),
    ("", searches.router),
]
