"""Files that the portal keeps for cards: brought, examined, given to whom, forgotten."""

import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalogue.community.actions import maskings
from catalogue.contributions.actions import drafts, review
from catalogue.contributions.actions import files as draft_files
from catalogue.contributions.enums import DecisionReason, OwnerAnswer
from catalogue.contributions.queries import files as named_files
from catalogue.contributions.queries import proposals
from catalogue.harvest.links import links_of
from catalogue.invariants import file_breaches
from catalogue.models import CardFile, Contribution, Resource
from catalogue.resources.actions import files as file_care
from catalogue.resources.actions import transfers
from catalogue.resources.enums import Access, FileState, ResourceKind
from catalogue.resources.queries import files as reads
from catalogue.resources.queries import published, quality
from catalogue.resources.queries import records as card_records
from portal.accounts.actions import organisations
from portal.accounts.enums import RegionRole, Role
from portal.accounts.models import Membership, Organisation, User
from portal.lib import clock, immutable
from portal.lib.refusals import Conflict, Invalid, QuotaSpent, Unavailable
from portal.lib.storage import objects, scanning
from tests.catalogue.pages.test_api import Pipeline, faults
from tests.factories import contributions as make
from tests.factories.accounts import signed_in
from tests.factories.card_files import CSV, OTHER, SHA256, House, brought, found, given, statuses
from tests.factories.datasets import DatasetFactory
from tests.ledger import events, refuses

pytestmark = pytest.mark.django_db


def again(file: CardFile) -> CardFile:
    return CardFile.objects.get(pk=file.pk)


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
    for part in ("bytes=0-4", "bytes=5-9", "bytes=10-", "bytes=-3", "bytes=500-"):
        given(file, Range=part, **browser)
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
    typed = {"title": "Offres du littoral", "summary": "x" * 5_000}
    page = client.post(place, {"bring": "1", "file": sent, **typed}, follow=True).text
    (file,) = CardFile.objects.all()
    # What was typed is kept, and what cannot be kept comes back.
    assert (make.again(house.draft).content["title"], "x" * 5_000 in page) == (
        "Offres du littoral",
        True,
    )
    for said in ("modele &lt;1&gt;.pkl", "peut exécuter du code", f'value="{file.public_id}"'):
        assert said in page
    assert f'method="post" action="{place}"' in page  # without the fragment of its address
    preview = reverse("catalogue:contribution_preview", args=(house.draft.public_id,))
    assert file.sha256 in client.get(preview).text
    # The file is one line: its row is its title, the rest of it is known and not asked.
    step = client.get(place.replace("fichiers", "essentiel")).text
    inputs = dict(re.findall(r'name="(distributions-0-\w+)"\s+value="([^"]*)"', step))
    assert inputs["distributions-0-sha256"] == file.sha256
    client.post(place, inputs | {"distributions-0-title": "Modèle"})
    assert [(row["title"], row["sha256"]) for row in house.rows()] == [("Modèle", file.sha256)]
    client.post(place, {"remove": str(file.public_id)})
    assert house.rows() == []
    assert "Choisissez un fichier." in client.post(place, {"bring": "1"}).text
    assert not CardFile.objects.exists()


def test_two_rows_on_one_file_are_both_shown_and_kept(house: House) -> None:
    house.file()
    (row,) = house.rows()
    other = {"title": "ailleurs", "download_url": "https://exemple.fr/b.csv"}
    house.edit(distributions=[row, row | {"title": "version 2"}, other])
    client, place = signed_in(house.by), files_page(house).replace("fichiers", "essentiel")
    page = client.get(place).text
    inputs = dict(re.findall(r'name="(distributions-\d-\w+)"[^>]*?\s+value="([^"]*)"', page))
    client.post(place, inputs | {"distributions-2-title": "là-bas"})
    assert [each["title"] for each in house.rows()] == ["offres.csv", "version 2", "là-bas"]


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


def test_a_refused_file_earns_no_quality(house: House, django_assert_max_num_queries: Any) -> None:
    draft = make.draft(house.by, kind=ResourceKind.MODEL)
    before = quality.assess(draft.proposed, ()).score
    make.filed(draft, "modele.onnx", b"\x80\x04K\x01.", by=house.by)
    cards = [make.again(draft).proposed]
    with django_assert_max_num_queries(2):  # PostgreSQL tells the time too
        beside = quality.known(cards * 3)
    assert (before, quality.assess(cards[0], (), beside).score) == (5, 5)
    make.filed(draft, "mesures.csv", OTHER, by=house.by)
    assert quality.assess(make.again(draft).proposed, ()).score == 10


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


