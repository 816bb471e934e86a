"""Ranked lists, sets of labels and number attributes, on folders of our own."""

from pathlib import Path

import pytest

from challenges.bundles import portable
from challenges.scoring.contract import ScoringContract
from tests.challenges.bundles.folders import FILES, change, document, write

RANKED = {
    "layout": "ranked_list",
    "max_items_per_query": 2,
    "columns": [
        {"name": "id", "role": "query", "type": "string"},
        {"name": "rang", "role": "rank", "type": "integer", "min": 1, "max": 2},
        {"name": "cible", "role": "item", "type": "category"},
    ],
}
RANKED_TRUTH = {
    "file": "truth.csv",
    "query": "id",
    "item": "cible",
    "gain": "gain",
    "split": {"column": "jeu", "public": "public", "private": "private"},
}
NDCG = {
    "key": "ndcg",
    "metric": "ndcg",
    "direction": "max",
    "primary": True,
    "params": {"k": 2, "gain": "linear"},
}
IDS = [f"A{number}" for number in range(1, 7)]
SIDES = dict.fromkeys(IDS, "private") | {"A1": "public"}
ITEMS = "id,cible,gain,jeu\n" + "".join(f"{one},x,1,{SIDES[one]}\n" for one in IDS)


def ranked(folder: Path, items: str = ITEMS) -> list[str]:
    found = document()
    for path, value in [
        ("task", "ranking"),
        ("submission", RANKED),
        ("truth", RANKED_TRUTH),
        ("metrics", [NDCG]),
        ("fairness", ...),
        ("expected", ...),
    ]:
        found = change(found, path, value)  # type: ignore[assignment] # still a mapping
    sample = "id,rang,cible\n" + "".join(f"{one},1,x\n{one},2,y\n" for one in IDS)
    found = change(found, "files.public.2.rows", 12)  # type: ignore[assignment] # still a mapping
    rows = items.count("\n") - 1
    found = change(found, "files.held_out.0.rows", rows)  # type: ignore[assignment] # still a mapping
    return portable.read(write(folder, found, truth_csv=items, sample_csv=sample)).codes


def labelled(folder: Path, truth: str, **column: object) -> list[str]:
    found = change(document(), "task", "multilabel")
    target = {"name": "niveau", "role": "target", "type": "label_set", **column}
    found = change(found, "submission.columns.1", target)
    found = change(found, "metrics", [
        {"key": "f1", "metric": "f1_samples", "direction": "max", "primary": True}
    ])  # fmt: skip
    found = change(found, "fairness.metrics", [])
    return portable.read(write(folder, found, truth_csv=truth)).codes


TRUTH = "id,niveau,jeu,zone,groupe\n" + "".join(
    f"{one},a b,{SIDES[one]},nord,g {SIDES[one]}\n" for one in IDS
)


def test_a_ranked_list_is_read(tmp_path: Path) -> None:
    assert ranked(tmp_path) == []


@pytest.mark.parametrize(
    ("items", "causes"),
    [
        (ITEMS + "A1,x,2,public\n", ["E_IDS"]),
        (ITEMS.replace("A6,x,1", "A6,x,-1"), ["E_DOMAIN"]),
        (ITEMS.replace("A6,x,1", "A6,x,beaucoup"), ["E_DOMAIN"]),
        (ITEMS.replace("A6,x,1,private\n", ""), ["E_IDS"]),
        (ITEMS.replace("id,cible", "id,item"), ["E_COLUMN_MISSING"]),
    ],
    ids=["item twice", "negative gain", "gain in words", "query absent", "item column"],
)
def test_a_wrong_ranked_truth_is_refused(tmp_path: Path, items: str, causes: list[str]) -> None:
    assert ranked(tmp_path, items) == causes


def test_sets_of_labels_are_read(tmp_path: Path) -> None:
    assert labelled(tmp_path, TRUTH, max_labels=2, pattern="[ab]") == []
    assert labelled(tmp_path, TRUTH.replace("a b", "a;b"), separator=";") == []


@pytest.mark.parametrize(
    ("truth", "column"),
    [
        (TRUTH, {"max_labels": 1}),
        (TRUTH, {"pattern": "[a]"}),
        (TRUTH.replace("A6,a b", "A6,a a"), {}),
        (TRUTH, {"domain": {"file": "train.csv", "column": "niveau"}}),
    ],
    ids=["too many", "pattern", "label twice", "domain"],
)
def test_a_wrong_set_of_labels_is_refused(
    tmp_path: Path, truth: str, column: dict[str, object]
) -> None:
    assert labelled(tmp_path, truth, **column) == ["E_DOMAIN"]


def test_parameters_that_name_a_column_or_an_attribute_are_checked(tmp_path: Path) -> None:
    pairs = {
        "key": "paires",
        "metric": "pair_consistency",
        "direction": "max",
        "params": {"pair": "groupe", "member": "genre", "members": ["m", "f"]},
    }
    distance = {
        "key": "ecart",
        "metric": "attribute_distance",
        "direction": "none",
        "params": {"attribute": "age", "of": "submission"},
    }
    found = change(document(), "fairness.metrics.+", pairs)
    found = change(found, "fairness.metrics.+", distance)

    assert portable.read(write(tmp_path, found)).codes == ["E_COLUMN_MISSING", "E_COLUMN_MISSING"]


