"""Files of cards by the API: at once, or in parts resumed where they stopped."""

import base64
import hashlib
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from catalogue.actions import card_uploads, stored_files
from catalogue.models import CardFile, CardUpload, Contribution
from datasets.actions import releases
from portal.accounts.enums import Role, TokenScope
from portal.accounts.models import User
from portal.lib import clock, objects, parts
from portal.lib.refusals import Conflict, Hidden, NotAllowed
from tests.factories import contributions as make
from tests.factories.accounts import bearer
from tests.factories.card_files import CSV, SHA256, House, given

pytestmark = pytest.mark.django_db
MEDIA_TYPE = "application/offset+octet-stream"


class Program:
    """A program of somebody, on one card."""

    def __init__(self, by: User, card: Any) -> None:
        self.client, self.card = Client(), f"/api/v1/resources/{card}"
        self.headers = bearer(by, TokenScope.CONTRIBUTE)

    def put(self, name: str, content: bytes = CSV) -> Any:
        return self.client.generic(
            "PUT", f"{self.card}/files/{name}", content, "text/csv", headers=self.headers
        )

    def delete(self, name: str) -> Any:
        return self.client.delete(f"{self.card}/files/{name}", headers=self.headers)

    def begin(self, length: int = len(CSV), name: str = "offres.csv") -> Any:
        body = {"length": length, "name": name}
        return self.client.post(
            f"{self.card}/uploads", body, content_type="application/json", headers=self.headers
        )

    def patch(self, place: str, content: bytes, offset: int, **more: str) -> Any:
        headers = {**self.headers, "Upload-Offset": str(offset), **more}
        # Told even of an empty body, of which the client would say nothing.
        kind = {"CONTENT_TYPE": MEDIA_TYPE}
        return self.client.generic("PATCH", place, content, MEDIA_TYPE, headers=headers, **kind)


@pytest.fixture
def program(house: House) -> Program:
    return Program(house.by, house.draft.resource.public_id)


def test_a_program_brings_a_file_and_takes_it_out(house: House, program: Program) -> None:
    made = program.put("offres.csv")
    assert made.status_code == 201
    told = made.json()
    assert (told["sha256"], told["bytes"], told["state"]) == (SHA256, len(CSV), "sound")
    assert program.put("offres.csv").status_code == 200
    assert [row["download_url"] for row in house.rows()] == [told["url"]]
    assert program.delete("offres.csv").status_code == 204
    assert house.rows() == []
    assert program.delete("offres.csv").status_code == 404


def test_a_file_of_a_card_online_opens_a_change_of_it(house: House, program: Program) -> None:
    old = house.file()
    card = house.publish()
    assert program.put("offres.csv", CSV + b"2026-02;13\n").status_code == 201
    change = Contribution.objects.open().get(resource=card)
    assert change.base_revision == card.live_revision
    assert given(old).status_code == 200


def test_others_find_nothing_and_what_is_wrong_is_named(house: House, program: Program) -> None:
    stranger = Program(make.person(), house.draft.resource.public_id)
    assert stranger.put("a.csv").status_code == 404
    assert stranger.begin().status_code == 404
    assert program.put("a.csv", b"").json()["code"] == "file_empty"
    assert program.put("a%0Ab.csv").status_code == 422
    most = django_settings.CARD_FILE_MAX_BYTES
    assert program.begin(most + 1).json()["code"] == "too_large"
    need = Program(house.by, make.draft(house.by).resource.public_id)
    assert need.put("a.csv").json()["code"] == "no_files_of_kind"


def test_a_file_comes_in_parts(house: House, program: Program, tmp_path: Path) -> None:
    made = program.begin()
    assert (made.status_code, made["Upload-Offset"]) == (201, "0")
    place = made["Location"]
    digest = base64.b64encode(hashlib.sha256(CSV[:5]).digest()).decode()
    assert (
        program.patch(place, CSV[:5], 0, **{"Upload-Checksum": f"sha256 {digest}"}).status_code
        == 204
    )
    assert program.patch(place, CSV[5:], 0).json()["offset"] == 5
    assert program.patch(place, CSV[5:] + b"x", 5).status_code == 413
    damaged = program.patch(place, CSV[5:], 5, **{"Upload-Checksum": f"sha256 {digest}"})
    assert (damaged.status_code, damaged.json()["code"]) == (460, "checksum_mismatch")
    head = program.client.head(place, headers=program.headers)
    assert (head["Upload-Offset"], head["Upload-Length"]) == ("5", str(len(CSV)))
    other = Program(make.person(), "x")
    assert other.patch(place, CSV[5:], 5).status_code == 404
    assert program.patch(place, CSV[5:], 5).status_code == 204
    (row,) = house.rows()
    assert (row["sha256"], row["bytes"]) == (SHA256, len(CSV))
    assert CardUpload.objects.get().file == CardFile.objects.get()
    assert program.patch(place, b"", len(CSV)).json()["code"] == "upload_complete"


