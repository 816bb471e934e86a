"""Exports: what they hold, what never leaves, and the way there and back, field by field."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError
from django.test import Client

from challenges.bundles import exporting
from challenges.exchange.actions import exports
from challenges.exchange.actions.bundles import import_bundle
from challenges.models import Challenge, Leaderboard, Phase, PhaseTask, PublicFile, RunPlan, Terms
from challenges.organising.actions import challenges, leaderboards, phases
from challenges.organising.enums import BoardRule, PhaseKind
from datasets.holdouts import actions as holdouts
from datasets.holdouts.models import HoldoutVersion
from portal.accounts.models import User
from portal.lib.prose.markdown import render
from portal.lib.refusals import Conflict, Invalid
from tests.challenges import world
from tests.challenges.bundles.folders import CODE_FILES, code_document, write_code
from tests.challenges.bundles.foreign import own, tables
from tests.challenges.bundles.foreign.cases import BUNDLES, NEEDED
from tests.challenges.commands import run
from tests.challenges.exchange.test_bundle_imports import created, read
from tests.challenges.organising.test_authoring import IDS, TEST, TRUTH
from tests.challenges.pages.scenes import url_of
from tests.factories.access import lend
from tests.factories.accounts import UserFactory
from tests.factories.challenges import ChallengeFactory
from tests.ledger import events as verbs

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
    assert made.pk != challenge.pk
    after = rows_of(made)
    for name in without:
        del before["challenge"][name], after["challenge"][name]
    assert after == before
    return made


def exported(challenge: Challenge, by: User, folder: Path, reference: Path | None) -> Path:
    """Write the export of a challenge, its reference in clear."""
    made = exports.export(challenge=challenge, by=by, reference=reference)
    return written(folder / "export.zip", made)


@pytest.fixture
def owner() -> User:
    return world.owner()


@pytest.fixture
def challenge(owner: User, tmp_path: Path) -> Challenge:
    """Import the small challenge, with a canary in each held-out row and an unknown key."""
    return world.imported(tmp_path, owner, maison={"clé": [1, "deux"]})


def test_what_was_changed_since_leaves_with_it(
    challenge: Challenge, owner: User, tmp_path: Path
) -> None:
    phase = challenge.phases.get()
    opens, closes = "2027-03-28T01:30:00+01:00", "2027-10-30T23:59:59+02:00"
    dates = (datetime.fromisoformat(opens), datetime.fromisoformat(closes))
    challenges.set_dates(phase=phase, opens_at=dates[0], closes_at=dates[1], by=owner)
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
        restricted=True,
        contact="orga@exemple.fr",
        fact_sheet=[{"key": "licence", "label": "Licence ?"}],
        caveats=[{"key": "synthetic", "text": "Données synthétiques."}],
    )
    challenge.refresh_from_db()
    archive = exported(challenge, owner, tmp_path, tmp_path / "niveau")
    Terms.objects.filter(challenge=challenge, number=1).delete()
    again(archive, challenge, "bundle")  # the document is the new one


def test_further_phases_and_boards_come_back(
    challenge: Challenge, owner: User, tmp_path: Path
) -> None:
    first = challenge.phases.get()
    final = phases.add_phase(challenge=challenge, name="Finale", kind=PhaseKind.FINAL, by=owner)
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
    back = again(exported(challenge, owner, tmp_path, tmp_path / "niveau"), challenge)
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
    final = phases.add_phase(challenge=challenge, name="Finale", kind=PhaseKind.FINAL, by=owner)
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


def test_the_zip_holds_what_codabench_requires_and_its_program_gives_the_score_of_the_portal(
    challenge: Challenge, owner: User, tmp_path: Path
) -> None:
    phase = challenge.phases.get()
    phase.opens_at = phase.closes_at = None
    phase.save()
    archive = exported(challenge, owner, tmp_path, tmp_path / "niveau")
    with zipfile.ZipFile(archive) as opened:
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
    folder = tmp_path / "codabench"  # as another reader finds it, our own document left out
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    (folder / exporting.DOCUMENT).unlink()
    assert own.read_bundle(folder).to_json()["errors"] == []
    given, output = tmp_path / "input", tmp_path / "output"
    (given / "res").mkdir(parents=True)
    output.mkdir()
    (given / "ref").symlink_to(folder / "reference")
    (given / "res" / "reponse.csv").write_bytes(world.answer(1.0))
    program = folder / "programs/notation/score.py"
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


@pytest.mark.parametrize(
    "change",
    [
        {"format_version": 2},
        {"settings": {"team_max": 10**9}},
        {"settings": {"pages": [{"title": "x", "file": "../../etc/passwd"}]}},
        {"files": [{"path": "../fuite.csv", "at": "image.png"}]},
        {"files": [{"path": "challenge.yaml", "at": "image.png"}]},
        {"files": [{"path": "a", "at": "/etc/passwd"}]},
        {"files": [{"path": ["a"], "at": {}}], "challenge": []},
    ],
)
def test_a_forged_export_is_refused(
    challenge: Challenge, owner: User, tmp_path: Path, change: dict[str, Any]
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
    assert [one.code for one in found.imported.errors] == ["E_EXPORT"]
    assert (Challenge.objects.count(), PublicFile.objects.count()) == (1, 3)


def test_the_page_sends_it_to_organisers_only(
    challenge: Challenge, owner: User, client: Client
) -> None:
    address = url_of(challenge, "organiser_export")
    client.force_login(owner)
    assert f'href="{address}"' in client.get(f"/espace/challenges/{challenge.slug}/").text
    assert "Exporter (zip)" in client.get(address).text
    sent = client.post(address)
    assert sent.headers["Content-Disposition"] == 'attachment; filename="niveau.zip"'
    pieces = list(sent.streaming_content)
    assert len(pieces) > 5  # sent as it is made
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert (archive.testzip(), archive.namelist()[-1]) == (None, "sha256.txt")
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


def forged(archive: Path, settings: Mapping[str, Any] | None = None, **phase: Any) -> Path:
    """Unpack an export, its settings and their first phase changed, without its sums."""
    folder = archive.with_suffix("")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    place = folder / exporting.DOCUMENT
    document = yaml.safe_load(place.read_text("utf-8"))
    document["settings"]["phases"][0] |= phase
    document["settings"] |= settings or {}
    place.write_text(exporting.dump(document), encoding="utf-8")
    (folder / exporting.SUMS).write_text("", encoding="utf-8")
    return folder


def test_an_export_changes_no_published_challenge(owner: User, tmp_path: Path) -> None:
    challenge = world.from_bundle(own.bundle(tmp_path / "d", "codabench", {}), owner)
    archive = exported(challenge, owner, tmp_path, tmp_path / "d")
    challenge = world.published(challenge, owner, confirm_licence=True)
    before = rows_of(challenge)
    with pytest.raises(Conflict) as refusal:
        import_bundle(path=forged(archive, max_total=999), by=owner, answers={})
    challenge.refresh_from_db()
    assert (refusal.value.code, rows_of(challenge)) == ("challenge_open", before)


def test_an_export_written_before_a_grant_was_chosen_lifts_nothing(
    challenge: Challenge, owner: User, tmp_path: Path
) -> None:
    archive = exported(challenge, owner, tmp_path, tmp_path / "niveau")
    grant = lend(challenge)
    found = import_bundle(path=forged(archive, max_total=999), by=owner, answers={})
    assert found.imported.errors == ()
    challenge.refresh_from_db()
    assert (challenge.grant, challenge.restricted) == (grant, True)
    with zipfile.ZipFile(exported(challenge, owner, tmp_path, None)) as lent:
        assert [name for name in lent.namelist() if name.startswith("sealed/")] == []
        assert yaml.safe_load(lent.read("openemploi.yaml"))["access"] == grant.number


@pytest.mark.parametrize("maker", ["ours", "programs"])
def test_an_export_takes_back_the_visa_that_is_awaited(
    owner: User, tmp_path: Path, maker: str
) -> None:
    if maker == "ours":
        challenge, reference = world.imported(tmp_path, owner), tmp_path / "niveau"
    else:
        reference = own.bundle(tmp_path / "d", "codabench", {})
        challenge = world.from_bundle(reference, owner)
    archive = exported(challenge, owner, tmp_path, reference)
    import_bundle(path=archive, by=owner, answers={})  # the form of the export
    challenge.refresh_from_db()
    read_by_moderator = challenges.submit(challenge=challenge, by=owner)
    import_bundle(path=archive, by=owner, answers={})
    assert Challenge.objects.get().status == "in_review"  # nothing changed
    import_bundle(path=forged(archive, max_total=999), by=owner, answers={})
    assert Challenge.objects.get().status == "draft"
    assert verbs()[-1] == "challenge.settings_applied"
    with pytest.raises(Conflict):
        challenges.publish(
            challenge=read_by_moderator, confirm_licence=True, by=UserFactory(region="moderator")
        )


def test_settings_that_are_refused_leave_no_draft(owner: User, tmp_path: Path) -> None:
    challenge = world.imported(tmp_path, owner)
    archive = exported(challenge, owner, tmp_path, tmp_path / "niveau")
    Challenge.objects.update(slug="ancien")
    dates = {"opens_at": "2099-02-01T00:00:00Z", "closes_at": "2099-01-01T00:00:00Z"}
    found = import_bundle(path=forged(archive, **dates), by=owner, answers={}).imported
    assert [(one.code, one.key) for one in found.errors] == [("E_EXPORT", "settings.phases.0")]
    folder = forged(archive, {"forum_url": "nulle part"})
    with pytest.raises(Invalid):
        import_bundle(path=folder, by=owner, answers={})
    assert Challenge.objects.get().slug == "ancien"


def exported_by_command(challenge: Challenge, path: Path, *more: str) -> dict[str, Any]:
    owner = world.owner_of(challenge).username
    code, told = run("export_challenge", challenge.slug, str(path), "--by", owner, *more)
    assert code == 0, told
    return told


def test_a_sealed_export_comes_back_where_the_key_is(challenge: Challenge, tmp_path: Path) -> None:
    told = exported_by_command(challenge, tmp_path / "e.zip")
    assert told["size"] == (tmp_path / "e.zip").stat().st_size
    owner, before = world.owner_of(challenge), rows_of(challenge)
    Challenge.objects.filter(pk=challenge.pk).update(slug="niveau-avant")
    path = str(tmp_path / "e.zip")
    other = world.owner().username
    code, refused = run("import_challenge", path, "--owner", other)
    assert (code, [one["code"] for one in refused["errors"]]) == (1, ["E_SEALED"])
    code, made = run("import_challenge", path, "--owner", owner.username)
    assert (code, made["status"]) == (0, "draft"), json.dumps(made["errors"])
    assert rows_of(Challenge.objects.get(slug="niveau")) == before
    assert HoldoutVersion.objects.count() == 2

    Challenge.objects.filter(slug="niveau").update(slug="niveau-deux")
    archive = (tmp_path / "e.zip").read_bytes()  # by the page
    stranger = read(world.owner(), io.BytesIO(archive))
    assert (stranger.state, [one["code"] for one in stranger.told("errors")]) == (
        "refused",
        ["E_SEALED"],
    )
    made = read(owner, io.BytesIO(archive))
    assert (made.state, made.report["dry_run"] != []) == ("read", True)
    assert world.CANARY not in json.dumps(made.report)
    assert created(made, {}, owner).challenge == Challenge.objects.get(slug="niveau")
    assert rows_of(Challenge.objects.get(slug="niveau")) == before


def test_the_command_says_what_it_refuses(challenge: Challenge, tmp_path: Path) -> None:
    (tmp_path / "e.zip").write_bytes(b"")
    with pytest.raises(CommandError):
        exported_by_command(challenge, tmp_path / "e.zip")
    other = str(tmp_path / "b.zip")
    code, told = run("export_challenge", challenge.slug, other, "--by", world.owner().username)
    assert (code, told["error"]["code"]) == (1, "not_allowed")
    assert not Path(other).exists()


# One of each form in make test.
PROGRAMS = [
    "v2_multi_taches",
    "evalai",
    *(
        pytest.param(each, marks=pytest.mark.ci)
        for each in ("v2_resultats", "v2_code_ingestion", "v15_phases")
    ),
]
OPEN = {"licence": "Licence Ouverte"}
TABLES = {
    f"{BUNDLES.name}/csv_usage/kaggle": OPEN | {"metric": "roc_auc"},
    f"{BUNDLES.name}/csv_usage/huggingface": OPEN,
    f"{BUNDLES.name}/trec": OPEN,
}
OURS = [
    "challenges/mobilites-metiers",
    *(
        pytest.param(f"challenges/{each}", marks=pytest.mark.ci)
        for each in ("codage-appellations-rome", "prevision-tension-fap", "tensions-bassins-sud")
    ),
]


def returned(challenge: Challenge, archive: Path, reference: Path) -> Challenge:
    """Export a challenge, put it aside, and import it again."""
    by = world.owner_of(challenge)
    made = written(archive, exports.export(challenge=challenge, by=by, reference=reference))
    Challenge.objects.filter(pk=challenge.pk).update(slug=f"{challenge.slug}-avant")
    return world.from_bundle(made)


def without(rows: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Leave out what names the archive itself."""
    bundle = {key: one for key, one in rows["challenge"]["bundle"].items() if key not in names}
    return {**rows, "challenge": {**rows["challenge"], "bundle": bundle, "source": None}}


