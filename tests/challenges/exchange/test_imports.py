"""A folder, ours or of another platform, becomes a draft, once; nothing held out is readable."""

import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from challenges.entries.enums import EntryStatus
from challenges.evaluation.rehearsals import Rehearsal
from challenges.exchange.actions.imports import examine_folder, import_folder
from challenges.invariants import stale_boards
from challenges.models import (
    Challenge,
    Entry,
    Job,
    Leaderboard,
    Phase,
    PhaseTask,
    PublicFile,
    Score,
    ScorerVersion,
    Standing,
    Terms,
)
from challenges.organising.actions import challenges
from challenges.organising.enums import ChallengeStatus
from challenges.queue.enums import JobKind, JobState
from challenges.queue.models import NO_GRANT
from challenges.worker import drain
from datasets.holdouts.models import HoldoutVersion
from portal.audit.models import AuditEvent
from portal.lib import clock
from portal.lib.refusals import NotAllowed
from portal.lib.storage import objects
from portal.management.opening import people
from tests.challenges import world
from tests.challenges.bundles import folders
from tests.challenges.bundles.foreign import own
from tests.challenges.bundles.foreign.cases import BUNDLES, NEEDED, expected, ranked
from tests.challenges.bundles.foreign.tables import KAGGLE, written
from tests.challenges.bundles.foreign.test_tables import ONE_HOT, TWO, ours
from tests.challenges.commands import run
from tests.challenges.pages.scenes import url_of
from tests.challenges.world import folder, imported, owner, owner_of
from tests.factories.accounts import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
WATCHED = ("challenges", "datasets", "audit")


def tables() -> dict[str, list[tuple[Any, ...]]]:
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values_list())
        for label in WATCHED
        for model in apps.get_app_config(label).get_models()
    }


def test_a_folder_becomes_a_draft_once(tmp_path: Path) -> None:
    challenge = imported(tmp_path)
    assert (challenge.slug, challenge.status, challenge.task) == (
        "niveau",
        ChallengeStatus.DRAFT,
        "ordinal",
    )
    assert "<p>Données synthétiques.</p>" in challenge.body_html
    phase = Phase.objects.get()
    assert (phase.index, phase.max_per_day, phase.max_total, phase.final_choices) == (0, 5, 100, 2)
    assert (phase.opens_at, phase.closes_at) == (None, None)
    assert [file.name for file in PublicFile.objects.all()] == [
        "train.csv",
        "test.csv",
        "sample.csv",
    ]
    assert PublicFile.objects.get(name="train.csv").columns == ["id", "x", "niveau"]
    board = Leaderboard.objects.get()
    assert board.primary.key == "exactitude"
    columns = board.columns.values_list("key", "kind", "direction", "decimals", "grouped")
    assert list(columns) == [
        ("exactitude", "metric", "max", 4, False),
        ("mae", "metric", "min", 2, False),
        ("mae_par_zone", "fairness", "min", 2, True),
    ]
    assert board.columns.get(key="mae_par_zone").groups == {"nord": "Nord", "sud": "Sud"}
    assert Terms.objects.get().text.startswith("# Règlement type")
    entry = Entry.objects.get()
    assert (entry.is_reference, entry.day_slot, entry.status) == (True, None, EntryStatus.RECEIVED)
    assert set(Job.objects.values_list("kind", flat=True)) == {JobKind.COMPILE, JobKind.CHECK}
    assert [event.action for event in AuditEvent.objects.order_by("seq")] == [
        "holdout.registered",
        "challenge.imported",
        "baseline.entered",
    ]
    before = tables()
    again = import_folder(folder=folder(tmp_path), by=owner_of(challenge))
    assert (again.challenge, again.changed) == (challenge, False)
    assert tables() == before
    Challenge.objects.update(restricted=True)  # no grant: its truth is opened by no job
    assert drain()
    waiting = Job.objects.values_list("state", "error_code", "attempt")
    assert set(waiting) == {(JobState.READY, NO_GRANT, 0)}


def test_a_heading_that_repeats_the_title_is_left_out(tmp_path: Path) -> None:
    other = imported(tmp_path / "other")
    same = imported(tmp_path / "same", title="Niveau", slug="niveau-deux")
    bodies = [challenge.body_html for challenge in (other, same)]
    assert ["Niveau" in body for body in bodies] == [True, False]
    assert ["<p>Données synthétiques.</p>" in body for body in bodies] == [True, True]


