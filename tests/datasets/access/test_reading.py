"""What is lent is read by who signed, while they may, for the bytes of the day; by nobody else."""

import http.client
import io
import socket
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse

from catalogue.models import Resource
from datasets import gate
from datasets.access import queries
from datasets.access.actions import grants
from datasets.access.models import Extract, Grant
from datasets.releases.actions import NewFile, publish
from datasets.releases.enums import AccessLevel
from datasets.releases.models import DataFile, Download, Release
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.audit.models import AuditEvent, Denial
from portal.lib import clock, immutable
from portal.lib.refusals import Hidden, QuotaSpent
from portal.lib.storage import objects
from tests.factories.access import World, build_extracts, restricted
from tests.factories.accounts import UserFactory
from tests.ledger import events
from tests.threads import at_once

pytestmark = pytest.mark.django_db
CANARY = "CNRY-lent-5d0c71e2"
DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    return World()


def signed_in(user: User, *, proven: bool = True) -> Client:
    client = Client()
    client.force_login(user)
    if proven:
        session = client.session
        session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
        session["account_authentication_methods_user"] = session["_auth_user_id"]
        session.save()
    return client


def address(file: DataFile) -> str:
    return f"{file.release.dataset.get_absolute_url()}fichiers/{file.public_id}/"


def file_of(world: World, at: int = 0) -> DataFile:
    return DataFile.objects.get(release__dataset=world.datasets[at])


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def read(file: DataFile, by: User, **said: Any) -> bytes:
    content = gate.open_file(data_file=file, by=by, **said)
    try:
        return b"".join(objects.pieces(content))
    finally:
        content.close()


def wide(rows: int) -> bytes:
    """Write a table whose extract is about 50 bytes a row."""
    line = b"p%d,%s,F,emploi\n"
    return b"jeton,zone,sexe,sortie\n" + b"".join(line % (n % 97, b"Z" * 24) for n in range(rows))


def test_a_signatory_receives_the_extract_whole_or_from_where_they_had_come(world: World) -> None:
    grant = world.lent()
    file, client = file_of(world), signed_in(world.reader)
    extract = Extract.objects.get(data_file=file)

    whole: Any = client.get(address(file))
    content = body(whole)
    assert (whole.status_code, len(content)) == (200, extract.clear_size)
    assert content.startswith(b"jeton,zone,sortie\r\n")
    assert b"p1" not in content
    assert b",F," not in content
    rest: Any = client.get(address(file), headers={"range": "bytes=10-"})
    assert (rest.status_code, body(rest)) == (206, content[10:])
    assert rest["Content-Range"] == f"bytes 10-{len(content) - 1}/{len(content)}"
    assert (rest["ETag"], rest["X-Accel-Buffering"]) == (whole["ETag"], "no")
    assert client.head(address(file))["Content-Length"] == str(len(content))
    past = client.get(address(file), headers={"range": f"bytes={len(content)}-"})
    assert (past.status_code, past["Content-Range"]) == (416, f"bytes */{len(content)}")

    reads = Download.objects.order_by("pk").values_list("grant", "user", "bytes")
    sizes = [len(content), len(content) - 10]
    assert list(reads) == [(grant.pk, world.reader.pk, size) for size in sizes]
    assert events("data_file") == ["data_file.read"] * 2


def test_who_reads_a_file_under_two_grants_says_which(world: World) -> None:
    first, second = world.active(), world.active()
    build_extracts()
    file = file_of(world)
    mine = {each.granted.grant_id: each for each in Extract.objects.filter(data_file=file)}
    client = signed_in(world.reader)

    def asked(extract: Any) -> Any:
        return client.get(f"{address(file)}?extrait={extract}")

    one, other = (body(asked(mine[each.pk].public_id)) for each in (first, second))
    assert one != other
    assert body(client.get(address(file))) == other  # the last built
    assert list(Download.objects.order_by("pk").values_list("grant", flat=True)) == [
        first.pk,
        second.pk,
        second.pk,
    ]
    mine_page = client.get("/donnees/demandes/").text  # leads to each
    assert all(f"?extrait={each.public_id}" in mine_page for each in mine.values())
    for unknown in ("rien", uuid4(), Extract.objects.exclude(data_file=file)[0].public_id):
        assert asked(unknown).status_code == 404


