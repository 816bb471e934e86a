"""Challenges in CSV and TREC: what is read, what is refused, and our form of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from challenges.bundles import exporting, portable
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import translation
from challenges.bundles.foreign.translation import MENUS, slug_of
from challenges.bundles.foreign.values import Rows, facts_of
from challenges.bundles.spec import PortableSpec
from challenges.scoring.registry import METRICS
from tests.challenges.bundles.folders import codes_of
from tests.challenges.bundles.foreign import own
from tests.challenges.bundles.foreign.cases import BUNDLES, NEEDED, differences, expected
from tests.challenges.bundles.foreign.tables import KAGGLE, ROWS, TREC, written


def ours(folder: Path, into: Path, **answers: str) -> PortableSpec:
    """Translate a folder and read the result by our own reader."""
    report = own.read_bundle(folder)
    assert report.spec is not None, report.errors
    found = translation.portable(report.spec, Folder(folder), report.questions, answers)
    exporting.write_folder(into, found.document, found.files)
    read = portable.read_challenge(into)
    assert read.errors == ()
    assert read.spec is not None
    return read.spec


@NEEDED
@pytest.mark.parametrize("source", ["kaggle", "huggingface"])
def test_the_csv_cases_hold_their_facts(source: str) -> None:
    wanted = expected("csv_usage")["import"][source]

    report = own.read_bundle(BUNDLES / "csv_usage" / source)

    assert report.errors == ()
    assert report.spec is not None
    assert differences(wanted["facts"], facts_of(report.spec)) == []
    assert set(wanted.get("asks", ())) <= {one.key for one in report.questions}
    for one in wanted.get("warnings", ()):
        (warning,) = (each for each in report.warnings if each.code == one["code"])
        assert (warning.key, warning.value) == (one["key"], str(one["value"]))
        assert str(one["found"]) in warning.message


@NEEDED
@pytest.mark.parametrize("case", ["csv_usage/kaggle", "csv_usage/huggingface", "trec"])
def test_a_zip_of_tables_gives_what_its_folder_gives(case: str, tmp_path: Path) -> None:
    path = Path(shutil.make_archive(str(tmp_path / "b"), "zip", BUNDLES / case))

    assert own.read_bundle(path).to_json() == own.read_bundle(BUNDLES / case).to_json()


@NEEDED
def test_the_trec_case_holds_its_facts() -> None:
    wanted = expected("trec")["facts"]
    sexes = wanted.pop("sex")

    report = own.read_bundle(BUNDLES / "trec")

    assert (report.errors, report.warnings) == ((), ())
    assert report.spec is not None
    found = facts_of(report.spec)
    assert differences(wanted, found) == []
    assert found["attributes"] == {"sexe": sexes}


SOLUTION = KAGGLE["solution.csv"]
REFUSED: dict[str, tuple[dict[str, str | None], str]] = {
    "no part": ({"solution_csv": SOLUTION.replace("Usage", "autre")}, "E_SPLIT"),
    "one part": ({"solution_csv": SOLUTION.replace("Private", "Public")}, "E_SPLIT"),
    "third part": ({"solution_csv": SOLUTION.replace("001,1,Public", "001,1,Test")}, "E_SPLIT"),
    "two spellings": (
        {"solution_csv": SOLUTION.replace("001,1,Public", "001,1,public")},
        "E_SPLIT",
    ),
    "id twice": ({"solution_csv": SOLUTION.replace("001,", "000,")}, "E_IDS"),
    "other ids": ({"test_csv": KAGGLE["test.csv"].replace("001,", "999,")}, "E_IDS"),
    "answer told": ({"test_csv": KAGGLE["test.csv"].replace("id,x", "id,y")}, "E_TRUTH_PUBLIC"),
    "ragged": ({"solution_csv": SOLUTION + "a,b\n"}, "E_FILE_ROWS"),
    "no target": ({"sample_submission_csv": "id,Usage\n000,0\n"}, "E_TARGETS"),
    "text beside a number": (
        {
            "solution_csv": SOLUTION.replace("id,y", "id,y,mot")
            .replace(",Pu", ",oui,Pu")
            .replace(",Pr", ",non,Pr"),
            "sample_submission_csv": None,
        },
        "E_TARGETS",
    ),
    "no such column": ({"sample_submission_csv": "id,z\n000,0\n"}, "E_COLUMN_MISSING"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_fault_of_the_tables_is_told(name: str, tmp_path: Path) -> None:
    changes, code = REFUSED[name]

    report = own.read_bundle(written(tmp_path / "k", KAGGLE, **changes))

    assert code in codes_of(report)
    assert report.spec is None


@pytest.mark.parametrize("metric", sorted(MENUS[Rows.ONE]))
def test_every_metric_of_the_menu_makes_a_challenge(metric: str, tmp_path: Path) -> None:
    spec = ours(written(tmp_path / "k", KAGGLE), tmp_path / "c", metric=metric)

    primary = spec.contract.primary
    assert (primary.metric, primary.direction) == (metric, METRICS[metric].direction)
    assert spec.title == "Un défi"
    assert (spec.quotas.per_day, spec.quotas.total) == (5, 100)


def test_tables_that_are_absent_are_written_without_answers(tmp_path: Path) -> None:
    bare = written(tmp_path / "k", KAGGLE, test_csv=None, sample_submission_csv=None)

    ours(bare, tmp_path / "c", metric="accuracy")

    assert (tmp_path / "c/test.csv").read_text().splitlines()[:2] == ["id", "000"]
    sample = set((tmp_path / "c/sample_submission.csv").read_text().splitlines()[1:])
    assert sample == {f"{at:03},0" for at in range(40)}


def test_ignored_rows_are_in_no_table(tmp_path: Path) -> None:
    ignored = written(
        tmp_path / "k", KAGGLE, solution_csv=SOLUTION.replace("001,1,Public", "001,1,Ignored")
    )
    report = own.read_bundle(ignored)
    assert [(one.code, one.value) for one in report.warnings] == [("W_ROWS_IGNORED", "Ignored")]

    ours(ignored, tmp_path / "c", metric="accuracy")

    for name in ("test.csv", "sample_submission.csv", "verite.csv"):
        lines = (tmp_path / "c" / name).read_text().splitlines()
        assert len(lines) == 40
        assert not [line for line in lines if line.startswith("001,")]


def several(rows: str, header: str = "id,a,b,Usage", **more: str | None) -> dict[str, str | None]:
    """Give 40 rows, `rows` formatted with their number; no sample and no test."""
    lines = [rows.format(at=at, odd=at % 2, even=1 - at % 2, part=PARTS[at % 4 < 2]) for at in ROWS]
    absent: dict[str, str | None] = {"sample_submission_csv": None, "test_csv": None}
    return absent | {"solution_csv": "\n".join([header, *lines]) + "\n"} | more


PARTS = {True: "Public", False: "Private"}
ONE_HOT, TWO = several("{at:03},{odd},{even},{part}"), several("{at:03},{at},{odd},{part}")


@pytest.mark.parametrize(
    ("changes", "answers", "metrics", "form"),
    [
        (TWO, {}, ["formula", "mae", "mae"], "targets"),
        (ONE_HOT, {"columns": "cibles"}, ["formula", "mae", "mae"], "targets"),
        (
            ONE_HOT,
            {"columns": "classes", "metric": "brier_multi"},
            ["brier_multi"],
            "probabilities",
        ),
        (
            several(
                "{at:03},{odd},{part}",
                "id,y,Usage",
                sample_submission_csv="id,0,1\n" + "".join(f"{at:03},0,0\n" for at in ROWS),
            ),
            {"metric": "log_loss_multi"},
            ["log_loss_multi"],
            "probabilities",
        ),
    ],
)
def test_several_columns_are_what_the_organiser_says(
    changes: dict[str, str | None],
    answers: dict[str, str],
    metrics: list[str],
    form: str,
    tmp_path: Path,
) -> None:
    folder = written(tmp_path / "k", KAGGLE, **changes)
    spec = ours(folder, tmp_path / "c", **({"metric": "mae"} | answers))

    assert [one.metric for one in spec.contract.metrics] == metrics
    assert (spec.contract.answer.form, spec.contract.primary.metric) == (form, metrics[0])
    if form == "targets":
        assert [one.params for one in spec.contract.metrics] == [
            {"formula": "(a + b) / 2"}, {"target": "a"}, {"target": "b"},
        ]  # fmt: skip
    else:
        rows = (tmp_path / "c/sample_submission.csv").read_text().splitlines()
        assert rows[1] == "000,0.500000,0.500000"


def test_a_row_of_two_classes_is_of_no_class(tmp_path: Path) -> None:
    report = own.read_bundle(written(tmp_path / "k", KAGGLE, **TWO))
    (asked,) = (one for one in report.questions if one.key == "columns")
    assert (list(asked.choices), asked.proposal) == (["cibles"], "cibles")
    with pytest.raises(translation.AnswerRefused, match="mesures proposées"):
        ours(tmp_path / "k", tmp_path / "c", metric="accuracy")  # of a label


def test_an_identifier_given_twice_is_refused(tmp_path: Path) -> None:
    twice = several("{at:03},{at},{odd},{part}")
    twice["solution_csv"] = str(twice["solution_csv"]).replace("001,", "000,")
    report = own.read_bundle(written(tmp_path / "k", KAGGLE, **twice))
    assert [(one.code, one.value) for one in report.errors] == [("E_IDS", "000")]


WRONG = {"direction": "min", "dates": "demain", "quotas": "beaucoup", "couleur": "bleu"}


def test_every_wrong_answer_is_told_at_once(tmp_path: Path) -> None:
    folder = written(tmp_path / "k", KAGGLE)
    report = own.read_bundle(folder)
    assert report.spec is not None

    answers = WRONG | {"metric": "accuracy"}
    with pytest.raises(translation.AnswerRefused) as refusal:
        translation.portable(report.spec, Folder(folder), report.questions, answers)
    assert {one.key for one in refusal.value.problems} == set(WRONG)
    with pytest.raises(translation.AnswerRefused, match="mesures proposées"):
        translation.portable(report.spec, Folder(folder), report.questions, {"metric": "auc"})


CONF = '{"EVAL_METRIC": "%s", "EVAL_HIGHER_IS_BETTER": %d, "SUBMISSION_COLUMNS": "id,y"}'


@pytest.mark.parametrize(
    ("conf", "codes", "asked"),
    [
        (CONF % ("accuracy_score", 1), [], False),
        (CONF % ("custom", 1), [], True),
        (CONF % ("accuracy_score", 0), ["E_DIRECTION"], False),
        ('{"A": 1, "A": 2}', ["E_JSON"], False),
        ("[", ["E_JSON"], False),
        ('{"\\ud800": 1}', ["E_JSON"], False),
        ('{"EVAL_METRIC": "accuracy_score", "A": "\\ud83d\\ude00"}', [], False),
        ("[]", ["E_KEY_TYPE"], False),
    ],
)
def test_conf_json_says_the_metric(
    conf: str, codes: list[str], asked: bool, tmp_path: Path
) -> None:
    report = own.read_bundle(written(tmp_path / "h", {**KAGGLE, "conf.json": conf}))

    assert codes_of(report) == codes
    assert ("metric" in {one.key for one in report.questions}) is asked


@pytest.mark.parametrize(
    ("name", "text", "code", "line"),
    [
        ("description.md", "# Un \0 défi\n", "E_KEY_TYPE", ""),
        ("test.csv", "id,x\0\n001,1\n", "E_FILE_ROWS", ""),
        ("conf.json", '{"A": 1,\n"B": {"C": "a\\u0000b"}}', "E_JSON", "ligne 2 : "),
    ],
)
def test_a_nul_in_a_file_is_refused(
    name: str, text: str, code: str, line: str, tmp_path: Path
) -> None:
    (error,) = own.read_bundle(written(tmp_path / "k", KAGGLE | {name: text})).errors
    assert (error.code, error.message.startswith(line)) == (code, True)


@pytest.mark.parametrize(
    "qrels",
    ["q1 0 d1\n", "q1 0 d1 fort\n", "q1 0 d1 1\nq1 0 d1 0\n", "q1 0 d1 1\nq2 0 d2 0\n", ""],
)
def test_wrong_judgements_are_refused(qrels: str, tmp_path: Path) -> None:
    report = own.read_bundle(written(tmp_path / "t", TREC, qrels_txt=qrels))

    assert codes_of(report) == ["E_QRELS"]


def test_judgements_make_a_challenge_of_ranked_lists(tmp_path: Path) -> None:
    spec = ours(written(tmp_path / "t", TREC), tmp_path / "c", split="0,5")

    assert [metric.metric for metric in spec.contract.metrics] == [
        "ndcg", "map_r_at_k", "mrr_at_k", "precision_at_k", "recall_r_at_k",
    ]  # fmt: skip
    truth = (tmp_path / "c/verite.csv").read_text().splitlines()[1:]
    parts = {line.split(",")[0]: line.split(",")[3] for line in truth}
    assert sorted(parts.values()) == ["private", "private", "public", "public"]


@pytest.mark.parametrize(
    ("title", "slug"),
    [("Prévoir l’emploi !", "prevoir-l-emploi"), ("数", "challenge"), ("a" * 90, "a" * 60)],
)
def test_a_slug_is_made_of_a_title(title: str, slug: str) -> None:
    assert slug_of(title) == slug


def test_no_submission_a_day_is_told_and_kept(tmp_path: Path) -> None:
    conf = '{"EVAL_METRIC": "accuracy_score", "SUBMISSION_LIMIT": 0}'
    folder = written(tmp_path / "h", {**KAGGLE, "conf.json": conf})

    assert [one.code for one in own.read_bundle(folder).warnings] == ["W_QUOTA_ZERO"]
    assert ours(folder, tmp_path / "c", title="Un défi").quotas.per_day == 0
