"""Who may have a file of a card: to name one in a text gives nothing that was not had before."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from catalogue.actions import (
    card_uploads,
    file_reads,
    maskings,
    stored_files,
    transfers,
)
from catalogue.enums import Access, OwnerAnswer
from catalogue.models import CardFile, CardUpload, Contribution, Resource
from catalogue.queries import proposals
from catalogue.queries import stored_files as reads
from portal.accounts.actions import organisations
from portal.accounts.enums import RegionRole, Role
from portal.accounts.models import Organisation, User
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.catalogue.api.test_writing import Pipeline
from tests.catalogue.ledger import events
from tests.catalogue.moderation.test_stored_files import CSV, House, found, given
from tests.factories import contributions as make
from tests.factories.accounts import signed_in

pytestmark = pytest.mark.django_db
OTHER = CSV + b"2026-02;13\n"


def closed(house: House, access: Access) -> tuple[CardFile, Resource]:
    """Put online a card that is not open, with a file."""
    file = house.file()
    make.edit(house.draft, house.by, access=access)
    return file, house.publish()


def proposed(card: Resource, by: User, rows: list[dict[str, Any]]) -> Contribution:
    """Have a stranger write rows of files into a change of a card."""
    draft = make.contributions.propose(resource=card, by=by)
    return make.edit(draft, by, distributions=rows)


def statuses(file: CardFile, *people: User | None) -> list[int]:
    return [given(file, by).status_code for by in people]


@pytest.mark.parametrize("access", [Access.ON_REQUEST, Access.RESTRICTED])
def test_what_is_had_on_request_is_given_to_no_proposer_and_not_to_the_region(
    house: House, access: Access
) -> None:
    rows = (house.file(), house.rows())[1]
    file, card = closed(house, access)
    stranger, auditor = make.person(), make.region(RegionRole.AUDITOR)
    proposed(card, stranger, rows)
    people = (stranger, make.moderator(), auditor, house.by)
    assert statuses(file, *people) == [404, 404, 404, 200]
    sent = make.offered(card, make.person(), distributions=rows, summary="Une phrase plus juste.")
    assert statuses(file, sent.author, make.moderator(), house.by) == [404, 404, 200]


def test_a_file_brought_to_a_closed_card_goes_to_who_brought_it_and_who_answers(
    house: House,
) -> None:
    _file, card = closed(house, Access.ON_REQUEST)
    stranger = make.person()
    draft = make.contributions.propose(resource=card, by=stranger)
    new = make.filed(draft, "ajout.csv", OTHER, by=stranger)
    assert statuses(new, stranger, house.by, make.moderator()) == [200, 404, 404]
    make.send(draft, stranger)
    assert statuses(new, stranger, house.by, make.moderator()) == [200, 200, 404]


def test_a_draft_on_request_is_not_given_to_the_region(house: House) -> None:
    file = house.file()
    make.edit(house.draft, house.by, access=Access.RESTRICTED)
    make.send(house.draft, house.by)
    assert statuses(file, house.by, make.moderator()) == [200, 404]


def test_a_withdrawn_file_is_not_had_again_by_naming_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = house.file()
    card, rows = house.publish(), house.rows()
    stranger = make.person()
    early = make.contributions.propose(resource=card, by=stranger)
    change = make.contributions.propose(resource=card, by=house.by)
    make.filed(change, "offres.csv", OTHER, by=house.by)
    make.put_online(change, house.by)
    card.refresh_from_db()
    assert statuses(old, stranger, None, house.by) == [404, 404, 200]
    late = make.person()
    draft = proposed(card, late, rows)
    assert statuses(old, late) == [404]
    assert found(draft) == {"file_absent"}
    there = str(rows[0]["download_url"]).replace(django_settings.SITE_URL, "https://autre.example")
    make.edit(draft, late, distributions=[rows[0] | {"download_url": there}])
    assert found(make.again(draft)) == {"file_absent"}
    assert found(make.again(early)) == {"file_absent"}
    with pytest.raises(Invalid):
        make.send(draft, late)
    stored_files.forget_unnamed()
    later = clock.now() + timedelta(days=django_settings.CARD_FILES_UNNAMED_DAYS, minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert stored_files.forget_unnamed() == 1
    assert not CardFile.objects.filter(pk=old.pk).exists()


def replaced(card: Resource, by: User, name: str) -> CardFile:
    """Have a change of a card bring a file under a name, and put it online."""
    change = make.contributions.propose(resource=card, by=by)
    new = make.filed(change, name, OTHER, by=by)
    make.put_online(change, by)
    return new


def test_a_file_named_again_in_its_last_hour_is_kept(house: House) -> None:
    file = house.file()
    past = clock.now() - timedelta(days=django_settings.CARD_FILES_UNNAMED_DAYS + 1)
    CardFile.objects.update(unnamed_at=past)
    assert stored_files.forget_unnamed() == 0
    file.refresh_from_db()
    assert file.unnamed_at is None
    make.edit(house.draft, house.by, distributions=[])
    assert stored_files.forget_unnamed() == 0  # thirty days from then on


def test_to_name_a_file_tells_neither_its_name_nor_its_digest(house: House) -> None:
    old = house.file()
    card, rows = house.publish(), house.rows()
    stranger = make.person()
    draft = proposed(card, stranger, rows)
    step = reverse("catalogue:contribution_step", args=(draft.public_id, "licence"))
    client = signed_in(stranger)
    assert f'value="{old.public_id}"' in client.get(step).content.decode()
    replaced(card, house.by, "offres.csv")
    rows = [{"title": "x", "download_url": reads.address(old).replace("offres", "x")}]
    make.edit(draft, stranger, distributions=rows)
    page = client.get(step).content.decode()
    assert (old.sha256 in page, "offres.csv" in page) == (False, False)
    program = Pipeline(stranger)
    told = program.ask("DELETE", f"resources/{card.public_id}/files/offres.csv")
    assert told.status_code == 404
    assert reads.of_draft(make.again(draft)) == []


def test_an_older_draft_takes_away_no_file_that_was_online(house: House) -> None:
    house.file()
    card = house.publish()
    colleague = make.joined(make.person(), house.holder, Role.REFERENT)
    older = make.contributions.propose(resource=card, by=colleague)
    new = replaced(card, house.by, "suite.csv")
    make.contributions.catch_up(contribution=make.again(older), by=colleague)
    card.refresh_from_db()
    change = make.contributions.propose(resource=card, by=house.by)
    stored_files.remove(contribution=change, file=new, by=house.by)
    make.put_online(change, house.by)
    stored_files.remove(contribution=make.again(older), file=new, by=colleague)
    new.refresh_from_db()
    assert new.unnamed_at is not None


def test_a_change_may_keep_the_files_online(house: House) -> None:
    file = house.file()
    card, rows = house.publish(), house.rows()
    stranger = make.person()
    draft = proposed(card, stranger, [rows[0] | {"title": "Les offres"}])
    assert found(draft) == set()
    assert statuses(file, stranger) == [200]


def test_a_masked_card_gives_its_files_to_its_organisation_and_the_moderators(
    house: House,
) -> None:
    file = house.file()
    card = house.publish()
    early, reader = make.person(), make.person()
    draft = make.contributions.propose(resource=card, by=early)
    own = make.filed(draft, "ajout.csv", OTHER, by=early)
    make.contributions.withdraw(contribution=make.again(draft), by=early)
    moderator, auditor = make.moderator(), make.region(RegionRole.AUDITOR)
    maskings.mask(resource=card, category="illegal", explanation="Propos.", by=make.moderator())
    people = (None, reader, early, auditor, moderator, house.by)
    assert statuses(file, *people) == [404, 404, 404, 404, 200, 200]
    assert statuses(own, early) == [404]


def readings() -> list[str]:
    return [each for each in events() if each == "file.read"]


def test_who_was_given_a_closed_file_is_told_once_a_day(
    house: House, django_capture_on_commit_callbacks: Any
) -> None:
    file, card = closed(house, Access.ON_REQUEST)

    def told(by: User | None, **headers: str) -> list[str]:
        with django_capture_on_commit_callbacks(execute=True):
            given(file, by, **headers)
        return readings()

    assert told(None) == []
    assert told(house.by, **{"If-None-Match": f'"{file.sha256}"'}) == []
    client = signed_in(house.by)
    client.head(reads.address(file).removeprefix(django_settings.SITE_URL))
    assert readings() == []
    assert told(house.by, Range="bytes=3-5") == ["file.read"]
    assert told(house.by, Range="bytes=6-") == ["file.read"]
    assert told(house.by) == ["file.read"]
    colleague = make.joined(make.person(), house.holder, Role.REFERENT)
    assert told(colleague) == ["file.read"] * 2
    opened = make.draft(house.by, kind=card.kind, holder=house.holder)
    table = make.filed(opened, "table.csv", CSV, by=house.by)
    before = readings()
    page = client.get(reverse("catalogue:file_preview", args=(table.public_id,)))
    assert (page.status_code, readings()) == (200, [*before, "file.read"])


def test_no_file_is_given_untold_because_another_reading_failed(
    house: House, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    file, told = house.file(), []

    def note() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            file_reads.note(file=file, by=house.by)

    def meets(*_given: Any, **_facts: Any) -> None:
        told.append(len(told))
        if len(told) == 1:
            note()  # at the same instant
            raise ZeroDivisionError

    monkeypatch.setattr(file_reads, "record", meets)
    with pytest.raises(ZeroDivisionError):
        file_reads.note(file=file, by=house.by)
    assert told == [0, 1]
    note()
    assert told == [0, 1]


def test_what_is_public_is_not_told(house: House) -> None:
    file = house.file()
    house.publish()
    assert statuses(file, None, house.by) == [200, 200]
    assert readings() == []


def test_what_a_person_is_given_stays_in_no_cache(house: House) -> None:
    file = house.file()
    house.publish()
    assert given(file)["Cache-Control"] == "no-cache"
    again = given(file, **{"If-None-Match": given(file)["ETag"]})
    assert again["Cache-Control"] == "no-cache"
    assert given(file, make.person())["Cache-Control"] == "no-store, private"


def test_rows_of_a_card_for_accounts_ask_for_one(house: House) -> None:
    file, card = closed(house, Access.REGISTERED)
    place = reverse("catalogue:file_preview", args=(file.public_id,))
    assert place in Client().get(card.get_absolute_url()).content.decode()
    assert Client().get(place).status_code == 302
    member = signed_in(make.person())
    assert member.get(place).status_code == 200


def test_a_draft_on_request_links_to_no_first_rows(house: House) -> None:
    file = house.file()
    own = signed_in(house.by)
    step = reverse("catalogue:contribution_step", args=(house.draft.public_id, "licence"))
    place = reverse("catalogue:file_preview", args=(file.public_id,))
    assert place in own.get(step).content.decode()
    make.edit(house.draft, house.by, access=Access.ON_REQUEST)
    page = own.get(step).content.decode()
    assert reads.address(file).removeprefix(django_settings.SITE_URL) in page
    assert place not in page


def test_who_proposes_is_shown_no_file_had_on_request_and_deletes_none(house: House) -> None:
    file, card = closed(house, Access.ON_REQUEST)
    stranger = make.person()
    draft = make.contributions.propose(resource=card, by=stranger)
    step = reverse("catalogue:contribution_step", args=(draft.public_id, "licence"))
    client = signed_in(stranger)
    assert str(file.public_id) not in client.get(step).content.decode()
    told = Pipeline(stranger).ask("GET", f"contributions/{draft.public_id}")
    assert (told.status_code, str(file.public_id) in told.content.decode()) == (200, False)
    new = make.filed(draft, "ajout.csv", OTHER, by=stranger)
    assert [each.name for each in changes(draft)] == ["distributions"]
    make.put_online(draft, stranger)
    card.refresh_from_db()
    assert reads.named(card.details) == {file.public_id, new.public_id}
    told = Pipeline(stranger).ask("GET", f"contributions/{draft.public_id}")
    assert str(file.public_id) not in told.content.decode()


def test_files_that_were_not_shown_stay_whatever_the_card_becomes(house: House) -> None:
    file, card = closed(house, Access.ON_REQUEST)
    stranger = make.person()
    draft = make.contributions.propose(resource=card, by=stranger)
    change = make.contributions.propose(resource=card, by=house.by)
    make.edit(change, house.by, access=Access.OPEN)
    make.put_online(change, house.by)
    make.contributions.catch_up(contribution=make.again(draft), by=stranger)
    make.edit(draft, stranger, summary="Une phrase plus juste.")
    assert [each.name for each in changes(draft)] == ["summary"]
    publish(draft, stranger)
    card.refresh_from_db()
    assert reads.named(card.details) == {file.public_id}


def test_a_change_carried_over_to_a_card_that_closed_shows_its_files_no_more(
    house: House,
) -> None:
    file = house.file()
    card, stranger = house.publish(), make.person()
    draft = make.contributions.propose(resource=card, by=stranger)
    change = make.contributions.propose(resource=card, by=house.by)
    new = make.filed(change, "suite.csv", OTHER, by=house.by)
    make.edit(change, house.by, access=Access.ON_REQUEST)
    make.put_online(change, house.by)
    make.contributions.catch_up(contribution=make.again(draft), by=stranger)
    assert str(new.public_id) not in str(make.again(draft).content["details"])
    publish(draft, stranger)
    card.refresh_from_db()
    assert {file.public_id, new.public_id} <= reads.named(card.details)


def test_a_file_renamed_before_the_card_closed_is_not_told_twice(house: House) -> None:
    file = house.file()
    card, stranger = house.publish(), make.person()
    (row,) = house.rows()
    draft = proposed(card, stranger, [row | {"title": "Les offres"}])
    change = make.contributions.propose(resource=card, by=house.by)
    make.edit(change, house.by, access=Access.ON_REQUEST)
    make.put_online(change, house.by)
    make.contributions.catch_up(contribution=make.again(draft), by=stranger)
    assert str(file.public_id) not in str(make.again(draft).content["details"])
    late = make.edit(
        draft, stranger, summary="Une phrase plus juste.", distributions=[row | {"title": "Lot"}]
    )
    publish(late, stranger)
    card.refresh_from_db()
    assert [each["title"] for each in card.details["distributions"]] == ["offres.csv"]


def changes(draft: Contribution) -> list[proposals.Change]:
    """List what a moderator reads of a change."""
    fresh = make.again(draft)
    return proposals.changes(proposals.base_record(fresh), proposals.proposed_record(fresh))


def publish(draft: Contribution, by: User) -> None:
    """Send a change of somebody else's card, and have it go online."""
    make.put_online(draft, by)


