"""Files that the portal keeps for cards: brought, examined, in somebody's room, forgotten."""

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from catalogue.contributions.actions import drafts, review
from catalogue.contributions.actions import files as draft_files
from catalogue.enums import DecisionReason, FileState, ResourceKind
from catalogue.invariants import file_breaches
from catalogue.models import CardFile, Contribution, Resource
from catalogue.resources.actions import files as file_care
from catalogue.resources.actions import transfers
from catalogue.resources.actions.links import links_of
from catalogue.resources.queries import files as reads
from catalogue.resources.queries import published
from portal.accounts.enums import Role
from portal.accounts.models import Organisation, User
from portal.lib import clock, objects, scanning
from portal.lib.refusals import Conflict, Invalid, NotAllowed, QuotaSpent, Unavailable
from tests.catalogue.ledger import events, queries
from tests.factories import contributions as make
from tests.factories.accounts import signed_in
from tests.factories.card_files import CSV, OTHER, SHA256, House, found, given, statuses

pytestmark = pytest.mark.django_db


def again(file: CardFile) -> CardFile:
    return CardFile.objects.get(pk=file.pk)


def failing(error: type[Exception]) -> Callable[[Path], None]:
    """Make an antivirus that fails so."""

    def scan(_path: Path) -> None:
        raise error

    return scan


def long_unnamed() -> None:
    """Let thirty days pass since the files were last named."""
    past = clock.now() - timedelta(days=django_settings.CARD_FILES_UNNAMED_DAYS + 1)
    CardFile.objects.update(unnamed_at=past)


def files_page(house: House) -> str:
    return reverse("catalogue:contribution_files", args=(house.draft.public_id,))


def weights(*rooms: Organisation | User) -> list[int]:
    return [
        reads.weight(organisation=None, person=each)
        if isinstance(each, User)
        else reads.weight(organisation=each, person=None)
        for each in rooms
    ]


# Brought


def test_a_file_is_kept_and_told_by_the_draft(house: House) -> None:
    file = house.file()
    assert (file.sha256, file.size, file.kind, file.state) == (SHA256, len(CSV), "text", "sound")
    assert objects.read(SHA256) == CSV
    assert house.rows() == [
        {
            "title": "offres.csv",
            "download_url": reads.file_address(file),
            "format": "CSV",
            "bytes": len(CSV),
            "sha256": SHA256,
            "media_type": "text/csv",
        }
    ]
    assert events()[-2:] == ["file.added", "file.examined"]
    assert house.file() == file  # the same bytes change nothing
    second = house.file(content=OTHER)
    assert second != file
    (row,) = house.rows()
    assert (row["download_url"], row["bytes"]) == (reads.file_address(second), second.size)


def test_downloads_are_counted_once(house: House) -> None:
    file = house.file()
    given(file, house.by)
    card = house.publish()
    browser = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0"}
    way = reverse("catalogue:file_out", args=(card.slug, "distributions", 0, "download_url"))
    Client(headers=browser).get(way)
    assert Resource.objects.get().downloads == 0
    given(file, **browser)
    assert Resource.objects.get().downloads == 1


def test_the_documents_tell_the_file(house: House) -> None:
    file, card = house.file(), house.publish()
    (told,) = published.published_one(card).files
    known = (reads.file_address(file), len(CSV), SHA256)
    assert (told.download_url, told.size_bytes, told.sha256) == known
    turtle = Client().get(f"/ressources/{card.slug}.ttl").text
    assert (known[0] in turtle, SHA256 in turtle) == (True, True)
    assert str(file.public_id) not in " ".join(links_of(card))


