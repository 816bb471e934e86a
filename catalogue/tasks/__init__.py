"""Deliver what the catalogue owes, and do what it does by itself."""

from catalogue.community import tasks as community
from catalogue.contributions import tasks as contributions
from catalogue.harvest import tasks as harvest
from catalogue.resources import tasks as resources
from catalogue.search import tasks as search

__all__ = ["community", "contributions", "harvest", "resources", "search"]
