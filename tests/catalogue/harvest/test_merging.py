"""Several voices for one card: who is heard does not depend on who came first."""

import itertools

from catalogue.models import Resource
from catalogue.queries.merging import Voice, merge

DAY = "2026-11-26"
A = Voice("harvest:a", {"summary": "de A", "tags": ["a"]}, frozenset({"territories"}))
B = Voice("harvest:b", {"summary": "de B", "contact": "b"}, frozenset(), 60)
C = Voice("harvest:c", {"summary": "de C", "tags": ["c"]}, frozenset(), 10, {"tags": 99})


def card(**columns: object) -> Resource:
    """Make a card that is not stored."""
    return Resource(kind="dataset", title="Un jeu", **columns)


def test_the_order_of_voices_does_not_matter() -> None:
    found = [merge(card(), order, day=DAY) for order in itertools.permutations([A, B, C])]
    assert all(each == found[0] for each in found)
    assert found[0].values == {"summary": "de B", "tags": ["c"], "contact": "b"}
    assert found[0].provenance["tags"] == {"origin": "harvest:c", "date": DAY, "verified": True}
    assert "territories" not in found[0].provenance  # B and C transmit it


def test_equal_trust_is_settled_by_the_key() -> None:
    one, other = Voice("harvest:x", {"summary": "x"}), Voice("harvest:y", {"summary": "y"})
    assert merge(card(), [one, other], day=DAY).values == {"summary": "y"}
    assert merge(card(), [other, one], day=DAY).values == {"summary": "y"}


def test_what_a_person_wrote_stays() -> None:
    mine = {"origin": "contributor", "verified": True}
    edited = card(summary="d’ici", tags=[], provenance={"summary": mine, "tags": mine})
    found = merge(edited, [A], day=DAY)
    assert found.values == {}
    assert found.held_back == {"summary": "de A", "tags": ["a"]}
    assert found.provenance["summary"] == mine


def test_what_a_source_no_longer_says_is_emptied() -> None:
    before = {"origin": "harvest:a", "date": DAY, "verified": True}
    fed = card(summary="de A", contact="x", provenance={"summary": before, "contact": before})
    found = merge(fed, [A], day=DAY)
    assert found.values == {"contact": None, "tags": ["a"]}
    assert "contact" not in found.provenance
    assert found.provenance["summary"] == before


def test_what_a_feed_does_not_carry_is_not_held_against_the_producer() -> None:
    found = merge(card(), [A], day=DAY)
    told = {"origin": "harvest:a", "verified": False, "transmitted": False}
    assert found.provenance["territories"] == told
    silent = card(provenance=dict(found.provenance))
    assert "territories" in silent.unverified_fields
    again = Voice("harvest:a", {"territories": ["93"]})
    assert merge(silent, [again], day=DAY).values["territories"] == ["93"]
