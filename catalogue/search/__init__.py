"""Search: one French analysis, one query object, engines behind one contract."""

from dataclasses import replace
from typing import NamedTuple

from catalogue.search import server
from catalogue.search.engines.database import DatabaseEngine
from catalogue.search.query import Correction, Engine, ResourceQuery, Results


def engine() -> Engine:
    """Give the engine in use."""
    return server.engine() if server.is_used() else DatabaseEngine()


class Answer(NamedTuple):
    """What a reader gets: the query that was answered, its results, how it was corrected."""

    query: ResourceQuery
    results: Results
    correction: Correction | None = None


def answer(query: ResourceQuery) -> Answer:
    """Search for a reader: words that no card holds are read as the nearest that one does."""
    results = engine().search(query)
    if results.correction is not None:
        meant = replace(query, q=results.correction.meant)
        corrected = engine().search(meant)
        if corrected.total:
            return Answer(meant, corrected, results.correction)
    return Answer(query, results)