def test_the_pages_bring_show_and_take_out(house: House) -> None:
    client, place = signed_in(house.by), files_page(house)
    sent = SimpleUploadedFile("modele <1>.pkl", b"\x80\x04K\x01.")
    page = client.post(place, {"file": sent}, follow=True).text
    (file,) = CardFile.objects.all()
    for said in ("modele &lt;1&gt;.pkl", "format exécutable", f'value="{file.public_id}"'):
        assert said in page
    preview = reverse("catalogue:contribution_preview", args=(house.draft.public_id,))
    assert file.sha256 in client.get(preview).text
    client.post(place, {"remove": str(file.public_id)})
    assert house.rows() == []
    assert "Choisissez un fichier." in client.post(place, {}, follow=True).text
    assert not CardFile.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "codes"),
    [
        ("poids.pkl", b"\x80\x04K\x01.", {"file_executable"}),
        ("poids.safetensors", b"\x02\0\0\0\0\0\0\0{}" + b" " * 8, {"file_inert"}),
        ("poids.safetensors", b"\x80\x04K\x01.", {"file_mismatch", "file_executable"}),
        ("table.csv", b"PK\x03\x04" + b"\0" * 30, {"file_mismatch"}),
        ("table.parquet", CSV, {"file_mismatch"}),
        ("lot.7z", b"7z\xbc\xaf\x27\x1c\x00\x04", {"file_unexamined"}),
        ("table.csv", "métier;2026\n".encode("cp1252"), set()),
        ("outil", b"\x7fELF\x02\x01\x01\0", {"file_executable"}),
    ],
)
def test_what_a_file_is_decides(house: House, name: str, content: bytes, codes: set[str]) -> None:
    file = house.file(name, content)
    assert found(house.draft) == codes
    blocked = "file_mismatch" in codes
    assert file.is_sound is not blocked
    assert statuses(file, house.by) == [404 if blocked else 200]
    if blocked:
        with pytest.raises(Invalid):
            house.publish()


def test_a_row_cannot_lie_about_a_file(house: House) -> None:
    file, (row,) = house.file(), house.rows()
    lies = [row | {"bytes": 1}, row | {"download_url": row["download_url"].replace("4", "5")}]
    for lie, code in zip(lies, ("file_facts", "file_absent"), strict=True):
        house.edit(distributions=[lie])
        assert found(house.draft) == {code}
    other = make.draft(house.by, kind=ResourceKind.DATASET, distributions=[row])
    assert found(other) == {"file_absent"}
    assert file.resource_id != other.resource_id


def test_a_file_of_another_portal_is_none_of_ours(house: House) -> None:
    file, (row,) = house.file(), house.rows()
    there = f"https://autre.exemple.fr/fichiers/{uuid4()}/offres.csv"
    house.edit(distributions=[row, row | {"title": "Ailleurs", "download_url": there}])
    assert found(house.draft) == set()
    files = published.published_one(house.publish()).files
    assert [each.download_url for each in files] == [reads.file_address(file), there]


def test_who_may_not_write_brings_nothing(house: House) -> None:
    def add(draft: Contribution, by: User) -> None:
        draft_files.add(contribution=make.again(draft), name="a.csv", content=iter([CSV]), by=by)

    with pytest.raises(NotAllowed):
        add(house.draft, make.person())
    with pytest.raises(Conflict) as refused:
        add(make.draft(house.by), house.by)
    assert refused.value.code == "no_files_of_kind"
    with pytest.raises(Invalid) as empty:
        house.file(content=b"")
    assert empty.value.code == "file_empty"


def test_files_outlive_the_address_of_the_portal(house: House, settings: Any) -> None:
    file, card = house.file(), house.publish()
    settings.SITE_URL = "https://nouvelle.exemple.fr"
    assert given(file).status_code == 200
    draft_files.forget_unnamed()
    assert again(file).unnamed_at is None
    (told,) = published.published_one(card).files
    assert told.download_url == f"https://nouvelle.exemple.fr/fichiers/{file.public_id}/offres.csv"
    assert str(file.public_id) not in " ".join(links_of(card))
    way = reverse("catalogue:file_out", args=(card.slug, "distributions", 0, "download_url"))
    assert Client().get(way)["Location"] == told.download_url
    assert found(make.drafts.propose(resource=card, by=house.by)) == set()


@pytest.mark.parametrize("many", [1, 3])
def test_a_page_reads_all_its_files_at_once(house: House, many: int) -> None:
    for number in range(many):
        house.file(f"{number}.csv", CSV + f"2027-01;{number}\n".encode())
    resource = make.again(house.draft).proposed
    shown: list[Any] = []
    assert queries(lambda: shown.extend(reads.files_shown(resource, resource.details))) <= 1
    assert len(shown) == many