def test_who_signed_is_told_of_a_suspension_and_nobody_else(world: World) -> None:
    grant, file = world.lent(), file_of(world)
    stranger = signed_in(UserFactory())
    before = stranger.get(address(file))
    grants.suspend(grant=grant, text="Incident.", by=world.dpo)
    told, after = signed_in(world.reader).get(address(file)), stranger.get(address(file))
    assert (told.status_code, "Cet accès est suspendu" in told.text) == (404, True)
    assert f'href="{reverse("datasets:grant", args=(grant.public_id,))}"' in told.text
    assert (after.status_code, len(after.content)) == (404, len(before.content))
    grants.revoke(grant=grant, text="Usage interdit.", by=world.approver)
    assert "suspendu" not in signed_in(world.reader).get(address(file)).text


def test_a_read_asks_for_a_recent_proof(world: World) -> None:
    world.lent()
    answer = signed_in(world.reader, proven=False).get(address(file_of(world)))
    assert (answer.status_code, Download.objects.count()) == (302, 0)


def test_p1_without_an_active_grant_no_restricted_byte_goes_out() -> None:
    """P1: pages, exports, feeds, search, API, previews, store, rows: only the worker reads."""
    world = World()
    dataset = restricted(world.producers[0])
    content = f"jeton,zone,sexe,sortie\n{CANARY},Arles,F,{CANARY}\n".encode()
    publish(
        dataset=dataset,
        files=[NewFile("lent.csv", io.BytesIO(content), AccessLevel.RESTRICTED_PERSONAL)],
        by=world.hands[0],
    )
    card, file = dataset.resource, DataFile.objects.get(name="lent.csv")
    world.granted(dataset)  # approved, signed by nobody
    page, held = dataset.get_absolute_url(), card.get_absolute_url()
    paths = [page, address(file), f"{page}versions/", f"{page}schema.json", "/donnees/", held]
    paths += [
        f"{page}dictionnaire.csv",
        f"/ressources/?q={CANARY[:9]}",
        f"/api/v1/resources?q={CANARY[:9]}",
    ]
    paths += [f"/ressources/{card.slug}{each}" for each in (".ttl", ".jsonld", ".xml", ".json")]
    paths += [f"{held}{each}" for each in ("croissant.json", "citation.cff", "discussions/")]
    paths += ["/ressources/atom.xml", "/catalogue.ttl", f"/api/v1/resources/{card.public_id}"]
    everybody: list[User | None] = [None, world.hands[0], world.by]
    everybody += [UserFactory(region=list(RegionRole))]  # whatever each role adds
    for person in everybody:
        client = Client() if person is None else signed_in(person)
        for path in paths:
            answer: Any = client.get(path, follow=True)
            said = body(answer) if answer.streaming else answer.content
            assert CANARY.encode() not in said, path
        assert client.get(address(file)).status_code == 404
    for sha256, _at in objects.store().ages():
        assert CANARY.encode() not in objects.read(sha256)
    for model in apps.get_models():
        assert CANARY not in repr(list(model._default_manager.order_by().values()))


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_p3_an_extract_is_read_until_its_grant_ends_and_no_longer(
    world: World, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant, file = world.lent(), file_of(world)
    end = Grant.objects.get(pk=grant.pk).ends_at
    assert end is not None
    monkeypatch.setattr(clock, "now", lambda: end + timedelta(seconds=seconds))
    if seconds < 0:
        assert read(file, world.reader)
    else:
        with pytest.raises(Hidden):
            gate.open_file(data_file=file, by=world.reader)


def ended(world: World, grant: Grant, how: str) -> None:
    named = grant.request.named_users.get(email=world.reader.email)
    match how:
        case "revoked":
            grants.revoke(grant=grant, text="Usage interdit.", by=world.approver)
        case "suspended":
            grants.suspend(grant=grant, text="Incident.", by=world.hands[0])
        case "expired":
            Grant.objects.filter(pk=grant.pk).update(ends_at=clock.now())
        case "removed":
            grants.remove_person(grant=grant, named=named, by=world.by)
        case "closed account":
            User.objects.filter(pk=world.reader.pk).update(is_active=False)
        case "card taken away":
            Resource.objects.update(live=False)
        case "release taken back":
            with immutable.writes(Release):
                Release.objects.update(withdrawn_at=clock.now())


@pytest.mark.parametrize(
    "how",
    [
        "revoked",
        "suspended",
        "expired",
        "removed",
        "closed account",
        "card taken away",
        "release taken back",
    ],
)
def test_p3_what_ends_cuts_a_transfer_and_the_next_request(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(content=wide(3_000))
    grant, file = world.lent(), file_of(world)
    monkeypatch.setattr(gate, "LOOK_AGAIN_SECONDS", -1.0)
    content = gate.open_file(data_file=file, by=world.reader)
    assert len(content.read(1 << 20)) == gate.PIECE_BYTES
    ended(world, grant, how)
    with pytest.raises(gate.AccessEnded):
        content.read(1 << 20)
    content.close()
    assert not queries.readable_extracts(world.reader)  # nor by a program
    with pytest.raises(Hidden):
        gate.open_file(data_file=file, by=world.reader)


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_p3_a_revocation_cuts_a_real_connection_within_a_second(
    live_server: Any, settings: Any
) -> None:
    # As behind gunicorn: what is cut is not sent on from the buffers of the system.
    live_server.thread.httpd.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
    world = World(content=wide(160_000))
    grant, file = world.lent(), file_of(world)
    cookie = signed_in(world.reader).cookies[settings.SESSION_COOKIE_NAME].value
    host, port = live_server.url.removeprefix("http://").split(":")
    link = http.client.HTTPConnection(host, int(port), timeout=20)
    link.sock = socket.socket()
    link.sock.settimeout(10)
    link.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
    link.sock.connect((host, int(port)))
    said = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}", "Connection": "close"}
    link.request("GET", address(file), headers=said)
    answer = link.getresponse()
    assert answer.status == 200
    size, got = int(answer.headers["Content-Length"]), 0
    began, revoked_at = time.monotonic(), 0.0
    try:
        while piece := answer.read1(1 << 14):
            got += len(piece)
            time.sleep(0.005)
            if not revoked_at and time.monotonic() - began > 0.2:
                grants.revoke(grant=grant, text="Usage interdit.", by=world.approver)
                revoked_at = time.monotonic()
    except (http.client.IncompleteRead, ConnectionError):
        pass
    finally:
        link.close()
    assert 0 < got < size
    assert revoked_at
    assert time.monotonic() - revoked_at < 1.0


def test_p8_who_is_removed_reads_no_more_and_the_others_do(world: World) -> None:
    grant, file = world.lent(), file_of(world)
    assert read(file, world.by)
    ended(world, grant, "removed")
    with pytest.raises(Hidden):
        gate.open_file(data_file=file, by=world.reader)
    assert read(file, world.by)


def test_who_is_named_and_did_not_sign_reads_nothing(world: World) -> None:
    grant = world.granted()
    grants.sign(grant=grant, by=world.by)
    build_extracts()
    assert read(file_of(world), world.by)
    for other in (world.reader, world.hands[0], world.approver, world.dpo, world.officer):
        with pytest.raises(Hidden):
            gate.open_file(data_file=file_of(world), by=other)


def test_p9_the_dataset_of_a_producer_who_is_opposed_is_not_read(world: World) -> None:
    world.lent(opposed=world.producers[1])
    assert read(file_of(world), world.reader)
    with pytest.raises(Hidden):
        gate.open_file(data_file=file_of(world, 1), by=world.reader)


def test_the_bytes_of_a_day_are_counted_and_the_next_day_begins_at_midnight_in_paris(
    world: World, settings: Any
) -> None:
    world.lent()
    file, client = file_of(world), signed_in(world.reader)
    size = Extract.objects.get(data_file=file).clear_size or 0
    settings.ACCESS_DAILY_BYTES = 2 * size + 5
    assert len(read(file, world.reader)) == len(read(file, world.by)) == size
    answer = client.get(address(file))
    opening = clock.next_paris_midnight(clock.now())
    assert (answer.status_code, clock.paris_text(opening)[:10] in answer.text) == (429, True)
    assert int(answer["Retry-After"]) <= 25 * 3_600
    assert len(read(file, world.reader, first=size - 5)) == 5  # what is left of the day
    with pytest.raises(QuotaSpent) as refusal:
        gate.open_file(data_file=file, by=world.by, first=size - 1)
    assert refusal.value.facts == {"next_opening": opening, "left_bytes": 0}
    stranger = signed_in(UserFactory()).get(address(file))  # learns nothing of the day
    assert stranger.status_code == 404
    begins = clock.paris_day_ends(clock.paris_day(clock.now()) - DAY)
    with immutable.writes(Download):
        Download.objects.update(at=begins - timedelta(seconds=1))
    assert len(read(file, world.reader)) == size


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_p10_twenty_readers_at_once_take_exactly_the_bytes_of_the_day() -> None:
    world = World()
    world.lent()
    file = file_of(world)
    size = Extract.objects.get(data_file=file).clear_size or 0
    people = [world.reader, world.by]
    with override_settings(ACCESS_DAILY_BYTES=7 * size + size // 2):
        counted = at_once(20, lambda n: str(len(read(file, people[n % 2]))))
    assert counted == {str(size): 7, "quota_reached": 13}
    assert sum(Download.objects.values_list("bytes", flat=True)) == 7 * size
    assert events("data_file") == ["data_file.read"] * 7


def test_p13_each_refusal_is_written_down(world: World) -> None:
    grant, file = world.lent(), file_of(world)
    grants.suspend(grant=grant, text="Incident.", by=world.officer)
    people = [world.reader, world.by, world.hands[0], world.approver]
    before = AuditEvent.objects.filter(action="access.denied").count()
    for person in people:
        for _ in range(2):
            assert signed_in(person).get(address(file)).status_code == 404
    denied = AuditEvent.objects.filter(action="access.denied")
    assert denied.count() - before == len(people)
    assert {each.object_ref for each in denied} == {f"datasets.datafile:{file.public_id}"}
    assert [each.count for each in Denial.objects.all()] == [2] * len(people)


def test_p14_a_refused_file_and_an_unknown_one_look_alike(world: World) -> None:
    grant, file = world.lent(), file_of(world)
    unknown = address(file).replace(str(file.public_id), str(uuid4()))
    people: list[User | None] = [None, UserFactory(), world.hands[0], world.approver, world.dpo]
    grants.revoke(grant=grant, text="Usage interdit.", by=world.approver)
    ways: list[tuple[str, dict[str, str]]] = [
        ("get", {}),
        ("head", {}),
        ("post", {}),
        ("get", {"range": "bytes=5-"}),
        ("get", {"accept": "application/json"}),
    ]
    for person in [*people, world.reader]:
        client = Client() if person is None else signed_in(person)
        for method, headers in ways if person in (None, world.reader) else ways[:1]:
            ask = getattr(client, method)
            refused: Any = ask(address(file), headers=headers)
            absent: Any = ask(unknown, headers=headers)
            assert refused.status_code == absent.status_code == 404
            assert dict(refused.headers) == dict(absent.headers)
            assert len(refused.content) == len(absent.content)