@pytest.mark.slow
def test_a_changed_text_updates_the_draft_only_and_a_metric_scores_the_reference_again(
    tmp_path: Path,
) -> None:
    challenge = imported(tmp_path)
    assert drain()
    imported(tmp_path, owner_of(challenge), title="Autre titre", terms="Un règlement.")
    assert Challenge.objects.get().title == "Autre titre"
    assert HoldoutVersion.objects.count() == ScorerVersion.objects.count() == 1
    assert Entry.objects.count() == 1
    assert [terms.number for terms in Terms.objects.all()] == [2, 1]
    metrics = folders.document()["metrics"]
    assert isinstance(metrics, list)
    imported(tmp_path, owner_of(challenge), metrics=metrics[:1])
    assert drain()
    assert ScorerVersion.objects.count() == HoldoutVersion.objects.count() == 2
    assert PhaseTask.objects.filter(current=True).count() == 1
    entry = Entry.objects.get()
    assert (entry.status, entry.evaluations.count()) == (EntryStatus.SCORED, 2)
    assert list(Leaderboard.objects.get().standings.get().cells) == ["exactitude"]


def test_recorded_scores_that_are_not_found_again_refuse_the_folder(tmp_path: Path) -> None:
    path = folder(tmp_path)
    document = folders.document() | {"slug": "niveau"}
    files = document["files"]
    assert isinstance(files, dict)
    for audience in ("public", "held_out"):
        for entry in files[audience]:
            entry.pop("rows")
    (path / "challenge.yaml").write_text(folders.yaml.safe_dump(document), encoding="utf-8")
    found = import_folder(folder=path, by=owner())
    assert (found.challenge, [error.code for error in found.errors]) == (None, ["E_SCORES"])
    assert Challenge.objects.count() == HoldoutVersion.objects.count() == 0
    assert AuditEvent.objects.count() == 0


@pytest.mark.parametrize("audience", ["public", "held_out"])
def test_two_files_kept_under_one_name_are_reported(tmp_path: Path, audience: str) -> None:
    """« a/b.csv » and « a_b.csv » have one stored name: the second would replace the first."""
    place = folder(tmp_path)
    (place / "a").mkdir()
    for name, content in (("a/b.csv", "id\nA1\n"), ("a_b.csv", "id\nA2\n")):
        (place / name).write_text(content, encoding="utf-8")
    document = folders.yaml.safe_load((place / "challenge.yaml").read_text("utf-8"))
    document["files"][audience] += [
        {"path": path, "role": "extra"} for path in ("a/b.csv", "a_b.csv")
    ]
    (place / "challenge.yaml").write_text(folders.yaml.safe_dump(document), encoding="utf-8")
    found = import_folder(folder=place, by=owner())
    assert found.challenge is None
    assert [(one.code, one.file) for one in found.errors] == [("E_FILE_TWICE", "a_b.csv")]
    assert "« a/b.csv »" in found.errors[0].message
    assert HoldoutVersion.objects.count() == 0


def test_a_change_during_the_review_asks_for_the_visa_again(tmp_path: Path) -> None:
    challenge = imported(tmp_path)
    by = owner_of(challenge)
    challenges.submit(challenge=challenge, by=by)
    imported(tmp_path, by)
    assert Challenge.objects.get().status == ChallengeStatus.IN_REVIEW
    imported(tmp_path, by, title="Autre titre")
    changed = Challenge.objects.get()
    assert (changed.status, changed.title) == (ChallengeStatus.DRAFT, "Autre titre")


def test_a_draft_belongs_to_its_organisers(tmp_path: Path) -> None:
    now = timezone.now()
    found = import_folder(folder=folder(tmp_path), by=owner(), opens_at=now, closes_at=now)
    assert [error.code for error in found.errors] == ["E_SCHEDULE"]
    assert Challenge.objects.count() == 0
    imported(tmp_path)
    found = import_folder(folder=folder(tmp_path, title="Autre"), by=owner())
    assert [(one.code, one.key) for one in found.errors] == [("E_SLUG_TAKEN", "slug")]
    for stranger in (UserFactory(), MembershipFactory(role="contributor").user):
        with pytest.raises(NotAllowed):  # who runs no challenge learns no name
            import_folder(folder=folder(tmp_path, title="Autre"), by=stranger)
    assert Challenge.objects.get().title == "Estimer un niveau"


@pytest.mark.parametrize(
    ("text", "codes", "warned"),
    [
        ("1 84 12 76 451 089 46", ["E_PERSONAL_DATA"], []),
        ("FR76 3000 6000 0112 3456 7890 189", ["E_PERSONAL_DATA"], []),
        ("jeanne.martin@exemple.fr", [], ["W_PERSONAL_DATA"]),
        ("contact@exemple.fr", [], []),
    ],
)
def test_no_public_file_names_a_person(
    tmp_path: Path, text: str, codes: list[str], warned: list[str]
) -> None:
    place = folder(tmp_path)
    (place / "README.txt").write_text(f"Lu par tous.\n{text}\n", encoding="utf-8")
    document = place / "challenge.yaml"
    listed = document.read_text(encoding="utf-8").replace(
        "  public:\n", "  public:\n  - path: README.txt\n    role: extra\n", 1
    )
    document.write_text(listed, encoding="utf-8")
    for made in (examine_folder(place), import_folder(folder=place, by=owner())):
        assert [each.code for each in made.errors] == codes
        found = [each for each in made.warnings if each.code == "W_PERSONAL_DATA"]
        assert [each.code for each in found] == warned
        assert all((each.file, each.key) == ("README.txt", "ligne 2") for each in found)
        assert text not in "".join(each.line for each in (*made.errors, *found))
    assert Challenge.objects.exists() != bool(codes)


