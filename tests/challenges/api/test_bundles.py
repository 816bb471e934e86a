"""Bundles by the API: deposit, report, acceptance, and the way out."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from challenges.models import BundleImport, Challenge
from challenges.worker import drain
from portal.accounts.enums import TokenScope
from tests.challenges import world
from tests.challenges.bundles.foreign.tables import KAGGLE
from tests.challenges.test_bundle_imports import zipped
from tests.factories.accounts import bearer

pytestmark = pytest.mark.django_db
IMPORTS = "/api/v1/challenges/imports"


def accept(client: Client, address: str, token: dict[str, str], **answers: str) -> Any:
    body = {"answers": answers}
    return client.post(f"{address}/accept", body, content_type="application/json", headers=token)


def test_a_bundle_becomes_a_draft(client: Client) -> None:
    token = bearer(world.owner(), TokenScope.ORGANISE)
    archive = SimpleUploadedFile("defi.zip", zipped(KAGGLE).getvalue())
    sent = client.post(IMPORTS, {"file": archive}, headers=token)
    address = sent.headers["Location"]
    assert (sent.status_code, sent.json()["state"]) == (201, "waiting")
    archive.seek(0)
    assert client.post(IMPORTS, {"file": archive}, headers=token).status_code == 200
    assert accept(client, address, token).status_code == 409
    assert drain()
    told = client.get(address, headers=token).json()
    assert (told["state"], told["format"], told["errors"]) == ("read", "kaggle-csv", [])
    assert accept(client, address, token, metric="maison").json()["errors"] == []
    assert drain()
    wrong = client.get(address, headers=token).json()
    assert [(one["code"], one["key"]) for one in wrong["errors"]] == [("E_ANSWER", "metric")]
    asked = accept(client, address, token, metric="roc_auc")
    assert (asked.status_code, asked.json()["state"]) == (202, "creating")
    assert drain()
    sent = accept(client, address, token, metric="mae")
    done = sent.json()
    assert sent.status_code == 200
    assert (done["state"], done["challenge"]) == ("accepted", Challenge.objects.get().slug)
    other = bearer(world.owner(), TokenScope.ORGANISE)
    assert client.get(address, headers=other).status_code == 404
    assert accept(client, address, other).status_code == 404


def test_what_is_refused(client: Client) -> None:
    token = bearer(world.owner(), TokenScope.ORGANISE)
    empty = client.post(IMPORTS, {"file": SimpleUploadedFile("a.zip", b"")}, headers=token)
    assert (empty.status_code, empty.json()["code"]) == (422, "bundle_empty")
    archive = SimpleUploadedFile("a.zip", b"PK")
    reader = bearer(world.owner(), TokenScope.READ)
    assert client.post(IMPORTS, {"file": archive}, headers=reader).status_code == 403
    sent = client.post(IMPORTS, {"file": SimpleUploadedFile("a.zip", b"PK")}, headers=token)
    assert drain()
    told = client.get(sent.headers["Location"], headers=token).json()
    assert (told["state"], told["errors"][0]["code"]) == ("refused", "E_BUNDLE_FORMAT")
    assert BundleImport.objects.get().sealed == ""


def test_an_organiser_takes_the_challenge_away(client: Client, tmp_path: Path) -> None:
    owner = world.owner()
    challenge = world.imported(tmp_path, owner)
    address = f"/api/v1/challenges/{challenge.slug}/export.zip"
    sent = client.get(address, headers=bearer(owner, TokenScope.ORGANISE))
    content = b"".join(sent.streaming_content)
    assert "competition.yaml" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    other = bearer(world.owner(), TokenScope.ORGANISE)
    assert client.get(address, headers=other).status_code == 404
