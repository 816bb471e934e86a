"""Exports: what they hold, what never leaves, and the way there and back."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import reverse

from challenges.bundles import exporting
from challenges.bundles.foreign import reading
from challenges.enums import BoardRule, PhaseKind
from challenges.exchange.actions import exports
from challenges.exchange.actions.bundles import import_bundle
from challenges.models import Challenge, Leaderboard, Phase, PublicFile, Terms
from challenges.organising.actions import challenges as acts
from challenges.organising.actions import leaderboards, phases
from datasets.actions import holdouts
from portal.accounts.models import User
from portal.lib.markdown import render
from portal.lib.refusals import Invalid, NotAllowed
from tests.challenges import world
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.challenges import ChallengeFactory
from tests.portal.accounts.ledger import acts as verbs

pytestmark = pytest.mark.django_db
# What Codabench's own reader asks for.
REQUIRED = {
    "": {"title", "image", "terms", "pages", "tasks", "phases", "leaderboards"},
    "pages": {"title", "file"},
    "tasks": {"index", "name", "description", "scoring_program"},
    "phases": {"index", "name", "start", "tasks"},
    "leaderboards": {"title", "key", "columns"},
    "columns": {"title", "key", "index"},
}


def written(path: Path, made: exports.Export) -> Path:
    """Write an export to a file."""
    path.write_bytes(b"".join(made.stream()))
    return path


def rows_of(challenge: Challenge) -> dict[str, Any]:
    """Give every field that an import writes, without keys and moments of their own."""
    apart = {"id", "public_id", "challenge", "created_at", "status_since", "version"}
    apart |= {"bundle_fingerprint", "held_out_fingerprint", "organiser"}

    def fields(row: Any, *more: str) -> dict[str, Any]:
        names = [field.name for field in row._meta.concrete_fields]
        return {name: getattr(row, name) for name in names if name not in apart | set(more)}

    return {
        "challenge": fields(challenge),
        "terms": [one.text for one in challenge.terms.order_by("number")],
        "pages": [fields(one) for one in challenge.pages.order_by("index")],
        "files": [fields(one) for one in challenge.files.order_by("index")],
        "phases": [
            fields(one, "public_units", "migrate_from")
            | {"follows": one.migrate_from and one.migrate_from.index}
            for one in challenge.phases.order_by("index")
        ],
        "specs": [
            (one.index, one.scorer_version.spec, one.scorer_version.digest)
            for phase in challenge.phases.order_by("index")
            for one in phase.tasks.filter(current=True).order_by("index")
        ],
        "held": sorted(
            {
                file.name
                for phase in challenge.phases.order_by("index")
                for one in phase.tasks.filter(current=True)
                for file in one.holdout.files.filter(kind="source")
            }
        ),
        "boards": [
            (board.key, board.title, str(board.rule), board.primary and board.primary.key)
            for board in Leaderboard.objects.filter(challenge=challenge).order_by("pk")
        ],
        "columns": [
            fields(one, "leaderboard")
            for board in Leaderboard.objects.filter(challenge=challenge).order_by("pk")
            for one in board.columns.order_by("index")
        ],
    }


def again(archive: Path, challenge: Challenge, *without: str) -> Challenge:
    """Import an export elsewhere: for another organisation, the first challenge renamed."""
    slug, before = challenge.slug, rows_of(challenge)
    Challenge.objects.filter(pk=challenge.pk).update(slug=f"{slug}-ancien")
    found = import_bundle(path=archive, by=world.owner(), answers={})
    assert found.imported.errors == ()
    made = found.imported.challenge
    assert made is not None
    assert made.pk != challenge.pk
    after = rows_of(made)
    for name in without:
        del before["challenge"][name], after["challenge"][name]
    assert after == before
    return made


@pytest.fixture
def owner() -> User:
    return world.owner()


@pytest.fixture
def challenge(owner: User, tmp_path: Path) -> Challenge:
    """Import the small challenge, with a canary in each held-out row and an unknown key."""
    return world.imported(tmp_path, owner, maison={"clé": [1, "deux"]})


def test_an_export_with_its_reference_comes_back_the_same(
    challenge: Challenge, owner: User, tmp_path: Path
) -> None:
    folder = tmp_path / "niveau"
    made = exports.export(challenge=challenge, by=owner, reference=folder)
    back = again(written(tmp_path / "export.zip", made), challenge)
    assert back.bundle["maison"] == {"clé": [1, "deux"]}
    assert verbs()[-1] != "challenge.exported"
    other = exports.export(challenge=back, by=world.owner_of(back), reference=folder)
    first = zipfile.ZipFile(tmp_path / "export.zip").read(exporting.DOCUMENT)
    second = zipfile.ZipFile(written(tmp_path / "second.zip", other)).read(exporting.DOCUMENT)
    assert first == second


def test_what_was_changed_since_leaves_with_it(
    challenge: Challenge, owner: User, tmp_path: Path
) -> None:
    phase = challenge.phases.get()
    opens, closes = "2027-03-28T01:30:00+01:00", "2027-10-31T00:00:00+02:00"
    dates = (datetime.fromisoformat(opens), datetime.fromisoformat(closes))
    acts.set_dates(phase=phase, opens_at=dates[0], closes_at=dates[1], by=owner)
    phase.refresh_from_db()
    phase.max_per_day, phase.max_total, phase.final_choices = None, 0, 1
    phase.ladder = True
    phase.max_parallel, phase.name = 2, "Première phase"
    phase.save()
    Terms.objects.create(
        challenge=challenge, number=2, text="Règlement revu.", html="", sha256="0" * 64,
        created_at=phase.opens_at,
    )  # fmt: skip
    jury = "# Le jury"
    challenge.pages.create(index=0, title="Jury", body_md=jury, body_html=render(jury))
    Challenge.objects.filter(pk=challenge.pk).update(
        title="Autre titre",
        body_md="Nouvelle présentation.",
        body_html=render("Nouvelle présentation."),
        registration="approval",
        team_max=4,
        allowed_domains=["exemple.fr"],
        prizes_md="Un stage.",
        has_prizes=True,
        contact="orga@exemple.fr",
        fact_sheet=[{"key": "licence", "label": "Licence ?"}],
        caveats=[{"key": "synthetic", "text": "Données synthétiques."}],
    )
    challenge.refresh_from_db()
    made = exports.export(challenge=challenge, by=owner, reference=tmp_path / "niveau")
    Terms.objects.filter(challenge=challenge, number=1).delete()
    # The document is the new one.
    again(written(tmp_path / "export.zip", made), challenge, "bundle")


def test_further_phases_and_boards_come_back(
    challenge: Challenge, owner: User, tmp_path: Path
) -> None:
    first = challenge.phases.get()
    final = phases.add(challenge=challenge, name="Finale", kind=PhaseKind.FINAL, by=owner)
    Phase.objects.filter(pk=final.pk).update(
        migrate_from=first, max_per_day=0, ladder=True, max_bytes=12_345
    )
    board = leaderboards.add(phase=final, title="Par la dernière", by=owner)
    columns = list(board.columns.order_by("-index"))
    leaderboards.arrange(
        board=board,
        title=board.title,
        rule=BoardRule.LAST,
        primary=board.primary.key,
        hidden=True,
        places={
            each.key: leaderboards.Place(at, shown=not at, limit=0.2)
            for at, each in enumerate(columns)
        },
        by=owner,
    )
    leaderboards.mask(challenge=challenge, anonymous=True, by=owner)
    challenge.refresh_from_db()
    made = exports.export(challenge=challenge, by=owner, reference=tmp_path / "niveau")
    back = again(written(tmp_path / "export.zip", made), challenge)
    assert set(back.leaderboards.values_list("anonymous", flat=True)) == {True}
    assert back.leaderboards.get(title="Par la dernière").hidden
    further = back.phases.get(index=1)
    assert (further.ladder, further.max_bytes) == (True, 12_345)


def test_held_out_data_leave_as_ciphertext_only(
    challenge: Challenge, owner: User, tmp_path: Path
) -> None:
    archive = written(tmp_path / "e.zip", exports.export(challenge=challenge, by=owner))
    assert verbs()[-1] == "challenge.exported"
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
        content = {name: opened.read(name) for name in names}
    assert not any(world.CANARY.encode() in one for one in content.values())
    assert not any(name.startswith("reference/") for name in names)
    sealed = [name for name in names if name.startswith("sealed/")]
    assert len(sealed) == 2  # the truth, and the organiser's baseline
    assert "keys" not in content[exporting.DOCUMENT].decode()
    found = import_bundle(path=archive, by=owner, answers={})
    assert [one.code for one in found.imported.errors] == ["E_SEALED"]
    sums = dict(
        reversed(line.split("  ", 1)) for line in content["sha256.txt"].decode().splitlines()
    )
    assert sums == {
        name: hashlib.sha256(one).hexdigest()
        for name, one in content.items()
        if name != "sha256.txt"
    }


def test_the_answers_of_another_phase_never_leave_under_the_name_of_the_first(
    challenge: Challenge, owner: User
) -> None:
    final = phases.add(challenge=challenge, name="Finale", kind=PhaseKind.FINAL, by=owner)
    other = holdouts.register(
        name="niveau/phase-1-0-notation",
        owner=challenge.organiser,
        files={"truth.csv": b"id,niveau\n"},
        by=owner,
    )
    assert final.tasks.filter(current=True).update(holdout=other) == 1
    task = challenge.phases.get(index=0).tasks.get(current=True)
    first = task.holdout.files.get(name="truth.csv", kind="source")
    rows = {each["path"]: each for each in exports.export(challenge=challenge, by=owner).rows}
    assert rows["truth.csv"]["ciphertext_sha256"] == first.ciphertext_sha256


def test_the_zip_holds_what_codabench_requires(
    challenge: Challenge, owner: User, tmp_path: Path
) -> None:
    phase = challenge.phases.get()
    phase.opens_at = phase.closes_at = None
    phase.save()
    made = exports.export(challenge=challenge, by=owner, reference=tmp_path / "niveau")
    with zipfile.ZipFile(written(tmp_path / "e.zip", made)) as opened:
        names, text = opened.namelist(), opened.read("competition.yaml").decode()
    document = yaml.safe_load(text)
    assert document["version"] == 2
    lists = {
        "": [document],
        "pages": document["pages"],
        "tasks": document["tasks"],
        "phases": document["phases"],
        "leaderboards": document["leaderboards"],
        "columns": document["leaderboards"][0]["columns"],
    }
    for name, keys in REQUIRED.items():
        assert lists[name]
        assert all(keys <= set(one) for one in lists[name]), name
    assert "start: '2100-01-01 00:00:00'" in text
    for path in (document["image"], document["terms"], document["pages"][0]["file"]):
        assert path in names
    for key in ("scoring_program", "reference_data"):
        assert any(name.startswith(document["tasks"][0][key] + "/") for name in names)
    found = import_bundle_as_codabench(tmp_path / "e.zip", tmp_path / "codabench")
    assert [one["code"] for one in found["errors"]] == []


def import_bundle_as_codabench(archive: Path, folder: Path) -> Any:
    """Read an export as a Codabench bundle, our own document left out."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    (folder / exporting.DOCUMENT).unlink()
    return reading.read(folder).to_json()