def test_the_board_of_a_scored_draft_imported_again_is_made_anew(tmp_path: Path) -> None:
    """Its columns are new rows, and no entry is scored again whose score would call for it."""
    by = owner()
    imported(tmp_path, by)
    assert drain()
    again = import_folder(
        folder=folder(tmp_path), by=by, opens_at=clock.now(), closes_at=clock.now() + timedelta(9)
    )
    assert again.changed
    assert list(stale_boards()) == []
    assert drain()
    assert list(stale_boards()) == []
    assert Standing.objects.filter(leaderboard__challenge=again.challenge).exists()


TREC_KEYS = {
    "ndcg_10": "ndcg_cut_10",
    "map": "map",
    "rang_reciproque": "recip_rank",
    "precision_5": "P_5",
    "rappel_10": "recall_10",
}


@NEEDED
@pytest.mark.parametrize(
    "run_",
    expected("trec")["runs"] if BUNDLES.is_dir() else [],
    ids=lambda run_: Path(run_["submission"]).stem,
)
def test_a_trec_run_has_the_measures_of_trec_eval(run_: Mapping[str, Any], tmp_path: Path) -> None:
    """The two parts together, weighted by their topics with a relevant document."""
    case = BUNDLES / "trec"
    folder = tmp_path / "c"
    contract = ours(case, folder).scoring_contract(folder)
    content = ranked((case / run_["submission"]).read_bytes())
    (folder / "reponse.csv").write_bytes(content)
    if run_["status"] != "scored":
        with pytest.raises(ValueError, match="O03"):
            Rehearsal()(contract, folder, "reponse.csv")
        return

    found = Rehearsal()(contract, folder, "reponse.csv")  # before any rounding

    topics = run_["supported"]["topics"]
    assert topics == 9
    for key, name in TREC_KEYS.items():
        whole = (3 * found["public"][key] + 6 * found["private"][key]) / topics
        assert whole == pytest.approx(run_["supported"][name], rel=0, abs=run_["tolerance"])


@NEEDED
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("source", ["kaggle", pytest.param("huggingface", marks=pytest.mark.ci)])
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
        for run_ in expected("csv_usage")["runs"]:
            if run_["status"] == "scored":
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
def test_answers_are_asked_first_then_kept_and_a_second_import_changes_nothing(
    tmp_path: Path,
) -> None:
    path = str(written(tmp_path / "k", KAGGLE))
    before = AuditEvent.objects.count()
    with pytest.raises(CommandError):
        run("import_challenge", path, "--answer", "metric")  # no equal sign

    code, told = run("import_challenge", path)

    assert (code, told["slug"], told["format"]) == (1, None, "kaggle-csv")
    assert [(one["code"], one["key"]) for one in told["errors"]] == [("E_ANSWER", "metric")]
    assert [one["key"] for one in told["questions"]] == [
        "metric", "direction", "dates", "quotas", "licence",
    ]  # fmt: skip
    assert told["facts"]["rows"] == 40
    assert (Challenge.objects.count(), AuditEvent.objects.count()) == (0, before)

    answers = {
        "metric": "accuracy",
        "quotas": "3/30",
        "dates": "2099-01-01T09:00:00+01:00/2099-02-02T00:00:00+01:00",
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
    assert phase.opens_at.isoformat() == "2099-01-01T08:00:00+00:00"
    assert phase.closes_at.isoformat() == "2099-02-01T22:59:59+00:00"  # said as 1 February


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


ASKED = {
    "targets": (TWO, {"metric": "mae"}, {"moyenne": 10.0, "a": 19.5, "b": 0.5}),
    "classes": (ONE_HOT, {"columns": "classes", "metric": "brier_multi"}, {"brier_multi": 0.5}),
}


@pytest.mark.slow
@pytest.mark.parametrize("shape", sorted(ASKED))
def test_what_was_said_of_the_columns_is_scored(shape: str, tmp_path: Path, client: Client) -> None:
    changes, answers, wanted = ASKED[shape]
    by = world.owner()
    path = written(tmp_path / "k", KAGGLE, **changes)
    challenge = world.published(world.from_bundle(path, by, **answers), by, confirm_licence=True)
    sample = challenge.files.get(role="sample_submission")

    entry = world.entered(challenge, content=objects.read(sample.sha256))

    assert drain()
    assert Entry.objects.get(pk=entry.pk).status == EntryStatus.SCORED
    scores = Score.objects.filter(evaluation__entry=entry, split="public")
    values = {one.metric: float(one.value) for one in scores}
    assert values == pytest.approx(wanted, abs=1)
    for page in ("evaluation", "data", "standings"):
        assert client.get(url_of(challenge, page)).status_code == 200