def test_a_large_file_goes_to_its_draft_by_a_task(
    house: House, program: Program, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.CARD_FILE_EXAMINED_AT_ONCE_BYTES = 3
    place = program.begin()["Location"]
    with django_capture_on_commit_callbacks() as waiting:
        program.patch(place, CSV, 0)
    assert waiting
    assert house.rows() == []
    assert card_uploads.finish_waiting() == 1
    assert [row["sha256"] for row in house.rows()] == [SHA256]
    assert CardFile.objects.get().state == "waiting"
    assert card_uploads.finish_waiting() == 0


def test_what_is_refused_at_the_end_is_tried_again(
    house: House, program: Program, settings: Any
) -> None:
    place = program.begin()["Location"]
    settings.ORGANISATION_FILES_MAX_BYTES = 1
    assert program.patch(place, CSV, 0).json()["code"] == "files_room"
    settings.ORGANISATION_FILES_MAX_BYTES = 1_000
    assert program.patch(place, b"", len(CSV)).status_code == 204
    assert len(house.rows()) == 1


def test_what_is_refused_is_not_put_together_and_waits_longer_each_time(
    house: House, program: Program, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = program.begin()["Location"]
    settings.ORGANISATION_FILES_MAX_BYTES = 1
    put = []
    monkeypatch.setattr(objects, "put", lambda *_args, **_more: put.append(1))
    assert program.patch(place, CSV, 0).status_code == 429
    waits = []
    for _time in range(3):
        upload = CardUpload.objects.get()
        assert upload.retry_at is not None
        waits.append(upload.retry_at)
        assert card_uploads.finish_waiting() == 0
        assert CardUpload.objects.get().attempts == upload.attempts
        CardUpload.objects.update(retry_at=None)
        card_uploads.finish_waiting()
    assert waits[2] - waits[1] > waits[1] - waits[0]
    assert put == []


def test_one_process_puts_an_upload_together(
    house: House, program: Program, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CARD_FILE_EXAMINED_AT_ONCE_BYTES = 3
    program.patch(program.begin()["Location"], CSV, 0)
    uploads = CardUpload.objects.select_related("contribution", "begun_by")
    put, meanwhile = objects.put, []

    def slow(content: Any, *, limit_bytes: int) -> Any:
        meanwhile.append(
            (card_uploads.finish(uploads.get()).file_id, card_uploads.finish_waiting())
        )
        return put(content, limit_bytes=limit_bytes)

    monkeypatch.setattr(objects, "put", slow)
    assert card_uploads.finish_waiting() == 1
    assert meanwhile == [(None, 0)]
    assert CardFile.objects.count() == 1


def test_an_upload_left_by_a_killed_process_is_put_together_later(
    house: House, program: Program, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CARD_FILE_EXAMINED_AT_ONCE_BYTES = 3
    program.patch(program.begin()["Location"], CSV, 0)
    until = clock.now() + timedelta(minutes=card_uploads.ASSEMBLY_MINUTES)
    CardUpload.objects.update(assembling_until=until)
    assert card_uploads.finish_waiting() == 0
    monkeypatch.setattr(clock, "now", lambda: until)
    assert card_uploads.finish_waiting() == 1


def test_of_who_may_not_write_any_more_nothing_is_kept(
    house: House, program: Program, settings: Any
) -> None:
    settings.CARD_FILE_EXAMINED_AT_ONCE_BYTES = 3
    program.patch(program.begin()["Location"], CSV, 0)
    Contribution.objects.update(organisation=make.organisation(), author=make.person())
    assert card_uploads.finish_waiting() == 0
    assert not CardUpload.objects.exists()
    assert not left(settings)


def test_uploads_of_an_organisation_share_its_room(
    house: House, program: Program, settings: Any
) -> None:
    settings.ORGANISATION_FILES_MAX_BYTES = 2 * len(CSV) - 1
    other = Program(
        make.joined(make.person(), house.holder, Role.REFERENT), house.draft.resource.public_id
    )
    assert program.begin().status_code == 201
    assert other.begin().json()["code"] == "files_room"


def test_an_upload_that_ends_meanwhile_is_not_found(house: House, program: Program) -> None:
    upload = CardUpload.objects.get(pk=program.begin()["Location"].rsplit("/", 1)[-1])

    def slow() -> Iterator[bytes]:
        yield CSV[:5]
        CardUpload.objects.all().delete()

    with pytest.raises(Hidden):
        card_uploads.append(upload=upload, offset=0, content=slow(), checksum=None, by=house.by)


def test_an_upload_becomes_one_file_whoever_comes_twice(
    house: House, program: Program, settings: Any
) -> None:
    settings.CARD_FILE_EXAMINED_AT_ONCE_BYTES = 3
    program.patch(program.begin()["Location"], CSV, 0)
    upload = CardUpload.objects.select_related("contribution", "begun_by").get()
    stored = objects.put(iter([CSV]), limit_bytes=100)
    assert card_uploads.finish(upload).file_id
    stored_files.remove(
        contribution=make.again(house.draft), file=CardFile.objects.get(), by=house.by
    )
    with pytest.raises(Hidden):
        card_uploads._settle(upload, stored, house.by)
    assert not CardFile.objects.exists()


def test_uploads_end_after_a_day_and_are_few(
    program: Program, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CARD_UPLOADS_PER_PERSON = 1
    place = program.begin()["Location"]
    assert program.begin().json()["code"] == "limit_reached"
    program.patch(place, CSV[:5], 0)
    later = clock.now() + timedelta(hours=django_settings.UPLOAD_HOURS, seconds=1)
    with monkeypatch.context() as patched:
        patched.setattr(clock, "now", lambda: later)
        assert card_uploads.expire() == 1
    assert program.patch(place, CSV[5:], 5).status_code == 404
    assert not left(settings)


def test_a_part_that_no_upload_names_goes_after_a_day(
    program: Program, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = program.begin()["Location"]
    program.patch(place, CSV[:5], 0)
    (kept,) = left(settings)
    with monkeypatch.context() as patched:  # killed between the part and its row
        patched.setattr(card_uploads, "_kept", lambda upload, *_of: upload)
        program.patch(place, CSV[5:], 5)
    parts.put("elsewhere/lost", [b"lost"], limit_bytes=4)
    assert len(left(settings)) == 3
    assert parts.sweep(before=time.time() - 3_600) == 0
    for each in left(settings):
        os.utime(each, times=(time.time() - 90_000,) * 2)
    releases.sweep()
    assert left(settings) == [kept]
    assert program.patch(place, CSV[5:], 5).status_code == 204


def left(settings: Any) -> list[Path]:
    """List the parts that are kept."""
    incoming = Path(settings.OBJECTS_URL.removeprefix("file://")) / "incoming"
    return [each for each in incoming.rglob("*") if each.is_file()]


def test_the_parts_of_an_erased_draft_are_dropped(
    house: House, program: Program, settings: Any
) -> None:
    place = program.begin()["Location"]
    program.patch(place, CSV[:5], 0)
    assert left(settings)
    make.again(house.draft).delete()
    assert program.patch(place, CSV[5:], 5).status_code == 404
    assert card_uploads.expire() == 1
    assert not left(settings)


def arrived(house: House, name: str = "suite.csv", **values: Any) -> CardUpload:
    """Make an upload whose bytes have all come, that ends now."""
    now = clock.now()
    given_values = {"begun_at": now - timedelta(days=1), "expires_at": now, **values}
    return CardUpload.objects.create(
        contribution=make.again(house.draft),
        begun_by=house.by,
        name=name,
        length=3,
        offset=3,
        **given_values,
    )


def test_an_upload_that_is_put_together_is_not_taken_away(house: House) -> None:
    now = clock.now()
    upload = arrived(house, assembling_until=now + timedelta(minutes=1))
    assert card_uploads.expire() == 0
    CardUpload.objects.filter(pk=upload.pk).update(assembling_until=now)
    assert card_uploads.expire() == 1


def test_an_upload_that_another_process_takes_meanwhile_keeps_its_parts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    for name in ("a.csv", "b.csv"):
        arrived(house, name)
    dropped = []

    def takes(names: list[str]) -> None:
        dropped.append(names)
        others = CardUpload.objects.filter(assembling_until=None)
        others.update(assembling_until=now + timedelta(hours=1))

    monkeypatch.setattr(card_uploads.parts, "drop", takes)
    assert (card_uploads.expire(), len(dropped)) == (1, 1)
    assert CardUpload.objects.get().assembling_until == now + timedelta(hours=1)


def test_a_draft_waits_for_the_file_that_has_arrived(house: House) -> None:
    house.file()
    now = clock.now()
    upload = arrived(house, begun_at=now, expires_at=now + timedelta(hours=1))
    with pytest.raises(Conflict) as refused:
        house.publish()
    assert refused.value.code == "file_arriving"
    Contribution.objects.filter(pk=house.draft.pk).update(
        status="submitted", submitted_at=now, first_submitted_at=now
    )
    with pytest.raises(NotAllowed):
        card_uploads.finish(CardUpload.objects.get(pk=upload.pk))
    upload.refresh_from_db()
    assert upload.attempts == 1
