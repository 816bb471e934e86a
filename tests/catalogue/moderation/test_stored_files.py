"""Files that the portal keeps for cards: brought to a draft, online with it, gone with it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalogue.actions import (
    drafts,
    file_examinations,
    forgotten_files,
    moderation,
    removals,
    stored_files,
)
from catalogue.actions.link_checks import links_of
from catalogue.enums import DecisionReason, FileState, ResourceKind
from catalogue.invariants import file_breaches
from catalogue.models import CardFile, Contribution, Resource
from catalogue.queries import published
from catalogue.queries import stored_files as reads
from portal.lib import clock, objects, scanning
from portal.lib.refusals import Conflict, Invalid, NotAllowed, QuotaSpent
from tests.catalogue.ledger import events
from tests.factories import contributions as make
from tests.factories.accounts import signed_in
from tests.factories.card_files import CSV, SHA256, House, found, given

pytestmark = pytest.mark.django_db


def test_a_file_is_kept_and_told_by_the_draft(house: House) -> None:
    file = house.file()
    assert (file.sha256, file.size, file.kind, file.state) == (SHA256, len(CSV), "text", "sound")
    assert objects.read(SHA256) == CSV
    assert house.rows() == [
        {
            "title": "offres.csv",
            "download_url": reads.address(file),
            "format": "CSV",
            "bytes": len(CSV),
            "sha256": SHA256,
            "media_type": "text/csv",
        }
    ]
    assert events()[-2:] == ["file.added", "file.examined"]


def test_the_same_bytes_change_nothing_and_others_replace_the_row(house: House) -> None:
    first = house.file()
    assert house.file() == first
    second = house.file(content=CSV + b"2026-02;13\n")
    assert second != first
    (row,) = house.rows()
    assert row["download_url"] == reads.address(second)
    assert row["bytes"] == second.size


def test_downloads_are_counted_once(house: House) -> None:
    file = house.file()
    given(file, house.by)
    card = house.publish()
    browser = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0"}
    Client(headers=browser).get(
        reverse("catalogue:file_out", args=(card.slug, "distributions", 0, "download_url"))
    )
    assert Resource.objects.get(pk=card.pk).downloads == 0
    given(file, **browser)
    assert Resource.objects.get(pk=card.pk).downloads == 1


def test_the_documents_tell_the_file(house: House) -> None:
    file = house.file()
    card = house.publish()
    (told,) = published.one(card).files
    assert (told.download_url, told.size_bytes, told.sha256) == (
        reads.address(file),
        len(CSV),
        SHA256,
    )
    turtle = Client().get(f"/ressources/{card.slug}.ttl").content.decode()
    assert reads.address(file) in turtle
    assert SHA256 in turtle
    assert str(file.public_id) not in " ".join(links_of(card))


def test_the_pages_bring_show_and_take_out(house: House) -> None:
    client = signed_in(house.by)
    place = reverse("catalogue:contribution_files", args=(house.draft.public_id,))
    sent = SimpleUploadedFile("modele <1>.pkl", b"\x80\x04K\x01.")
    page = client.post(place, {"file": sent}, follow=True).content.decode()
    (file,) = CardFile.objects.all()
    assert "modele &lt;1&gt;.pkl" in page
    assert "format exécutable" in page
    assert f'value="{file.public_id}"' in page
    preview = client.get(reverse("catalogue:contribution_preview", args=(house.draft.public_id,)))
    assert file.sha256 in preview.content.decode()
    client.post(place, {"remove": str(file.public_id)})
    assert house.rows() == []
    page = client.post(place, {}, follow=True).content.decode()
    assert "Choisissez un fichier." in page
    assert not CardFile.objects.filter(pk=file.pk).exists()


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
    assert given(file, house.by).status_code == (404 if blocked else 200)
    if blocked:
        with pytest.raises(Invalid):
            house.publish()


def test_a_row_cannot_lie_about_a_file(house: House) -> None:
    file = house.file()
    (row,) = house.rows()
    lies = [row | {"bytes": 1}, row | {"download_url": row["download_url"].replace("4", "5")}]
    for lie, code in zip(lies, ("file_facts", "file_absent"), strict=True):
        make.edit(house.draft, house.by, distributions=[lie])
        assert found(house.draft) == {code}
    other = make.draft(house.by, kind=ResourceKind.DATASET, distributions=[row])
    assert found(other) == {"file_absent"}
    assert file.resource_id != other.resource_id


def test_a_file_waits_for_the_antivirus(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_path: Any) -> None:
        raise scanning.ScannerAway

    monkeypatch.setattr(scanning, "scan", away)
    file = house.file()
    assert file.state == FileState.WAITING
    assert given(file, house.by).status_code == 404
    assert found(house.draft) == {"file_waiting"}
    monkeypatch.setattr(scanning, "scan", lambda _path: "Eicar-Signature")
    assert file_examinations.examine_waiting() == 1
    file.refresh_from_db()
    assert (file.state, file.signs) == (FileState.REFUSED, ["infected"])
    assert found(house.draft) == {"file_infected"}


def test_a_silent_antivirus_is_asked_once_for_all_that_waits(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def away(path: Any) -> None:
        asked.append(path)
        raise scanning.ScannerAway

    monkeypatch.setattr(scanning, "scan", away)
    for name in ("a.csv", "b.csv", "c.csv"):
        house.file(name)
    asked.clear()
    assert (file_examinations.examine_waiting(), len(asked)) == (0, 1)
    assert CardFile.objects.waiting().count() == 3


def test_who_may_not_write_brings_nothing(house: House) -> None:
    stranger = make.person()
    with pytest.raises(NotAllowed):
        stored_files.add(
            contribution=make.again(house.draft), name="a.csv", content=iter([CSV]), by=stranger
        )
    need = make.draft(house.by)
    with pytest.raises(Conflict) as refused:
        stored_files.add(contribution=need, name="a.csv", content=iter([CSV]), by=house.by)
    assert refused.value.code == "no_files_of_kind"
    with pytest.raises(Invalid) as empty:
        house.file(content=b"")
    assert empty.value.code == "file_empty"


def test_an_organisation_has_so_much_room(house: House, settings: Any) -> None:
    settings.ORGANISATION_FILES_MAX_BYTES = len(CSV) + 10
    house.file()
    house.file("copie.csv")  # the same bytes are kept once
    with pytest.raises(QuotaSpent) as refused:
        house.file("autre.csv", CSV + b"2026-02;13\n")
    assert refused.value.facts["left_bytes"] == 10


def test_files_outlive_the_address_of_the_portal(house: House, settings: Any) -> None:
    file = house.file()
    card = house.publish()
    settings.SITE_URL = "https://nouvelle.exemple.fr"
    assert given(file).status_code == 200
    stored_files.forget_unnamed()
    file.refresh_from_db()
    assert file.unnamed_at is None
    (told,) = published.one(card).files
    assert told.download_url == f"https://nouvelle.exemple.fr/fichiers/{file.public_id}/offres.csv"
    assert str(file.public_id) not in " ".join(links_of(card))
    way = reverse("catalogue:file_out", args=(card.slug, "distributions", 0, "download_url"))
    assert Client().get(way)["Location"] == told.download_url
    change = make.contributions.propose(resource=card, by=house.by)
    assert found(change) == set()


def test_a_file_of_another_portal_is_none_of_ours(house: House) -> None:
    file = house.file()
    (row,) = house.rows()
    other = row | {
        "title": "Ailleurs",
        "download_url": f"https://autre.exemple.fr/fichiers/{uuid4()}/offres.csv",
    }
    make.edit(house.draft, house.by, distributions=[row, other])
    assert found(house.draft) == set()
    card = house.publish()
    assert [each.download_url for each in published.one(card).files] == [
        reads.address(file),
        other["download_url"],
    ]


def test_what_is_taken_out_makes_room_at_once(house: House, settings: Any) -> None:
    other = CSV.replace(b"12", b"13")
    settings.ORGANISATION_FILES_MAX_BYTES = len(CSV)
    file = house.file()
    with pytest.raises(QuotaSpent):
        house.file("autre.csv", other)
    stored_files.remove(contribution=make.again(house.draft), file=file, by=house.by)
    assert events()[-2:] == ["file.removed", "file.forgotten"]
    settings.ORGANISATION_FILES_MAX_BYTES = 2 * len(CSV)
    file = house.file("autre.csv", other)
    again = house.file("autre.csv", CSV)  # one of the same name is replaced
    assert list(CardFile.objects.all()) == [again]
    assert reads.weight(organisation=house.holder, person=house.by) == len(CSV)


def test_what_was_sent_and_is_taken_out_stays_a_while_in_nobody_s_room(house: House) -> None:
    file = house.file()
    sent = make.send(house.draft, house.by)
    moderation.request_changes(
        contribution=sent,
        reason=DecisionReason.INSUFFICIENT,
        message="Retirez ce fichier.",
        by=make.moderator(),
    )
    stored_files.remove(contribution=make.again(house.draft), file=file, by=house.by)
    file.refresh_from_db()
    assert file.unnamed_at is not None
    assert reads.weight(organisation=house.holder, person=house.by) == 0


def test_a_form_is_refused_before_its_bytes_are_kept(house: House, settings: Any) -> None:
    settings.ORGANISATION_FILES_MAX_BYTES = 1
    client = signed_in(house.by)
    place = reverse("catalogue:contribution_files", args=(house.draft.public_id,))
    assert client.post(place, {"file": SimpleUploadedFile("a.csv", CSV)}).status_code == 429
    assert not objects.store().exists(SHA256)


def test_a_file_that_no_antivirus_could_read_is_read_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_path: Any) -> None:
        raise scanning.ScannerFailed

    with monkeypatch.context() as patched:
        patched.setattr(scanning, "scan", fails)
        file = house.file()
        assert file.state == FileState.WAITING
        for _time in range(file_examinations.TRIES - 1):
            file_examinations.examine_waiting()
        file.refresh_from_db()
        assert (file.state, file.signs) == (FileState.REFUSED, ["unscannable"])
    assert house.file() == file
    file.refresh_from_db()
    assert (file.state, file.signs) == (FileState.SOUND, [])


def test_a_file_without_bytes_is_given_up_after_a_day_and_taken_up_once_found(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = house.file()
    CardFile.objects.update(state=FileState.WAITING, examined_at=None)
    objects.store().delete(SHA256)
    monkeypatch.setattr(file_examinations, "LOST_TRIES", 4)
    for _time in range(6):
        file_examinations.examine_waiting()
    file.refresh_from_db()
    assert (file.state, file.signs, file.attempts) == (FileState.REFUSED, ["lost"], 4)
    assert list(file_breaches()) == [f"{file.public_id} {SHA256[:12]} lost"]
    assert found(house.draft) == {"file_lost"}
    assert file_examinations.wait_for_found() == 0
    objects.put(CSV)
    assert file_examinations.wait_for_found() == 1
    assert file_examinations.examine_waiting() == 1
    file.refresh_from_db()
    assert (file.state, file.attempts) == (FileState.SOUND, 0)
    assert list(file_breaches()) == []


def test_an_outage_of_the_store_is_no_failure_of_the_antivirus(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_path: Any) -> None:
        raise scanning.ScannerFailed

    file = house.file()
    CardFile.objects.update(state=FileState.WAITING, examined_at=None)
    objects.store().delete(SHA256)
    for _time in range(file_examinations.TRIES + 1):
        file_examinations.examine_waiting()
    objects.put(CSV)
    with monkeypatch.context() as patched:
        patched.setattr(scanning, "scan", fails)
        for _time in range(file_examinations.TRIES - 1):
            file_examinations.examine_waiting()
    file.refresh_from_db()
    assert (file.state, file.attempts) == (FileState.WAITING, file_examinations.TRIES - 1)
    assert file_examinations.examine_waiting() == 1


def test_what_no_text_names_is_forgotten_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, lost = house.file(), house.file("brouillon.csv", b"a;b\n")
    card = house.publish()
    change = make.contributions.propose(resource=card, by=house.by)
    stored_files.remove(contribution=change, file=lost, by=house.by)
    make.put_online(change, house.by)
    assert stored_files.forget_unnamed() == 0
    later = clock.now() + timedelta(days=django_settings.CARD_FILES_UNNAMED_DAYS, minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert stored_files.forget_unnamed() == 1
    assert list(CardFile.objects.all()) == [kept]
    assert events()[-1] == "file.forgotten"
    assert set(reads.kept([kept.sha256, lost.sha256])) == {kept.sha256}


def test_a_card_that_fails_keeps_no_other_waiting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    houses = (house, House())
    first, _last = (each.file() for each in houses)
    for each in houses:
        make.edit(each.draft, each.by, distributions=[])
    past = clock.now() - timedelta(days=django_settings.CARD_FILES_UNNAMED_DAYS + 1)
    CardFile.objects.update(unnamed_at=past)
    forget = forgotten_files.forget

    def fails(*, file: CardFile, by: Any) -> None:
        if file == first:
            raise ZeroDivisionError
        forget(file=file, by=by)

    monkeypatch.setattr(forgotten_files, "forget", fails)
    assert stored_files.forget_unnamed() == 1
    assert list(CardFile.objects.all()) == [first]


def test_a_file_goes_with_its_card(house: House) -> None:
    file = house.file()
    card = house.publish()
    removal = removals.propose(
        resource=card, reason=DecisionReason.ILLEGAL, explanation="…", by=make.moderator()
    )
    removals.confirm(removal=removal, by=make.moderator())
    assert given(file, house.by).status_code == 404
    assert "file.forgotten" in events()
    assert not CardFile.objects.exists()
    assert list(reads.kept([file.sha256])) == []


def test_a_file_goes_with_an_erased_draft_and_the_ledger_says_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.file()
    Contribution.objects.update(expiry_told_at=clock.now())
    later = clock.now() + timedelta(
        days=django_settings.DRAFT_KEPT_DAYS + django_settings.DRAFT_NOTICE_DAYS + 1
    )
    monkeypatch.setattr(clock, "now", lambda: later)
    assert drafts.erase_ended() == 1
    assert events()[-2:] == ["contribution.erased", "file.forgotten"]
    assert not CardFile.objects.exists()


@pytest.mark.parametrize("many", [1, 3])
def test_a_page_reads_all_its_files_at_once(
    house: House, many: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(many):
        house.file(f"{number}.csv", CSV + f"2027-01;{number}\n".encode())
    resource = make.again(house.draft).proposed
    with django_assert_max_num_queries(1):
        assert len(reads.shown(resource, resource.details)) == many


def test_a_file_named_again_in_its_last_hour_is_kept(house: House) -> None:
    file = house.file()
    past = clock.now() - timedelta(days=django_settings.CARD_FILES_UNNAMED_DAYS + 1)
    CardFile.objects.update(unnamed_at=past)
    assert stored_files.forget_unnamed() == 0
    file.refresh_from_db()
    assert file.unnamed_at is None
    make.edit(house.draft, house.by, distributions=[])
    assert stored_files.forget_unnamed() == 0  # thirty days from then on