@NEEDED
@pytest.mark.slow
@pytest.mark.parametrize("case", PROGRAMS)
def test_a_challenge_of_programs_comes_back_the_same(case: str, tmp_path: Path) -> None:
    folder = BUNDLES / case / "bundle"
    first = world.from_bundle(folder)
    before = rows_of(first)
    back = returned(first, tmp_path / "e.zip", folder)
    assert without(rows_of(back), "source") == without(before, "source")


@NEEDED
@pytest.mark.slow
@pytest.mark.parametrize("path", [*TABLES, *OURS])
def test_a_challenge_of_tables_comes_back_the_same(path: str, tmp_path: Path) -> None:
    folder, answers = BUNDLES.parent / path, TABLES.get(path, {})
    first = world.from_bundle(folder, **answers)
    before = rows_of(first)
    assert rows_of(returned(first, tmp_path / "e.zip", folder)) == before


ONE_HOT = "id,a,b,Usage\n" + "".join(
    f"{at},{at % 2},{1 - at % 2},{'Public' if at < 20 else 'Private'}\n" for at in range(40)
)
TWO_CLASSES = tables.KAGGLE | {"solution.csv": ONE_HOT}
AS_CLASSES = {"columns": "classes", "metric": "log_loss_multi"}


@pytest.mark.parametrize(
    ("files", "absent", "answers"),
    [
        (tables.KAGGLE, (), {"metric": "accuracy"}),
        (TWO_CLASSES, ("sample_submission_csv", "test_csv"), AS_CLASSES),
        (tables.TREC, (), {"split": "0.5"}),
    ],
)
def test_the_imported_tables_are_a_reference_of_their_export(
    files: Mapping[str, str], absent: tuple[str, ...], answers: Mapping[str, str], tmp_path: Path
) -> None:
    source = tables.written(tmp_path / "source", files, **dict.fromkeys(absent))
    first = world.from_bundle(source, **answers)
    before = rows_of(first)
    back = returned(first, tmp_path / "e.zip", source)
    assert rows_of(back) == before
    assert back.held_out_fingerprint == first.held_out_fingerprint
    other = tables.written(
        tmp_path / "other", tables.TREC if files is tables.KAGGLE else tables.KAGGLE
    )
    with pytest.raises(Invalid) as refusal:
        exports.export(challenge=back, by=world.owner_of(back), reference=other)
    assert refusal.value.code in {"reference_missing", "reference_differs"}


