"""Leaving with the held-out data sealed: where they come back, and the command."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from challenges.models import Challenge
from datasets import gate
from datasets.models import HoldoutVersion
from tests.challenges import world
from tests.challenges.commands import run
from tests.challenges.test_bundle_imports import created, read
from tests.challenges.test_exports import rows_of

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
    with pytest.raises(CommandError):
        run(*words)
    other = str(tmp_path / "b.zip")
    code, told = run("export_challenge", challenge.slug, other, "--by", world.owner().username)
    assert (code, told["error"]["code"]) == (1, "not_allowed")
    assert not Path(other).exists()
