"""The commands score and check_predictions: one JSON line, exit 0, 1 or 2.

With a metric alone, the contract is guessed from the columns.
"""

import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from sklearn import metrics as oracle

from challenges.bundles import portable
from challenges.scoring import registry
from challenges.scoring.commands import offline
from challenges.scoring.contract import ScoringContract
from tests.challenges.scoring.answers import parquet, table

Score = Callable[..., tuple[dict[str, Any], int]]


def run(*args: str) -> tuple[dict[str, Any], int]:
    out, code = io.StringIO(), 0
    try:
        call_command(*args, "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as end:
        code = int(end.code or 0)
    lines = out.getvalue().splitlines()
    return (json.loads(lines[-1]) if lines else {}), code


@pytest.fixture
def score(tmp_path: Path) -> Score:
    def call(truth: str, given: str | bytes, words: str, name: str = "p.csv") -> Any:
        (tmp_path / "t.csv").write_text(truth)
        (tmp_path / name).write_bytes(given.encode() if isinstance(given, str) else given)
        return run("score", str(tmp_path / "t.csv"), str(tmp_path / name), *words.split())

    return call


def exp(*gains: float) -> float:
    return float(sum((2**g - 1) / np.log2(at + 2) for at, g in enumerate(gains)))


PARTS = "id,y,part,c\n01,1,public,a\n02,0,public,a\n03,1,private,b\n04,0,private,c\n"
GIVEN = "id,prediction\n01,0.9\n02,0.2\n03,0.4\n04,0.6\n"
WRONG = GIVEN.replace("0.2", "oui")
YES_NO = table(id="1234", y=["non", "oui", "oui", "non"])
ANSWERED = table(id="1234", y=["non", "oui", "non", "non"])
THIRD, FOURTH = YES_NO + "5,peut-être\n", ANSWERED + "5,oui\n"
RANKED = "query,item,gain\nq1,a,2\nq1,b,1\nq1,c,0\nq2,b,1\nq2,c,0\n"
LISTS = "query,rank,item\nq1,1,b\nq1,2,a\nq2,1,c\nq2,2,b\n"
SCORES = "query,item,score\nq1,a,0.5\nq1,b,0.9\nq1,c,0.1\nq2,b,0.3\nq2,c,0.3\n"
SOME_SCORES = SCORES.replace("q1,c,0.1\n", "")
RELEVANT = "".join(line for line in RANKED.splitlines(True) if not line.endswith(",0\n"))
GAINS, TIES = [[2, 1, 0], [1, 0]], [[0.5, 0.9, 0.1], [0.3, 0.3]]
EXPONENTIAL = [[2**g - 1 for g in row] for row in GAINS]
NDCG = np.mean([oracle.ndcg_score([g], [s]) for g, s in zip(EXPONENTIAL, TIES, strict=True)])
CLASSES = table(id="1234", y="abca")
P = np.array([[0.7, 0.2, 0.1], [0.3, 0.5, 0.2], [0.2, 0.2, 0.6], [0.3, 0.4, 0.3]])
SHARES = table(id="1234", c=P[:, 2], a=P[:, 0], b=P[:, 1])
LOG_LOSS = oracle.log_loss([*"abca"], P)
AREA = oracle.roc_auc_score([*"abca"], P, multi_class="ovr")
SETS, SET_ANSWERS = "id,y\n1,a|b\n2,c\n", "id,y\n1,a\n2,c\n"
ZONES = "id,y,zone,age,w\n1,a,n,x,1\n2,b,s,x,1\n3,b,n,y,2\n4,a,s,y,1\n"
LABELS = table(id="1234", y="abbb")
LIVES = "id,y,event\n1,1,1\n2,2,0\n3,3,1\n4,5,1\n"
FRENCH = (RANKED.replace("query,item,gain", "offre,profil,retenu"),
          LISTS.replace("query,rank,item", "offre,rang,profil"))  # fmt: skip

# A truth, an answer, the words of the command, the metric understood, its value.
SCORED: list[tuple[str, str, str, str, float]] = [
    (PARTS, GIVEN, "--metric auc --target y", "roc_auc", 0.75),
    (PARTS, GIVEN, "--metric logloss --target y", "log_loss",
     -sum(map(math.log, (0.9, 0.8, 0.4, 0.4))) / 4),
    (PARTS, GIVEN, "--metric pinball@0.9 --target y", "pinball", 0.1775),
    (YES_NO, ANSWERED, "--metric f1", "f1", 2 / 3),
    (YES_NO, ANSWERED, "--metric f1_micro", "accuracy", 0.75),  # of one label a row
    (YES_NO, ANSWERED, "--metric qwk", "kappa_quadratic", 0.5),
    (THIRD, FOURTH, "--metric f1 --positive oui", "f1", 0.5),
    (RANKED, LISTS, "--metric ndcg_exp@2", "ndcg", (exp(1, 2) / exp(2, 1) + 1 / np.log2(3)) / 2),
    (RANKED, LISTS, "--metric map@2", "map_at_k", (1 + 0.5) / 2),
    # The column of places holds ranks when it is not a column of scores.
    (*FRENCH, "--metric mrr@2 --id offre --item profil --target retenu", "mrr_at_k", 0.75),
    (RANKED, SCORES, "--metric recall_capped@1", "recall_at_k", 0.75),
    (RANKED, SCORES, "--metric ndcg_exp@3", "ndcg", NDCG),
    (RELEVANT, SOME_SCORES, "--metric mrr", "mrr_at_k", (1 + 0.75) / 2),
    (CLASSES, SHARES, "--metric logloss", "log_loss_multi", LOG_LOSS),
    (CLASSES, SHARES, "--metric auc", "roc_auc_ovr", AREA),
    (CLASSES, SHARES, "--metric top_k_accuracy@2", "top_k_accuracy", 0.875),
    (CLASSES, SHARES.replace("id,c,a,b", "id,p_c,p_a,p_b"), "--metric log_loss", "log_loss_multi",
     LOG_LOSS),
    (CLASSES, SHARES.replace("\n", ",0\n").replace("a,b,0", "a,b,d"), "--metric log_loss",
     "log_loss_multi", LOG_LOSS),
    (SETS, SET_ANSWERS, "--metric f1_micro", "f1_micro", 0.8),
    (SETS, SET_ANSWERS, "--metric hamming", "hamming", 1 / 6),
    (LIVES, table(id="1234", y="2243"), "--metric concordance", "concordance", 0.625),
    (ZONES, LABELS, "--metric accuracy --weight w --target y", "accuracy", 4 / 5),
    (ZONES, "id,y,other\n1,b,a\n2,a,b\n3,a,b\n4,b,b\n", "--metric accuracy --prediction other",
     "accuracy", 0.75),
]  # fmt: skip


def numbered(rows: list[Any]) -> list[str]:
    return [f"{at} {row[2]}" for at, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("truth", "given", "words", "metric", "value"), SCORED, ids=numbered(SCORED)
)
def test_an_answer_is_scored_by_a_metric_alone(
    score: Score, truth: str, given: str, words: str, metric: str, value: float
) -> None:
    found, code = score(truth, given, words)
    assert (code, found["verdict"], found["metric"]) == (0, "accept", metric)
    assert found["n"] == len({line.split(",")[0] for line in truth.splitlines()[1:]})
    assert found["score"] == pytest.approx(value, abs=1e-12)
    assert (found["interval_method"] == "delong") is (metric == "roc_auc")


def test_a_parquet_answer_is_read_by_its_columns(score: Score) -> None:
    data = parquet(query=["q1", "q2"], rank=[1, 1], item=["a", "b"])
    found, code = score(RANKED, data, "--metric mrr@2", name="p.parquet")
    assert (code, found["score"]) == (0, 1.0)


BAD_SUM = SHARES.replace("1,0.1,0.7", "1,0.3,0.7")
REFUSED: list[tuple[str, str, str, str, int | None, str]] = [
    (PARTS, WRONG, "--metric auc --target y", "E_VALUE_TYPE", 3, "oui"),
    (RANKED, SOME_SCORES, "--metric mrr", "E_ID_MISSING", None, "c"),
    (CLASSES, BAD_SUM, "--metric log_loss", "E_PROBA_SUM", 2, "1.2"),
]


@pytest.mark.parametrize(
    ("truth", "given", "words", "code", "line", "value"), REFUSED, ids=numbered(REFUSED)
)
def test_a_refused_file_exits_with_one(
    score: Score, truth: str, given: str, words: str, code: str, line: int | None, value: str
) -> None:
    found, exit_code = score(truth, given, words)
    assert (exit_code, found["verdict"]) == (1, "reject")
    assert (found["code"], found["line"]) == (code, line)
    assert found["errors"][0]["value"] == value


def test_groups_parts_and_weights_go_together(score: Score) -> None:
    found, code = score(PARTS, GIVEN, "--metric auc --id id --target y --split part --cluster c")
    parts = {split: facts["score"] for split, facts in found["splits"].items()}
    assert (code, parts) == (0, {"public": 1.0, "private": 0.0})
    found, code = score(ZONES, LABELS, "--metric accuracy --group zone age")
    assert (code, found["score"], found["n"]) == (0, 0.75, 4)
    assert {
        column: {name: (facts["value"], facts["n"]) for name, facts in groups.items()}
        for column, groups in found["groups"].items()
    } == {"zone": {"n": (1.0, 2), "s": (0.5, 2)}, "age": {"x": (1.0, 2), "y": (0.5, 2)}}
    assert found["groups"]["zone"]["s"]["low"] < 0.5 < found["groups"]["zone"]["s"]["high"]
    found, code = score(ZONES, LABELS, "--metric accuracy --split zone --group age --weight w")
    parts = {name: facts["score"] for name, facts in found["splits"].items()}
    assert (code, parts) == (0, {"public": 1.0, "private": 0.5})
    assert found["splits"]["private"]["groups"]["age"]["y"]["value"] == 0.0
    truth, given = table(id="1234", y="0111", zone="nnss"), table(id="1234", y=[0.1, 0.9, 0.5, 0.6])
    found, code = score(truth, given, "--metric auc --group zone")
    values = {name: facts["value"] for name, facts in found["groups"]["zone"].items()}
    assert (code, values) == (0, {"n": 1.0, "s": None})  # of one class


FRENCH_PLACES = (FRENCH[0], FRENCH[1].replace("rang", "place"))
# Without a code: several would be right.
USAGE: list[tuple[str, str, str, str]] = [
    (PARTS, GIVEN, "--metric ndcg@10", "U_ANSWER_COLUMN"),
    (PARTS, GIVEN, "--metric mae@10", "U_METRIC_NUMBER"),
    (PARTS, GIVEN, "--metric pinball", "U_CONTRACT"),
    (PARTS, GIVEN, "--metric pinball@2", "U_CONTRACT"),
    (PARTS, GIVEN, "--metric formula", "U_METRIC_FOLDER"),
    (PARTS, GIVEN, "--challenge absent", "U_ONE_FILE"),
    *[(ZONES, LABELS, f"--metric accuracy --{option} pays", "")
      for option in ("group", "split", "cluster", "target", "id")],
    (ZONES, LABELS, "--metric accuracy --weight zone", ""),
    (CLASSES, CLASSES, "--metric f1", ""),
    (CLASSES, SHARES.replace("id,c", "id,d"), "--metric log_loss_multi", ""),
    (table(id="12", y="37"), table(id="12", y="37"), "--metric concordance", ""),
    (*FRENCH_PLACES, "--metric mrr@2", ""),
    (RANKED, LISTS.replace("item", "x"), "--metric ndcg@2", ""),
    (RANKED.replace("gain", "x"), LISTS, "--metric ndcg@2", ""),
    (RANKED, SCORES, "--metric gain_covered@2", ""),
    *[(table(id="12", y=y), table(id="12", y="10"), f"--metric {metric}", "")
      for metric, y in (("auc", "11"), ("r2", "55"), ("mape", "05"))],
]  # fmt: skip


@pytest.mark.parametrize(("truth", "given", "words", "told"), USAGE, ids=numbered(USAGE))
def test_what_cannot_be_guessed_or_measured_exits_with_two(
    score: Score, truth: str, given: str, words: str, told: str
) -> None:
    found, code = score(truth, given, words)
    assert code == 2
    assert found["error"]["code"].startswith(told or ("U_", "E_"))
    assert found["error"]["message"]


# --- the check of a file against a sample, or a specification


SPEC = {
    "layout": "one_row_per_id",
    "columns": [
        {"name": "id", "role": "id", "type": "string"},
        {"name": "prediction", "role": "target", "type": "float"},
    ],
    "ids": "sample.csv",
}
PAIRS = {
    "layout": "candidate_scores",
    "policy": "complete",
    "columns": [
        {"name": "q", "role": "query", "type": "string"},
        {"name": "i", "role": "item", "type": "string"},
        {"name": "s", "role": "score", "type": "float"},
    ],
    "ids": "sample.csv",
}
SAMPLE = "id,prediction\n01,0\n02,0\n03,0\n04,0\n"
LIST = "q,rang,item\na,1,x\na,2,y\nb,1,x\nb,2,y\n"
# A sample, a specification when there is one, a file, the code and the line of its fault.
CHECKED: dict[str, tuple[str, Any, str, str | None, int | None]] = {
    "rows": (SAMPLE, None, GIVEN, None, None),
    "rows, wrong": (SAMPLE, None, WRONG, "E_VALUE_TYPE", 3),
    "specification": (SAMPLE, SPEC, GIVEN, None, None),
    "specification, wrong": (SAMPLE, SPEC, WRONG, "E_VALUE_TYPE", 3),
    "lists": (LIST, None, "q,rang,item\na,1,z\nb,3,x\n", "E_RANK_RANGE", 3),
    "scores": ("q,item,s\na,x,0\na,y,0\nb,x,0\n", None, "q,item,s\na,x,1\nb,x,2\n",
               "E_ID_MISSING", None),
    "classes": ("id,a,b\n1,0.5,0.5\n2,1,0\n", None, "id,a,b\n1,0.5,0.6\n2,1,0\n",
                "E_PROBA_SUM", 2),
    "candidates": ("q,i\na,x\na,y\n", PAIRS, "q,i,s\na,x,1\na,y,1\n", None, None),
    "candidates, less": ("q,i\na,x\na,y\n", PAIRS, "q,i,s\na,x,1\n", "E_ID_MISSING", None),
}  # fmt: skip


@pytest.mark.parametrize("name", CHECKED)
def test_check_against_a_sample_or_a_specification(name: str, tmp_path: Path) -> None:
    sample, spec, given, code, line = CHECKED[name]
    (tmp_path / "sample.csv").write_text(sample)
    (tmp_path / "p.csv").write_text(given)
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    template = str(tmp_path / ("spec.json" if spec else "sample.csv"))
    found, exit_code = run("check_predictions", template, str(tmp_path / "p.csv"))
    assert (found.get("code"), found.get("line")) == (code, line)
    assert (found["verdict"], exit_code) == (("reject", 1) if code else ("accept", 0))
    if not spec:
        found, exit_code = run("check_predictions", template, template)
        assert (found["verdict"], exit_code) == ("accept", 0)


@pytest.mark.parametrize(
    "text",
    ["id\n1\n", "id,p\n", "id,a,b\n1,x,y\n2,0,z\n", "i,a,b,c\n1,x,1,2\n", "i,a,b\n1,0.2,0.3\n", ""],
)
def test_a_sample_whose_shape_cannot_be_guessed_exits_with_two(tmp_path: Path, text: str) -> None:
    sample = tmp_path / "sample.csv"
    if text:
        sample.write_text(text)
    found, code = run("check_predictions", str(sample), str(sample))
    assert (code, found["error"]["code"].startswith("U_")) == (2, True)
    assert text or found["error"]["message"] == f"Fichier illisible : {sample}."


# --- the four real challenges

SLUGS = (
    "codage-appellations-rome",
    "mobilites-metiers",
    "prevision-tension-fap",
    "tensions-bassins-sud",
)


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize(
    ("recorded", "file"),
    [("reference", "submission.csv"), ("exemple_constant", "sample_submission.csv")],
)
def test_recorded_scores(shared: Path, slug: str, recorded: str, file: str) -> None:
    """Every declared figure equals the recorded one to 1e-9."""
    folder = shared / "cases" / "challenges" / slug
    wanted = json.loads((folder / "scores_exact.json").read_text("utf-8"))[recorded]
    report = portable.read_challenge(folder)
    assert report.spec is not None
    raw = report.spec.scoring_contract(folder)
    contract = ScoringContract.from_json(raw)
    assert registry.problems(contract) == []
    again = ScoringContract.from_json(json.loads(json.dumps(contract.to_json())))
    assert (again, again.digest) == (contract, contract.digest)
    done = offline.score_folder(dict(raw), folder, file)
    assert done.verdict.faults == ()
    found = offline.plain_values(done)
    for split in ("public", "private"):
        _same(found[split], wanted[split])


def _same(found: Any, wanted: Any) -> None:
    if isinstance(wanted, dict):
        assert set(found) == set(wanted)
        for key, value in wanted.items():
            _same(found[key], value)
    else:
        assert found == pytest.approx(wanted, rel=0, abs=1e-9)


def test_score_of_a_challenge(shared: Path) -> None:
    folder = shared / "cases" / "challenges" / "prevision-tension-fap"
    wanted = json.loads((folder / "scores_exact.json").read_text("utf-8"))["reference"]
    found, code = run("score", "--challenge", str(folder), str(folder / "submission.csv"))
    assert code == 0
    assert found["public"]["mae"] == pytest.approx(wanted["public"]["mae"], abs=1e-9)
    assert found["private"]["rmse"] == pytest.approx(wanted["private"]["rmse"], abs=1e-9)
    assert set(found["intervals"]["public"]) == {"mae", "rmse"}