# What a reader of YAML may take for something else.
WORDS = ["Zône", "l’été", "« x »", "a: b", "- c", "#d", "null", "2027-01-01", "1.50", "oui"]
HARD: dict[str, Any] = {
    "title": " ".join(WORDS),
    "summary": "null",
    "tags": WORDS,
    "use_cases": ["UC1", "UC6"],
    "prizes": True,
    "quotas": {"timezone": "Europe/Paris", "per_day": None, "total": 0, "final_selections": 5},
    "leaderboard": {"kept": "chosen", "ladder": True},
    "provenance": [{"title": "- c", "source": "https://exemple.fr/"}],
    "schedule": {"opens": "2027-03-28T01:59:59+01:00", "closes": "2027-10-31T02:30:00+02:00"},
    "terms": "Règlement « maison »\n\n" + " ".join(WORDS),
    "maison": {
        "liste": [None, True, False, -7, 10**6, 0.1, "", *WORDS, [], {}],
        "null": {"a: b": {"#d": ["- c", {"oui": None}]}},
    },
}


@pytest.mark.slow
def test_a_document_hard_to_write_comes_back_the_same(tmp_path: Path) -> None:
    by = world.owner()
    challenge = world.imported(tmp_path, by, **HARD)
    back = again(exported(challenge, by, tmp_path, tmp_path / "niveau"), challenge, "bundle")
    assert back.bundle["maison"] == challenge.bundle["maison"] == HARD["maison"]


