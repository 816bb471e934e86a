"""A folder becomes a draft, once; nothing of it is readable that must not be."""

import gzip
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.utils import timezone

from challenges.enums import ChallengeStatus, EntryStatus, JobKind
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
    ScorerVersion,
    Standing,
    Terms,
)
from challenges.organising.actions import challenges
from challenges.worker import drain
from datasets.models import HoldoutVersion
from portal.audit.models import AuditEvent
from portal.lib import clock, objects
from portal.lib.refusals import Conflict, NotAllowed
from tests.challenges.bundles import folders
from tests.challenges.world import CANARY, entered, folder, imported, opened, owner, owner_of
from tests.factories.accounts import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
WATCHED = ("challenges", "datasets", "audit")


def tables() -> dict[str, list[tuple[Any, ...]]]:
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values_list())
        for label in WATCHED
        for model in apps.get_app_config(label).get_models()
    }


def test_a_folder_becomes_a_draft(tmp_path: Path) -> None:
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
    assert board.primary is not None
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
    assert (entry.is_baseline, entry.day_slot, entry.status) == (True, None, EntryStatus.RECEIVED)
    assert set(Job.objects.values_list("kind", flat=True)) == {JobKind.COMPILE, JobKind.CHECK}
    assert [event.action for event in AuditEvent.objects.order_by("seq")] == [
        "holdout.registered",
        "baseline.entered",
        "challenge.imported",
    ]


def test_the_same_folder_again_changes_nothing(tmp_path: Path) -> None:
    challenge = imported(tmp_path)
    before = tables()
    again = import_folder(folder=folder(tmp_path), by=owner_of(challenge))
    assert (again.challenge, again.changed) == (challenge, False)
    assert tables() == before


def test_a_heading_that_repeats_the_title_is_left_out(tmp_path: Path) -> None:
    other = imported(tmp_path / "other")
    same = imported(tmp_path / "same", title="Niveau", slug="niveau-deux")
    bodies = [challenge.body_html for challenge in (other, same)]
    assert ["Niveau" in body for body in bodies] == [True, False]
    assert ["<p>Données synthétiques.</p>" in body for body in bodies] == [True, True]


@pytest.mark.slow
def test_a_changed_text_updates_the_draft_only(tmp_path: Path) -> None:
    challenge = imported(tmp_path)
    assert drain()
    imported(tmp_path, owner_of(challenge), title="Autre titre", terms="Un règlement.")
    assert Challenge.objects.get().title == "Autre titre"
    assert HoldoutVersion.objects.count() == ScorerVersion.objects.count() == 1
    assert Entry.objects.count() == 1
    assert [terms.number for terms in Terms.objects.all()] == [2, 1]


@pytest.mark.slow
def test_a_changed_metric_scores_the_reference_again(tmp_path: Path) -> None:
    challenge = imported(tmp_path)
    assert drain()
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


def test_an_open_challenge_is_not_imported_again(tmp_path: Path) -> None:
    challenge = opened(tmp_path, work=False)
    with pytest.raises(Conflict) as refusal:
        import_folder(folder=folder(tmp_path), by=owner_of(challenge))
    assert refusal.value.code == "challenge_open"


def test_a_change_during_the_review_asks_for_the_visa_again(tmp_path: Path) -> None:
    challenge = imported(tmp_path)
    by = owner_of(challenge)
    challenges.submit(challenge=challenge, by=by)
    imported(tmp_path, by)
    assert Challenge.objects.get().status == ChallengeStatus.IN_REVIEW
    imported(tmp_path, by, title="Autre titre")
    changed = Challenge.objects.get()
    assert (changed.status, changed.title) == (ChallengeStatus.DRAFT, "Autre titre")


def test_nobody_publishes_the_version_they_did_not_read(tmp_path: Path) -> None:
    read = imported(tmp_path)
    by = owner_of(read)
    read = challenges.submit(challenge=read, by=by)
    imported(tmp_path, by, title="Autre titre")
    challenges.submit(challenge=Challenge.objects.get(), by=by)
    with pytest.raises(Conflict) as refusal:
        challenges.publish(challenge=read, by=UserFactory(region="moderator"))
    assert refusal.value.code == "changed"
    assert Challenge.objects.get().status == ChallengeStatus.IN_REVIEW


def test_dates_in_the_wrong_order_are_reported(tmp_path: Path) -> None:
    now = timezone.now()
    found = import_folder(folder=folder(tmp_path), by=owner(), opens_at=now, closes_at=now)
    assert [error.code for error in found.errors] == ["E_SCHEDULE"]
    assert Challenge.objects.count() == 0


def test_a_draft_belongs_to_its_organisers(tmp_path: Path) -> None:
    imported(tmp_path)
    found = import_folder(folder=folder(tmp_path, title="Autre"), by=owner())
    assert [(one.code, one.key) for one in found.errors] == [("E_SLUG_TAKEN", "slug")]
    with pytest.raises(NotAllowed):  # who runs no challenge learns no name
        import_folder(folder=folder(tmp_path, title="Autre"), by=UserFactory())
    assert Challenge.objects.get().title == "Estimer un niveau"


def test_importing_takes_the_right_to_run_challenges(tmp_path: Path) -> None:
    for person in (UserFactory(), MembershipFactory(role="contributor").user):
        with pytest.raises(NotAllowed):
            import_folder(folder=folder(tmp_path), by=person)
    assert Challenge.objects.count() == 0


def places(var: Path) -> list[Path]:
    return [path for path in var.rglob("*") if path.is_file() and "niveau" not in path.parts]


@pytest.mark.slow
def test_the_held_out_rows_are_found_nowhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A canary on each held-out row: not in objects, tables, temporary files, logs."""
    caplog.set_level("DEBUG")
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(scratch))
        challenge = opened(tmp_path)
        entered(challenge)
        entered(challenge, content=b"id,niveau\nA0000,1\n")
        assert drain()
        challenges.close(phase=challenge.phases.get(), by=owner_of(challenge))
    needle = CANARY.encode()
    private_row = b"A0003,"  # an id of the public list: its answer must not follow it
    held = next(
        line
        for line in (tmp_path / "niveau" / "truth.csv").read_bytes().splitlines()
        if line.startswith(private_row)
    )
    for path in places(tmp_path):
        content = path.read_bytes()
        assert needle not in content, path
        assert held not in content, path
        if content[:2] == b"\x1f\x8b":
            assert needle not in gzip.decompress(content)
    for digest in objects.store().hashes():
        assert needle not in objects.read(digest)
    assert CANARY not in str(tables())
    out, err = capfd.readouterr()
    assert CANARY not in out + err + caplog.text
    name = settings.DATABASES["default"]["NAME"]
    if Path(str(name)).is_file():
        assert needle not in Path(str(name)).read_bytes()
    assert list(scratch.iterdir()) == []


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
