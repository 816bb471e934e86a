"""ResourceQuery: from URL to value and back."""

import random

import pytest
from django.http import QueryDict

from catalogue.search.query import (
    FACETS,
    MAX_DEPTH,
    MAX_Q,
    ResourceQuery,
    Sort,
    Updated,
    Words,
    from_mapping,
)


def parse(text: str) -> ResourceQuery:
    return ResourceQuery.parse(QueryDict(text))


def test_what_is_unknown_or_out_of_bounds_is_left_out() -> None:
    query = parse(
        "q=%20a%00b%20%20c&kind=model&kind=nothing&scope=lunar&sort=best&updated=1d"
        "&page=-3&size=5000&words=none&type=x&licence=Any-Text"
    )
    assert query == ResourceQuery(q="a b c", kind=("model",), licence=("Any-Text",), size=100)


@pytest.mark.parametrize("page", ["0", "x", "", "-1", "1.5", "٣", "²", "9" * 400])
def test_a_wild_page_number_stays_in_bounds(page: str) -> None:
    query = parse(f"page={page}")
    assert 1 <= query.page * query.size <= MAX_DEPTH + query.size


def test_words_are_cut() -> None:
    assert len(parse("q=" + "a" * 5_000).q) == MAX_Q


def test_order_and_doubles_do_not_matter() -> None:
    one = parse("language=it&language=fr&kind=model")
    assert one == parse("kind=model&language=fr&language=it&language=fr")
    assert one.serialise() == "kind=model&language=fr&language=it"


def test_filters_are_added_removed_and_cleared() -> None:
    query = parse("q=rome&kind=model&scope=local&page=3&updated=12m&words=all")
    assert query.with_value("kind", "dataset").kind == ("dataset", "model")
    assert query.without("kind", "model") == parse("q=rome&scope=local&updated=12m&words=all")
    assert query.cleared() == ResourceQuery(q="rome")
    assert query.is_filtered
    assert not query.cleared().is_filtered


def test_parse_of_serialise_is_the_same_query() -> None:
    rng = random.Random(4)  # noqa: S311  # a reproducible draw
    letters = "aéœ'’\"«&=+%#?/ \\0"
    for _ in range(500):
        chosen = {
            name: tuple(sorted(rng.sample(sorted(allowed), rng.randint(0, min(3, len(allowed))))))
            if allowed
            else tuple(sorted({"x-1", rng.choice(letters).strip() or "y"}))
            for name, allowed in FACETS.items()
        }
        raw = "".join(rng.choices(letters, k=rng.randint(0, 12)))
        query = ResourceQuery(
            q=" ".join(raw.split()),
            updated=rng.choice([None, *Updated]),
            words=rng.choice(list(Words)),
            sort=rng.choice(list(Sort)),
            page=rng.randint(1, 90),
            size=rng.randint(1, 100),
            **chosen,
        )
        assert parse(query.serialise()) == query
        assert parse(query.serialise()).serialise() == query.serialise()


def test_a_mapping_reads_like_a_url() -> None:
    assert from_mapping({"q": ["rome"], "kind": ["model"]}) == parse("q=rome&kind=model")
