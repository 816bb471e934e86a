"""Bundles of Codabench, CodaLab and EvalAI: what is read, each fault by its code and key.

Whatever stands at a key, the reader reports and never breaks; traits that real organisers wrote.
"""

from __future__ import annotations

import copy
import datetime
import json
import os
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import yaml

from challenges.bundles import examination, safe_yaml
from challenges.bundles.foreign import bundle as foreign_bundle
from challenges.bundles.foreign import forms, reading
from challenges.bundles.foreign.documents import Block, Document, Instant, Question, instant, stamp
from challenges.bundles.foreign.translation import settle
from challenges.bundles.foreign.values import ForeignSpec, Rule
from challenges.scoring.archives import RATIO_FLOOR_BYTES, ArchiveRefused, Bounds
from challenges.scoring.fields import Findings, Problem
from tests import archives
from tests.challenges.bundles.folders import codes_of
from tests.challenges.bundles.foreign import own
from tests.challenges.bundles.foreign.tables import KAGGLE, TREC, written
from tests.journeys import bundles as programs

UUID = "7f1c2b9e-5a0c-4a51-9c55-6a3f0c9d1e22"
LONG = "é" * 200  # within the characters of a path, beyond the bytes of a name
Changes = dict[str, object]


def read(folder: Path, form: str, changes: Changes | None = None) -> reading.ForeignReport:
    """Read a sound bundle with changes."""
    return own.read_bundle(own.bundle(folder, form, changes))


def sound(report: reading.ForeignReport) -> tuple[ForeignSpec, list[str]]:
    """Return what a bundle without fault says, and the codes of its warnings."""
    assert report.errors == ()
    assert report.spec is not None
    return report.spec, [one.code for one in report.warnings]


