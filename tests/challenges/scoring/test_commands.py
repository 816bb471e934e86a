"""The commands score and check_predictions: one JSON line, exit 0, 1 or 2."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command


def run(*args: str) -> tuple[dict[str, Any], int]:
    out, code = io.StringIO(), 0
    try:
        call_command(*args, "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as end:
        code = int(end.code or 0)
    lines = out.getvalue().splitlines()
    return (json.loads(lines[-1]) if lines else {}), code


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    texts = {
        "truth.csv": "id,y,part,c\n01,1,public,a\n02,0,public,a\n03,1,private,b\n04,0,private,c\n",
        "good.csv": "id,prediction\n01,0.9\n02,0.2\n03,0.4\n04,0.6\n",
        "bad.csv": "id,prediction\n01,0.9\n02,oui\n03,0.4\n04,0.6\n",
        "sample.csv": "id,prediction\n01,0\n02,0\n03,0\n04,0\n",
        "spec.json": json.dumps(
            {
                "layout": "one_row_per_id",
                "columns": [
                    {"name": "id", "role": "id", "type": "string"},
                    {"name": "prediction", "role": "target", "type": "float"},
                ],
                "ids": "sample.csv",
            }
        ),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return {name: str(tmp_path / name) for name in texts}


def test_score_by_metric(files: dict[str, str]) -> None:
    found, code = run("score", files["truth.csv"], files["good.csv"], "--metric", "auc")
    assert code == 0
    assert (found["verdict"], found["metric"], found["score"], found["n"]) == (
        "accept",
        "roc_auc",
        0.75,
        4,
    )
    assert found["interval_method"] == "delong"


@pytest.mark.parametrize(
    ("metric", "name", "score"),
    [
        ("ap", "average_precision", 5 / 6),
        ("logloss", "log_loss", 0.5402),
        ("pinball@0.9", "pinball", 0.1775),
        ("spearman", "spearman", 0.4472),
    ],
)
def test_score_by_a_metric_with_a_number(
    files: dict[str, str], metric: str, name: str, score: float
) -> None:
    found, code = run(
        "score", files["truth.csv"], files["good.csv"], "--metric", metric, "--target", "y"
    )
    assert (code, found["metric"]) == (0, name)
    assert found["score"] == pytest.approx(score, abs=1e-4)


@pytest.mark.parametrize("metric", ["f1", "f1_micro", "f1_macro", "mcc", "qwk"])
def test_score_of_labels(tmp_path: Path, metric: str) -> None:
    truth, given = tmp_path / "t.csv", tmp_path / "p.csv"
    truth.write_text("id,y\n1,non\n2,oui\n3,oui\n4,non\n")
    given.write_text("id,y\n1,non\n2,oui\n3,non\n4,non\n")
    found, code = run("score", str(truth), str(given), "--metric", metric)
    wanted = {"f1": 2 / 3, "f1_micro": 0.75, "f1_macro": (2 / 3 + 0.8) / 2, "mcc": 3**-0.5}
    assert code == 0
    assert found["score"] == pytest.approx(wanted.get(metric, 0.5))


@pytest.mark.parametrize(("positive", "score"), [("non", 0.8), ("oui", 0.5), ("peut-être", 0.0)])
def test_the_positive_label_is_named(tmp_path: Path, positive: str, score: float) -> None:
    truth, given = tmp_path / "t.csv", tmp_path / "p.csv"
    truth.write_text("id,y\n1,non\n2,oui\n3,oui\n4,non\n5,peut-être\n")
    given.write_text("id,y\n1,non\n2,oui\n3,non\n4,non\n5,oui\n")
    found, code = run("score", str(truth), str(given), "--metric", "f1", "--positive", positive)
    assert (code, found["score"]) == (0, pytest.approx(score))


def test_score_by_metric_on_both_parts(files: dict[str, str]) -> None:
    found, _ = run(
        "score", files["truth.csv"], files["good.csv"], "--metric", "auc",
        "--id", "id", "--target", "y", "--split", "part", "--cluster", "c",
    )  # fmt: skip
    assert {split: facts["score"] for split, facts in found["splits"].items()} == {
        "public": 1.0,
        "private": 0.0,
    }


def test_a_refused_file_exits_with_one(files: dict[str, str]) -> None:
    found, code = run("score", files["truth.csv"], files["bad.csv"], "--metric", "auc")
    assert code == 1
    assert (found["verdict"], found["code"], found["line"]) == ("reject", "E_VALUE_TYPE", 3)
    assert found["errors"][0]["value"] == "oui"


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "U_HOW"),
        (("--metric", "beauty"), "U_METRIC"),
        (("--metric", "ndcg@10"), "U_ANSWER_COLUMN"),
        (("--metric", "mae@10"), "U_METRIC_NUMBER"),
        (("--metric", "precision@10"), "U_ANSWER_COLUMN"),
        (("--metric", "pinball"), "U_CONTRACT"),
        (("--metric", "pinball@2"), "U_CONTRACT"),
        (("--metric", "formula"), "U_METRIC_FOLDER"),
        (("--spec", "absent.json:proba"), "U_FILE"),
        (("--contract", "absent.json"), "U_FILE"),
        (("--challenge", "absent"), "U_ONE_FILE"),
    ],
)
def test_a_bad_call_exits_with_two(files: dict[str, str], args: tuple[str, ...], told: str) -> None:
    found, code = run("score", files["truth.csv"], files["good.csv"], *args)
    assert (found["error"]["code"], code) == (told, 2)
    assert found["error"]["message"]


@pytest.mark.parametrize("template", ["sample.csv", "spec.json"])
def test_check_against_a_template(files: dict[str, str], template: str) -> None:
    found, code = run("check_predictions", files[template], files["good.csv"])
    assert (found["verdict"], found["rows"], code) == ("accept", 4, 0)
    found, code = run("check_predictions", files[template], files["bad.csv"])
    assert (found["code"], found["line"], code) == ("E_VALUE_TYPE", 3, 1)


def test_check_against_a_ranked_sample(tmp_path: Path) -> None:
    sample = tmp_path / "sample.csv"
    sample.write_text("q,rang,item\na,1,x\na,2,y\nb,1,x\nb,2,y\n")
    given = tmp_path / "p.csv"
    given.write_text("q,rang,item\na,1,z\nb,3,x\n")
    found, code = run("check_predictions", str(sample), str(given))
    assert (found["code"], found["line"], code) == ("E_RANK_RANGE", 3, 1)


def test_an_unreadable_template_exits_with_two(files: dict[str, str]) -> None:
    found, code = run("check_predictions", "absent.csv", files["good.csv"])
    assert found == {"error": {"code": "U_FILE", "message": "Fichier illisible : absent.csv."}}
    assert code == 2


def test_score_of_a_challenge(shared: Path) -> None:
    folder = shared / "cases" / "challenges" / "prevision-tension-fap"
    wanted = json.loads((folder / "scores_exact.json").read_text("utf-8"))["reference"]
    found, code = run("score", "--challenge", str(folder), str(folder / "submission.csv"))
    assert code == 0
    assert found["public"]["mae"] == pytest.approx(wanted["public"]["mae"], abs=1e-9)
    assert found["private"]["rmse"] == pytest.approx(wanted["private"]["rmse"], abs=1e-9)
    assert set(found["intervals"]["public"]) == {"mae", "rmse"}


SAMPLES = {
    "scores": ("q,item,s\na,x,0\na,y,0\nb,x,0\n", "a,x,1\nb,x,2\n", "E_ID_MISSING"),
    "classes": ("id,a,b\n1,0.5,0.5\n2,1,0\n", "1,0.5,0.6\n2,1,0\n", "E_PROBA_SUM"),
}


@pytest.mark.parametrize("shape", SAMPLES)
def test_check_against_the_sample_of_each_shape(tmp_path: Path, shape: str) -> None:
    text, body, fault = SAMPLES[shape]
    sample, given = tmp_path / "sample.csv", tmp_path / "p.csv"
    sample.write_text(text)
    found, code = run("check_predictions", str(sample), str(sample))
    assert (found["verdict"], code) == ("accept", 0)
    given.write_text(text.splitlines(True)[0] + body)
    found, code = run("check_predictions", str(sample), str(given))
    assert (found["code"], code) == (fault, 1)


@pytest.mark.parametrize(
    "text",
    ["id\n1\n", "id,p\n", "id,a,b\n1,x,y\n2,0,z\n", "i,a,b,c\n1,x,1,2\n", "i,a,b\n1,0.2,0.3\n"],
)
def test_a_sample_whose_shape_cannot_be_guessed_exits_with_two(tmp_path: Path, text: str) -> None:
    sample = tmp_path / "sample.csv"
    sample.write_text(text)
    assert run("check_predictions", str(sample), str(sample))[1] == 2


def test_a_specification_lists_the_candidates_of_its_queries(tmp_path: Path) -> None:
    columns = [
        {"name": "q", "role": "query", "type": "string"},
        {"name": "i", "role": "item", "type": "string"},
        {"name": "s", "role": "score", "type": "float"},
    ]
    spec: dict[str, Any] = {"layout": "candidate_scores", "policy": "complete", "columns": columns}
    (tmp_path / "spec.json").write_text(json.dumps(spec | {"ids": "ids.csv"}))
    (tmp_path / "ids.csv").write_text("q,i\na,x\na,y\n")
    given = tmp_path / "p.csv"
    for text, wanted in (("q,i,s\na,x,1\na,y,1\n", None), ("q,i,s\na,x,1\n", "E_ID_MISSING")):
        given.write_text(text)
        found, _ = run("check_predictions", str(tmp_path / "spec.json"), str(given))
        assert found.get("code") == wanted
