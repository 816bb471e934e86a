"""Each fault of a foreign bundle: its code, its key, and nothing else refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from challenges.bundles import child
from challenges.bundles.foreign import reading
from challenges.bundles.foreign.values import Rule, facts_of
from tests.challenges.bundles.foreign import own
from tests.journeys import bundles as written

UUID = "7f1c2b9e-5a0c-4a51-9c55-6a3f0c9d1e22"
CODABENCH: dict[str, tuple[dict[str, object], str, str]] = {
    "no title": ({"title": None}, "E_KEY_MISSING", "title"),
    "title is a list": ({"title": ["a"]}, "E_KEY_TYPE", "title"),
    "no page file": ({"pages.0.file": "absent.md"}, "E_FILE_MISSING", "pages[0].file"),
    "page outside": ({"pages.0.file": "../x.md"}, "E_DATASET_PATH", "pages[0].file"),
    "no tasks": ({"phases.0.tasks": None}, "E_KEY_MISSING", "phases[0].tasks"),
    "phase index": ({"phases.1.index": 0}, "E_PHASE_INDEX_DUPLICATE", "phases[1].index"),
    "no start": ({"phases.1.start": None}, "E_PHASE_DATES", "phases[1].start"),
    "no end before another": ({"phases.0.end": None}, "E_PHASE_DATES", "phases[0].end"),
    "other server": (
        {"tasks.0.reference_data": UUID},
        "E_FILE_MISSING",
        "tasks[0].reference_data",
    ),
    "task of another server": ({"tasks.0.key": UUID}, "E_FILE_MISSING", "tasks[0].key"),
    "old key": (
        {"leaderboards": None, "leaderboard": [{"title": "x"}]},
        "E_KEY_MISSING",
        "leaderboard",
    ),
    "column index": (
        {
            "leaderboards.0.columns.1.index": 0,
            "leaderboards.0.columns.2.computation_indexes": [0],
        },
        "E_COLUMN_INDEX_DUPLICATE",
        "leaderboards[0].columns[1].index",
    ),
    "operand": (
        {"leaderboards.0.columns.2.computation_indexes": [0, 9]},
        "E_COLUMN_UNKNOWN",
        "leaderboards[0].columns[2].computation_indexes",
    ),
    "primary": (
        {"leaderboards.0.primary_index": 9},
        "E_COLUMN_UNKNOWN",
        "leaderboards[0].primary_index",
    ),
    "rule": (
        {"leaderboards.0.submission_rule": "Best"},
        "E_KEY_TYPE",
        "leaderboards[0].submission_rule",
    ),
    "long key": (
        {"leaderboards.0.columns.0.key": "a" * 37},
        "E_KEY_TYPE",
        "leaderboards[0].columns[0].key",
    ),
    "quota": ({"phases.0.max_submissions": -1}, "E_KEY_TYPE", "phases[0].max_submissions"),
    "solution": (
        {"solutions": [{"index": 0, "path": "notation", "tasks": [3]}]},
        "E_TASK_UNKNOWN",
        "solutions[0].tasks",
    ),
    "version": ({"version": 3}, "E_BUNDLE_FORMAT", "version"),
}
CODALAB: dict[str, tuple[dict[str, object], str, str]] = {
    "no terms": ({"html.terms": None}, "E_TERMS_MISSING", "html.terms"),
    "no reference": (
        {"phases.1.reference_data": None},
        "E_KEY_MISSING",
        "phases.1.reference_data",
    ),
    "server id": ({"phases.1.scoring_program": 42}, "E_FILE_MISSING", "phases.1.scoring_program"),
    "order": ({"phases.2.start_date": "2026-12-01"}, "E_PHASE_ORDER", "phases.1.start_date"),
    "end": ({"end_date": "2027-01-15"}, "E_PHASE_DATES", "end_date"),
    "fields": (
        {"leaderboard.columns.b.computed": {"operation": "Avg", "fields": "a, z"}},
        "E_COLUMN_UNKNOWN",
        "leaderboard.columns.b.computed.fields",
    ),
}
EVALAI: dict[str, tuple[dict[str, object], str, str]] = {
    "remote": ({"remote_evaluation": True}, "E_REMOTE_EVALUATION", "remote_evaluation"),
    "unknown phase": (
        {"challenge_phase_splits.0.challenge_phase_id": 9},
        "E_SPLIT_UNKNOWN",
        "challenge_phase_splits[0].challenge_phase_id",
    ),
    "visibility": (
        {"challenge_phase_splits.0.visibility": 7},
        "E_KEY_TYPE",
        "challenge_phase_splits[0].visibility",
    ),
    "order by": (
        {"leaderboard.0.schema.default_order_by": "F2"},
        "E_COLUMN_UNKNOWN",
        "leaderboard[0].schema.default_order_by",
    ),
    "no script": ({"evaluation_script": "absent"}, "E_FILE_MISSING", "evaluation_script"),
    "end": (
        {"challenge_phases.0.end_date": "2026-01-01 00:00:00"},
        "E_PHASE_DATES",
        "challenge_phases[0].end_date",
    ),
}


@pytest.mark.parametrize("form", sorted(own.FORMS))
def test_a_sound_bundle_has_no_fault_and_writes_nothing(form: str, tmp_path: Path) -> None:
    folder = own.bundle(tmp_path, form)
    before = sorted(tmp_path.rglob("*"))

    report = reading.read(folder)

    assert report.errors == ()
    assert {one.code for one in report.warnings} <= {"W_DRY_RUN"}
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (form, name)
        for form, cases in (("codabench", CODABENCH), ("codalab", CODALAB), ("evalai", EVALAI))
        for name in cases
    ],
)
def test_a_fault_is_told_by_its_code_and_key(form: str, name: str, tmp_path: Path) -> None:
    changes, code, key = {"codabench": CODABENCH, "codalab": CODALAB, "evalai": EVALAI}[form][name]

    report = reading.read(own.bundle(tmp_path, form, changes))

    assert [(one.code, one.key) for one in report.errors] == [(code, key)]
    assert report.spec is None


def test_every_fault_is_in_one_report_with_its_line(tmp_path: Path) -> None:
    changes: dict[str, object] = {"title": None, "phases.1.tasks": [4], "terms": "absent.md"}

    report = reading.read(own.bundle(tmp_path, "codabench", changes))

    assert report.codes == ["E_KEY_MISSING", "E_FILE_MISSING", "E_TASK_UNKNOWN"]
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

    found = [(one.code, one.key) for one in reading.read(folder).errors]

    assert found == ([] if told == "publiques" else [("E_TRUTH_PUBLIC", f"phases[0].{key}")])


def test_unknown_keys_are_kept_for_the_export(tmp_path: Path) -> None:
    folder = own.bundle(tmp_path, "codabench", {"default_sort": "a", "tasks.0.is_public": True})

    report = reading.read(folder)

    assert report.spec is not None
    assert report.spec.kept == {"default_sort": "a", "tasks[0].is_public": True}
    assert [one.code for one in report.warnings] == ["W_UNKNOWN_KEY", "W_UNKNOWN_KEY"]


def test_zero_is_asked_about(tmp_path: Path) -> None:
    report = reading.read(own.bundle(tmp_path, "codabench", {"phases.0.max_submissions": 0}))

    assert [(one.key, one.proposal) for one in report.questions] == [
        ("phases[0].max_submissions", "0")
    ]


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("Add", Rule.CHOSEN_ONE),
        ("Add_And_Delete_Multiple", Rule.CHOSEN_SEVERAL),
        ("Force_Last", Rule.LAST),
        ("Force_Latest_Multiple", Rule.ALL),
        ("Force_Best", Rule.BEST),
    ],
)
def test_rules_are_ours(written: str, rule: Rule, tmp_path: Path) -> None:
    folder = own.bundle(tmp_path, "codabench", {"leaderboards.0.submission_rule": written})

    report = reading.read(folder)

    assert report.spec is not None
    assert report.spec.boards[0].rule is rule


def test_phases_a_day_apart_end_where_the_next_begins(tmp_path: Path) -> None:
    report = reading.read(own.bundle(tmp_path, "codalab", {"phases.2.start_date": "2027-01-02"}))

    assert report.spec is not None
    first = facts_of(report.spec)["phases"][0]  # type: ignore[index] # a list
    assert first["end_utc"] == "2027-01-02T00:00:00Z"
    assert [(one.code, one.key) for one in report.warnings] == [
        ("W_PHASE_END", "phases.1.start_date")
    ]


def test_the_parent_of_parallel_phases_is_left_out(tmp_path: Path) -> None:
    changes: dict[str, object] = {
        "phases.1.is_parallel_parent": True,
        "phases.2.parent_phasenumber": 1,
    }
    report = reading.read(own.bundle(tmp_path, "codalab", changes))

    assert report.spec is not None
    assert [phase.name for phase in report.spec.phases] == ["Finale"]
    assert "phases.1" in report.spec.kept


def test_a_folder_of_no_known_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")

    (error,) = reading.read(tmp_path).errors

    assert error.code == "E_BUNDLE_FORMAT"
    assert "competition.yaml" in error.message


def test_a_bundle_of_a_program_is_read_within_the_memory_of_the_child(tmp_path: Path) -> None:
    """A limit of 2 GiB for a file asked for 2 GiB of memory, all that the child may have."""
    found = child.examine(written.write(tmp_path / "defi.zip"))
    assert (found["format"], found["errors"]) == ("codabench-v2", [])


LONG = "é" * 200  # within the characters of a path, beyond the bytes of a name


@pytest.mark.parametrize("key", ["image", "terms", "pages.0.file", "tasks.0.scoring_program"])
def test_a_name_that_no_system_can_have_is_an_absent_file(key: str, tmp_path: Path) -> None:
    report = reading.read(own.bundle(tmp_path, "codabench", {key: LONG}))
    found = [*report.codes, *(one.code for one in report.warnings)]
    assert "E_FILE_MISSING" in found or "W_IMAGE_MISSING" in found


def test_an_evalai_script_of_an_impossible_name_is_refused(tmp_path: Path) -> None:
    for name in (LONG, "x" * 5_000, "../main"):
        report = reading.read(
            own.bundle(tmp_path / str(len(name)), "evalai", {"evaluation_script": name})
        )
        assert {"E_FILE_MISSING", "E_DATASET_PATH"} & set(report.codes)


def test_a_dataset_named_by_its_key_is_found_in_the_bundle(tmp_path: Path) -> None:
    folder = own.bundle(tmp_path, "codabench", {"tasks.0.reference_data": UUID})
    (folder / "datasets").mkdir()
    (folder / f"datasets/{UUID}.csv").write_text("id,y\n1,0\n")
    report = reading.read(folder)
    assert report.codes == []
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
    report = reading.read(folder)
    assert report.codes == []
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

    (error,) = reading.read(tmp_path).errors

    assert error.code == "E_BUNDLE_FORMAT"
    assert "paquet de code pour DrivenData" in error.message
    assert "page « Code »" in error.message
