"""A foreign record, brought to what a card can hold; several voices for one card."""

import itertools
from typing import Any

import pytest

from catalogue.contributions.queries import descriptions
from catalogue.harvest.queries import Voice, merge
from catalogue.models import Resource
from catalogue.standards.readers.record import Fault, Record, Value


def record(remote_id: str = "a1", *, kind: str = "dataset", **values: Any) -> Record:
    """Make a record of these values; details are told apart by their names."""
    told = {"title": "Offres d’emploi", **values}
    details = {"distributions", "update_frequency", "last_update"}
    return Record(
        kind=kind,
        remote_id=remote_id,
        source_url=f"https://exemple.test/{remote_id}",
        fields={n: Value(v, "essai") for n, v in told.items() if n not in details},
        details={n: Value(v, "essai") for n, v in told.items() if n in details},
    )


@pytest.mark.parametrize(
    ("remote_id", "code"),
    [
        ("TODO", "id_placeholder"),
        ("A REMPLIR", "id_placeholder"),
        ("<identifier>", "id_placeholder"),
        ("n/a", "id_placeholder"),
        ("x" * 501, "id_too_long"),
        ("todo-list", ""),
        ("123", ""),
    ],
)
def test_identifiers(remote_id: str, code: str) -> None:
    found = descriptions.read_incoming(record(remote_id))
    assert found.refused == code
    assert bool(found.reason) is bool(code)


def test_an_identity_without_identifier() -> None:
    bare = Record(kind="dataset", source_url="https://exemple.test/a", fields=record().fields)
    assert descriptions.read_incoming(bare).remote_id == "https://exemple.test/a"
    nameless = Record(kind="dataset", fields=record().fields)
    assert descriptions.read_incoming(nameless).remote_id.startswith("sha256:")
    assert (
        descriptions.read_incoming(nameless).remote_id
        == descriptions.read_incoming(nameless).remote_id
    )


def test_an_identifier_used_for_two_things_is_refused() -> None:
    twice = descriptions.read_all(
        [record("a"), record("b"), record("a", title="Autre"), record("b")]
    )
    assert [(each.remote_id, each.refused) for each in twice] == [
        ("a", "id_repeated"),
        ("b", ""),
        ("a", "id_repeated"),
    ]


def test_what_a_card_cannot_hold_is_named() -> None:
    found = descriptions.read_incoming(
        record(
            title="mot " * 60,
            homepage_url="pas une adresse",
            update_frequency="sometimes",
            tags=[f"mot-{n}" for n in range(70)],
            languages=["fr", "xx"],
            description="[" * 2_000,
            unknown_field="rien",
        )
    )
    assert not found.refused
    assert len(found.values["title"]) <= 120
    assert found.values["title"].endswith("…")
    assert len(found.values["tags"]) == 50
    assert found.values["languages"] == ["fr"]
    assert {"homepage_url", "update_frequency", "description"}.isdisjoint(found.values)
    assert {(r.code, r.field) for r in found.remarks} == {
        ("shortened", "title"),
        ("cut", "tags"),
        ("left_out", "homepage_url"),
        ("left_out", "update_frequency"),
        ("left_out", "languages"),
        ("left_out", "description"),
    }


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"licences": ["MIT"]}, "declared"),
        ({"licence_status": "declared"}, "to_confirm"),
        ({"licence_status": "none"}, "none"),
        ({"licence_status": "wrong"}, None),
    ],
)
def test_a_licence_and_its_status_agree(values: dict[str, Any], status: str | None) -> None:
    assert descriptions.read_incoming(record(**values)).values.get("licence_status") == status


def test_what_is_refused() -> None:
    assert descriptions.read_incoming(record(title="")).refused == "no_title"
    assert descriptions.read_incoming(record(kind="voiture")).refused == "kind"
    broken = Record("dataset", "a", faults=(Fault("bad", "Cassée.", fatal=True),))
    found = descriptions.read_incoming(broken)
    assert (found.refused, found.reason) == ("bad", "Cassée.")


def test_the_digest_ignores_the_order_of_what_is_not_transmitted() -> None:
    one = descriptions.Incoming("a", "dataset", "A", not_transmitted=("b", "c"))
    other = descriptions.Incoming("a", "dataset", "A", not_transmitted=("c", "b"))
    assert one.digest == other.digest
    assert one.digest != descriptions.Incoming("a", "dataset", "A", values={"x": 1}).digest


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
