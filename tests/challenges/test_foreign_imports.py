"""Challenges of other platforms: imported, entered, scored and revealed by the commands alone."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from challenges.actions.rehearsals import Rehearsal
from challenges.bundles import exporting, portable
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import reading, translation, trec
from challenges.models import Challenge, Entry, Score
from datasets.models import HoldoutVersion
from portal.audit.models import AuditEvent
from portal.management.opening import people
from tests.challenges import world
from tests.challenges.bundles.foreign import own
from tests.challenges.bundles.foreign.cases import BUNDLES, NEEDED, expected
from tests.challenges.bundles.foreign.tables import KAGGLE, written
from tests.challenges.commands import run

TREC_KEYS = {
    "ndcg_10": "ndcg_cut_10",
    "map": "map",
    "rang_reciproque": "recip_rank",
    "precision_5": "P_5",
    "rappel_10": "recall_10",
}


def translated(case: Path, folder: Path, **answers: str) -> Path:
    """Write a foreign challenge in our form, as the import does."""
    report = reading.read(case)
    assert report.spec is not None
    found = translation.portable(report.spec, Folder(case), report.questions, answers)
    exporting.write_folder(folder, found.document, found.files)
    return folder


class Engine:
    """Score files against a translated challenge, before any rounding."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.rehearsal = folder, Rehearsal()
        spec = portable.read(folder).spec
        assert spec is not None
        self.contract = spec.scoring_contract(folder)

    def __call__(self, content: bytes) -> Mapping[str, Mapping[str, Any]]:
        (self.folder / "reponse.csv").write_bytes(content)
        return self.rehearsal(self.contract, self.folder, "reponse.csv")


def csv_runs(status: str) -> list[Any]:
    if not BUNDLES.is_dir():
        return []
    return [run_ for run_ in expected("csv_usage")["runs"] if run_["status"] == status]


def trec_runs() -> list[Any]:
    return list(expected("trec")["runs"]) if BUNDLES.is_dir() else []


def named(run_: Mapping[str, Any]) -> str:
    return Path(run_["submission"]).stem


@NEEDED
@pytest.mark.parametrize("source", ["kaggle", "huggingface"])
@pytest.mark.parametrize("run_", csv_runs("scored"), ids=named)
def test_a_csv_submission_has_its_recorded_values(
    run_: Mapping[str, Any], source: str, tmp_path: Path
) -> None:
    answers = {"metric": "roc_auc"} if source == "kaggle" else {}
    case = BUNDLES / "csv_usage"
    engine = Engine(translated(case / source, tmp_path / "c", **answers))

    found = engine((case / run_["submission"]).read_bytes())

    for split in ("public", "private"):
        assert found[split]["roc_auc"] == pytest.approx(run_[split], rel=0, abs=run_["tolerance"])


@NEEDED
@pytest.mark.parametrize("run_", trec_runs(), ids=named)
def test_a_trec_run_has_the_measures_of_trec_eval(run_: Mapping[str, Any], tmp_path: Path) -> None:
    """The two parts together, weighted by their topics with a relevant document."""
    case = BUNDLES / "trec"
    engine = Engine(translated(case, tmp_path / "c"))
    content = trec.ranked((case / run_["submission"]).read_bytes())
    if run_["status"] != "scored":
        with pytest.raises(ValueError, match="O03"):
            engine(content)
        return

    found = engine(content)

    topics = run_["supported"]["topics"]
    assert topics == 9
    for key, name in TREC_KEYS.items():
        whole = (3 * found["public"][key] + 6 * found["private"][key]) / topics
        assert whole == pytest.approx(run_["supported"][name], rel=0, abs=run_["tolerance"])


@NEEDED
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("source", ["kaggle", "huggingface"])
def test_a_csv_challenge_runs_from_its_folder_to_its_reveal(source: str, tmp_path: Path) -> None:
    people.region()
    people.open_accounts()
    case, options = BUNDLES / "csv_usage", ["--answer", "licence=Licence Ouverte"]
    if source == "kaggle":
        options += ["--answer", "metric=roc_auc"]
    else:
        options += ["--answer", "dates=/"]
    publish = ["--publish", "--by", "moderation", "--work"]

    code, told = run("import_challenge", str(case / source), *options, *publish)

    assert (code, told["status"], told["errors"]) == (0, "published", [])
    slug = told["slug"]
    assert slug == "prevoir-la-reprise-d-emploi-a-six-mois"
    held = HoldoutVersion.objects.get()
    assert Challenge.objects.get().slug == slug
    for run_ in expected("csv_usage")["runs"]:
        name = Path(run_["submission"]).stem
        path = str(case / run_["submission"])
        code, entered = run("enter", slug, path, "--team", name, "--work")
        if run_["status"] == "refused":
            codes = [one["code"] for one in entered["faults"]]
            assert (entered["status"], codes[:1]) == ("rejected", [run_["reason"]])
            assert Entry.objects.get(enrolment__team__name=name).day_slot is None
        else:
            assert (code, entered["status"]) == (0, "scored")
    assert Score.objects.filter(split="private").count() == 0
    run("close", slug, "--by", "organisation")
    run("reveal", slug, "--by", "organisation", "--with", "moderation", "--work")
    for split in ("public", "private"):
        rows = {row["team"]: row for row in run("standings", slug, "--split", split)[1]["rows"]}
        for run_ in csv_runs("scored"):
            value = rows[Path(run_["submission"]).stem]["metrics"]["roc_auc"]["value"]
            assert value == round(run_[split], 4)
    assert HoldoutVersion.objects.get() == held
    call_command("verify")


@pytest.fixture
def opening(db: None) -> None:
    people.region()
    people.open_accounts()


