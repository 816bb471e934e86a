"""A foreign record, brought to what a card can hold."""

from typing import Any

import pytest

from catalogue.queries import incoming
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
    found = incoming.read(record(remote_id))
    assert found.refused == code
    assert bool(found.reason) is bool(code)


def test_an_identity_without_identifier() -> None:
    bare = Record(kind="dataset", source_url="https://exemple.test/a", fields=record().fields)
    assert incoming.read(bare).remote_id == "https://exemple.test/a"
    nameless = Record(kind="dataset", fields=record().fields)
    assert incoming.read(nameless).remote_id.startswith("sha256:")
    assert incoming.read(nameless).remote_id == incoming.read(nameless).remote_id


def test_an_identifier_used_for_two_things_is_refused() -> None:
    twice = incoming.read_all([record("a"), record("b"), record("a", title="Autre"), record("b")])
    assert [(each.remote_id, each.refused) for each in twice] == [
        ("a", "id_repeated"),
        ("b", ""),
        ("a", "id_repeated"),
    ]


def test_what_a_card_cannot_hold_is_named() -> None:
    found = incoming.read(
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
    assert incoming.read(record(**values)).values.get("licence_status") == status


def test_what_is_refused() -> None:
    assert incoming.read(record(title="")).refused == "no_title"
    assert incoming.read(record(kind="voiture")).refused == "kind"
    broken = Record("dataset", "a", faults=(Fault("bad", "Cassée.", fatal=True),))
    found = incoming.read(broken)
    assert (found.refused, found.reason) == ("bad", "Cassée.")


def test_the_digest_ignores_the_order_of_what_is_not_transmitted() -> None:
    one = incoming.Incoming("a", "dataset", "A", not_transmitted=("b", "c"))
    other = incoming.Incoming("a", "dataset", "A", not_transmitted=("c", "b"))
    assert one.digest == other.digest
    assert one.digest != incoming.Incoming("a", "dataset", "A", values={"x": 1}).digest