# Examined


@pytest.fixture
def waiting(house: House) -> list[CardFile]:
    """Two files that wait, each with its bytes, the oldest first."""
    kept = [house.file(name, CSV + name.encode()) for name in ("a.csv", "b.csv")]
    CardFile.objects.update(state=FileState.WAITING, examined_at=None)
    return kept


def stands(file: CardFile) -> tuple[str, int, int]:
    file.refresh_from_db()
    return file.state, file.attempts, file.missed


def test_a_file_waits_for_the_antivirus(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "scan", failing(scanning.ScannerAway))
    file = house.file()
    assert (file.state, statuses(file, house.by)) == (FileState.WAITING, [404])
    assert found(house.draft) == {"file_waiting"}
    monkeypatch.setattr(scanning, "scan", lambda _path: "Eicar-Signature")
    assert file_care.examine_waiting() == 1
    assert (again(file).state, again(file).signs) == (FileState.REFUSED, ["infected"])
    assert found(house.draft) == {"file_infected"}


def test_a_silent_antivirus_is_asked_once_for_all_that_waits(
    waiting: list[CardFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    away = failing(scanning.ScannerAway)
    monkeypatch.setattr(scanning, "scan", lambda path: (asked.append(path), away(path)))
    assert (file_care.examine_waiting(), len(asked)) == (0, 1)
    assert CardFile.objects.waiting().count() == 2


def test_a_file_that_no_antivirus_could_read_is_read_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(scanning, "scan", failing(scanning.ScannerFailed))
        file = house.file()
        assert file.state == FileState.WAITING
        for _time in range(file_care.TRIES - 1):
            file_care.examine_waiting()
        assert (again(file).state, again(file).signs) == (FileState.REFUSED, ["unscannable"])
    assert house.file() == file
    assert (again(file).state, again(file).signs) == (FileState.SOUND, [])


def test_a_file_without_bytes_is_given_up_after_a_day_and_taken_up_once_found(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = house.file()
    CardFile.objects.update(state=FileState.WAITING, examined_at=None)
    objects.store().delete(SHA256)
    monkeypatch.setattr(file_care, "LOST_TRIES", 4)
    for _time in range(6):
        file_care.examine_waiting()
    lost = again(file)
    assert (lost.state, lost.signs, lost.attempts) == (FileState.REFUSED, ["lost"], 4)
    assert list(file_breaches()) == [f"{file.public_id} {SHA256[:12]} lost"]
    assert found(house.draft) == {"file_lost"}
    assert file_care.wait_for_found() == 0
    objects.put(CSV)
    assert file_care.wait_for_found() == 1
    assert file_care.examine_waiting() == 1
    assert stands(file)[:2] == (FileState.SOUND, 0)
    assert list(file_breaches()) == []


def test_an_outage_of_the_store_is_no_failure_of_the_antivirus(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, tries = house.file(), file_care.TRIES
    CardFile.objects.update(state=FileState.WAITING, examined_at=None)
    objects.store().delete(SHA256)
    for _time in range(tries + 1):
        file_care.examine_waiting()
    objects.put(CSV)
    with monkeypatch.context() as patched:
        patched.setattr(scanning, "scan", failing(scanning.ScannerFailed))
        for _time in range(tries - 1):
            file_care.examine_waiting()
    assert stands(file)[:2] == (FileState.WAITING, tries - 1)
    assert file_care.examine_waiting() == 1


def test_a_file_that_stops_the_scanner_goes_behind_the_others(
    waiting: list[CardFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = waiting
    up = [True]

    def scan(path: Path) -> None:
        if not up[0]:
            raise scanning.ScannerAway
        if path == objects.store().location(bad.sha256):  # type: ignore[attr-defined]  # a folder
            up[0] = False
            raise scanning.ScannerStopped

    monkeypatch.setattr(scanning, "scan", scan)
    assert file_care.examine_waiting() == 0
    assert (stands(bad), stands(good)) == (("waiting", 1, 0), ("waiting", 0, 0))
    for _time in range(2):
        up[0] = True
        assert file_care.examine_waiting() == 1
        assert stands(good)[0] == "sound"
    assert (stands(bad), bad.signs) == (("refused", 3, 0), ["unscannable"])


def test_an_object_that_the_store_does_not_give_keeps_no_other_waiting(
    waiting: list[CardFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = waiting
    on_disk = file_care.on_disk

    def given(sha256: str) -> Any:
        if sha256 == bad.sha256:
            raise Unavailable
        return on_disk(sha256)

    monkeypatch.setattr(file_care, "on_disk", given)
    assert file_care.examine_waiting() == 1
    assert (stands(bad), stands(good)) == (("waiting", 0, 0), ("sound", 0, 0))


class Refused(Exception):
    """What PostgreSQL says, with its code."""

    def __init__(self, code: str | None) -> None:
        super().__init__(code)
        self.pgcode = code


@pytest.mark.parametrize(
    ("said", "code", "level"),
    [
        ("could not obtain lock", "55P03", logging.INFO),
        ("deadlock detected", "40P01", logging.INFO),
        ("database is locked", None, logging.INFO),
        ("server closed the connection unexpectedly", None, logging.ERROR),
        ("the disk is full", "53100", logging.ERROR),
    ],
)
@pytest.mark.usefixtures("waiting")
def test_a_database_that_fails_is_no_card_that_somebody_writes(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    said: str,
    code: str | None,
    level: int,
) -> None:
    def fails(_pk: int) -> int:
        raise OperationalError(said) from Refused(code)

    monkeypatch.setattr(draft_files, "_forget_of", fails)
    with caplog.at_level(logging.INFO, logger="catalogue.files"):
        assert draft_files.forget_unnamed() == 0
    assert [each.levelno for each in caplog.records] == [level]


# In whose room: with who holds the text that names them


def test_an_organisation_has_so_much_room(house: House, settings: Any) -> None:
    settings.ORGANISATION_FILES_MAX_BYTES = len(CSV) + 10
    house.file()
    house.file("copie.csv")  # the same bytes are kept once
    with pytest.raises(QuotaSpent) as refused:
        house.file("autre.csv", OTHER)
    assert refused.value.facts["left_bytes"] == 10


def test_a_form_is_refused_before_its_bytes_are_kept(house: House, settings: Any) -> None:
    settings.ORGANISATION_FILES_MAX_BYTES = 1
    sent = {"file": SimpleUploadedFile("a.csv", CSV)}
    assert signed_in(house.by).post(files_page(house), sent).status_code == 429
    assert not objects.store().exists(SHA256)


def test_what_is_taken_out_makes_room_at_once(house: House, settings: Any) -> None:
    other = CSV.replace(b"12", b"13")
    settings.ORGANISATION_FILES_MAX_BYTES = len(CSV)
    file = house.file()
    with pytest.raises(QuotaSpent):
        house.file("autre.csv", other)
    draft_files.remove(contribution=make.again(house.draft), file=file, by=house.by)
    assert events()[-2:] == ["file.removed", "file.forgotten"]
    settings.ORGANISATION_FILES_MAX_BYTES = 2 * len(CSV)
    house.file("autre.csv", other)
    replaced = house.file("autre.csv", CSV)  # one of the same name is replaced
    assert list(CardFile.objects.all()) == [replaced]
    assert weights(house.holder) == [len(CSV)]


def test_what_was_sent_and_is_taken_out_stays_a_while_in_nobody_s_room(house: House) -> None:
    file = house.file()
    review.request_changes(
        contribution=make.send(house.draft, house.by),
        reason=DecisionReason.INSUFFICIENT,
        message="Retirez ce fichier.",
        by=make.moderator(),
    )
    draft_files.remove(contribution=make.again(house.draft), file=file, by=house.by)
    assert again(file).unnamed_at is not None
    assert weights(house.holder, house.by) == [0, 0]


def test_a_draft_handed_over_takes_its_files_along(house: House) -> None:
    file, there = house.file(), make.organisation()
    house.by = make.joined(house.by, there, Role.REFERENT)
    house.edit(organisation=there)
    assert weights(house.holder, there) == [0, file.size]
    assert draft_files.forget_unnamed() == 0
    house.edit(organisation=None)
    assert weights(house.holder, there, house.by) == [0, 0, file.size]
    card = house.publish(organisation=there)
    assert (card.organisation, reads.is_public(again(file))) == (there, True)


def test_the_files_of_a_draft_of_one_person_count_with_its_author(house: House) -> None:
    colleague = house.colleague()
    file = make.filed(house.draft, "offres.csv", CSV, by=colleague)
    house.edit(organisation=None)
    assert weights(house.holder, colleague, house.by) == [0, 0, file.size]


def test_what_a_stranger_brought_counts_with_who_holds_the_card_once_online(house: House) -> None:
    stranger, author = make.person(), make.person()
    lone = make.draft(author, kind=house.draft.resource.kind)
    make.filed(lone, "offres.csv", CSV, by=author)
    house.file()
    card = house.publish()
    for each, owner in ((card, house.holder), (make.put_online(lone, author), author)):
        draft = make.drafts.propose(resource=each, by=stranger)
        make.filed(draft, "ajout.csv", OTHER, by=stranger)
        sent = make.send(draft, stranger)
        assert weights(owner, stranger) == [len(CSV), len(OTHER)]
        make.put_online(sent)
        assert weights(owner, stranger) == [len(CSV) + len(OTHER), 0]
    there = make.organisation()
    receiver = make.joined(make.person(), there, Role.REFERENT)
    asked = transfers.offer(resource=card, target=there, by=house.by)
    transfers.accept(transfer=asked, by=receiver)
    assert weights(house.holder, there) == [0, len(CSV) + len(OTHER)]


# Forgotten


def test_what_no_text_names_is_forgotten_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, lost = house.file(), house.file("brouillon.csv", b"a;b\n")
    change = make.drafts.propose(resource=house.publish(), by=house.by)
    draft_files.remove(contribution=change, file=lost, by=house.by)
    make.put_online(change, house.by)
    assert draft_files.forget_unnamed() == 0
    later = clock.now() + timedelta(days=django_settings.CARD_FILES_UNNAMED_DAYS, minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert draft_files.forget_unnamed() == 1
    assert list(CardFile.objects.all()) == [kept]
    assert events()[-1] == "file.forgotten"
    assert set(reads.kept_objects([kept.sha256, lost.sha256])) == {kept.sha256}


def test_a_file_named_again_in_its_last_hour_is_kept(house: House) -> None:
    file = house.file()
    long_unnamed()
    assert draft_files.forget_unnamed() == 0
    assert again(file).unnamed_at is None
    house.edit(distributions=[])
    assert draft_files.forget_unnamed() == 0  # thirty days from then on


def test_a_card_that_fails_keeps_no_other_waiting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    houses = (house, House())
    first, _last = (each.file() for each in houses)
    for each in houses:
        each.edit(distributions=[])
    long_unnamed()
    forget = file_care.forget

    def fails(*, file: CardFile, by: Any) -> None:
        if file == first:
            raise ZeroDivisionError
        forget(file=file, by=by)

    monkeypatch.setattr(file_care, "forget", fails)
    assert draft_files.forget_unnamed() == 1
    assert list(CardFile.objects.all()) == [first]


def test_a_file_goes_with_its_card(house: House) -> None:
    file = house.file()
    removal = transfers.propose_removal(
        resource=house.publish(),
        reason=DecisionReason.ILLEGAL,
        explanation="…",
        by=make.moderator(),
    )
    transfers.confirm_removal(removal=removal, by=make.moderator())
    assert statuses(file, house.by) == [404]
    assert "file.forgotten" in events()
    assert not CardFile.objects.exists()
    assert list(reads.kept_objects([file.sha256])) == []


def test_a_file_goes_with_an_erased_draft_and_the_ledger_says_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.file()
    Contribution.objects.update(expiry_told_at=clock.now())
    days = django_settings.DRAFT_KEPT_DAYS + django_settings.DRAFT_NOTICE_DAYS + 1
    later = clock.now() + timedelta(days=days)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert drafts.erase_ended() == 1
    assert events()[-2:] == ["contribution.erased", "file.forgotten"]
    assert not CardFile.objects.exists()