@pytest.mark.slow
@pytest.mark.usefixtures("opening")
def test_a_question_without_proposal_is_answered_first(tmp_path: Path) -> None:
    path = str(written(tmp_path / "k", KAGGLE))
    before = AuditEvent.objects.count()

    code, told = run("import_challenge", path)

    assert (code, told["slug"], told["format"]) == (1, None, "kaggle-csv")
    assert [(one["code"], one["key"]) for one in told["errors"]] == [("E_ANSWER", "metric")]
    assert [one["key"] for one in told["questions"]] == [
        "metric", "direction", "dates", "quotas", "licence",
    ]  # fmt: skip
    assert told["facts"]["rows"] == 40
    assert (Challenge.objects.count(), AuditEvent.objects.count()) == (0, before)


@pytest.mark.slow
@pytest.mark.usefixtures("opening")
def test_answers_are_kept_and_a_second_import_changes_nothing(tmp_path: Path) -> None:
    path = str(written(tmp_path / "k", KAGGLE))
    answers = {
        "metric": "accuracy",
        "quotas": "3/30",
        "dates": "2099-01-01T09:00:00+01:00/2099-02-01T17:00:00",
        "title": "Un autre titre",
    }
    options = [part for key, one in answers.items() for part in ("--answer", f"{key}={one}")]

    code, told = run("import_challenge", path, *options)
    before = AuditEvent.objects.count()
    again = run("import_challenge", path, *options)

    assert (code, told["slug"], told["status"]) == (0, "un-autre-titre", "draft")
    assert again == (0, told)
    assert (Challenge.objects.count(), AuditEvent.objects.count()) == (1, before)
    phase = Challenge.objects.get().phases.get()
    assert (phase.max_per_day, phase.max_total) == (3, 30)
    assert phase.opens_at is not None
    assert phase.closes_at is not None
    assert phase.opens_at.isoformat() == "2099-01-01T08:00:00+00:00"
    assert phase.closes_at.isoformat() == "2099-02-01T17:00:00+00:00"


@pytest.mark.slow
@pytest.mark.usefixtures("opening")
@pytest.mark.parametrize("slug", ["Mon Défi / 2026", "a.b", "importer", "imports", "a" * 81])
def test_a_name_that_no_address_can_hold_is_asked_again(slug: str, tmp_path: Path) -> None:
    folder = own.bundle(tmp_path / "d", "codabench", {})
    code, told = run("import_challenge", str(folder), "--answer", f"slug={slug}")
    assert (code, [(one["code"], one["key"]) for one in told["errors"]]) == (
        1,
        [("E_SLUG", "slug")],
    )
    assert not Challenge.objects.exists()


@pytest.mark.slow
@pytest.mark.usefixtures("opening")
def test_a_challenge_that_a_program_scores_is_a_draft_with_its_answers(tmp_path: Path) -> None:
    folder = own.bundle(tmp_path / "d", "codabench", {"phases.0.max_submissions": 0})
    said = ["import_challenge", str(folder), "--answer"]

    code, told = run(*said, "phases[0].max_submissions=7")
    before = AuditEvent.objects.count()
    again = run(*said, "phases[0].max_submissions=7")
    other = run(*said, "phases[0].max_submissions=8")

    assert (code, told["slug"], told["format"]) == (0, "un-defi", "codabench-v2")
    assert told["facts"]["phases"][0]["max_submissions"] == 7
    assert again == (0, told)
    assert (other[0], [one["code"] for one in other[1]["errors"]]) == (1, ["E_SLUG_TAKEN"])
    phase = Challenge.objects.get().phases.get(index=0)
    assert (phase.max_total, AuditEvent.objects.count()) == (7, before)


@pytest.mark.slow
@pytest.mark.usefixtures("opening")
def test_a_starting_kit_that_names_a_person_makes_no_draft(tmp_path: Path) -> None:
    folder = own.bundle(
        tmp_path / "d",
        "codabench",
        {"phases.0.max_submissions": 5, "phases.0.starting_kit": "kit"},
    )
    (folder / "kit").mkdir()
    (folder / "kit" / "exemple.csv").write_text("nom,numéro\nX,1 84 12 76 451 089 46\n")
    code, told = run("import_challenge", str(folder))
    assert (code, [one["code"] for one in told["errors"]]) == (1, ["E_PERSONAL_DATA"])
    assert not Challenge.objects.exists()


@pytest.mark.slow
@pytest.mark.usefixtures("opening")
def test_a_zip_of_our_own_form_is_its_folder(tmp_path: Path) -> None:
    own_form = world.folder(tmp_path / "d")
    path = shutil.make_archive(str(tmp_path / "b"), "zip", own_form)

    code, told = run("import_challenge", path)
    before = AuditEvent.objects.count()

    assert (code, told["slug"], told["status"], told["errors"]) == (0, "niveau", "draft", [])
    assert "format" not in told
    assert run("import_challenge", str(own_form)) == (0, told)
    assert AuditEvent.objects.count() == before


@pytest.mark.slow
@pytest.mark.usefixtures("opening")
def test_a_refused_archive_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(b"pas un zip")

    code, told = run("import_challenge", str(path))

    assert (code, told["status"], told["format"]) == (1, "refused", None)
    assert [one["code"] for one in told["errors"]] == ["E_BUNDLE_FORMAT"]
    assert Challenge.objects.count() == 0


@pytest.mark.usefixtures("opening")
def test_an_answer_without_equal_sign_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        run("import_challenge", str(tmp_path), "--answer", "metric")


def test_the_report_is_plain_json(tmp_path: Path) -> None:
    report = reading.read(written(tmp_path / "k", KAGGLE))

    assert json.loads(json.dumps(report.to_json())) == report.to_json()