SECRET = "CNRY-hidden-input-4b1f"
INPUTS = TEST.replace("A0003,3\n", f"A0003,{SECRET}\n")


def code_folder(path: Path) -> Path:
    """Write a folder of code of 120 hidden rows."""
    document: dict[str, Any] = code_document()
    document |= {"slug": "niveau", "fairness": {}}
    del document["truth"]["cluster"]
    for entry in (*document["files"]["public"], *document["files"]["held_out"]):
        entry.pop("rows", None)
    return write_code(path, document, inputs_csv=INPUTS, truth_csv=TRUTH)


def plan_of(challenge: Challenge) -> dict[str, Any]:
    """Give what an import writes of a plan."""
    plan = RunPlan.objects.get(tasks__phase__challenge=challenge, tasks__current=True)
    names = sorted(plan.inputs.files.filter(kind="source").values_list("name", flat=True))
    fields = ("ids", "sample_sha256", "sample_rows", "sample_files")
    return {"inputs": names, **{name: getattr(plan, name) for name in fields}}


def test_a_challenge_of_code_comes_back_field_by_field_its_inputs_sealed(tmp_path: Path) -> None:
    source = code_folder(tmp_path / "a")
    first = world.from_bundle(source)
    before = rows_of(first) | {"plan": plan_of(first)}

    back = returned(first, tmp_path / "e.zip", source)

    assert rows_of(back) | {"plan": plan_of(back)} == before
    with zipfile.ZipFile(tmp_path / "e.zip") as archive:
        competition = yaml.safe_load(archive.read("competition.yaml"))
        assert competition["tasks"][0]["input_data"] == "inputs"
        assert archive.read("inputs/inputs.csv").decode() == INPUTS
        assert "truth.csv" not in {name for name in archive.namelist() if "inputs/" in name}
        said = yaml.safe_load(archive.read("openemploi.yaml"))["lost_in_codabench"]
    assert "archives CodaLab (metadata)" in said[0]

    first.phases.update(time_limit_s=77)  # limits leave as they are today
    sealed = exports.export(challenge=first, by=world.owner_of(first))
    with zipfile.ZipFile(written(tmp_path / "sealed.zip", sealed)) as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist())
        document = yaml.safe_load(archive.read("openemploi.yaml"))
    assert SECRET.encode() not in whole
    assert IDS[3].encode() not in whole
    held = [row["path"] for row in document["files"] if row.get("sealed")]
    assert sorted(held) == ["inputs.csv", "truth.csv"]
    assert document["challenge"]["code"]["time_limit_s"] == 77


