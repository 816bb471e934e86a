"""Search: one French analysis, one query object, engines behind one contract."""

from catalogue.search import server
from catalogue.search.engines.database import DatabaseEngine
from catalogue.search.query import Engine


def engine() -> Engine:
    """Give the engine in use."""
    return server.engine() if server.is_used() else DatabaseEngine()