def test_the_program_for_codabench_gives_the_score_of_the_portal(
    challenge: Challenge, owner: User, tmp_path: Path
) -> None:
    made = exports.export(challenge=challenge, by=owner, reference=tmp_path / "niveau")
    with zipfile.ZipFile(written(tmp_path / "e.zip", made)) as opened:
        opened.extractall(tmp_path / "e")
    given, output = tmp_path / "input", tmp_path / "output"
    (given / "res").mkdir(parents=True)
    output.mkdir()
    (given / "ref").symlink_to(tmp_path / "e" / "reference")
    (given / "res" / "reponse.csv").write_bytes(world.answer(1.0))
    program = tmp_path / "e/programs/notation/score.py"
    command = [sys.executable, str(program), str(given), str(output)]
    subprocess.run(command, check=True, capture_output=True)
    scores = json.loads((output / "scores.json").read_text("utf-8"))
    assert scores["exactitude"] == 1.0


def test_a_reference_that_differs_or_lacks_a_file_is_refused(
    challenge: Challenge, owner: User, tmp_path: Path
) -> None:
    folder = tmp_path / "niveau"
    truth = folder / "truth.csv"
    truth.write_text(truth.read_text("utf-8").replace("nord", "sud"), encoding="utf-8")
    with pytest.raises(Invalid) as differs:
        exports.export(challenge=challenge, by=owner, reference=folder)
    truth.unlink()
    with pytest.raises(Invalid) as missing:
        exports.export(challenge=challenge, by=owner, reference=folder)
    assert (differs.value.code, missing.value.code) == ("reference_differs", "reference_missing")