def test_a_group_without_row_and_a_primary_group_figure_are_refused(tmp_path: Path) -> None:
    figure = {
        "key": "nord", "metric": "mae", "direction": "min", "by": "zone", "group": "est",
        "primary": True,
    }  # fmt: skip
    found = change(document(), "fairness.metrics.+", figure)

    assert portable.read(write(tmp_path, found)).codes == ["E_METRIC_PRIMARY", "E_DOMAIN"]


def weighed(folder: Path, truth: str) -> list[str]:
    found = change(document(), "truth.weight", "poids")
    return portable.read(write(folder, found, truth_csv=truth)).codes


def test_weights_of_rows_are_read(tmp_path: Path) -> None:
    with_weights = "id,niveau,jeu,zone,groupe,poids\n" + "".join(
        f"{one},1,{SIDES[one]},{zone},g{at},{at + 0.5}\n"
        for at, (one, zone) in enumerate(zip(IDS, ["nord", "sud"] * 3, strict=True))
    )
    assert weighed(tmp_path, with_weights) == []
    spec = portable.read(tmp_path).spec
    assert spec is not None
    truth = ScoringContract.from_json(spec.scoring_contract(tmp_path)).truth
    assert truth.weight == "poids"
    for wrong in ("0", "-1", "beaucoup", "", "nan"):
        assert weighed(tmp_path, with_weights.replace(",0.5", f",{wrong}")) == ["E_DOMAIN"]
    without = with_weights.replace("poids", "masse")
    assert weighed(tmp_path, without) == ["E_COLUMN_MISSING"]


def several(
    folder: Path, *names: str, form: object = "probabilities", **facts: object
) -> list[str]:
    columns = [
        {"name": n, "role": "target", "type": "float", "min": 0, "max": 1} | facts for n in names
    ]
    key = {"name": "id", "role": "id", "type": "string"}
    shape = {"layout": "numbers_per_id", "form": form, "columns": [key, *columns]}
    brier = {"key": "brier", "metric": "brier_multi", "direction": "min", "primary": True}
    found = document()
    for path, value in [
        ("submission", shape),
        ("metrics", [brier]),
        ("fairness", ...),
        ("expected", ...),
    ]:
        found = change(found, path, value)  # type: ignore[assignment] # still a mapping
    sample = (
        ",".join(["id", *names])
        + "\n"
        + "".join(f"{one},{',0.5' * len(names)}\n".replace(",,", ",") for one in IDS)
    )
    return portable.read(write(folder, found, sample_csv=sample)).codes


def test_several_numbers_of_one_row(tmp_path: Path) -> None:
    assert several(tmp_path / "good", "1", "2", "3") == []
    assert several(tmp_path / "form", "1", "2", "3", form="beauty") == ["E_COLUMN_ROLE"]
    assert several(tmp_path / "text", "1", "2", "3", type="string") == ["E_COLUMN_ROLE"] * 3
    assert several(tmp_path / "class", "1", "2") == ["E_DOMAIN"]
    assert "E_COLUMN_ROLE" in several(tmp_path / "one", "1")


def test_each_of_several_targets_has_its_answers_within_its_own_bounds(tmp_path: Path) -> None:
    """The second target as the first one."""

    def read(folder: Path, most: int) -> list[tuple[str, str]]:
        columns = [
            {"name": "niveau", "role": "target", "type": "float", "min": 1, "max": 3},
            {"name": "mois", "role": "target", "type": "float", "min": 1, "max": most},
        ]
        figures = [
            {"key": name, "metric": "mae", "direction": "min", "params": {"target": name}}
            for name in ("niveau", "mois")
        ]
        shape = {
            "layout": "numbers_per_id",
            "form": "targets",
            "columns": [{"name": "id", "role": "id", "type": "string"}, *columns],
        }
        found = document()
        for path, value in [
            ("submission", shape),
            ("metrics", [figures[0] | {"primary": True}, figures[1]]),
            ("fairness", ...),
            ("expected", ...),
        ]:
            found = change(found, path, value)  # type: ignore[assignment] # still a mapping
        rows = FILES["truth.csv"].splitlines()
        truth = "\n".join(
            [f"{rows[0]},mois", *(f"{row},{at}" for at, row in enumerate(rows[1:], 1))]
        )
        sample = "id,niveau,mois\n" + "".join(f"{one},1,1\n" for one in IDS)
        report = portable.read(write(folder, found, truth_csv=truth + "\n", sample_csv=sample))
        return [(each.code, each.key) for each in report.errors]

    assert read(tmp_path / "good", 6) == []
    assert read(tmp_path / "outside", 5) == [("E_DOMAIN", "truth.mois")]


def test_the_contract_of_several_numbers_is_one_the_engine_reads(tmp_path: Path) -> None:
    several(tmp_path, "1", "2", "3")
    spec = portable.read(tmp_path).spec
    assert spec is not None
    answer = ScoringContract.from_json(spec.scoring_contract(tmp_path)).answer
    assert answer.classes == ("1", "2", "3")