BOARD, COLUMN = "leaderboards.0", "leaderboards[0].columns"
ONE_INDEX = {f"{BOARD}.columns.1.index": 0, f"{BOARD}.columns.2.computation_indexes": [0]}
SOLUTION = {"index": 0, "path": "notation", "tasks": [3]}
COMPUTED = {"operation": "Avg", "fields": "a, z"}
FAULTS: dict[str, list[tuple[Changes, str, str]]] = {
    "codabench": [
        ({"title": None}, "E_KEY_MISSING", "title"),
        ({"title": ["a"]}, "E_KEY_TYPE", "title"),
        ({"pages.0.file": "absent.md"}, "E_FILE_MISSING", "pages[0].file"),
        ({"pages.0.file": "../x.md"}, "E_DATASET_PATH", "pages[0].file"),
        ({"phases.0.tasks": None}, "E_KEY_MISSING", "phases[0].tasks"),
        ({"phases.1.index": 0}, "E_PHASE_INDEX_DUPLICATE", "phases[1].index"),
        ({"phases.1.start": None}, "E_PHASE_DATES", "phases[1].start"),
        ({"phases.0.end": None}, "E_PHASE_DATES", "phases[0].end"),
        ({"tasks.0.reference_data": UUID}, "E_FILE_MISSING", "tasks[0].reference_data"),
        ({"tasks.0.key": UUID}, "E_FILE_MISSING", "tasks[0].key"),
        ({"leaderboards": None, "leaderboard": [{"title": "x"}]}, "E_KEY_MISSING", "leaderboard"),
        (ONE_INDEX, "E_COLUMN_INDEX_DUPLICATE", f"{COLUMN}[1].index"),
        ({f"{BOARD}.columns.2.computation_indexes": [0, 9]}, "E_COLUMN_UNKNOWN",
         f"{COLUMN}[2].computation_indexes"),
        ({f"{BOARD}.primary_index": 9}, "E_COLUMN_UNKNOWN", "leaderboards[0].primary_index"),
        ({f"{BOARD}.submission_rule": "Best"}, "E_KEY_TYPE", "leaderboards[0].submission_rule"),
        ({f"{BOARD}.columns.0.key": "a" * 37}, "E_KEY_TYPE", f"{COLUMN}[0].key"),
        ({"phases.0.max_submissions": -1}, "E_KEY_TYPE", "phases[0].max_submissions"),
        ({"solutions": [SOLUTION]}, "E_TASK_UNKNOWN", "solutions[0].tasks"),
        ({"version": 3}, "E_BUNDLE_FORMAT", "version"),
    ],
    "codalab": [
        ({"html.terms": None}, "E_TERMS_MISSING", "html.terms"),
        ({"phases.1.reference_data": None}, "E_KEY_MISSING", "phases.1.reference_data"),
        ({"phases.1.scoring_program": 42}, "E_FILE_MISSING", "phases.1.scoring_program"),
        ({"phases.2.start_date": "2026-12-01"}, "E_PHASE_ORDER", "phases.1.start_date"),
        ({"end_date": "2027-01-15"}, "E_PHASE_DATES", "end_date"),
        ({"leaderboard.columns.b.computed": COMPUTED}, "E_COLUMN_UNKNOWN",
         "leaderboard.columns.b.computed.fields"),
    ],
    "evalai": [
        ({"remote_evaluation": True}, "E_REMOTE_EVALUATION", "remote_evaluation"),
        ({"challenge_phase_splits.0.challenge_phase_id": 9}, "E_SPLIT_UNKNOWN",
         "challenge_phase_splits[0].challenge_phase_id"),
        ({"challenge_phase_splits.0.visibility": 7}, "E_KEY_TYPE",
         "challenge_phase_splits[0].visibility"),
        ({"leaderboard.0.schema.default_order_by": "F2"}, "E_COLUMN_UNKNOWN",
         "leaderboard[0].schema.default_order_by"),
        ({"evaluation_script": "absent"}, "E_FILE_MISSING", "evaluation_script"),
        ({"challenge_phases.0.end_date": "2026-01-01 00:00:00"}, "E_PHASE_DATES",
         "challenge_phases[0].end_date"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("form", own.FORMS)
def test_a_sound_bundle_has_no_fault_and_writes_nothing(form: str, tmp_path: Path) -> None:
    folder = own.bundle(tmp_path, form)
    before = sorted(tmp_path.rglob("*"))

    _spec, codes = sound(own.read_bundle(folder))

    assert set(codes) <= {"W_DRY_RUN"}
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("form", "changes", "code", "key"),
    [(form, *fault) for form, faults in FAULTS.items() for fault in faults],
)
def test_a_fault_is_told_by_its_code_and_key(
    form: str, changes: Changes, code: str, key: str, tmp_path: Path
) -> None:
    report = read(tmp_path, form, changes)

    assert [(one.code, one.key) for one in report.errors] == [(code, key)]
    assert report.spec is None


def test_every_fault_is_in_one_report_with_its_line(tmp_path: Path) -> None:
    changes: Changes = {"title": None, "phases.1.tasks": [4], "terms": "absent.md"}

    report = read(tmp_path, "codabench", changes)

    assert codes_of(report) == ["E_KEY_MISSING", "E_FILE_MISSING", "E_TASK_UNKNOWN"]
    assert [one.message.split(" : ")[0] for one in report.errors[1:]] == ["ligne 3", "ligne 22"]


@pytest.mark.parametrize("key", ["public_data", "starting_kit"])
@pytest.mark.parametrize(
    "told", ["reference", "reference/verite.csv", "copie", "publiques"], ids=str
)
def test_public_files_that_hold_answers_are_refused(key: str, told: str, tmp_path: Path) -> None:
    folder = own.bundle(tmp_path, "codabench", {f"phases.0.{key}": told})
    truth = own.FILES["reference/verite.csv"]
    (folder / "copie").mkdir()
    (folder / "copie/autre_nom.csv").write_text(truth, encoding="utf-8")

    found = [(one.code, one.key) for one in own.read_bundle(folder).errors]

    assert found == ([] if told == "publiques" else [("E_TRUTH_PUBLIC", f"phases[0].{key}")])


def test_unknown_keys_are_kept_for_the_export_and_a_quota_of_zero_is_asked_about(
    tmp_path: Path,
) -> None:
    changes: Changes = {"default_sort": "a", "tasks.0.is_public": True}

    report = read(tmp_path, "codabench", {**changes, "phases.0.max_submissions": 0})

    spec, codes = sound(report)
    assert spec.kept == {"default_sort": "a", "tasks[0].is_public": True}
    assert sorted(codes) == ["W_QUOTA_ZERO", "W_UNKNOWN_KEY", "W_UNKNOWN_KEY"]
    assert [(one.key, one.proposal) for one in report.questions] == [
        ("phases[0].max_submissions", "0")
    ]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("Add", Rule.CHOSEN_ONE),
        ("Add_And_Delete_Multiple", Rule.CHOSEN_SEVERAL),
        ("Force_Last", Rule.LAST),
        ("Force_Latest_Multiple", Rule.ALL),
        ("Force_Best", Rule.BEST),
    ],
)
def test_rules_are_ours(name: str, rule: Rule, tmp_path: Path) -> None:
    folder = own.bundle(tmp_path, "codabench", {"leaderboards.0.submission_rule": name})

    report = own.read_bundle(folder)

    assert report.spec is not None
    assert report.spec.boards[0].rule is rule


