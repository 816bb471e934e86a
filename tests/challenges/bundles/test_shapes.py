"""Lists, scores of candidates, sets of labels, several numbers, weights: folders of our own."""

from pathlib import Path
from typing import Any

import pytest

from challenges.scoring import contract, registry
from challenges.scoring.contract import ScoringContract
from tests.challenges.bundles.folders import FILES, IDS, codes_of, read

SPLIT = {"column": "jeu", "public": "public", "private": "private"}
SIDES = dict.fromkeys(IDS, "private") | {"A1": "public", "A2": "public"}
QUERY = {"name": "id", "role": "query", "type": "string"}
ITEM = {"name": "cible", "role": "item", "type": "category"}
GAINS = {"file": "truth.csv", "query": "id", "item": "cible", "gain": "gain", "split": SPLIT}
Change = tuple[str, object]


def shaped(submission: object, metric: dict[str, Any], *more: Change) -> list[Change]:
    """Declare another form of answers, judged by one metric."""
    figure = {"direction": "max", "primary": True, "key": "m"} | metric
    gone = ("fairness", "expected", "files.public.2.rows", "files.public.1.rows")
    changes: list[Change] = [("submission", submission), ("metrics", [figure])]
    return [*changes, *((path, ...) for path in gone), *more]


def lines(head: str, *rows: str) -> str:
    return "\n".join([head, *rows]) + "\n"


def contract_of(place: Path, report: Any) -> ScoringContract:
    assert report.spec is not None, report.errors
    contract = ScoringContract.from_json(report.spec.scoring_contract(place))
    assert registry.problems(contract) == []
    return contract


# --- ranked lists

RANK = {"name": "rang", "role": "rank", "type": "integer", "min": 1, "max": 2}
RANKED = {"layout": "ranked_list", "max_items_per_query": 2, "columns": [QUERY, RANK, ITEM]}
ITEMS = lines("id,cible,gain,jeu", *(f"{one},x,1,{SIDES[one]}" for one in IDS))


@pytest.mark.parametrize(
    ("items", "causes"),
    [
        (ITEMS, []),
        (ITEMS + "A1,x,2,public\n", ["E_IDS"]),
        (ITEMS.replace("A6,x,1", "A6,x,-1"), ["E_DOMAIN"]),
        (ITEMS.replace("A6,x,1", "A6,x,beaucoup"), ["E_DOMAIN"]),
        (ITEMS.replace("A6,x,1,private\n", ""), ["E_IDS"]),
        (ITEMS.replace("id,cible", "id,item"), ["E_COLUMN_MISSING"]),
    ],
    ids=["sound", "item twice", "negative gain", "gain in words", "query absent", "item column"],
)
def test_a_ranked_truth(tmp_path: Path, items: str, causes: list[str]) -> None:
    ndcg = {"metric": "ndcg", "params": {"k": 2, "gain": "linear"}}
    rows = ("files.held_out.0.rows", items.count("\n") - 1)
    changes = shaped(RANKED, ndcg, ("task", "ranking"), ("truth", GAINS), rows)
    sample = lines("id,rang,cible", *(f"{one},{at},{'xy'[at - 1]}" for one in IDS for at in (1, 2)))
    assert codes_of(read(tmp_path, *changes, truth_csv=items, sample_csv=sample)) == causes


# --- scores of candidates

SCORE = {"name": "score", "role": "score", "type": "float"}
SCORES: dict[str, Any] = {
    "layout": "candidate_scores",
    "policy": "complete",
    "columns": [QUERY, ITEM, SCORE],
}
PAIRS = [(one, item) for one in IDS for item in "xyz"]
TRUTH = lines("id,cible,gain,jeu", *(f"{q},{i},{i == 'y':d},{SIDES[q]}" for q, i in PAIRS))
RELEVANT = "".join(line for line in TRUTH.splitlines(True) if ",0," not in line)
SAMPLE = lines("id,cible,score", *(f"{q},{i},0" for q, i in PAIRS))
LESS = SAMPLE.replace("A6,z,0\n", "")
TEST = lines("id,cible,age", *(f"{q},{i},3" for q, i in PAIRS))
QUERIES = lines("id,age", *(f"{one},3" for one in IDS))