def test_a_card_that_changes_hands_takes_the_files_it_gives(house: House) -> None:
    file = house.file()
    card = house.publish()
    there = make.organisation()
    receiver = make.joined(make.person(), there, Role.REFERENT)
    draft = make.contributions.propose(resource=card, by=house.by)
    written = make.filed(draft, "ajout.csv", OTHER, by=house.by)
    asked = transfers.offer(resource=card, target=there, by=house.by)
    transfers.accept(transfer=asked, by=receiver)
    assert reads.weight(organisation=there, person=None) == file.size
    assert reads.weight(organisation=house.holder, person=None) == written.size
    assert statuses(written, house.by, receiver) == [200, 404]
    assert archived(there, receiver) == [f"{str(file.public_id)[:8]}-offres.csv"]


def test_the_archive_holds_what_a_stranger_brought_to_a_card_online(house: House) -> None:
    house.file()
    card, stranger = house.publish(), make.person()
    draft = make.contributions.propose(resource=card, by=stranger)
    new = make.filed(draft, "ajout.csv", OTHER, by=stranger)
    sent = make.send(draft, stranger)
    assert len(archived(house.holder, house.by)) == 1
    make.put_online(sent)
    assert f"{str(new.public_id)[:8]}-ajout.csv" in archived(house.holder, house.by)