@pytest.mark.parametrize(
    ("form", "changes", "warned", "ends"),
    [
        ("codalab", {"phases.2.start_date": "2027-01-02"},  # a day apart
         ("W_PHASE_END", "phases.1.start_date"), ["2027-01-02T00:00:00Z", "2027-03-01T00:00:00Z"]),
        ("codabench", {"phases.1.start": "2027-01-15 00:00:00"},  # they run together
         ("W_PHASES_OVERLAP", "phases[1].start"), ["2027-02-01T00:00:00Z", None]),
        ("codabench", {"phases.1.end": "2027-02-01 00:00:01"},  # the last ends as it starts
         ("W_PHASE_END", "phases[1].end"), ["2027-02-01T00:00:00Z", None]),
    ],
)  # fmt: skip
def test_phases_that_meet_strangely_are_imported_with_a_warning(
    form: str, changes: Changes, warned: tuple[str, str], ends: list[str | None], tmp_path: Path
) -> None:
    report = read(tmp_path, form, changes)

    spec, _codes = sound(report)
    assert [(one.code, one.key) for one in report.warnings] == [warned]
    assert [one.end and stamp(one.end.at) for one in spec.phases] == ends


def test_the_parent_of_parallel_phases_is_left_out(tmp_path: Path) -> None:
    changes: Changes = {
        "phases.1.is_parallel_parent": True,
        "phases.2.parent_phasenumber": 1,
    }
    report = read(tmp_path, "codalab", changes)

    assert report.spec is not None
    assert [phase.name for phase in report.spec.phases] == ["Finale"]
    assert "phases.1" in report.spec.kept


def test_a_folder_of_no_known_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")

    (error,) = own.read_bundle(tmp_path).errors

    assert error.code == "E_BUNDLE_FORMAT"
    assert "competition.yaml" in error.message


def test_a_bundle_of_a_program_is_read_within_the_memory_of_the_child(tmp_path: Path) -> None:
    """A limit of 2 GiB for a file asked for 2 GiB of memory, all that the child may have."""
    found = examination.examine(programs.write(tmp_path / "defi.zip"))
    assert (found["format"], found["errors"]) == ("codabench-v2", [])


@pytest.mark.parametrize(
    ("form", "key", "name"),
    [
        *(("codabench", key, LONG)
          for key in ("image", "terms", "pages.0.file", "tasks.0.scoring_program")),
        *(("evalai", "evaluation_script", name) for name in (LONG, "x" * 5_000, "../main")),
    ],
)  # fmt: skip
def test_a_name_that_no_system_can_have_is_an_absent_file(
    form: str, key: str, name: str, tmp_path: Path
) -> None:
    report = read(tmp_path, form, {key: name})
    found = {*codes_of(report), *(one.code for one in report.warnings)}
    assert {"E_FILE_MISSING", "W_IMAGE_MISSING", "E_DATASET_PATH"} & found