class Elsewhere:
    """A store that keeps its objects in no folder of this machine."""

    def __init__(self) -> None:
        self._store = objects.store()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.mark.usefixtures("waiting")
def test_what_is_kept_elsewhere_is_examined_on_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Elsewhere()
    monkeypatch.setattr(objects, "store", lambda: elsewhere)
    assert file_care.examine_waiting() == 2


def test_a_file_waits_for_the_antivirus(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "scan", Mock(side_effect=scanning.ScannerAway))
    file = house.file()
    assert (file.state, statuses(file, house.by)) == (FileState.WAITING, [404])
    assert given(file, house.by, Range="bytes=0-4").status_code == 404
    assert found(house.draft) == {"file_waiting"}
    monkeypatch.setattr(scanning, "scan", lambda _path: "Eicar-Signature")
    assert file_care.examine_waiting() == 1
    assert (again(file).state, again(file).signs) == (FileState.REFUSED, ["infected"])
    assert found(house.draft) == {"file_infected"}


def test_a_silent_antivirus_is_asked_once_for_all_that_waits(
    waiting: list[CardFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = Mock(side_effect=scanning.ScannerAway)
    monkeypatch.setattr(scanning, "scan", scan)
    assert (file_care.examine_waiting(), scan.call_count) == (0, 1)
    assert CardFile.objects.waiting().count() == 2


def test_a_file_that_no_antivirus_could_read_is_read_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(scanning, "scan", Mock(side_effect=scanning.ScannerFailed))
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


# In whose room: with who holds the text that names them


def test_a_form_is_refused_before_its_bytes_are_kept(house: House, settings: Any) -> None:
    settings.ORGANISATION_FILES_MAX_BYTES = 1
    sent = {"bring": "1", "file": SimpleUploadedFile("a.csv", CSV)}
    assert signed_in(house.by).post(files_page(house), sent).status_code == 422
    assert not objects.store().exists(SHA256)


def test_what_is_taken_out_makes_room_at_once(house: House, settings: Any) -> None:
    other = CSV.replace(b"12", b"13")
    settings.ORGANISATION_FILES_MAX_BYTES = len(CSV) + 10
    file = house.file()
    with pytest.raises(QuotaSpent) as refused:
        house.file("autre.csv", other)
    assert refused.value.facts["left_bytes"] == 10
    draft_files.remove(contribution=make.again(house.draft), file=file, by=house.by)
    assert events()[-2:] == ["file.removed", "file.forgotten"]
    settings.ORGANISATION_FILES_MAX_BYTES = 2 * len(CSV)
    house.file("autre.csv", other)
    replaced = house.file("autre.csv", CSV)  # one of the same name is replaced
    assert list(CardFile.objects.all()) == [replaced]
    settings.ORGANISATION_FILES_MAX_BYTES = len(CSV) + 10
    house.file("copie.csv")  # the same bytes are kept once
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


JUSTER = "Une phrase plus juste."


def closed(house: House, access: Access = Access.ON_REQUEST) -> tuple[CardFile, Resource]:
    """Put online a card that is not open, with a file."""
    return house.file(), house.publish(access=access)


def proposed(card: Resource, by: User, **values: Any) -> Contribution:
    """Have a stranger open a change of a card."""
    return make.edit(make.drafts.propose(resource=card, by=by), by, **values)


def carried_over(draft: Contribution, by: User, **values: Any) -> Contribution:
    """Bring a change up to what is online, and write in it."""
    make.drafts.catch_up(contribution=make.again(draft), by=by)
    return make.edit(draft, by, **values)


def changes(draft: Contribution) -> list[str]:
    """Name the fields that a moderator reads of a change."""
    fresh = make.again(draft)
    told = card_records.changes(proposals.base_record(fresh), proposals.proposed_record(fresh))
    return [each.name for each in told]


def step(draft: Contribution, name: str = "essentiel") -> str:
    return reverse("catalogue:contribution_step", args=(draft.public_id, name))


def preview(file: CardFile) -> str:
    return reverse("catalogue:file_preview", args=(file.public_id,))


def handed_over(card: Resource, by: User) -> tuple[Organisation, User]:
    """Give a card to another organisation; return it with its referent."""
    there = make.organisation()
    receiver = make.joined(make.person(), there, Role.REFERENT)
    transfers.accept(transfer=transfers.offer(resource=card, target=there, by=by), by=receiver)
    return there, receiver


def archived(organisation: Organisation, by: User) -> dict[str, bytes]:
    """Give the files of the archive of an organisation, by the end of their names."""
    answer: Any = signed_in(by).get(reverse("catalogue:holdings", args=(organisation.slug,)))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    names = [each for each in archive.namelist() if each.startswith("fichiers/")]
    return {each.rpartition("/")[2]: archive.read(each) for each in names}


def in_archive(file: CardFile) -> str:
    return f"{str(file.public_id)[:8]}-{file.name}"


# With the text that names it
def test_a_file_is_public_with_the_text_that_names_it(house: House) -> None:
    file, judge = house.file(), make.moderator()
    assert statuses(file, None, judge, make.person(), house.by) == [404, 404, 404, 200]
    sent = make.send(house.draft, house.by)
    assert statuses(file, judge, None) == [200, 404]
    make.put_online(sent)
    told, answer = events("file.read"), given(file)
    assert (answer.status_code, answer.body) == (200, CSV)
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Content-Length"] == str(len(CSV))
    assert answer["Cache-Control"] == "no-cache"
    again = given(file, **{"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.body, again["Cache-Control"]) == (304, b"", "no-cache")
    assert given(file, make.person())["Cache-Control"] == "no-store, private"
    assert events("file.read") == told  # what is public is not told


def test_a_change_gives_its_file_once_published_alone(house: House) -> None:
    old, card = house.file(), house.publish()
    change = make.drafts.propose(resource=card, by=house.by)
    new = make.filed(change, "offres.csv", OTHER, by=house.by)
    assert [given(each).status_code for each in (old, new)] == [200, 404]
    assert statuses(new, house.by) == [200]
    make.put_online(change, house.by)
    assert [given(each).status_code for each in (old, new)] == [404, 200]


def test_an_account_is_asked_where_the_card_asks_it(house: House) -> None:
    file, card = closed(house, Access.REGISTERED)
    assert preview(file) in Client().get(card.get_absolute_url()).text
    assert (given(file).status_code, Client().get(preview(file)).status_code) == (302, 302)
    member = make.person()
    answer = given(file, member)
    assert (answer.status_code, "Access-Control-Allow-Origin" in answer) == (200, False)
    assert signed_in(member).get(preview(file)).status_code == 200


@pytest.mark.parametrize("access", [Access.ON_REQUEST, Access.RESTRICTED])
def test_what_is_had_on_request_is_given_to_its_organisation_alone(
    model_house: House, access: Access
) -> None:
    rows = (model_house.file(), model_house.rows())[1]
    file, card = closed(model_house, access)
    assert published.published_one(card).files == ()
    page, own = (
        each.get(card.get_absolute_url()).text for each in (Client(), signed_in(model_house.by))
    )
    assert (file.name in page, "Demander l’accès" in page) == (True, True)
    assert str(file.public_id) not in page
    assert file.sha256 not in page
    assert str(file.public_id) in own
    stranger, auditor = make.person(), make.region(RegionRole.AUDITOR)
    proposed(card, stranger, files=rows)
    people = (None, stranger, make.moderator(), auditor, model_house.by)
    assert statuses(file, *people) == [404, 404, 404, 404, 200]
    sent = make.offered(card, make.person(), files=rows, summary=JUSTER)
    assert statuses(file, sent.author, make.moderator(), model_house.by) == [404, 404, 200]


def test_a_file_brought_to_a_closed_card_goes_to_who_brought_it_and_who_answers(
    model_house: House,
) -> None:
    _file, card = closed(model_house)
    stranger = make.person()
    draft = make.drafts.propose(resource=card, by=stranger)
    new = make.filed(draft, "ajout.csv", OTHER, by=stranger)
    assert statuses(new, stranger, model_house.by, make.moderator()) == [200, 404, 404]
    make.send(draft, stranger)
    assert statuses(new, stranger, model_house.by, make.moderator()) == [200, 200, 404]


def test_a_draft_on_request_is_given_to_its_organisation_and_shows_no_rows(
    model_house: House,
) -> None:
    file, own = model_house.file(), signed_in(model_house.by)
    assert preview(file) in own.get(step(model_house.draft)).text
    model_house.edit(access=Access.RESTRICTED)
    page = own.get(step(model_house.draft)).text
    assert reads.file_address(file).removeprefix(django_settings.SITE_URL) in page
    assert preview(file) not in page
    assert "Votre organisation seule" in own.get(step(model_house.draft, "envoi")).text
    sent = make.send(model_house.draft, model_house.by)
    assert statuses(file, model_house.by, make.moderator()) == [200, 404]
    assert own.get(preview(file)).status_code == 404
    make.put_online(sent)
    assert [each.get(preview(file)).status_code for each in (own, Client())] == [404, 404]


@pytest.mark.parametrize(
    "held", [{"in_directory": True}, {"released_at": datetime(2026, 1, 1, tzinfo=UTC)}, {}]
)
def test_a_dataset_that_the_portal_lends_or_holds_takes_no_file_on_its_card(
    house: House, held: dict[str, Any]
) -> None:
    file, sent_to = house.file(), f"{django_settings.SITE_URL}/donnees/"
    DatasetFactory.create(resource=house.draft.resource, **held)
    if not held:
        house.edit(access=Access.RESTRICTED)
    assert found(house.draft) == {"file_of_release"}
    with refuses(Conflict, "files_of_releases") as refused:
        house.file("suite.csv")
    assert f"{sent_to}{house.draft.resource.slug}/versions/nouvelle/" in str(refused.value)
    for role in (Role.CONTRIBUTOR, Role.EDITOR):  # the former publishes no data
        with immutable.writes(Membership):
            Membership.objects.filter(user=house.by).update(role=role)
        page = signed_in(house.by).get(step(house.draft)).text
        assert ("publier une version" in page, 'name="file"' in page) == (
            role is Role.EDITOR,
            False,
        )
    place = f"resources/{house.draft.resource.slug}/submit"
    answer = Pipeline(house.by).post(place, {"charter": make.CHARTER})
    assert faults(answer) == {"distributions": "file_of_release"}
    Contribution.objects.filter(pk=house.draft.pk).update(
        status="submitted", submitted_at=clock.now(), first_submitted_at=clock.now()
    )
    assert statuses(file, house.by, make.moderator()) == [200, 404]


def test_a_file_online_stays_named_once_its_dataset_is_lent(house: House) -> None:
    house.file()
    card = house.publish()
    change = make.edit(make.drafts.propose(resource=card, by=house.by), house.by, summary=JUSTER)
    DatasetFactory.create(resource=card, in_directory=True)
    assert found(change) == set()


def test_rows_are_shown_to_those_who_may_have_the_file(house: House) -> None:
    other = house.file("notes.txt", b"une note")
    file, own = house.file(content=b"mois;<b>offres</b>\n2026-01;12\n"), signed_in(house.by)
    assert [each.get(preview(file)).status_code for each in (Client(), own)] == [404, 200]
    card = house.publish()
    page = Client().get(preview(file)).text
    assert "&lt;b&gt;offres" in page
    assert "2026-01" in page
    assert preview(file) in Client().get(card.get_absolute_url()).text
    assert own.get(preview(other)).status_code == 404


def test_a_masked_card_gives_its_files_to_its_organisation_and_the_moderators(
    house: House,
) -> None:
    file, card = house.file(), house.publish()
    early = make.person()
    draft = make.drafts.propose(resource=card, by=early)
    own = make.filed(draft, "ajout.csv", OTHER, by=early)
    make.drafts.withdraw(contribution=make.again(draft), by=early)
    judge, auditor = make.moderator(), make.region(RegionRole.AUDITOR)
    maskings.mask(resource=card, category="illegal", explanation="Propos.", by=make.moderator())
    people = (None, make.person(), early, auditor, judge, house.by)
    assert statuses(file, *people) == [404, 404, 404, 404, 200, 200]
    assert statuses(own, early) == [404]


def test_who_left_the_organisation_has_what_it_brought_no_more(house: House) -> None:
    file = house.file()
    make.send(house.draft, house.by)
    assert statuses(file, house.by) == [200]
    house.colleague()
    organisations.leave(organisation=house.holder, by=house.by)
    assert statuses(file, User.objects.get(pk=house.by.pk)) == [404]


# Named by others
def test_a_change_may_keep_the_files_online(house: House) -> None:
    file, (row,) = house.file(), house.rows()
    stranger = make.person()
    draft = proposed(house.publish(), stranger, distributions=[row | {"title": "Les offres"}])
    assert (found(draft), statuses(file, stranger)) == (set(), [200])


def test_a_withdrawn_file_is_not_had_again_by_naming_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, (row,) = house.file(), house.rows()
    card, stranger, late = house.publish(), make.person(), make.person()
    early = make.drafts.propose(resource=card, by=stranger)
    brought(card, house.by, "offres.csv")
    card.refresh_from_db()
    assert statuses(old, stranger, None, house.by) == [404, 404, 200]
    draft = proposed(card, late, distributions=[row])
    assert (statuses(old, late), found(draft)) == ([404], {"file_absent"})
    there = row["download_url"].replace(django_settings.SITE_URL, "https://autre.example")
    make.edit(draft, late, distributions=[row | {"download_url": there}])
    assert found(draft) == found(early) == {"file_absent"}
    with pytest.raises(Invalid):
        make.send(draft, late)
    draft_files.forget_unnamed()
    later = clock.now() + timedelta(days=django_settings.CARD_FILES_UNNAMED_DAYS, minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert draft_files.forget_unnamed() == 1
    assert not CardFile.objects.filter(pk=old.pk).exists()


def test_to_name_a_file_tells_neither_its_name_nor_its_digest(house: House) -> None:
    old, rows = house.file(), house.rows()
    card, stranger = house.publish(), make.person()
    draft, client = proposed(card, stranger, distributions=rows), signed_in(stranger)
    assert f'value="{old.public_id}"' in client.get(step(draft)).text
    brought(card, house.by, "offres.csv")
    rows = [{"title": "x", "download_url": reads.file_address(old).replace("offres", "x")}]
    make.edit(draft, stranger, distributions=rows)
    page = client.get(step(draft)).text
    assert (old.sha256 in page, "offres.csv" in page) == (False, False)
    asked = Pipeline(stranger).ask("DELETE", f"resources/{card.public_id}/files/offres.csv")
    assert asked.status_code == 404
    assert named_files.files_of_draft(make.again(draft)) == []


def test_an_older_draft_takes_away_no_file_that_was_online(house: House) -> None:
    house.file()
    card, colleague = house.publish(), house.colleague()
    older = make.drafts.propose(resource=card, by=colleague)
    new = brought(card, house.by, "suite.csv")
    make.drafts.catch_up(contribution=make.again(older), by=colleague)
    card.refresh_from_db()
    change = make.drafts.propose(resource=card, by=house.by)
    draft_files.remove(contribution=change, file=new, by=house.by)
    make.put_online(change, house.by)
    draft_files.remove(contribution=make.again(older), file=new, by=colleague)
    new.refresh_from_db()
    assert new.unnamed_at is not None


def test_who_proposes_is_shown_no_file_had_on_request_and_deletes_none(model_house: House) -> None:
    file, card = closed(model_house)
    stranger = make.person()
    draft = make.drafts.propose(resource=card, by=stranger)
    program, own = Pipeline(stranger), str(file.public_id)
    assert own not in signed_in(stranger).get(step(draft)).text
    told = program.ask("GET", f"contributions/{draft.public_id}")
    assert (told.status_code, own in told.text) == (200, False)
    new = make.filed(draft, "ajout.csv", OTHER, by=stranger)
    sending = signed_in(stranger).get(step(draft, "envoi")).text
    assert "donnés sur demande" in sending
    assert "Demander l’accès</a>" not in sending
    assert changes(draft) == ["files"]
    card = make.put_online(draft, stranger)
    assert reads.ids_named(card.details) == {file.public_id, new.public_id}
    assert own not in program.ask("GET", f"contributions/{draft.public_id}").text


def test_files_that_were_not_shown_stay_whatever_the_card_becomes(model_house: House) -> None:
    file, card = closed(model_house)
    stranger = make.person()
    draft = make.drafts.propose(resource=card, by=stranger)
    make.changed(card, model_house.by, access=Access.OPEN)
    carried_over(draft, stranger, summary=JUSTER)
    assert changes(draft) == ["summary"]
    assert reads.ids_named(make.put_online(draft, stranger).details) == {file.public_id}


def test_a_change_carried_over_to_a_card_that_closed_shows_its_files_no_more(
    model_house: House,
) -> None:
    file, (row,) = model_house.file(), model_house.rows()
    card, stranger, other = model_house.publish(), make.person(), make.person()
    draft = make.drafts.propose(resource=card, by=stranger)
    renaming = proposed(card, other, files=[row | {"title": "Les offres"}])
    new = brought(card, model_house.by, "suite.csv", access=Access.ON_REQUEST)
    for each, by in ((draft, stranger), (renaming, other)):
        content = carried_over(each, by).content["details"]
        assert [str(one.public_id) in str(content) for one in (file, new)] == [False, False]
    card = make.put_online(draft, stranger)
    assert {file.public_id, new.public_id} <= reads.ids_named(card.details)
    # A file renamed before the card closed is not told twice.
    carried_over(renaming, other, summary="Autre.", files=[row | {"title": "Lot"}])
    titles = [each["title"] for each in make.put_online(renaming, other).details["files"]]
    assert titles == ["offres.csv", "suite.csv"]


def test_the_files_of_a_closed_card_are_opened_by_who_answers_for_it_alone(
    model_house: House,
) -> None:
    file, card = closed(model_house)
    sent = make.offered(card, make.person(), access=Access.OPEN)
    now = clock.now()
    Contribution.objects.filter(pk=sent.pk).update(
        status="submitted",
        submitted_at=now,
        first_submitted_at=now,
        owner_answer=OwnerAnswer.SILENT,
        owner_answered_at=now,
    )
    with refuses(Conflict, "files_would_open"):
        review.publish(contribution=make.again(sent), by=make.moderator())
    card.refresh_from_db()
    assert (card.access, statuses(file, None)) == (Access.ON_REQUEST, [404])


# In other hands
def test_a_card_that_changes_hands_takes_the_files_it_gives(house: House) -> None:
    file, card = house.file(), house.publish()
    assert archived(house.holder, house.by) == {in_archive(file): CSV}
    draft = make.drafts.propose(resource=card, by=house.by)
    written = make.filed(draft, "ajout.csv", OTHER, by=house.by)
    there, receiver = handed_over(card, house.by)
    assert reads.weight(organisation=there, person=None) == file.size
    assert reads.weight(organisation=house.holder, person=None) == written.size
    assert statuses(written, house.by, receiver) == [200, 404]
    assert list(archived(there, receiver)) == [in_archive(file)]


def test_the_archive_holds_what_a_stranger_brought_to_a_card_online(house: House) -> None:
    file, card, stranger = house.file(), house.publish(), make.person()
    draft = make.drafts.propose(resource=card, by=stranger)
    new = make.filed(draft, "ajout.csv", OTHER, by=stranger)
    sent = make.send(draft, stranger)
    assert set(archived(house.holder, house.by)) == {in_archive(file)}
    make.put_online(sent)
    assert set(archived(house.holder, house.by)) == {in_archive(file), in_archive(new)}


def test_a_change_begun_before_a_transfer_gives_the_card_back_to_nobody(house: House) -> None:
    house.file()
    card, stranger = house.publish(), make.person()
    early = make.drafts.propose(resource=card, by=stranger)
    there, _receiver = handed_over(card, house.by)
    card = make.put_online(carried_over(early, stranger, summary=JUSTER), stranger)
    assert (card.summary, card.organisation) == (JUSTER, there)


# Told in the ledger
def test_who_was_given_a_closed_file_is_told_once_a_day(
    model_house: House, django_capture_on_commit_callbacks: Any
) -> None:
    file, _card = closed(model_house)
    client = signed_in(model_house.by)

    def told(by: User | None, **headers: str) -> int:
        with django_capture_on_commit_callbacks(execute=True):
            given(file, by, **headers)
        return len(events("file.read"))

    assert told(None) == 0
    assert told(model_house.by, **{"If-None-Match": f'"{file.sha256}"'}) == 0
    client.head(reads.file_address(file).removeprefix(django_settings.SITE_URL))
    assert events("file.read") == []
    assert [told(model_house.by, Range=part) for part in ("bytes=3-5", "bytes=6-")] == [1, 1]
    assert (told(model_house.by), told(model_house.colleague())) == (1, 2)
    opened = make.draft(
        model_house.by, kind=model_house.draft.resource.kind, holder=model_house.holder
    )
    table = make.filed(opened, "table.csv", CSV, by=model_house.by)
    assert client.get(preview(table)).status_code == 200
    assert len(events("file.read")) == 3


def test_no_file_is_given_untold_because_another_reading_failed(
    house: House, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    file, told = house.file(), []

    def note() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            file_care.note_reading(file=file, by=house.by)

    def meets(*_given: Any, **_facts: Any) -> None:
        told.append(len(told))
        if len(told) == 1:
            note()  # at the same instant
            raise ZeroDivisionError

    monkeypatch.setattr(file_care, "record", meets)
    with pytest.raises(ZeroDivisionError):
        file_care.note_reading(file=file, by=house.by)
    assert told == [0, 1]
    note()
    assert told == [0, 1]