def scores(
    place: Path, truth: str = TRUTH, sample: str = SAMPLE, test: str = TEST, **more: object
) -> Any:
    figure = {"metric": "map_at_k", "params": {"k": 2}}
    rows = ("files.held_out.0.rows", truth.count("\n") - 1)
    changes = shaped(SCORES | more, figure, ("truth", GAINS), rows)
    return read(place, *changes, truth_csv=truth, sample_csv=sample, test_csv=test)


@pytest.mark.parametrize(
    ("files", "causes"),
    [
        ({"test": QUERIES}, []),
        ({"truth": RELEVANT}, ["E_IDS", "E_IDS"]),
        ({"sample": LESS}, ["E_IDS"]),
        ({"truth": RELEVANT, "sample": LESS, "policy": "top_k"}, []),
    ],
)
def test_complete_candidates_are_those_that_teams_are_given(
    tmp_path: Path, files: dict[str, str], causes: list[str]
) -> None:
    assert codes_of(scores(tmp_path, **files)) == causes


def test_scores_of_candidates_are_read(tmp_path: Path) -> None:
    given = contract_of(tmp_path, scores(tmp_path))
    assert given.answer.policy is contract.Policy.COMPLETE
    word = {"name": "score", "role": "score", "type": "category"}
    assert "E_COLUMN_ROLE" in codes_of(scores(tmp_path, columns=[QUERY, ITEM, word]))


# --- sets of labels

SETS = lines("id,niveau,jeu,zone,groupe", *(f"{i},a b,{SIDES[i]},nord,g {SIDES[i]}" for i in IDS))


@pytest.mark.parametrize(
    ("truth", "column", "causes"),
    [
        (SETS, {"max_labels": 2, "pattern": "[ab]"}, []),
        (SETS.replace("a b", "a;b"), {"separator": ";"}, []),
        (SETS, {"max_labels": 1}, ["E_DOMAIN"]),
        (SETS, {"pattern": "[a]"}, ["E_DOMAIN"]),
        (SETS.replace("A6,a b", "A6,a a"), {}, ["E_DOMAIN"]),
        (SETS, {"domain": {"file": "train.csv", "column": "niveau"}}, ["E_DOMAIN"]),
    ],
    ids=["sound", "separator", "too many", "pattern", "label twice", "domain"],
)
def test_sets_of_labels(
    tmp_path: Path, truth: str, column: dict[str, object], causes: list[str]
) -> None:
    target = {"name": "niveau", "role": "target", "type": "label_set", **column}
    figure = {"key": "f1", "metric": "f1_samples", "direction": "max", "primary": True}
    changes = [
        ("task", "multilabel"),
        ("submission.columns.1", target),
        ("metrics", [figure]),
        ("fairness.metrics", []),
    ]
    assert codes_of(read(tmp_path, *changes, truth_csv=truth)) == causes


# --- figures of groups, weights


def test_parameters_that_name_a_column_or_an_attribute_are_checked(tmp_path: Path) -> None:
    pairs = {"pair": "groupe", "member": "genre", "members": ["m", "f"]}
    distance = {"attribute": "age", "of": "submission"}
    report = read(
        tmp_path,
        ("fairness.metrics.+", {"key": "paires", "metric": "pair_consistency",
                                "direction": "max", "params": pairs}),
        ("fairness.metrics.+", {"key": "ecart", "metric": "attribute_distance",
                                "direction": "none", "params": distance}),
    )  # fmt: skip
    assert codes_of(report) == ["E_COLUMN_MISSING", "E_COLUMN_MISSING"]