def test_a_dataset_named_by_its_key_is_found_in_the_bundle(tmp_path: Path) -> None:
    folder = own.bundle(tmp_path, "codabench", {"tasks.0.reference_data": UUID})
    (folder / "datasets").mkdir()
    (folder / f"datasets/{UUID}.csv").write_text("id,y\n1,0\n")
    report = own.read_bundle(folder)
    assert codes_of(report) == []
    assert report.spec is not None
    reference = report.spec.tasks[0].reference_data
    assert reference is not None
    assert reference.path == f"datasets/{UUID}.csv"


def test_a_task_described_in_its_own_file(tmp_path: Path) -> None:
    folder = own.bundle(tmp_path, "codabench", {"tasks.0": {"index": 0, "key": "premiere"}})
    place = folder / "taches/premiere"
    place.mkdir(parents=True)
    (place / "task.yaml").write_text(
        "name: Première\ndescription: Décrite à part\nis_public: false\nmaison: 1\n"
        "scoring_program: {zip: notation}\nreference_data: {zip: verite.csv}\n"
    )
    (place / "verite.csv").write_text("id,y\n1,0\n")
    report = own.read_bundle(folder)
    assert codes_of(report) == []
    assert report.spec is not None
    task = report.spec.tasks[0]
    assert (task.index, task.name, task.description) == (0, "Première", "Décrite à part")
    assert task.scoring_program is not None
    assert task.reference_data is not None
    assert task.scoring_program.path == "notation"
    assert task.reference_data.path == "taches/premiere/verite.csv"
    unknown = [(one.file, one.key) for one in report.warnings if one.code == "W_UNKNOWN_KEY"]
    assert ("taches/premiere/task.yaml", "maison") in unknown


def test_a_package_of_code_is_told_from_a_challenge(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/submission_format.csv").write_text("id,y\n1,0\n")
    (tmp_path / "main.py").write_text("")

    (error,) = own.read_bundle(tmp_path).errors

    assert error.code == "E_BUNDLE_FORMAT"
    assert "paquet de code pour DrivenData" in error.message
    assert "page « Code »" in error.message


# --- traits of bundles that real organisers wrote


def test_a_date_without_effect_is_kept_as_text_and_the_last_of_a_key_counts(
    tmp_path: Path,
) -> None:
    folder = own.bundle(tmp_path, "codabench")
    file = folder / "competition.yaml"
    more = "created_when: 2027-01-01 10:00:00\ndays: [2027-01-02]\ntitle: Le bon titre\n"
    file.write_text(file.read_text() + more)

    spec, codes = sound(own.read_bundle(folder))

    assert (spec.title, codes.count("W_YAML_DUPLICATE")) == ("Le bon titre", 1)
    assert json.loads(json.dumps(spec.kept)) == {
        "created_when": "2027-01-01 10:00:00",
        "days": ["2027-01-02"],
    }


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_packed_twice_is_read_when_both_are_alike(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"

    def pack(*contents: bytes) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for content in contents:
                archive.writestr("a.txt", content)

    pack(b"one", b"one")
    with foreign_bundle.opened(path) as folder:
        assert (folder / "a.txt").read_bytes() == b"one"
    pack(b"one", b"two")
    with pytest.raises(ArchiveRefused, match="E_ZIP_DUPLICATE"), foreign_bundle.opened(path):
        pass


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ('data = open(os.path.join(folder, "prediction")).read()', "prediction"),
        ('data = np.loadtxt(folder / "prediction")', "prediction"),
        ('data = open("prediction", "rb")', "prediction"),
        ('data = open(path, encoding="utf-8")', ""),
    ],
)
def test_the_file_that_a_program_opens_is_expected_without_extension_too(
    program: str, name: str, tmp_path: Path
) -> None:
    folder = own.bundle(tmp_path, "codabench")
    (folder / "notation/n.py").write_text(program)
    spec, _codes = sound(own.read_bundle(folder))

    proposal = forms.proposals(spec, reading.Folder(folder))[0]

    assert proposal.form.name == name