def test_only_organisers_export(challenge: Challenge) -> None:
    member = MembershipFactory(organisation=challenge.organiser, role="referent").user
    with pytest.raises(NotAllowed):
        exports.export(challenge=challenge, by=member)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"format_version": 2}, "E_EXPORT"),
        ({"settings": {"team_max": 10**9}}, "E_EXPORT"),
        ({"settings": {"pages": [{"title": "x", "file": "../../etc/passwd"}]}}, "E_EXPORT"),
        ({"files": [{"path": "../fuite.csv", "at": "image.png"}]}, "E_EXPORT"),
        ({"files": [{"path": "challenge.yaml", "at": "image.png"}]}, "E_EXPORT"),
        ({"files": [{"path": "a", "at": "/etc/passwd"}]}, "E_EXPORT"),
        ({"files": [{"path": ["a"], "at": {}}], "challenge": []}, "E_EXPORT"),
    ],
)
def test_a_forged_export_is_refused(
    challenge: Challenge, owner: User, tmp_path: Path, change: dict[str, Any], code: str
) -> None:
    archive = written(tmp_path / "e.zip", exports.export(challenge=challenge, by=owner))
    folder = tmp_path / "forged"
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    document = yaml.safe_load((folder / exporting.DOCUMENT).read_text("utf-8"))
    (folder / exporting.DOCUMENT).write_text(exporting.dump(document | change), encoding="utf-8")
    found = import_bundle(path=folder, by=owner, answers={})
    assert [one.code for one in found.imported.errors] == ["E_EXPORT_SUM"]
    (folder / exporting.SUMS).write_text("", encoding="utf-8")
    found = import_bundle(path=folder, by=owner, answers={})
    assert [one.code for one in found.imported.errors] == [code]
    assert (Challenge.objects.count(), PublicFile.objects.count()) == (1, 3)