def test_a_group_without_row_and_a_primary_group_figure_are_refused(tmp_path: Path) -> None:
    figure = {"key": "nord", "metric": "mae", "direction": "min", "primary": True}
    change = ("fairness.metrics.+", figure | {"by": "zone", "group": "est"})
    assert codes_of(read(tmp_path, change)) == ["E_METRIC_PRIMARY", "E_DOMAIN"]


WEIGHTED = lines(
    "id,niveau,jeu,zone,groupe,poids",
    *(f"{i},1,{SIDES[i]},{['nord', 'sud'][at % 2]},g{at},{at + 0.5}" for at, i in enumerate(IDS)),
)


@pytest.mark.parametrize(
    ("truth", "causes"),
    [
        (WEIGHTED, []),
        *[
            (WEIGHTED.replace(",0.5", f",{wrong}"), ["E_DOMAIN"])
            for wrong in ("0", "-1", "beaucoup", "", "nan")
        ],
        (WEIGHTED.replace("poids", "masse"), ["E_COLUMN_MISSING"]),
    ],
)
def test_weights_of_rows(tmp_path: Path, truth: str, causes: list[str]) -> None:
    report = read(tmp_path, ("truth.weight", "poids"), truth_csv=truth)
    assert codes_of(report) == causes
    if not causes:
        assert contract_of(tmp_path, report).truth.weight == "poids"


# --- several numbers a row

ID = {"name": "id", "role": "id", "type": "string"}


def several(place: Path, names: str, form: str = "probabilities", **facts: object) -> Any:
    column = {"role": "target", "type": "float", "min": 0, "max": 1} | facts
    columns = [ID, *({"name": name} | column for name in names)]
    shape = {"layout": "numbers_per_id", "form": form, "columns": columns}
    sample = lines(",".join(["id", *names]), *(one + ",0.5" * len(names) for one in IDS))
    brier = {"metric": "brier_multi", "direction": "min"}
    return read(place, *shaped(shape, brier), sample_csv=sample)


@pytest.mark.parametrize(
    ("names", "facts", "causes"),
    [
        ("123", {"form": "beauty"}, ["E_COLUMN_ROLE"]),
        ("123", {"type": "string"}, ["E_COLUMN_ROLE"] * 3),
        ("12", {}, ["E_DOMAIN"]),
    ],
)
def test_several_numbers_of_one_row_are_read_and_wrong_ones_refused(
    tmp_path: Path, names: str, facts: dict[str, Any], causes: list[str]
) -> None:
    assert codes_of(several(tmp_path, names, **facts)) == causes
    assert "E_COLUMN_ROLE" in codes_of(several(tmp_path / "one", "1"))
    assert contract_of(tmp_path, several(tmp_path, "123")).answer.classes == ("1", "2", "3")


@pytest.mark.parametrize(("most", "causes"), [(6, []), (5, [("E_DOMAIN", "truth.mois")])])
def test_each_of_several_targets_has_its_answers_within_its_own_bounds(
    tmp_path: Path, most: int, causes: list[tuple[str, str]]
) -> None:
    """The second target as the first one."""
    target = {"role": "target", "type": "float", "min": 1}
    columns = [
        ID,
        {"name": "niveau", "max": 3} | target,
        {"name": "mois", "max": most} | target,
    ]
    figures = [
        {"key": name, "metric": "mae", "direction": "min", "params": {"target": name}}
        for name in ("niveau", "mois")
    ]
    shape = {"layout": "numbers_per_id", "form": "targets", "columns": columns}
    changes = shaped(shape, {}, ("metrics", [figures[0] | {"primary": True}, figures[1]]))
    head, *rows = FILES["truth.csv"].splitlines()
    truth = lines(f"{head},mois", *(f"{row},{at}" for at, row in enumerate(rows, 1)))
    sample = lines("id,niveau,mois", *(f"{one},1,1" for one in IDS))
    report = read(tmp_path, *changes, truth_csv=truth, sample_csv=sample)
    assert [(each.code, each.key) for each in report.errors] == causes