@pytest.mark.parametrize("name", ["qrels.tsv", "qrels.trec", "test.qrels", "topics.qrels.txt"])
def test_judgements_are_known_by_their_usual_names(name: str, tmp_path: Path) -> None:
    files = {name: TREC["qrels.txt"], "description.md": TREC["description.md"]}

    spec, _codes = sound(own.read_bundle(written(tmp_path / "t", files)))

    assert spec.judgements is not None
    assert len(spec.judgements.topics) == 4


# --- the answers to the questions about phases take their place in what was read

QUOTA, START = "phases[1].max_submissions_per_day", "phases[0].start"
# The second phase of the file comes first.
CHANGES: Changes = {
    "phases.0.index": 1,
    "phases.0.start": "3-4-2027",
    "phases.0.end": None,
    "phases.1.index": 0,
    "phases.1.start": "2027-01-01",
    "phases.1.end": "2027-02-01",
    "phases.1.max_submissions_per_day": 0,
}


def settled(folder: Path, **answers: str) -> tuple[ForeignSpec, tuple[Problem, ...]]:
    report = read(folder, "codabench", CHANGES)
    assert report.spec is not None, report.errors
    assert {one.key for one in report.questions} == {QUOTA, START}
    keys = {"quota": QUOTA, "start": START}
    given = {keys.get(key, key): one for key, one in answers.items()}
    return settle(report.spec, report.questions, given)


@pytest.mark.parametrize(
    ("answers", "quotas", "start"),
    [
        ({}, [0, 5], "2027-03-04T00:00:00Z"),  # what was read stays
        ({"quota": "sans limite", "start": "2027-04-03T09:00:00+02:00"}, [None, 5],
         "2027-04-03T07:00:00Z"),
    ],
)  # fmt: skip
def test_answers_go_to_the_phase_they_were_asked_of(
    answers: dict[str, str], quotas: list[int | None], start: str, tmp_path: Path
) -> None:
    spec, problems = settled(tmp_path, **answers)

    assert problems == ()
    assert [phase.max_per_day for phase in spec.phases] == quotas
    assert spec.phases[1].start is not None
    assert stamp(spec.phases[1].start.at) == start


@pytest.mark.parametrize(
    ("answers", "key"),
    [
        ({"quota": "beaucoup"}, QUOTA),
        ({"start": "demain"}, START),
        ({"couleur": "bleu"}, "couleur"),
    ],
)
def test_a_wrong_answer_is_told(answers: dict[str, str], key: str, tmp_path: Path) -> None:
    _spec, problems = settled(tmp_path, **answers)

    assert [(one.code, one.key) for one in problems] == [("E_ANSWER", key)]


def test_a_quota_that_nothing_said_takes_its_proposal(tmp_path: Path) -> None:
    folder = own.bundle(tmp_path, "codalab", {"phases.2.max_submissions_per_day": None})
    report = own.read_bundle(folder)
    assert report.spec is not None

    spec, problems = settle(report.spec, report.questions, {})

    assert problems == ()
    assert [phase.max_per_day for phase in spec.phases] == [5, 5]


# --- dates: ours, and what Codabench would have read

DATES = {
    "2027-01-04": ("2027-01-04T00:00:00Z", ""),
    '"2027-01-11 08:00:00"': ("2027-01-11T08:00:00Z", ""),
    "2027-01-11 08:00:00": ("2027-01-11T08:00:00Z", "W_DATE_TIME_KEPT"),
    '"2027-02-01T09:00:00+01:00"': ("2027-02-01T08:00:00Z", "W_DATE_OFFSET"),
    "2027-06-15T14:00:00+02:00": ("2027-06-15T12:00:00Z", "W_DATE_OFFSET"),
    '"2027-06-15T14:00:00-0930"': ("2027-06-15T23:30:00Z", "W_DATE_OFFSET"),
    '"2027-06-15T14:00Z"': ("2027-06-15T14:00:00Z", ""),
    "1-2-2027": ("2027-01-02T00:00:00Z", "W_DATE_AMBIGUOUS"),
    "3/4/2027 10:30": ("2027-03-04T10:30:00Z", "W_DATE_AMBIGUOUS"),
    "5-5-2027": ("2027-05-05T00:00:00Z", ""),
    "12-31-2027": ("2027-12-31T00:00:00Z", ""),
    "31-12-2027": ("2027-12-31T00:00:00Z", ""),
    "January 5, 2027": ("2027-01-05T00:00:00Z", ""),
    "2027-1-5": ("2027-01-05T00:00:00Z", ""),
}
NO_DATES = ("demain", "31-31-2027", "2027-02-30 10:00", '"2027-01-01 25:00"', "[2027]", "true", "7",
           '"0001-01-01T00:00:00+23:00"')  # fmt: skip


