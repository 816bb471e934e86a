"""Files of cards on their way, and what is found inside: downloads, uploads, archives, rows."""

import base64
import bz2
import gzip
import hashlib
import io
import itertools
import json
import lzma
import os
import struct
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from catalogue.contributions.actions import checks
from catalogue.contributions.actions import files as draft_files
from catalogue.contributions.queries import proposals
from catalogue.invariants import file_breaches, named_file_breaches
from catalogue.models import CardFile, CardUpload, Contribution, Resource
from catalogue.resources.actions import files as file_care
from catalogue.resources.enums import FileState
from catalogue.resources.queries import files as reads
from catalogue.standards import files
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from portal.audit import sweep
from portal.lib import clock
from portal.lib.refusals import Conflict, NotAllowed
from portal.lib.storage import objects, parts
from tests.factories import contributions as make
from tests.factories.accounts import bearer
from tests.factories.card_files import CSV, SHA256, House, found, given
from tests.ledger import refuses

pytestmark = pytest.mark.django_db


def online(house: House) -> CardFile:
    file = house.file()
    house.publish()
    return file


def test_a_download_goes_on_where_it_stopped(house: House) -> None:
    file = online(house)
    whole = given(file)
    assert (whole.status_code, whole["Accept-Ranges"]) == (200, "bytes")
    assert "Content-Range" not in whole
    rest = given(file, Range="bytes=5-", **{"If-Range": whole["ETag"]})
    assert (rest.status_code, rest.body) == (206, CSV[5:])
    assert rest["Content-Range"] == f"bytes 5-{len(CSV) - 1}/{len(CSV)}"
    assert rest["Content-Length"] == str(len(CSV) - 5)
    for name in ("ETag", "Cache-Control", "Content-Disposition", "Content-Type"):
        assert rest[name] == whole[name]
    assert "Content-Range" in rest["Access-Control-Expose-Headers"]
    other = given(file, Range="bytes=5-", **{"If-Range": '"other"'})
    assert (other.status_code, other.body) == (200, CSV)
    known = given(file, Range="bytes=5-", **{"If-None-Match": f'W/"x", {whole["ETag"]}'})
    assert (known.status_code, known.body) == (304, b"")
    assert given(file, Range="bytes=5-", **{"If-Match": '"other"'}).status_code == 412


def test_a_large_answer_is_kept_by_no_proxy(house: House, settings: Any) -> None:
    file = online(house)
    assert "X-Accel-Buffering" not in given(file)
    settings.PROXY_READS_AHEAD_BYTES = len(CSV) - 1
    assert given(file)["X-Accel-Buffering"] == "no"
    assert "X-Accel-Buffering" not in given(file, Range="bytes=5-")


def test_a_head_tells_the_whole_and_a_part_beyond_the_end_is_refused(house: House) -> None:
    file = online(house)
    place = reads.file_address(file).removeprefix(django_settings.SITE_URL)
    head: Any = Client(headers={"Range": "bytes=500-"}).head(place)
    assert (head.status_code, head["Content-Length"]) == (200, str(len(CSV)))
    answer = given(file, Range=f"bytes={len(CSV)}-", Accept="application/json")
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{len(CSV)}")
    told = json.loads(answer.body)
    assert (told["code"], told["size_bytes"]) == ("range_not_satisfiable", len(CSV))
    assert given(file, Range="bytes=0-1,4-5").body == CSV


def test_a_file_without_bytes_is_answered_for(house: House, caplog: Any) -> None:
    file = online(house)
    objects.store().delete(file.sha256)
    answer = given(file, Accept="application/json")
    assert (answer.status_code, json.loads(answer.body)["code"]) == (503, "unavailable")
    assert "Retry-After" in answer
    assert f"file {file.pk} has no bytes" in caplog.text


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
    old = house.file()
    card = house.publish()
    assert program.put("offres.csv", CSV + b"2026-02;13\n").status_code == 201
    change = Contribution.objects.open().get(resource=card)  # a card online stays as it is
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
    sum_of_five = {"Upload-Checksum": f"sha256 {digest}"}
    assert program.patch(place, CSV[:5], 0, **sum_of_five).status_code == 204
    assert program.patch(place, CSV[5:], 0).json()["offset"] == 5
    assert program.patch(place, CSV[5:] + b"x", 5).status_code == 413
    damaged = program.patch(place, CSV[5:], 5, **sum_of_five)
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


