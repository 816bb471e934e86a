"""The declaration of a fairness audit in a folder: what is read, what is refused."""

from pathlib import Path
from typing import Any

import pytest

from challenges.bundles.portable import read
from challenges.scoring import registry
from challenges.scoring.audit import declared
from challenges.scoring.contract import ScoringContract
from tests.challenges.bundles import folders

PLACES = [
    {"key": "zone", "source": "truth", "column": "zone", "label": "Zone"},
    {"key": "groupe", "source": "truth", "column": "groupe", "label": "Groupe"},
]


def found(tmp_path: Path, audit: Any, attributes: list[dict[str, Any]] | None = None) -> Any:
    """Read a folder whose fairness declares an audit."""
    document = folders.document()
    fairness: Any = document["fairness"]
    fairness["audit"] = audit
    if attributes is not None:
        fairness["attributes"] = attributes
    return read(folders.write(tmp_path, document))


def codes(reading: Any) -> list[tuple[str, str]]:
    """Return the causes and places of the refusals."""
    return [(each.code, each.key) for each in reading.errors]


def test_a_folder_without_an_audit_keeps_its_contract(tmp_path: Path) -> None:
    reading = found(tmp_path, None)
    assert "audit" not in reading.spec.scoring_contract(tmp_path)["fairness"]


def test_an_empty_audit_takes_every_default(tmp_path: Path) -> None:
    reading = found(tmp_path, {})
    assert reading.errors == ()
    raw = reading.spec.scoring_contract(tmp_path)
    contract = ScoringContract.from_json(raw)
    assert contract.audit == declared.AuditSpec()
    assert contract.audited == ("zone",)
    assert ScoringContract.from_json(contract.to_json()) == contract


def test_a_whole_audit_is_read(tmp_path: Path) -> None:
    audit = {
        "attributes": ["zone", "groupe"],
        "crossings": [["zone", "groupe"]],
        "measures": ["equal_opportunity", "worst_group"],
        "positive": 3,
        "event": "niveaux élevés",
        "shown": "team",
        "min_persons": 20,
        "person": "cluster",
        "column": {"attribute": "zone", "limit": 0.6, "label": "Pire zone"},
    }
    reading = found(tmp_path, audit, PLACES)
    assert reading.errors == ()
    spec = ScoringContract.from_json(reading.spec.scoring_contract(tmp_path)).audit
    assert spec is not None
    assert spec.crossings == (("zone", "groupe"),)
    assert (spec.positive, spec.shown, spec.min_persons) == ("3", "team", 20)
    assert spec.column == declared.BoardColumn(attribute="zone", limit=0.6, label="Pire zone")


@pytest.mark.parametrize(
    ("audit", "place"),
    [
        ({"attributes": ["age"]}, "fairness.audit.attributes"),
        ({"measures": ["justice"]}, "fairness.audit.measures"),
        ({"crossings": [["zone", "zone"]]}, "fairness.audit.crossings"),
        ({"crossings": [["zone", "groupe", "zone"]]}, "fairness.audit.crossings"),
        ({"crossings": "zone"}, "fairness.audit.crossings"),
        ({"shown": "personne"}, "fairness.audit.shown"),
        ({"min_persons": 5}, "fairness.audit.min_persons"),
        ({"person": "foyer"}, "fairness.audit.person"),
        ({"threshold": "haut"}, "fairness.audit.threshold"),
        ({"column": {"measure": "justice"}}, "fairness.audit.column.measure"),
        ({"column": {"attribute": "age"}}, "fairness.audit.column.attribute"),
        ({"column": {"key": "mae"}}, "fairness.audit.column.key"),
    ],
)
def test_a_badly_declared_audit_is_refused(tmp_path: Path, audit: Any, place: str) -> None:
    assert codes(found(tmp_path, audit, PLACES)) == [("E_AUDIT", place)]


@pytest.mark.parametrize(
    ("asked", "least"), [(None, 11), (11, 11), (40, 40), (10, None), (0, None), ("x", None)]
)
def test_the_threshold_of_the_challenge_is_only_raised(
    tmp_path: Path, asked: Any, least: int | None
) -> None:
    document = folders.document()
    fairness: Any = document["fairness"]
    fairness |= {"min_rows": 1, "n_min_group": asked, "audit": {}}
    reading = read(folders.write(tmp_path, document))
    if least is None:
        assert codes(reading) == [("E_AUDIT", "fairness.n_min_group")]
        return
    assert reading.spec is not None
    assert reading.spec.contract.n_min_group == least
    raw = reading.spec.scoring_contract(tmp_path)
    assert ("n_min_group" in raw["fairness"]) is (least > 11)  # older contracts keep their digest
    contract = ScoringContract.from_json(raw)
    assert contract.least_group == least
    assert ScoringContract.from_json(contract.to_json()) == contract


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        ({"key": "nationalite"}, {"key": "commune"}, True),
        ({"key": "a", "label": "Origine migratoire"}, {"key": "b", "label": "Code INSEE"}, True),
        ({"key": "a", "nature": "origin"}, {"key": "b", "nature": "department"}, True),
        ({"key": "nationalite"}, {"key": "age"}, False),
        ({"key": "sexe"}, {"key": "commune"}, False),
    ],
)
def test_origin_is_never_crossed_with_a_small_territory(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], refused: bool
) -> None:
    attributes = [PLACES[0] | {"label": "x"} | first, PLACES[1] | {"label": "y"} | second]
    pair = [first["key"], second["key"]]
    document_metrics = found(tmp_path, {"crossings": [pair]}, attributes)
    wanted = ("E_AUDIT", "fairness.audit.crossings")
    assert (wanted in codes(document_metrics)) is refused


@pytest.mark.parametrize(
    "attribute",
    [
        {"key": "zone", "source": "truth", "column": "zone", "of": "items"},
        {"key": "zone", "source": "truth", "column": "zone", "nature": "ville"},
    ],
)
def test_a_word_of_no_list_is_refused_in_an_attribute(
    tmp_path: Path, attribute: dict[str, Any]
) -> None:
    assert "E_AUDIT" in [code for code, _ in codes(found(tmp_path, {}, [attribute]))]


@pytest.mark.parametrize(
    ("audit", "text"),
    [
        ({"attributes": ["x"]}, "x is no attribute that groups"),
        ({"crossings": [["zone", "zone"]]}, "zone × zone cannot be crossed"),
        ({"crossings": [["nat", "commune"]]}, "nat × commune must not be crossed"),
        ({"measures": ["equal_opportunity"]}, "the positive answer is missing"),
        ({"positive": "z"}, "z is no possible answer"),
    ],
)
def test_the_engine_refuses_the_same(audit: dict[str, Any], text: str) -> None:
    raw = {
        "submission": {
            "layout": "one_row_per_id",
            "columns": [
                {"name": "id", "role": "id", "type": "string"},
                {"name": "p", "role": "target", "type": "category", "domain": ["a", "b"]},
            ],
        },
        "truth": {"id": "id", "target": "y"},
        "metrics": [{"key": "score", "metric": "accuracy"}],
        "fairness": {
            "attributes": [
                {"key": "zone", "source": "truth", "column": "zone"},
                {"key": "nat", "source": "truth", "column": "n", "label": "Nationalité"},
                {"key": "commune", "source": "truth", "column": "c"},
            ],
            "audit": audit,
        },
    }
    assert ("audit", text) in registry.problems(ScoringContract.from_json(raw))