def archived(organisation: Organisation, by: User) -> list[str]:
    """Name the files of the archive of an organisation."""
    client = signed_in(by)
    answer: Any = client.get(reverse("catalogue:holdings", args=(organisation.slug,)))
    names = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).namelist()
    return [each.rpartition("/")[2] for each in names if each.startswith("fichiers/")]


def test_a_change_begun_before_a_transfer_gives_the_card_back_to_nobody(house: House) -> None:
    house.file()
    card, stranger = house.publish(), make.person()
    early = make.contributions.propose(resource=card, by=stranger)
    there = make.organisation()
    receiver = make.joined(make.person(), there, Role.REFERENT)
    asked = transfers.offer(resource=card, target=there, by=house.by)
    transfers.accept(transfer=asked, by=receiver)
    make.contributions.catch_up(contribution=make.again(early), by=stranger)
    make.edit(early, stranger, summary="Une phrase plus juste.")
    publish(early, stranger)
    card.refresh_from_db()
    assert (card.summary, card.organisation) == ("Une phrase plus juste.", there)


def test_the_files_of_a_closed_card_are_opened_by_who_answers_for_it_alone(house: House) -> None:
    file, card = closed(house, Access.ON_REQUEST)
    sent = make.offered(card, make.person(), access=Access.OPEN)
    Contribution.objects.filter(pk=sent.pk).update(
        status="submitted",
        submitted_at=clock.now(),
        first_submitted_at=clock.now(),
        owner_answer=OwnerAnswer.SILENT,
        owner_answered_at=clock.now(),
    )
    with pytest.raises(Conflict) as refused:
        make.put_online(sent)
    assert refused.value.code == "files_would_open"
    card.refresh_from_db()
    assert (card.access, statuses(file, None)) == (Access.ON_REQUEST, [404])


