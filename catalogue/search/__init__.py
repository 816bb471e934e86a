"""Search: one French analysis, one query object, engines behind one contract."""

from catalogue.search import server
from catalogue.search.engines.embedded import EmbeddedEngine
from catalogue.search.results import Engine


def engine() -> Engine:
    """Give the engine in use."""
    return server.engine() if server.is_used() else EmbeddedEngine()
