"""Files of a release in parts: sealed as they come, published by a task, refused with sentences."""

import base64
import hashlib
import json
import threading
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.test import Client
from django.urls import reverse

from datasets.invariants import missing_objects
from datasets.releases import actions as releases
from datasets.releases import uploads
from datasets.releases.models import DataFile, PendingRelease, ReleaseUpload
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from portal.audit import sweep
from portal.lib import clock
from portal.lib.storage import objects, scanning
from tests.factories.accounts import UserFactory, bearer
from tests.factories.datasets import CSV, DatasetFactory, member
from tests.ledger import events

pytestmark = pytest.mark.django_db


class Producer:
    """A program of who publishes for a dataset."""

    def __init__(self) -> None:
        self.dataset = DatasetFactory()
        self.slug = self.dataset.resource.slug
        self.by: User = member(self.dataset.resource.organisation)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        kind = "application/json"
        if isinstance(body, bytes):
            kind = "application/offset+octet-stream"
        else:
            body = json.dumps(body or {}).encode()
        headers |= bearer(self.by, TokenScope.CONTRIBUTE)
        return Client().generic(method, f"/api/v1/datasets/{path}", body, kind, headers=headers)

    def begin(self, content: bytes = CSV, name: str = "a.csv") -> str:
        told = {"name": name, "length": len(content)}
        return str(self.ask("POST", f"{self.slug}/uploads", told).json()["id"])

    def append(self, upload: str, offset: int, part: bytes, **headers: str) -> Any:
        return self.ask(
            "PATCH", f"uploads/{upload}", part, **{"Upload-Offset": str(offset), **headers}
        )

    def sent(self, content: bytes = CSV) -> str:
        upload = self.begin(content)
        for at in range(0, len(content), 20):
            assert self.append(upload, at, content[at : at + 20]).status_code == 204
        return upload

    def publish(self, upload: str, level: str = "restricted_personal", **more: Any) -> Any:
        files = [{"upload": upload, "level": level}]
        return self.ask("POST", f"{self.slug}/releases", {"files": files, **more})

    def state(self, asked: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"releases/{asked.json()['id']}").json()
        return found


@pytest.fixture
def producer() -> Producer:
    return Producer()


def kept() -> set[str]:
    return {sha256 for sha256, _at in objects.store().ages()}


def test_parts_are_sealed_as_they_come_and_no_sweep_takes_them(
    producer: Producer, settings: Any
) -> None:
    upload = producer.begin()
    digest = base64.b64encode(hashlib.sha256(CSV[:20]).digest()).decode()
    checksum = {"Upload-Checksum": f"sha256 {digest}"}
    assert producer.append(upload, 0, b"?" + CSV[1:20], **checksum).status_code == 460
    assert producer.append(upload, 0, CSV + b"x").status_code == 413
    assert kept() == set()
    assert producer.append(upload, 0, CSV[:20], **checksum).status_code == 204
    assert producer.append(upload, 0, CSV[:20]).status_code == 409
    assert producer.append(upload, 20, CSV[20:]).status_code == 204
    told = producer.ask("HEAD", f"uploads/{upload}")
    assert (told["Upload-Offset"], told["Upload-Length"]) == (str(len(CSV)), str(len(CSV)))
    row = ReleaseUpload.objects.get()
    assert kept() == {part["sha256"] for part in row.parts}
    assert all(CSV[:8] not in objects.read(sha256) for sha256 in kept())
    settings.OBJECTS_UNNAMED_HOURS = -1
    sweep.sweep()
    assert kept() == {part["sha256"] for part in row.parts}
    with releases.joined(releases.Deposit(**part) for part in row.parts) as content:
        assert content.read() == CSV
    objects.store().delete(row.parts[0]["sha256"])
    assert list(missing_objects()) == [f"{row.pk} {row.parts[0]['sha256'][:12]}"]


def test_a_release_of_files_in_parts_is_published_by_a_task(
    producer: Producer, django_capture_on_commit_callbacks: Any
) -> None:
    upload = producer.sent()
    words = "colonne,protection\nzone,pseudonyme\n"
    file = {"upload": upload, "level": "restricted_personal", "dictionary": words}
    release = (f"{producer.slug}/releases", {"files": [file], "notes": "Mai"})
    asked = producer.ask("POST", *release)
    assert (asked.status_code, producer.state(asked)["state"]) == (202, "pending")
    assert producer.ask("POST", *release).json() == asked.json()  # the answer had been lost
    assert producer.publish(upload).json()["code"] == "release_pending"
    parts = {part["sha256"] for part in ReleaseUpload.objects.get().parts}
    with django_capture_on_commit_callbacks(execute=True):
        uploads.publish_waiting()
    told = producer.state(asked)
    assert (told["state"], told["version"], told["faults"]) == ("published", 1, [])
    file = DataFile.objects.get()
    assert (file.size, file.release.notes, file.release.published_by) == (
        len(CSV),
        "Mai",
        producer.by,
    )
    assert file.schema[0]["protection"] == "pseudonym"
    assert events("upload", "release") == ["upload.begun", "release.asked", "release.published"]
    assert not ReleaseUpload.objects.exists()
    uploads.publish_waiting()
    assert producer.ask("POST", *release).json()["state"] == "published"
    assert (DataFile.objects.count(), PendingRelease.objects.count()) == (1, 1)
    assert kept() & {file.sha256, *parts} == {file.sha256}


