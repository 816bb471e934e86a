"""The portable form: what is read, and the cause given for each fault.

With code of teams, with a fairness audit, and as the page for organisers documents it.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from challenges.bundles import portable, recorded
from challenges.bundles.code import CodeRules
from challenges.bundles.folder import Folder
from challenges.bundles.leaks import Answers, told
from challenges.bundles.spec import TOP_KEYS, Audience, Role, Task
from challenges.scoring.audit import declared
from challenges.scoring.contract import ScoringContract
from challenges.scoring.fields import Findings, Problem
from challenges.scoring.registry import METRICS
from tests.challenges.bundles.folders import (
    CODE_FILES,
    FILES,
    change,
    code_document,
    codes_of,
    document,
    read,
    write,
    write_code,
)

REAL = (
    "codage-appellations-rome",
    "mobilites-metiers",
    "prevision-tension-fap",
    "tensions-bassins-sud",
)


def test_a_valid_folder_is_read_whole(tmp_path: Path) -> None:
    report = read(tmp_path)

    assert (report.errors, report.warnings) == ((), ())
    spec = report.spec
    assert spec is not None
    assert (spec.slug, spec.task, spec.title) == (
        "niveau-exemple",
        Task.ORDINAL,
        "Estimer un niveau",
    )
    assert spec.page_text == FILES["README.md"]
    assert [entry.path for entry in spec.by_audience(Audience.HELD_OUT)] == ["truth.csv"]
    assert [entry.path for entry in spec.by_audience(Audience.PUBLIC)] == [
        "train.csv",
        "test.csv",
        "sample.csv",
    ]
    sample = spec.file(Role.SAMPLE_SUBMISSION)
    assert sample is not None
    assert sample.rows == 6
    assert spec.contract.primary.key == "exactitude"
    assert spec.quotas.per_day == 5
    assert spec.contract.truth.cluster == "groupe"
    assert spec.raw == document()
    assert set(spec.raw) <= set(TOP_KEYS)


def test_the_scoring_contract_is_json_with_its_domains_written_out(tmp_path: Path) -> None:
    spec = read(tmp_path, ("truth.strata", "zone")).spec
    assert spec is not None

    contract = spec.scoring_contract(tmp_path)

    assert json.loads(json.dumps(contract)) == contract
    assert contract["task"] == "ordinal"
    columns = contract["submission"]["columns"]  # type: ignore[index,call-overload] # JSON
    assert [column.get("domain") for column in columns] == [None, ["1", "2", "3"]]
    assert contract["truth"] == {
        "file": "truth.csv",
        "id": "id",
        "target": "niveau",
        "cluster": "groupe",
        "strata": "zone",
        "split": {"column": "jeu", "public": "public", "private": "private"},
    }


CAUSES: list[tuple[str, str, object, list[str]]] = [
    ("other format", "format", "codabench", ["E_FORMAT"]),
    ("version as text", "format_version", "1", ["E_FORMAT"]),
    ("version true", "format_version", True, ["E_FORMAT"]),
    ("no summary", "summary", ..., ["E_KEY_MISSING"]),
    ("title is a list", "title", ["a"], ["E_KEY_MISSING"]),
    ("title too long", "title", "a" * 201, ["E_KEY_MISSING"]),
    ("slug ends with a dash", "slug", "a-", ["E_SLUG"]),
    ("slug too long", "slug", "a" * 81, ["E_SLUG"]),
    ("task", "task", "divination", ["E_TASK"]),
    ("use case", "use_cases", ["UC7"], ["E_KEY_MISSING"]),
    ("page absent", "page", "PAGE.md", ["E_FILE_MISSING"]),
    ("page outside", "page", "../README.md", ["E_FILE_PATH"]),
    ("drive", "files.public.0.path", "C:/train.csv", ["E_FILE_PATH"]),
    ("backslash", "files.public.0.path", "a\\train.csv", ["E_FILE_PATH"]),
    ("dot", "files.public.0.path", "./train.csv", ["E_FILE_PATH"]),
    ("path is a number", "files.public.0.path", 3, ["E_FILE_PATH"]),
    ("file absent", "files.public.0.path", "rien.csv", ["E_FILE_MISSING"]),
    ("rows", "files.public.0.rows", 4, ["E_FILE_ROWS"]),
    ("rows as text", "files.public.0.rows", "trois", ["E_FILE_ROWS"]),
    ("unknown role", "files.public.0.role", "magie", ["E_FILE_ROLE"]),
    ("no role", "files.public.0.role", ..., ["E_FILE_ROLE"]),
        ("role twice", "files.organiser.+", {"path": "README.md", "role": "train"},
     ["E_FILE_ROLE"]),
    ("no truth", "files.held_out", [], ["E_FILE_ROLE"]),
    ("file twice", "files.public.+", {"path": "train.csv", "role": "extra"}, ["E_FILE_TWICE"]),
    ("truth public", "files.public.+", {"path": "truth.csv", "role": "extra"},
     ["E_TRUTH_PUBLIC", "E_TRUTH_PUBLIC"]),
    ("truth elsewhere", "truth.file", "train.csv", ["E_TRUTH_PUBLIC"]),
    ("unknown audience", "files.secret", [], ["E_KEY_MISSING"]),
    ("unknown layout", "submission.layout", "cube", ["E_COLUMN_ROLE"]),
    ("no target", "submission.columns.1", ..., ["E_COLUMN_ROLE"]),
    ("unknown column role", "submission.columns.+",
     {"name": "x", "role": "weight", "type": "float"},
     ["E_COLUMN_ROLE", "E_COLUMN_MISSING"]),
    ("unknown type", "submission.columns.1.type", "cube", ["E_COLUMN_ROLE"]),
    ("column absent from the sample", "submission.columns.1.name", "level", ["E_COLUMN_MISSING"]),
    ("unknown file format", "submission.formats", ["xlsx"], ["E_KEY_MISSING"]),
    ("strata absent", "truth.strata", "foyer", ["E_COLUMN_MISSING"]),
    ("cluster absent", "truth.cluster", "foyer", ["E_COLUMN_MISSING"]),
    ("target absent", "truth.target", "level", ["E_COLUMN_MISSING"]),
    ("split absent", "truth.split.column", "Usage", ["E_SPLIT"]),
    ("split value", "truth.split.private", "prive", ["E_SPLIT"]),
    ("split alike", "truth.split.private", "public", ["E_SPLIT", "E_SPLIT"]),
    ("domain outside", "submission.columns.1.domain.file", "../a.csv", ["E_FILE_PATH"]),
    ("domain absent", "submission.columns.1.domain.file", "a.csv", ["E_FILE_MISSING"]),
    ("domain column", "submission.columns.1.domain.column", "z", ["E_COLUMN_MISSING"]),
    ("domain small", "submission.columns.1.domain", {"file": "sample.csv", "column": "niveau"},
     ["E_DOMAIN"]),
    ("bound small", "submission.columns.1.max", 2, ["E_DOMAIN"]),
    ("bound that no machine holds", "submission.columns.1.max", 10**400, ["E_DOMAIN"]),
    ("bounds crossed", "submission.columns.1.min", 9, ["E_DOMAIN", "E_DOMAIN"]),
    ("pattern broken", "submission.columns.0.pattern", "(", ["E_DOMAIN"]),
    ("pattern missed", "submission.columns.1",
     {"name": "niveau", "role": "target", "type": "category", "pattern": "[12]"}, ["E_DOMAIN"]),
    ("too many values", "submission.columns.1.max_distinct", 2, ["E_DOMAIN"]),
    ("metric", "metrics.0.metric", "mape_magique", ["E_METRIC_UNKNOWN"]),
    ("metric parameter", "metrics.0.params", {"zeal": 3}, ["E_METRIC_UNKNOWN"]),
    ("metric parameter value", "metrics.0.params", {"prefix": 0}, ["E_METRIC_UNKNOWN"]),
    ("metric parameter that no machine holds", "metrics.0.params", {"prefix": 10**400},
     ["E_METRIC_UNKNOWN"]),
    ("metric needs", "metrics.1.metric", "kappa_quadratic", ["E_METRIC_UNKNOWN", "E_DIRECTION"]),
    ("two primary", "metrics.1.primary", True, ["E_METRIC_PRIMARY"]),
    ("primary without direction", "metrics.0.direction", "none", ["E_METRIC_PRIMARY"]),
    ("key twice", "metrics.1.key", "exactitude", ["E_METRIC_KEY"]),
    ("key of a group figure twice", "fairness.metrics.0.key", "mae", ["E_METRIC_KEY"]),
    ("key with a space", "metrics.1.key", "ma cle", ["E_METRIC_KEY"]),
    ("decimals", "metrics.1.decimals", 12, ["E_METRIC_KEY"]),
    ("direction", "metrics.1.direction", "asc", ["E_DIRECTION"]),
    ("direction against nature", "metrics.1.direction", "max", ["E_DIRECTION"]),
    ("no direction", "metrics.1.direction", ..., ["E_DIRECTION"]),
    ("fairness column", "fairness.attributes.0.column", "sexe", ["E_COLUMN_MISSING"]),
    ("fairness file", "fairness.attributes.0.source", "a.csv",
     ["E_COLUMN_MISSING", "E_FILE_MISSING"]),
    ("fairness attribute", "fairness.metrics.0.by", "sexe", ["E_COLUMN_MISSING"]),
    ("fairness aggregate", "fairness.metrics.0.aggregate", "moyenne", ["E_METRIC_UNKNOWN"]),
    ("fairness group and aggregate", "fairness.metrics.0.group", "nord", ["E_METRIC_KEY"]),
    ("quota negative", "quotas.per_day", -1, ["E_QUOTA"]),
    ("quota text", "quotas.total", "beaucoup", ["E_QUOTA"]),
    ("quota true", "quotas.total", True, ["E_QUOTA"]),
    ("quota zone", "quotas.timezone", "Mars/Olympus", ["E_QUOTA"]),
    ("naive date", "schedule.opens", "2027-03-01T09:00:00", ["E_SCHEDULE"]),
    ("day only", "schedule.opens", "2027-03-01", ["E_SCHEDULE"]),
    ("no such date", "schedule.opens", "bientôt", ["E_SCHEDULE"]),
    ("year beyond", "schedule.closes", "9999-12-31T23:30:00Z", ["E_SCHEDULE"]),
    ("close first", "schedule",
     {"opens": "2027-03-01T09:00:00+01:00", "closes": "2027-03-01T08:00:00+00:00"}, ["E_SCHEDULE"]),
    ("kept", "leaderboard", {"kept": "worst"}, ["E_KEY_MISSING"]),
    ("ladder unknown", "leaderboard", {"ladder": "snakes"}, ["E_LADDER"]),
    ("ladder number", "leaderboard", {"ladder": 1}, ["E_LADDER"]),
    ("licence status", "licence.data.status", "sûr", ["E_KEY_MISSING"]),
    ("licence empty", "licence", {"other": 1}, ["E_KEY_MISSING"]),
    ("expected absent", "expected.file", "s.json", ["E_FILE_MISSING"]),
    ("metrics are text", "metrics", "accuracy", ["E_KEY_MISSING"]),
    ("files are text", "files", "train.csv", ["E_KEY_MISSING"]),
    ("prizes are text", "prizes", "oui", ["E_KEY_MISSING"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "causes"),
    [(path, value, causes) for _, path, value, causes in CAUSES],
    ids=[name for name, *_ in CAUSES],
)
def test_each_fault_has_its_cause(
    tmp_path: Path, path: str, value: object, causes: list[str]
) -> None:
    report = read(tmp_path, (path, value))

    assert codes_of(report) == causes
    assert report.spec is None


def test_every_fault_is_found_not_only_the_first(tmp_path: Path) -> None:
    changes = [
        ("title", ...),
        ("slug", "Niveau !"),
        ("files.public.0.rows", 9),
        ("truth.split.private", "prive"),
        ("metrics.1.direction", "asc"),
        ("quotas.per_day", -1),
    ]

    report = read(tmp_path, *changes)

    wanted = ("KEY_MISSING", "SLUG", "FILE_ROWS", "DIRECTION", "SPLIT", "QUOTA")
    assert codes_of(report) == [f"E_{cause}" for cause in wanted]
    assert report.errors[2].to_json() == {
        "code": "E_FILE_ROWS",
        "file": "challenge.yaml",
        "key": "files.public.0.rows",
        "value": "9",
        "message": "train.csv compte 3 lignes, 9 annoncées",
    }


@pytest.mark.parametrize(
    ("name", "old", "new", "causes"),
    [
        ("truth.csv", ",g1", ",g0", ["E_SPLIT"]),  # a group in both parts
        ("truth.csv", "A6", "A7", ["E_IDS"]),
        ("truth.csv", "A6", "A5", ["E_IDS", "E_IDS"]),
        ("truth.csv", "A6,3", "A6,x", ["E_DOMAIN", "E_DOMAIN"]),
        ("truth.csv", "A6,3", "A6,3,9", ["E_FILE_ROWS"] * 6),
        ("truth.csv", FILES["truth.csv"], "", ["E_FILE_ROWS"] * 6),
        ("test.csv", "A6,5\n", "", ["E_FILE_ROWS", "E_IDS", "E_IDS"]),
        ("test.csv", FILES["test.csv"], FILES["truth.csv"], ["E_TRUTH_PUBLIC"] * 2),
        ("sample.csv", "A6,1\n", "A6,1\nA6,1\n", ["E_FILE_ROWS", "E_IDS"]),
    ],
)
def test_tables_that_disagree_are_refused(
    tmp_path: Path, name: str, old: str, new: str, causes: list[str]
) -> None:
    files = {name.replace(".", "_"): FILES[name].replace(old, new)}
    assert codes_of(read(tmp_path, **files)) == causes


ANSWERS = FILES["truth.csv"]


@pytest.mark.parametrize(
    ("name", "content", "causes"),
    [
        ("export.csv", ANSWERS.replace(",", ";"), ["E_TRUTH_PUBLIC"]),
        ("notes.txt", "niveau\tid\n3\tA6\n9\tZ9\n", ["E_TRUTH_PUBLIC"]),
        ("autre.csv", ANSWERS.replace("id,", "ref,").replace("niveau", "y"), ["E_TRUTH_PUBLIC"]),
        ("exemple2.csv", FILES["sample.csv"], []),  # constant: it tells nothing
        ("autre.csv", FILES["train.csv"], []),
        ("corrige.csv", ANSWERS.replace("A6,3", "A6,1"), ["E_TRUTH_PUBLIC"]),  # one of six differs
        ("liste.csv", "id,niveau\nA3,3\nA6,3\n", ["E_TRUTH_PUBLIC"]),
    ],
)
def test_a_public_file_that_gives_answers_is_refused_whatever_its_name(
    tmp_path: Path, name: str, content: str, causes: list[str]
) -> None:
    entry = {"path": name, "role": "extra"}
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert codes_of(read(tmp_path, ("files.public.+", entry))) == causes


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("classes.csv", "niveau;libelle\n1;bas\n2;moyen\n3;haut\n"),
        ("rangs.csv", "rang;niveau;libelle\n1;1;bas\n2;2;moyen\n3;3;haut\n"),
        ("train_2022.csv", "id,x,niveau\n1,9,2\n2,8,2\n3,7,3\n4,6,2\n5,5,1\n6,4,1\n7,3,2\n"),
    ],
)
def test_a_public_file_that_only_looks_like_answers_is_let_through(
    tmp_path: Path, name: str, content: str
) -> None:
    numbered = {
        f"{each}_csv": re.sub(r"\bA(\d)", r"\1", FILES[f"{each}.csv"])
        for each in ("test", "sample", "truth", "baseline")
    }
    (tmp_path / name).write_text(content, encoding="utf-8")
    entry = ("files.public.+", {"path": name, "role": "extra"})
    assert codes_of(read(tmp_path, entry, **numbered)) == []


@pytest.mark.parametrize("name", ["sample.csv", "train.csv"])
def test_answers_in_the_example_or_the_training_rows_are_refused(tmp_path: Path, name: str) -> None:
    answers = "\n".join(ANSWERS.splitlines()[:4]) if name == "train.csv" else ANSWERS
    assert "E_TRUTH_PUBLIC" in codes_of(read(tmp_path, **{name.replace(".", "_"): answers}))


def test_links_and_strange_files_are_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text(FILES["train.csv"], encoding="utf-8")
    folder = write(tmp_path / "folder")
    (folder / "train.csv").unlink()

    (folder / "train.csv").symlink_to(outside)
    assert codes_of(portable.read_challenge(folder)) == ["E_FILE_PATH", "E_FILE_PATH"]
    (folder / "train.csv").unlink()

    os.mkfifo(folder / "train.csv")
    assert codes_of(portable.read_challenge(folder)) == ["E_FILE_PATH", "E_FILE_PATH"]
    (folder / "train.csv").unlink()

    (folder / "train.csv").mkdir()
    assert codes_of(portable.read_challenge(folder)) == ["E_FILE_MISSING", "E_FILE_MISSING"]

    (folder / "challenge.yaml").unlink()
    assert codes_of(portable.read_challenge(folder)) == ["E_FILE_MISSING"]
    (folder / "challenge.yaml").symlink_to(outside)
    assert codes_of(portable.read_challenge(folder)) == ["E_FILE_MISSING"]


def test_warnings_are_given_and_do_not_refuse(tmp_path: Path) -> None:
    changes: list[tuple[str, object]] = [
        ("sort", "desc"),
        ("quotas.per_day", 0),
        ("licence.data.status", "to_confirm"),
        ("caveats.+", {"key": "truth_public_elsewhere", "text": "ouvert"}),
    ]

    report = read(tmp_path, *changes)

    wanted = ("UNKNOWN_KEY", "QUOTA_ZERO", "LICENCE_TO_CONFIRM", "TRUTH_PUBLIC_ELSEWHERE")
    assert [warning.code for warning in report.warnings] == [f"W_{cause}" for cause in wanted]
    assert report.errors == ()
    assert report.spec is not None
    assert set(report.spec.raw) - set(TOP_KEYS) == {"sort"}
    assert codes_of(read(tmp_path, *changes, ("prizes", True))) == ["E_PRIZES"]


def test_dates_and_terms_are_read(tmp_path: Path) -> None:
    opens = ("schedule", {"opens": "2027-03-01T09:00:00+01:00", "closes": None})
    spec = read(tmp_path, opens, ("terms", "Règlement en une phrase.")).spec
    assert spec is not None
    assert spec.schedule.opens == datetime(2027, 3, 1, 8, tzinfo=UTC)
    assert spec.terms_text == "Règlement en une phrase."
    assert spec.leaderboard.ladder is False

    (tmp_path / "REGLEMENT.md").write_text("# Règlement\n", encoding="utf-8")
    changes = (opens, ("terms", "REGLEMENT.md"), ("leaderboard", {"ladder": True}))
    spec = read(tmp_path, *changes).spec
    assert spec is not None
    assert spec.leaderboard.ladder is True
    assert spec.terms_text == "# Règlement\n"


def test_attributes_of_no_declared_audience_are_held_out(tmp_path: Path) -> None:
    found = change(
        document(),
        "fairness.attributes.+",
        {"key": "age", "source": "ages.csv", "id": "id", "column": "age", "type": "number"},
    )
    write(tmp_path, found)
    (tmp_path / "ages.csv").write_text("id,age\nA1,30\nA2,\n", encoding="utf-8")

    spec = portable.read_challenge(tmp_path).spec

    assert spec is not None
    assert [entry.path for entry in spec.by_audience(Audience.HELD_OUT)] == [
        "truth.csv",
        "ages.csv",
    ]
    (tmp_path / "ages.csv").write_text("id,age\nA1,trente\n", encoding="utf-8")
    assert codes_of(portable.read_challenge(tmp_path)) == ["E_DOMAIN"]


def test_recorded_scores_that_are_not_reproduced_are_refused(tmp_path: Path) -> None:
    seen: list[tuple[object, Path, str]] = []

    def scorer(value: float) -> object:
        def score(
            contract: Mapping[str, object], folder: Path, path: str
        ) -> Mapping[str, Mapping[str, object]]:
            seen.append((contract["task"], folder, path))
            return {"public": {"exactitude": value}, "private": {}}

        return score

    def errors(score: Any) -> list[Problem]:
        findings = Findings()
        recorded.check(spec, Folder(tmp_path), score, findings)
        return findings.errors

    def told(score: Any) -> str:
        return errors(score)[0].message

    def faults(score: Any) -> list[tuple[str, str]]:
        return [(each.code, each.key) for each in errors(score)]

    spec = read(tmp_path).spec
    assert spec is not None

    assert faults(scorer(0.50004)) == []
    assert faults(scorer(0.6)) == [("E_SCORES", "reference.public.exactitude")]
    assert seen == [("ordinal", tmp_path, "baseline.csv")] * 2
    assert told(scorer(0.6)) == (
        "« Exactitude », part publique : attendu 0,500000, obtenu 0,600000, écart +0,100000"
    )
    assert told(scorer(math.nan)).endswith("attendu 0,500000, obtenu « nan »")
    # A figure that a small group keeps from being shown is compared all the same, never said.
    assert faults(scorer({"withheld": 0.5})) == []
    assert "0,6" not in told(scorer({"withheld": 0.6}))

    big = "1" + "0" * 400
    write(tmp_path, scores_json=FILES["scores.json"].replace("0.5", big))
    assert faults(scorer(0.5)) == [("E_SCORES", "reference.public.exactitude")]

    def rejected(*_: object) -> Mapping[str, Mapping[str, object]]:
        raise ValueError("fichier refusé")

    assert [code for code, _key in faults(rejected)] == ["E_SCORES"]
    for scores in ["", "[]", '{"reference": 3}', "{"]:
        write(tmp_path, scores_json=scores)
        assert [code for code, _key in faults(rejected)] == ["E_SCORES"]


@pytest.mark.parametrize("name", REAL)
def test_the_recorded_variants_are_judged_alike(shared: Path, tmp_path: Path, name: str) -> None:
    root = shared / "cases" / "challenges"
    recorded = json.loads((root / "invalid.json").read_text(encoding="utf-8"))["cases"]
    assert len(recorded) == 32
    cases = [case for case in recorded if case["base"] == name]
    judged: list[tuple[str, str]] = []
    for case in cases:
        base, copied = root / case["base"], tmp_path / case["base"]
        if not copied.exists():
            shutil.copytree(base, copied)
            copied.chmod(0o755)
        found = yaml.safe_load((base / "challenge.yaml").read_text(encoding="utf-8"))
        for path, value in case.get("set", {}).items():
            found = change(found, path, value)
        for path in case.get("delete", []):
            found = change(found, path, ...)
        (copied / "challenge.yaml").unlink()
        text = yaml.safe_dump(found, allow_unicode=True)
        (copied / "challenge.yaml").write_text(text, encoding="utf-8")
        report = portable.read_challenge(copied)
        if case["expect"].startswith("E_"):
            judged.append((case["name"], codes_of(report)[0]))
        else:
            codes = [warning.code for warning in report.warnings]
            judged.append((case["name"], case["expect"] if case["expect"] in codes else ""))
            assert report.errors == ()

    assert judged == [(case["name"], case["expect"]) for case in cases]


# --- code of teams: inputs held out, a public sample


def test_a_folder_of_code_is_read_whole(tmp_path: Path) -> None:
    report = portable.read_challenge(write_code(tmp_path))

    assert (report.errors, report.warnings) == ((), ())
    spec = report.spec
    assert spec is not None
    assert spec.code == CodeRules(120, 512, "organiser", 50_000_000)
    assert [entry.path for entry in spec.by_audience(Audience.HELD_OUT)] == [
        "truth.csv",
        "inputs.csv",
    ]
    assert set(spec.raw) <= set(TOP_KEYS)


@pytest.mark.parametrize(
    ("path", "value", "code", "key"),
    [
        ("code.time_limit_s", 0, "E_CODE", "code.time_limit_s"),
        ("code.memory_mb", 99_999, "E_CODE", "code.memory_mb"),
        ("code.logs", "public", "E_CODE", "code.logs"),
        ("code.network", True, "E_CODE", "code.network"),
        ("code", ..., "E_FILE_ROLE", "files"),
        ("files.held_out.1.role", "test", "E_FILE_ROLE", "files"),
        ("files.public.+", {"path": "inputs.csv", "role": "extra"}, "E_TRUTH_PUBLIC", None),
        ("files.public.1", {"path": "train.csv", "role": "extra"}, "E_FILE_ROLE", "files"),
    ],
    ids=str,
)
def test_a_fault_of_code_is_told_with_its_key(
    tmp_path: Path, path: str, value: object, code: str, key: str | None
) -> None:
    report = portable.read_challenge(write_code(tmp_path, change(code_document(), path, value)))
    found = [(one.code, one.key) for one in report.errors]
    assert code in [one for one, _key in found]
    assert key is None or (code, key) in found


def test_inputs_agree_with_the_truth_and_the_sample(tmp_path: Path) -> None:
    told = CODE_FILES["inputs.csv"].replace("id,x", "id,niveau").replace("A1,0", "A1,1")
    cases = {
        "ids": {"inputs_csv": CODE_FILES["inputs.csv"].replace("A1,", "Z9,")},
        "answer": {"sample_csv": CODE_FILES["sample.csv"].replace("S1,", "S0,")},
        "columns": {"sample_inputs_csv": CODE_FILES["sample_inputs.csv"].replace("id,x", "id,y")},
        "labels": {"inputs_csv": told},
        "public": {"train_csv": CODE_FILES["inputs.csv"]},
    }
    found = {
        name: portable.read_challenge(write_code(tmp_path / name, None, **files)).errors
        for name, files in cases.items()
    }

    assert {name: sorted({one.code for one in faults}) for name, faults in found.items()} == {
        "ids": ["E_IDS"],
        "answer": ["E_IDS"],
        "columns": ["E_COLUMN_MISSING"],
        "labels": ["E_COLUMN_MISSING", "E_TRUTH_PUBLIC"],
        "public": ["E_COLUMN_MISSING", "E_FILE_ROWS", "E_TRUTH_PUBLIC"],
    }


def test_a_sample_that_is_small_or_shows_hidden_rows_is_told_by_counts(tmp_path: Path) -> None:
    shown = CODE_FILES["sample_inputs.csv"].replace("S1,0.5\n", "A1,0\n")
    answers = CODE_FILES["sample.csv"].replace("S1,1\n", "A1,1\n")
    small = CODE_FILES["sample_inputs.csv"].replace("S9,0.5\n", "")
    folder = write_code(tmp_path / "a", None, sample_inputs_csv=shown, sample_csv=answers)
    short = write_code(
        tmp_path / "b",
        change(code_document(), "files.public.1.rows", None),
        sample_inputs_csv=small,
        sample_csv=CODE_FILES["sample.csv"].replace("S9,1\n", ""),
    )

    report = portable.read_challenge(folder)

    assert [(one.code, one.value) for one in portable.read_challenge(short).errors] == [
        ("E_CODE", "99")
    ]
    assert [(one.code, one.value) for one in report.warnings] == [("W_SAMPLE_HIDDEN", "")]
    assert report.warnings[0].message.startswith("1 ligne est aussi")


# --- a fairness audit

PLACES = [
    {"key": "zone", "source": "truth", "column": "zone", "label": "Zone"},
    {"key": "groupe", "source": "truth", "column": "groupe", "label": "Groupe"},
]


def audited(tmp_path: Path, audit: Any, attributes: list[dict[str, Any]] | None = None) -> Any:
    """Read a folder whose fairness declares an audit."""
    more = [("fairness.attributes", attributes)] if attributes is not None else []
    return read(tmp_path, ("fairness.audit", audit), *more)


def codes(reading: Any) -> list[tuple[str, str]]:
    """Return the causes and places of the refusals."""
    return [(each.code, each.key) for each in reading.errors]


def test_an_empty_audit_takes_every_default_and_none_stands_alone(tmp_path: Path) -> None:
    without = audited(tmp_path, None)
    assert "audit" not in without.spec.scoring_contract(tmp_path)["fairness"]
    reading = audited(tmp_path, {})
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
    reading = audited(tmp_path, audit, PLACES)
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
    assert codes(audited(tmp_path, audit, PLACES)) == [("E_AUDIT", place)]


@pytest.mark.parametrize(
    ("asked", "least"), [(None, 11), (11, 11), (40, 40), (10, None), (0, None), ("x", None)]
)
def test_the_threshold_of_the_challenge_is_only_raised(
    tmp_path: Path, asked: Any, least: int | None
) -> None:
    changes = {"min_rows": 1, "n_min_group": asked, "audit": {}}
    reading = read(tmp_path, *((f"fairness.{key}", value) for key, value in changes.items()))
    if least is None:
        assert codes(reading) == [("E_AUDIT", "fairness.n_min_group")]
        return
    assert reading.spec is not None
    assert reading.spec.contract.n_min_group == least
    raw = reading.spec.scoring_contract(tmp_path)
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
    document_metrics = audited(tmp_path, {"crossings": [pair]}, attributes)
    wanted = ("E_AUDIT", "fairness.audit.crossings")
    assert (wanted in codes(document_metrics)) is refused


def test_a_word_of_no_list_is_refused_in_an_attribute(tmp_path: Path) -> None:
    for more in ({"of": "items"}, {"nature": "ville"}):
        attributes = [PLACES[0] | more]
        assert "E_AUDIT" in [code for code, _ in codes(audited(tmp_path, {}, attributes))]


# --- the page for organisers names every cause, key and metric, and no other

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "organisers.md").read_text(encoding="utf-8")


def test_the_page_names_every_cause_key_role_task_and_metric() -> None:
    folders = (ROOT / "challenges/bundles", ROOT / "challenges/exchange")
    places = [path for folder in folders for path in folder.rglob("*.py")]
    engine = ("archives", "audit/declared", "contract", "fields")
    places += [ROOT / f"challenges/scoring/{name}.py" for name in engine]
    code = "".join(path.read_text(encoding="utf-8") for path in places)
    cause = re.compile(r"\b[EW]_[A-Z_]+\b")

    assert set(cause.findall(PAGE)) == set(cause.findall(code))
    told = set(re.findall(r"`([A-Za-z_0-9]+)`", PAGE))

    assert set(TOP_KEYS) - told == set()
    assert {role.value for role in Role} - told == set()
    assert {task.value for task in Task} - told == set()
    assert set(METRICS) - told == set()


def test_a_small_table_is_not_taken_for_answers_by_chance_nor_hidden_by_a_long_cell() -> None:
    rows = [f"{at},{at % 2}\n" for at in range(500)]
    answers = Answers(io.BytesIO(("id,niveau\n" + "".join(rows)).encode()), ["id"], ["niveau"])
    tables = ("".join(rows[:9]), "".join(rows[:40]), f"0,{'x' * 200_000}\n" + "".join(rows))
    found = [told(io.BytesIO(f"zone,bord\n{each}".encode()), answers) for each in tables]
    assert found == [0, 40, 500]