def test_an_archive_of_before_is_read_without_what_it_no_more_says(tmp_path: Path) -> None:
    source, by = code_folder(tmp_path / "a"), world.owner()
    draft = world.from_bundle(source, by)
    draft.bundle["code"]["layouts"] = ["manifest"]
    draft.save()
    archive = exported(draft, by, tmp_path, source)
    boards = exports.settings_of(draft)["boards"]
    boards[0]["columns"] = [{**each, "values": ""} for each in boards[0]["columns"]]
    boards[0]["columns"][0]["values"] = "0/1 ; -1"
    folder = forged(archive, {"boards": boards})
    place = folder / exporting.DOCUMENT
    document = yaml.safe_load(place.read_text("utf-8"))
    assert "layouts" not in document["challenge"]["code"]
    document["challenge"]["code"]["layouts"] = ["manifest"]
    place.write_text(exporting.dump(document), encoding="utf-8")
    Challenge.objects.update(slug="ancien")

    read_again = import_bundle(path=folder, by=by, answers={}).imported

    assert read_again.errors == ()
    told = {(one.key, one.value) for one in read_again.warnings}
    column = boards[0]["columns"][0]["key"]
    first = f"settings.boards[0].columns.{column}"
    assert told >= {("code.layouts", "['manifest']"), (first, "0/1 ; -1")}


def test_the_same_folder_changes_nothing_and_another_sample_makes_another_plan(
    tmp_path: Path,
) -> None:
    source, by = code_folder(tmp_path / "a"), world.owner()
    assert import_bundle(path=source, by=by, answers={}).imported.changed
    assert not import_bundle(path=source, by=by, answers={}).imported.changed
    first = PhaseTask.objects.get(current=True).plan_id
    shown = CODE_FILES["sample_inputs.csv"].replace("S1,0.5", "S1,0.75")
    (source / "sample_inputs.csv").write_text(shown)

    import_bundle(path=source, by=by, answers={})

    task = PhaseTask.objects.get(current=True)
    assert task.plan_id != first
    assert RunPlan.objects.count() == 2
