"""The relevance of the search, on the queries and records of a public portal.

Nothing is tuned to them: `python -m tests.cases.relevance` prints every rank.
"""

from pathlib import Path

import pytest

from catalogue.search import analysis, engine
from catalogue.search.query import ResourceQuery
from tests.cases import relevance

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
VOWELS = frozenset("aeiouyh")


def test_the_bars_hold(shared: Path) -> None:
    cases = shared / "cases" / "catalogue"
    report = relevance.compare(cases, relevance.fill(cases))
    assert report["missed"] == []


def plural(words: str) -> str:
    return " ".join(
        f"{word}s" if word.isalpha() and len(word) > 3 and word[-1] not in "sxz" else word
        for word in words.split()
    )


def elided(words: str) -> str:
    return " ".join(
        f"l’{word}" if analysis.fold(word[0]) in VOWELS else word for word in words.split()
    )


def test_variants_of_a_query_have_the_same_first_result(shared: Path) -> None:
    cases = shared / "cases" / "catalogue"
    for asked in relevance.queries(cases, set(relevance.fill(cases))):
        words = asked.words
        first = engine().search(ResourceQuery(q=words, size=1)).ids
        for variant in (words.upper(), analysis.fold(words), plural(words), elided(words)):
            assert engine().search(ResourceQuery(q=variant, size=1)).ids == first, variant