def dated(text: str, *, codabench: bool = True) -> tuple[Instant | None, Findings, list[str]]:
    findings, asked = Findings(), []

    def ask(question: Question) -> None:
        asked.append(f"{question.key} {question.proposal}")
        assert question.proposal in question.choices

    block = Block(Document("f.yaml", findings), safe_yaml.load(f"d: {text}".encode()))
    return instant(block, "d", ask=ask, codabench=codabench), findings, asked


@pytest.mark.parametrize("text", sorted(DATES))
def test_a_date_is_read_and_another_reading_is_told(text: str) -> None:
    found, findings, asked = dated(text)
    wanted, warning = DATES[text]

    assert found is not None
    assert stamp(found.at) == wanted
    assert findings.errors == []
    assert [one.code for one in findings.warnings] == ([warning] if warning else [])
    assert asked == ([f"d {wanted}"] if warning == "W_DATE_AMBIGUOUS" else [])


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_date_is_refused(text: str) -> None:
    found, findings, _asked = dated(text)

    assert found is None
    assert [(one.code, one.key) for one in findings.errors] == [("E_PHASE_DATES", "d")]


def test_no_date_is_none_and_only_our_reading_counts_where_codabench_reads_nothing() -> None:
    for text in ("", '""', "null", '"null"'):
        assert dated(text)[:2] == (None, Findings())
    assert dated("2027-01-01 10:00:00", codabench=False)[1].warnings == []


# --- whatever stands at a key

STRANGE: tuple[object, ...] = (
    None, "", " ", "x", "../x", "/etc", ".", "null", -1, 0, 10**12, 1.5, float("nan"), True, [],
    [[1]], [None], {}, {"a": {"b": 1}}, [{"a": 1}], {1: 2}, datetime.date(2027, 1, 1),
    datetime.datetime(1, 1, 1, tzinfo=datetime.UTC), "9999-12-31T23:59:59-23:00", "notation",
)  # fmt: skip


