"""Leaving with the held-out data: two people, a successor's key, and the command."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError

from challenges.bundles import exporting
from challenges.models import Challenge
from challenges.worker import rekeying
from datasets import gate
from datasets.models import HoldoutVersion
from datasets.vault import form, unseal
from portal.audit.models import AuditEvent
from portal.lib.refusals import Invalid, NotAllowed
from tests.challenges import world
from tests.challenges.commands import run
from tests.challenges.test_bundle_imports import created, read
from tests.challenges.test_exports import rows_of
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.portal.accounts.ledger import acts as verbs

pytestmark = pytest.mark.django_db


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    gate.act_as_worker()
    return world.imported(tmp_path)


def exported(challenge: Challenge, path: Path, *more: str) -> dict[str, Any]:
    owner = world.owner_of(challenge).username
    code, told = run("export_challenge", challenge.slug, str(path), "--by", owner, *more)
    assert code == 0, told
    return told


def test_a_successor_opens_what_two_people_gave(challenge: Challenge, tmp_path: Path) -> None:
    private, public = form.new_pair()
    key = tmp_path / "successeur.pem"
    key.write_bytes(public)
    region = UserFactory(region="moderator").username
    exported(challenge, tmp_path / "e.zip", "--rekey", str(key), "--with", region)
    assert verbs()[-3:] == [
        "holdout.rewrapped",
        "challenge.rekeyed",
        "challenge.exported",
    ]
    with zipfile.ZipFile(tmp_path / "e.zip") as opened:
        document = yaml.safe_load(opened.read(exporting.DOCUMENT))
        rows = {row["path"]: row for row in document["files"] if row.get("sealed")}
        truth = opened.read(rows["truth.csv"]["at"])
    wrapped = [form.WrappedKey.from_json(row) for row in rows["truth.csv"]["keys"]]
    clear = unseal.unseal_bytes(truth, form.read_private(private), wrapped)
    assert clear == (tmp_path / "niveau/truth.csv").read_bytes()
    assert (tmp_path / "e.zip").stat().st_mode & 0o077 == 0


def test_one_person_or_another_key_is_refused(challenge: Challenge) -> None:
    _private, public = form.new_pair()
    owner, region = world.owner_of(challenge), UserFactory(region="moderator")
    insider = MembershipFactory(
        organisation=challenge.organiser, user=UserFactory(region="moderator")
    ).user
    events = AuditEvent.objects.count()
    for by, confirmed in ((owner, owner), (region, region), (owner, insider), (region, owner)):
        with pytest.raises(NotAllowed):
            rekeying.wrapped(challenge=challenge, recipient=public, by=by, confirmed_by=confirmed)
    for recipient in (b"", form.new_pair()[0], b"-----BEGIN PUBLIC KEY-----\n"):
        with pytest.raises(Invalid):
            rekeying.wrapped(
                challenge=challenge, recipient=recipient, by=owner, confirmed_by=region
            )
    assert AuditEvent.objects.count() == events


def test_a_sealed_export_comes_back_where_the_key_is(challenge: Challenge, tmp_path: Path) -> None:
    told = exported(challenge, tmp_path / "e.zip")
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


def test_a_sealed_export_comes_back_by_the_page(challenge: Challenge, tmp_path: Path) -> None:
    exported(challenge, tmp_path / "e.zip")
    owner, before = world.owner_of(challenge), rows_of(challenge)
    Challenge.objects.filter(pk=challenge.pk).update(slug="niveau-avant")
    archive = (tmp_path / "e.zip").read_bytes()
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
    owner = world.owner_of(challenge).username
    path = tmp_path / "e.zip"
    path.write_bytes(b"")
    words = ["export_challenge", challenge.slug, str(path), "--by", owner]
    for more in ([], ["--rekey", "x.pem"], ["--rekey", "absent.pem", "--with", owner]):
        with pytest.raises(CommandError):
            run(*words, *more)
    other = str(tmp_path / "b.zip")
    code, told = run("export_challenge", challenge.slug, other, "--by", world.owner().username)
    assert (code, told["error"]["code"]) == (1, "not_allowed")
    assert not Path(other).exists()