@pytest.fixture
def come(program: Program, settings: Any) -> None:
    """Send a whole file that is put together by a task."""
    settings.CARD_FILE_EXAMINED_AT_ONCE_BYTES = 3
    program.patch(program.begin()["Location"], CSV, 0)


def test_a_large_file_goes_to_its_draft_by_a_task(
    house: House, program: Program, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.CARD_FILE_EXAMINED_AT_ONCE_BYTES = 3
    place = program.begin()["Location"]
    with django_capture_on_commit_callbacks() as waiting:
        program.patch(place, CSV, 0)
    assert (bool(waiting), house.rows()) == (True, [])
    assert draft_files.finish_waiting_uploads() == 1
    assert [row["sha256"] for row in house.rows()] == [SHA256]
    assert CardFile.objects.get().state == "waiting"
    assert draft_files.finish_waiting_uploads() == 0


def test_what_is_refused_is_not_put_together_waits_longer_each_time_and_is_tried_again(
    house: House, program: Program, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, put, waits = program.begin()["Location"], [], []
    settings.ORGANISATION_FILES_MAX_BYTES = 1
    with monkeypatch.context() as patched:
        patched.setattr(objects, "put", lambda *_args, **_more: put.append(1))
        refusal = program.patch(place, CSV, 0)
        assert (refusal.status_code, refusal.json()["code"]) == (429, "files_room")
        for _time in range(3):
            upload = CardUpload.objects.get()
            waits.append(upload.retry_at)
            assert draft_files.finish_waiting_uploads() == 0
            assert CardUpload.objects.get().attempts == upload.attempts
            CardUpload.objects.update(retry_at=None)
            draft_files.finish_waiting_uploads()
    assert waits[2] - waits[1] > waits[1] - waits[0]
    assert put == []
    settings.ORGANISATION_FILES_MAX_BYTES = 1_000
    assert program.patch(place, b"", len(CSV)).status_code == 204
    assert len(house.rows()) == 1


@pytest.mark.usefixtures("come")
def test_one_process_puts_an_upload_together(monkeypatch: pytest.MonkeyPatch) -> None:
    uploads = CardUpload.objects.select_related("contribution", "begun_by")
    put, meanwhile = objects.put, []

    def slow(content: Any, *, limit_bytes: int) -> Any:
        second = draft_files.finish_upload(uploads.get())
        meanwhile.append((second.file_id, draft_files.finish_waiting_uploads()))
        return put(content, limit_bytes=limit_bytes)

    monkeypatch.setattr(objects, "put", slow)
    assert draft_files.finish_waiting_uploads() == 1
    assert meanwhile == [(None, 0)]
    assert CardFile.objects.count() == 1


@pytest.mark.usefixtures("come")
def test_an_upload_left_by_a_killed_process_is_put_together_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    until = clock.now() + timedelta(minutes=draft_files.ASSEMBLY_MINUTES)
    CardUpload.objects.update(assembling_until=until)
    assert draft_files.finish_waiting_uploads() == 0
    monkeypatch.setattr(clock, "now", lambda: until)
    assert draft_files.finish_waiting_uploads() == 1


@pytest.mark.usefixtures("come")
def test_of_who_may_not_write_any_more_nothing_is_kept(settings: Any) -> None:
    Contribution.objects.update(organisation=make.organisation(), author=make.person())
    assert draft_files.finish_waiting_uploads() == 0
    assert not CardUpload.objects.exists()
    assert not left(settings)


def test_uploads_of_an_organisation_share_its_room(
    house: House, program: Program, settings: Any
) -> None:
    settings.ORGANISATION_FILES_MAX_BYTES = 2 * len(CSV) - 1
    other = Program(house.colleague(), house.draft.resource.public_id)
    assert program.begin().status_code == 201
    assert other.begin().json()["code"] == "files_room"


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
        assert draft_files.expire_uploads() == 1
    assert program.patch(place, CSV[5:], 5).status_code == 404
    assert not left(settings)


def test_a_part_that_no_upload_names_goes_after_a_day(
    program: Program, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = program.begin()["Location"]
    program.patch(place, CSV[:5], 0)
    (kept,) = left(settings)
    with monkeypatch.context() as patched:  # killed between the part and its row
        patched.setattr(parts, "_kept", lambda upload, *_of: upload)
        program.patch(place, CSV[5:], 5)
    parts.put("elsewhere/lost", [b"lost"], limit_bytes=4)
    assert len(left(settings)) == 3
    assert parts.sweep(before=time.time() - 3_600) == 0
    for each in left(settings):
        os.utime(each, times=(time.time() - 90_000,) * 2)
    sweep.sweep()
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
    assert draft_files.expire_uploads() == 1
    assert not left(settings)


def arrived(house: House, **values: Any) -> CardUpload:
    """Make an upload whose bytes have all come, that ends now."""
    now = clock.now()
    day_before = now - timedelta(days=1)
    given_values = {"begun_at": day_before, "expires_at": now, **values}
    return CardUpload.objects.create(
        contribution=make.again(house.draft),
        begun_by=house.by,
        name="suite.csv",
        length=3,
        offset=3,
        first_byte_at=day_before,
        **given_values,
    )


def test_an_upload_that_is_put_together_is_not_taken_away(house: House) -> None:
    now = clock.now()
    upload = arrived(house, assembling_until=now + timedelta(minutes=1))
    assert draft_files.expire_uploads() == 0
    CardUpload.objects.filter(pk=upload.pk).update(assembling_until=now)
    assert draft_files.expire_uploads() == 1


def test_a_draft_waits_for_the_file_that_has_arrived(house: House) -> None:
    house.file()
    now = clock.now()
    upload = arrived(house, begun_at=now, expires_at=now + timedelta(hours=1))
    with refuses(Conflict, "file_arriving"):
        house.publish()
    Contribution.objects.filter(pk=house.draft.pk).update(
        status="submitted", submitted_at=now, first_submitted_at=now
    )
    with pytest.raises(NotAllowed):
        draft_files.finish_upload(CardUpload.objects.get(pk=upload.pk))
    upload.refresh_from_db()
    assert upload.attempts == 1


def zipped(*members: tuple[str, bytes], link: bool = False) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            head = zipfile.ZipInfo(name)
            head.compress_type = zipfile.ZIP_DEFLATED
            head.external_attr = (0o120777 if link else 0o100644) << 16
            archive.writestr(head, content)
    return kept.getvalue()


def lying() -> bytes:
    """Say less of a member than it holds."""
    whole = zipped(("a.txt", b"a" * 5_000))
    return whole.replace((5_000).to_bytes(4, "little"), (50).to_bytes(4, "little"))


def hiding() -> bytes:
    """Say ten bytes of a member that holds many more, with the sum of those ten."""
    whole = zipped(("a.bin", b"\0" * 50_000_000))
    for said in (struct.pack("<I", 50_000_000), struct.pack("<I", zlib.crc32(b"\0" * 50_000_000))):
        told = struct.pack("<I", 10) if said == struct.pack("<I", 50_000_000) else None
        whole = whole.replace(said, told or struct.pack("<I", zlib.crc32(b"\0" * 10)))
    return whole


def tarred(name: str = "a.csv", link: str = "", kind: bytes = tarfile.REGTYPE) -> bytes:
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        head = tarfile.TarInfo(name)
        head.type, head.linkname = kind, link
        archive.addfile(head, io.BytesIO())
    return kept.getvalue()


def old(name: str) -> bytes:
    """Head a tar as before POSIX: without its mark."""
    whole = bytearray(tarred(name))
    whole[257:265], whole[148:156] = b"\0" * 8, b" " * 8
    whole[148:156] = b"%06o\0 " % sum(whole[:512])
    return bytes(whole)


def in_two(content: bytes) -> bytes:
    """Compress in two streams that follow each other, the first of a hundred bytes."""
    return gzip.compress(content[:100]) + gzip.compress(content[100:])


def varied(method: int) -> bytes:
    """Pack bytes that do not shrink, more than one chunk, then some that do."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", method) as archive:
        archive.writestr("a.bin", hashlib.shake_256(b"").digest(1_500_000) + b"a" * 3_000_000)
        archive.writestr("b.bin", b"")
    return kept.getvalue()


ZEROS = b"\0" * 40_000_000


@pytest.mark.parametrize(
    ("name", "content", "is_bomb"),
    [
        ("a.zip", zipped(("a.csv", b"a;b\n"), ("dossier/b.csv", b"a;b\n")), False),
        ("a.zip", lambda: zipped(("a.bin", ZEROS)), True),
        ("a.zip", zipped(("../a.csv", b"a")), True),
        ("a.zip", zipped(("C:/a.csv", b"a")), True),
        ("a.zip", zipped(("a.zip", zipped(("b", b"b")))), True),
        ("a.zip", zipped(("a", b"/etc/passwd"), link=True), True),
        ("a.zip", zipped(*((f"{each}", b"") for each in range(1_001))), True),
        ("a.pt", zipped(*((f"{each}", b"") for each in range(1_001))), False),
        ("a.zip", lying(), True),
        ("a.zip", hiding, True),
        ("a.zip", varied(zipfile.ZIP_STORED), False),
        ("a.zip", varied(zipfile.ZIP_DEFLATED), False),
        ("a.tar", tarred(), False),
        ("a.tar", tarred("../a.csv"), True),
        ("a.tar", tarred(link="/etc/passwd", kind=tarfile.SYMTYPE), True),
        ("a.tar", tarred(link="b.csv", kind=tarfile.SYMTYPE), False),
        ("a.tar", tarred(kind=tarfile.CHRTYPE), True),
        ("a.tgz", gzip.compress(tarred()), False),
        ("a.tgz", in_two(tarred()), False),
        ("a.tgz", in_two(tarred("../a.csv")), True),
        ("a.tgz", gzip.compress(old("../a.csv")), True),
        ("a.tgz", gzip.compress(b"abc" * 1_000), True),
        ("a.tgz", gzip.compress(b"\0" * 10_240), False),
        ("a.tar.bz2", bz2.compress(tarred("a", "../b", tarfile.LNKTYPE)), True),
        ("a.zip", b"PK\x03\x04 then nothing", True),
        ("a.gz", gzip.compress(b"abc" * 1_000), False),
        ("a.gz", lambda: gzip.compress(ZEROS), True),
        ("a.bz2", bz2.compress(b"abc" * 1_000), False),
        ("a.bz2", lambda: bz2.compress(ZEROS), True),
        ("a.xz", lzma.compress(b"abc" * 1_000), False),
        ("a.xz", lambda: lzma.compress(ZEROS), True),
    ],
    # What a compressor makes holds the second: two workers would collect different tests.
    ids=map(str, itertools.count()),
)
def test_a_dangerous_archive_is_given_to_nobody(
    house: House, name: str, content: bytes | Callable[[], bytes], is_bomb: bool
) -> None:
    file = house.file(name, content() if callable(content) else content)
    assert file.is_sound is not is_bomb
    assert ("file_archive" in found(house.draft)) is is_bomb


@pytest.mark.parametrize(
    ("member", "is_bomb"),
    [
        ("1: offre.csv", False),
        ("offres: Gap.csv", False),
        ("é:c.csv", False),
        ("a:b.csv", True),  # for Windows, a file of its drive A
        ("C:\\a.csv", True),
        ("c:", True),
    ],
)
def test_a_colon_leads_out_after_the_letter_of_a_drive_alone(
    house: House, member: str, is_bomb: bool
) -> None:
    for name, content in (
        ("a.tar", tarred(member)),
        ("a.tgz", gzip.compress(tarred(member))),
        ("a.tar.gz", gzip.compress(tarred("a.csv", member, tarfile.SYMTYPE))),
        ("a.zip", zipped((member, b"a;b\n"))),
    ):
        assert house.file(name, content).is_sound is not is_bomb


def looked(path: Path, content: bytes, extension: str, kind: str) -> files.Looked:
    path.write_bytes(content)
    return files.look_into(path, extension=extension, kind=kind, seconds=20)


def test_a_table_shows_its_first_rows_with_types(tmp_path: Path) -> None:
    lines = "mois;offres;taux;code;actif;lieu\r\n" + "".join(
        f"2026-01-{day % 28 + 1:02d};{day};{day},5;0{day % 10};oui;Gap\r\n" for day in range(150)
    )
    told = looked(tmp_path / "a", lines.encode("cp1252"), "csv", "text").preview
    assert [(each["name"], each["type"]) for each in told["columns"]] == [
        ("mois", "date"),
        ("offres", "integer"),
        ("taux", "number"),
        ("code", "string"),
        ("actif", "boolean"),
        ("lieu", "string"),
    ]
    assert len(told["rows"]) == 100
    assert told["rows"][1] == ["2026-01-02", "1", "1,5", "01", "oui", "Gap"]
    assert told["more"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_table_is_read_in_its_own_characters(tmp_path: Path, encoding: str) -> None:
    told = looked(tmp_path / "a", "métier;n\ncouvreur;1\n".encode(encoding), "csv", "text")
    assert told.preview["columns"][0]["name"] == "métier"
    assert told.preview["rows"] == [["couvreur", "1"]]


def test_a_parquet_file_shows_its_first_rows_with_its_types(tmp_path: Path) -> None:
    kept = io.BytesIO()
    pq.write_table(pa.table({"n": list(range(150)), "nom": ["a"] * 149 + [None]}), kept)
    told = looked(tmp_path / "a", kept.getvalue(), "parquet", "parquet").preview
    assert told["columns"] == [{"name": "n", "type": "int64"}, {"name": "nom", "type": "string"}]
    assert (len(told["rows"]), told["all_rows"], told["more"]) == (100, 150, True)
    assert looked(tmp_path / "b", b"PAR1 nothing", "parquet", "parquet").preview == {}


@pytest.mark.parametrize(
    "content", [b"a" * 300_000, b'"' + b"a\n" * 90_000, b"\n\n", b"a;" * 90_000]
)
def test_a_strange_table_does_no_harm(tmp_path: Path, content: bytes) -> None:
    told = looked(tmp_path / "a", content, "csv", "text").preview
    assert len(told.get("columns", [])) <= files.COLUMNS


def test_the_answer_of_the_child_stays_within_its_bound(house: House) -> None:
    wide = (";".join(["\U0001f600" * 200] * 50) + "\n").encode() * 101
    file = house.file("large.csv", wide)
    assert file.is_sound
    assert sum(len(cell) for row in file.preview["rows"] for cell in row) <= 200_000
    assert file.preview["more"]


def test_what_no_database_can_hold_is_left_out(tmp_path: Path) -> None:
    kept = io.BytesIO()
    pq.write_table(pa.table({"no\0m": ["A\0pt"]}), kept)
    marked = "no\0m;n\nA\0pt;1\n".encode("utf-16")
    for content, kind in ((marked, ("csv", "text")), (kept.getvalue(), ("parquet", "parquet"))):
        told = looked(tmp_path / "a", content, *kind).preview
        assert (told["columns"][0]["name"], told["rows"][0][0]) == ("nom", "Apt")


def test_a_file_that_cannot_be_examined_keeps_no_other_waiting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = files.look_into

    def breaks(path: Path, **more: Any) -> files.Looked:
        if path.read_bytes().startswith(b"broken"):
            raise RuntimeError
        return read(path, **more)

    with monkeypatch.context() as patched:
        patched.setattr(files, "look_into", breaks)
        first = house.file("a.csv", b"broken;n\n")
        CardFile.objects.filter(pk=house.file("b.csv").pk).update(
            state=FileState.WAITING, examined_at=None
        )
        assert first.state == FileState.WAITING
        assert file_care.examine_waiting() == 1
        assert file_care.examine_waiting() == 1
    first.refresh_from_db()
    assert (first.state, first.signs) == (FileState.REFUSED, ["unscannable"])


def test_personal_data_in_a_table_is_told(house: House) -> None:
    house.file(content=b"nom;adresse\nX;jeanne.martin@exemple.fr\nY;1 84 12 76 451 089 46\n")
    draft = make.again(house.draft)
    told = checks.run(proposals.proposed_record(draft), contribution=draft)
    codes = {each.code: each for check in told for each in check.remarks}
    assert codes["file_personal_email"].facts["line"] == 2
    assert "jeanne.martin" not in codes["file_personal_email"].facts["excerpt"]


def test_verify_names_what_is_lost_or_may_not_be_given(house: House) -> None:
    file = house.file()
    card = house.publish()
    assert (list(file_breaches()), list(named_file_breaches())) == ([], [])
    objects.store().delete(file.sha256)
    CardFile.objects.filter(pk=file.pk).update(state="refused")
    assert list(file_breaches()) == [f"{file.public_id} {file.sha256[:12]}"]
    assert list(named_file_breaches()) == [f"{card.slug}:{file.public_id}"]


def page_of(house: House, *more: dict[str, Any], **words: str) -> str:
    """Put online a card with one file of ours, told with these words, and rows of others."""
    house.file()
    (row,) = house.rows()
    card = house.publish(distributions=[row | words, *more])
    page = Client().get(card.get_absolute_url()).text
    return page[page.index("<main") :]


def test_a_kept_file_keeps_its_words_and_the_rows_of_others_their_own_way_out(
    house: House,
) -> None:
    words = {"title": "Les offres", "description": "Une par ligne.", "licence": "etalab-2.0"}
    other = {"title": "Ailleurs", "download_url": "https://data.example/a.csv"}
    page = page_of(house, other, **words)
    kept = page[page.index("fichiers-deposes") :]
    for said in ("<b>Les offres</b>", "Une par ligne.", "Licence Ouverte 2.0."):
        assert said in kept
    assert (page.count(SHA256), "Fichiers et accès" in page) == (1, True)
    slug = Resource.objects.get().slug
    ways = [
        reverse("catalogue:file_out", args=(slug, "distributions", number, "download_url")) in page
        for number in (0, 1)
    ]
    assert ways == [False, True]


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ("".join(f"{each};a\n" for each in range(2_500)), 2_500),
        ("".join(f'{each};"a\nb"\n\n' for each in range(1_500)), 1_500),
        ("1;a", 1),
        ("", 0),
        ("1;a\n" * 2_000 + "b" * 250_000, None),
        ("1;a\n" + "b" * 250_000, None),
        ("1;a\n" + "b" * (files.LINE_CHARACTERS), None),
        ("1;a\n" * 2_000 + '"' + "b\n" * 100_000, None),
        ("1;a\n" * 130_000, None),
    ],
    ids=["long", "in two lines", "one", "none", "wide", "wide at once", "cut", "open", "longer"],
)
def test_the_rows_of_a_table_read_to_its_end_are_counted(
    monkeypatch: pytest.MonkeyPatch, body: str, rows: int | None
) -> None:
    monkeypatch.setattr(files, "COUNTED_CHARACTERS", 500_000)
    told = files.preview_csv(io.BytesIO(f"n;lettre\n{body}".encode()))
    assert [each["name"] for each in told["columns"]] == ["n", "lettre"]
    assert told.get("all_rows") == rows
