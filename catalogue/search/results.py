"""What an engine answers, and the contract that every engine keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from catalogue.search.query import ResourceQuery


@dataclass(frozen=True)
class FacetCount:
    """One value of a facet and how many results choosing it gives."""

    value: str
    count: int
    label: str = ""


@dataclass(frozen=True)
class Results:
    """The answer to a query.

    total counts every match; the first `complete` of them hold all the words, the others some.
    ids are the resources of the page asked for, in order. facets are each counted under all
    the other filters. highlights are the stems to mark in our own stored texts.
    """

    total: int
    complete: int
    ids: Sequence[int]
    facets: Mapping[str, Sequence[FacetCount]]
    highlights: frozenset[str] = frozenset()
    suggestion: str = ""
    offset: int = field(default=0)


class Engine(Protocol):
    """A search engine over the published resources."""

    def search(self, query: ResourceQuery) -> Results:
        """Answer a query; the same matches, counts and order for every engine."""

    def values(self, query: ResourceQuery, facet: str) -> Sequence[FacetCount]:
        """Count every value of a facet under the other filters, the most frequent first."""
