"""Endpoints of the catalogue: the same reads and the same actions as the pages."""

from ninja import Router

from catalogue.community import api as community_api
from catalogue.contributions import api as contributions_api
from catalogue.pages import api as public_api

# (prefix, router), gathered by portal.api in this order.
routers: list[tuple[str, Router]] = [
    ("", contributions_api.router),  # before the cards by name: none is called « from »
    ("", contributions_api.cards),  # that of resources, which reads the same addresses
    ("", public_api.router),
    ("", community_api.router),
    ("", community_api.around_router),
]