def test_an_export_is_sent_as_it_is_made(challenge: Challenge, owner: User) -> None:
    made = exports.export(challenge=challenge, by=owner)
    pieces = list(made.stream())
    assert len(pieces) > 5
    assert zipfile.ZipFile(io.BytesIO(b"".join(pieces))).testzip() is None
    assert b"".join(pieces) == b"".join(made.stream())


def test_the_page_sends_it_to_organisers_only(
    challenge: Challenge, owner: User, client: Client
) -> None:
    address = reverse("challenges:organiser_export", args=[challenge.slug])
    client.force_login(owner)
    assert f'href="{address}"' in client.get(f"/espace/challenges/{challenge.slug}/").text
    assert "Exporter (zip)" in client.get(address).text
    sent = client.post(address)
    assert sent.headers["Content-Disposition"] == 'attachment; filename="niveau.zip"'
    content = b"".join(sent.streaming_content)
    assert zipfile.ZipFile(io.BytesIO(content)).namelist()[-1] == "sha256.txt"
    assert verbs()[-1] == "challenge.exported"
    client.force_login(UserFactory(region="administrator"))
    assert client.post(address).status_code == 403
    client.force_login(world.owner())
    assert client.post(address).status_code == 404


def test_a_draft_without_a_task_leaves_too(owner: User) -> None:
    bare = ChallengeFactory(owner=owner)
    content = b"".join(exports.export(challenge=bare, by=owner).stream())
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        document = yaml.safe_load(opened.read("competition.yaml"))
    assert (document["title"], document["tasks"]) == (bare.title, [])