def test_who_left_the_organisation_has_what_it_brought_no_more(house: House) -> None:
    file = house.file()
    make.send(house.draft, house.by)
    assert statuses(file, house.by) == [200]
    make.joined(make.person(), house.holder, Role.REFERENT)
    organisations.leave(organisation=house.holder, by=house.by)
    assert statuses(file, User.objects.get(pk=house.by.pk)) == [404]


def test_an_upload_that_is_put_together_is_not_taken_away(house: House) -> None:
    now = clock.now()
    upload = CardUpload.objects.create(
        contribution=make.again(house.draft),
        begun_by=house.by,
        name="suite.csv",
        length=3,
        offset=3,
        begun_at=now - timedelta(days=1),
        expires_at=now,
        assembling_until=now + timedelta(minutes=1),
    )
    assert card_uploads.expire() == 0
    CardUpload.objects.filter(pk=upload.pk).update(assembling_until=now)
    assert card_uploads.expire() == 1


def test_an_upload_that_another_process_takes_meanwhile_keeps_its_parts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    for name in ("a.csv", "b.csv"):
        CardUpload.objects.create(
            contribution=make.again(house.draft),
            begun_by=house.by,
            name=name,
            length=3,
            offset=3,
            begun_at=now - timedelta(days=1),
            expires_at=now,
        )
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
    upload = CardUpload.objects.create(
        contribution=make.again(house.draft),
        begun_by=house.by,
        name="suite.csv",
        length=3,
        offset=3,
        begun_at=now,
        expires_at=now + timedelta(hours=1),
    )
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