def places(value: object, way: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """List the way to every value below a document."""
    below: Iterator[tuple[object, object]]
    if isinstance(value, dict):
        below = iter(value.items())
    elif isinstance(value, list):
        below = iter(enumerate(value))
    else:
        return
    for key, one in below:
        yield (*way, key)
        yield from places(one, (*way, key))


def put(document: object, way: tuple[object, ...], value: object) -> object:
    changed = copy.deepcopy(document)
    at = changed
    for part in way[:-1]:
        at = at[part]  # type: ignore[index] # a list or a mapping
    at[way[-1]] = value  # type: ignore[index] # a list or a mapping
    return changed


FULL = {
    "codabench": {
        "fact_sheet": {"A": {"key": "A", "type": "select", "selection": ["a"], "title": "a"}},
        "solutions": [{"index": 0, "path": "notation", "tasks": [0]}],
        "queue": "x", "docker_image": "y", "make_input_data_available": True,
    },
    "codalab": {"competition_docker_image": "y", "has_registration": True},
    "evalai": {"tags": ["a"], "allowed_email_domains": ["a.fr"]},
    "huggingface": {
        "EVAL_METRIC": "accuracy_score", "EVAL_HIGHER_IS_BETTER": 1, "SUBMISSION_ROWS": 40,
        "SUBMISSION_COLUMNS": "id,y", "SUBMISSION_ID_COLUMN": "id", "END_DATE": "2027-12-31",
        "SUBMISSION_LIMIT": 5, "SELECTION_LIMIT": 2, "COMPETITION_TYPE": "generic",
    },
}  # fmt: skip
WHERE = {"evalai": "challenge_config.yaml", "huggingface": "conf.json"}


# make test tries every strange value at one key in twenty, .ci/run at all.
every = pytest.mark.parametrize("step", [20, pytest.param(1, marks=pytest.mark.ci)])


@every
@pytest.mark.slow
@pytest.mark.parametrize("form", sorted(FULL))
def test_no_value_breaks_a_reader(form: str, step: int, tmp_path: Path) -> None:
    ours = form in own.FORMS
    folder = own.bundle(tmp_path, form) if ours else written(tmp_path / "h", KAGGLE)
    file = folder / WHERE.get(form, "competition.yaml")
    valid = {**copy.deepcopy(own.FORMS.get(form, {})), **FULL[form]}
    dump = partial(yaml.dump, Dumper=yaml.CSafeDumper) if ours else partial(json.dumps, default=str)
    tried = 0
    for way in [*places(valid)][::step]:
        for strange in STRANGE:
            file.write_text(dump(put(valid, way, strange)), encoding="utf-8")
            report = own.read_bundle(folder)
            json.dumps(report.to_json())
            assert (report.spec is None) == bool(report.errors), (way, strange)
            tried += 1
    assert tried > (700 if ours else 200) / step


# --- Bundles of strangers, a zip or a folder, are opened apart; nothing is left of what is refused


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give temporary folders a place of their own, to see what is left there."""
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def zipped(path: Path, **members: bytes) -> Path:
    path.write_bytes(archives.zipped({"un.txt": b"un", **members}))
    return path


def refused(path: Path, bounds: Bounds | None = None) -> ArchiveRefused:
    """Return the refusal of what is opened."""
    opened = foreign_bundle.opened(path, *([bounds] if bounds else []))
    with pytest.raises(ArchiveRefused) as refusal, opened:
        pass
    return refusal.value


def test_nothing_is_left_of_a_zip_that_is_refused(tmp_path: Path, scratch: Path) -> None:
    """Each cause in scoring/test_archives.py."""
    bomb = zipped(tmp_path / "b.zip", zeros=b"\0" * (RATIO_FLOOR_BYTES + 1))
    assert refused(bomb).code == "E_ZIP_BOMB"
    assert list(scratch.iterdir()) == []


def test_a_folder_is_bounded_as_a_zip_and_holds_plain_files_alone(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    (folder / "sous").mkdir(parents=True)
    (folder / "un.txt").write_bytes(b"un")
    (folder / "deux.txt").write_bytes(b"deux")
    bounds = (Bounds(members=1), Bounds(total_bytes=5))
    assert [refused(folder, one).code for one in bounds] == ["E_ZIP_ENTRIES", "E_ZIP_BOMB"]
    strange = folder / "sous/x"
    makers = (lambda: strange.symlink_to("/etc/passwd"), lambda: os.mkfifo(strange))
    for make, code in zip(makers, ("E_ZIP_SYMLINK", "E_ZIP_ENTRY_TYPE"), strict=True):
        make()
        refusal = refused(folder)
        assert (refusal.code, refusal.member) == (code, "sous/x")
        strange.unlink()


@pytest.mark.parametrize("content", [b"", b"bonjour", b"PK\x05\x06", None])
def test_what_is_no_zip_is_no_bundle(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "b.zip").write_bytes(content)

    assert refused(tmp_path / "b.zip").code == "E_BUNDLE_FORMAT"


def test_a_zip_is_opened_in_a_private_folder_that_goes(tmp_path: Path, scratch: Path) -> None:
    path = zipped(tmp_path / "b.zip", **{"dossier/é.txt": b"accent"})

    with foreign_bundle.opened(path) as folder:
        assert folder.parent == scratch
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert foreign_bundle.files_below(folder) == ["dossier/é.txt", "un.txt"]
        assert (folder / "dossier/é.txt").read_bytes() == b"accent"

    assert list(scratch.iterdir()) == []