def test_two_processes_publish_one_release(
    producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = producer.publish(producer.sent())

    beat, beaten = uploads._beat, threading.Event()

    def scan(_content: Any) -> str:
        assert beaten.wait(20)
        monkeypatch.setattr(scanning, "scan", lambda _content: "")
        PendingRelease.objects.update(claimed_until=None)
        beat(PendingRelease.objects.get().pk)
        uploads.publish_waiting()  # held still
        assert DataFile.objects.count() == 0
        PendingRelease.objects.update(claimed_until=clock.now())  # no beat came any more
        uploads.publish_waiting()
        return ""

    monkeypatch.setattr(uploads, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(uploads, "_beat", lambda _pk: beaten.set())
    monkeypatch.setattr(scanning, "scan", scan)
    uploads.publish_waiting()
    told = producer.state(asked)
    assert (told["state"], told["version"], told["faults"]) == ("published", 1, [])
    assert DataFile.objects.count() == 1


def test_what_is_refused_is_told_by_program_and_on_the_page(producer: Producer) -> None:
    asked = producer.publish(producer.sent(b"zone,n\nArles\n"))
    uploads.publish_waiting()
    told = producer.state(asked)
    sentence = "Ligne 2 : 1 cellule au lieu de 2."
    assert (told["state"], told["version"]) == ("refused", None)
    assert told["faults"] == [{"file": "a.csv", "code": "width", "line": 2, "message": sentence}]
    client = Client()
    client.force_login(producer.by)
    page = client.get(reverse("datasets:publish", args=(producer.slug,))).text
    assert ("Refusée" in page, "1 cellule au lieu de 2." in page) == (True, True)
    assert ReleaseUpload.objects.count() == 1  # until its day ends
    asked = producer.publish(producer.sent(), "open", in_directory=True)
    uploads.publish_waiting()
    assert [each["code"] for each in producer.state(asked)["faults"]] == ["directory_is_restricted"]


def test_a_release_waits_for_the_antivirus_and_is_given_up_after_three_kills(
    producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = producer.publish(producer.sent())
    with monkeypatch.context() as patch:
        patch.setattr(scanning, "scan", Mock(side_effect=scanning.ScannerAway))
        uploads.publish_waiting()
    row = PendingRelease.objects.get()
    assert (row.state, row.attempts, row.claimed_until) == ("pending", 0, None)
    ReleaseUpload.objects.update(expires_at=clock.now())
    assert (uploads.expire(), ReleaseUpload.objects.count()) == (0, 1)  # however long it waits
    PendingRelease.objects.update(attempts=uploads.TRIES, claimed_until=clock.now())  # killed
    uploads.publish_waiting()
    assert [each["code"] for each in producer.state(asked)["faults"]] == ["interrupted"]
    assert (uploads.expire(), ReleaseUpload.objects.count()) == (0, 1)  # another day
    asked = producer.publish(str(ReleaseUpload.objects.get().pk))
    monkeypatch.setattr(releases, "publish", Mock(side_effect=MemoryError))
    for _each in range(uploads.TRIES):
        uploads.publish_waiting()
        uploads.publish_waiting()  # held meanwhile
        PendingRelease.objects.update(claimed_until=clock.now())
    assert [each["code"] for each in producer.state(asked)["faults"]] == ["interrupted"]


def test_uploads_are_few_bounded_and_end(producer: Producer, settings: Any) -> None:
    settings.CARD_FILE_MAX_BYTES, settings.CARD_UPLOADS_PER_PERSON = 100, 2
    told = {"name": "a.csv", "length": 101}
    assert producer.ask("POST", f"{producer.slug}/uploads", told).status_code == 413
    producer.sent()
    second = producer.begin()
    told["length"] = 1
    assert producer.ask("POST", f"{producer.slug}/uploads", told).json()["code"] == "limit_reached"
    assert producer.publish(second).json()["code"] == "upload_incomplete"
    producer.append(second, 0, CSV[:5])
    ReleaseUpload.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert (uploads.expire(), kept(), ReleaseUpload.objects.count()) == (2, set(), 0)


def test_a_refusal_is_forgotten_with_what_it_cites(producer: Producer, settings: Any) -> None:
    producer.publish(producer.sent(b"zone,n\nArles\n"))
    uploads.publish_waiting()
    uploads.expire()
    assert PendingRelease.objects.count() == 1
    PendingRelease.objects.update(asked_at=clock.now() - timedelta(days=settings.BUNDLE_DAYS))
    uploads.expire()
    assert PendingRelease.objects.count() == 0


def test_an_upload_is_its_own_and_asks_for_the_right(producer: Producer) -> None:
    upload, other = producer.sent(), Producer()
    assert other.ask("HEAD", f"uploads/{upload}").status_code == 404
    assert other.append(upload, 0, b"x").status_code == 404
    assert other.publish(upload).json()["code"] == "upload_unknown"
    asked = producer.publish(upload)
    assert other.ask("GET", f"releases/{asked.json()['id']}").status_code == 404
    producer.by = UserFactory()
    assert producer.publish(upload).status_code == 403
    told = {"name": "a.csv", "length": 1}
    assert producer.ask("POST", f"{producer.slug}/uploads", told).status_code == 403
