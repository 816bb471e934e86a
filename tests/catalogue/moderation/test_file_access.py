"""Who may have a file of a card: to name one in a text gives nothing that was not had before."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from catalogue.community.actions import maskings
from catalogue.contributions.actions import files as draft_files
from catalogue.contributions.actions import review
from catalogue.contributions.queries import proposals
from catalogue.enums import Access, OwnerAnswer
from catalogue.models import CardFile, Contribution, Resource
from catalogue.resources.actions import files as file_care
from catalogue.resources.actions import transfers
from catalogue.resources.queries import files as reads
from catalogue.resources.queries import published
from portal.accounts.actions import organisations
from portal.accounts.enums import RegionRole, Role
from portal.accounts.models import Organisation, User
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid
from tests.catalogue.api.test_writing import Pipeline
from tests.catalogue.ledger import events
from tests.factories import contributions as make
from tests.factories.accounts import signed_in
from tests.factories.card_files import CSV, OTHER, House, brought, found, given, statuses

pytestmark = pytest.mark.django_db
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
    told = proposals.changes(proposals.base_record(fresh), proposals.proposed_record(fresh))
    return [each.name for each in told]


def step(draft: Contribution) -> str:
    return reverse("catalogue:contribution_step", args=(draft.public_id, "licence"))


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
    answer = given(file)
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
    house: House, access: Access
) -> None:
    rows = (house.file(), house.rows())[1]
    file, card = closed(house, access)
    assert published.published_one(card).files == ()
    assert str(file.public_id) not in Client().get(card.get_absolute_url()).text
    stranger, auditor = make.person(), make.region(RegionRole.AUDITOR)
    proposed(card, stranger, distributions=rows)
    people = (None, stranger, make.moderator(), auditor, house.by)
    assert statuses(file, *people) == [404, 404, 404, 404, 200]
    sent = make.offered(card, make.person(), distributions=rows, summary=JUSTER)
    assert statuses(file, sent.author, make.moderator(), house.by) == [404, 404, 200]


def test_a_file_brought_to_a_closed_card_goes_to_who_brought_it_and_who_answers(
    house: House,
) -> None:
    _file, card = closed(house)
    stranger = make.person()
    draft = make.drafts.propose(resource=card, by=stranger)
    new = make.filed(draft, "ajout.csv", OTHER, by=stranger)
    assert statuses(new, stranger, house.by, make.moderator()) == [200, 404, 404]
    make.send(draft, stranger)
    assert statuses(new, stranger, house.by, make.moderator()) == [200, 200, 404]


def test_a_draft_on_request_is_given_to_its_organisation_and_shows_no_rows(house: House) -> None:
    file, own = house.file(), signed_in(house.by)
    assert preview(file) in own.get(step(house.draft)).text
    house.edit(access=Access.RESTRICTED)
    page = own.get(step(house.draft)).text
    assert reads.file_address(file).removeprefix(django_settings.SITE_URL) in page
    assert preview(file) not in page
    sent = make.send(house.draft, house.by)
    assert statuses(file, house.by, make.moderator()) == [200, 404]
    assert own.get(preview(file)).status_code == 404
    make.put_online(sent)
    assert [each.get(preview(file)).status_code for each in (own, Client())] == [404, 404]


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
    assert reads.of_draft(make.again(draft)) == []


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


def test_who_proposes_is_shown_no_file_had_on_request_and_deletes_none(house: House) -> None:
    file, card = closed(house)
    stranger = make.person()
    draft = make.drafts.propose(resource=card, by=stranger)
    program, own = Pipeline(stranger), str(file.public_id)
    assert own not in signed_in(stranger).get(step(draft)).text
    told = program.ask("GET", f"contributions/{draft.public_id}")
    assert (told.status_code, own in told.text) == (200, False)
    new = make.filed(draft, "ajout.csv", OTHER, by=stranger)
    assert changes(draft) == ["distributions"]
    card = make.put_online(draft, stranger)
    assert reads.ids_named(card.details) == {file.public_id, new.public_id}
    assert own not in program.ask("GET", f"contributions/{draft.public_id}").text


def test_files_that_were_not_shown_stay_whatever_the_card_becomes(house: House) -> None:
    file, card = closed(house)
    stranger = make.person()
    draft = make.drafts.propose(resource=card, by=stranger)
    make.changed(card, house.by, access=Access.OPEN)
    carried_over(draft, stranger, summary=JUSTER)
    assert changes(draft) == ["summary"]
    assert reads.ids_named(make.put_online(draft, stranger).details) == {file.public_id}


def test_a_change_carried_over_to_a_card_that_closed_shows_its_files_no_more(
    house: House,
) -> None:
    file, (row,) = house.file(), house.rows()
    card, stranger, other = house.publish(), make.person(), make.person()
    draft = make.drafts.propose(resource=card, by=stranger)
    renaming = proposed(card, other, distributions=[row | {"title": "Les offres"}])
    new = brought(card, house.by, "suite.csv", access=Access.ON_REQUEST)
    for each, by in ((draft, stranger), (renaming, other)):
        content = carried_over(each, by).content["details"]
        assert [str(one.public_id) in str(content) for one in (file, new)] == [False, False]
    card = make.put_online(draft, stranger)
    assert {file.public_id, new.public_id} <= reads.ids_named(card.details)
    # A file renamed before the card closed is not told twice.
    carried_over(renaming, other, summary="Autre.", distributions=[row | {"title": "Lot"}])
    titles = [each["title"] for each in make.put_online(renaming, other).details["distributions"]]
    assert titles == ["offres.csv", "suite.csv"]


def test_the_files_of_a_closed_card_are_opened_by_who_answers_for_it_alone(house: House) -> None:
    file, card = closed(house)
    sent = make.offered(card, make.person(), access=Access.OPEN)
    now = clock.now()
    Contribution.objects.filter(pk=sent.pk).update(
        status="submitted",
        submitted_at=now,
        first_submitted_at=now,
        owner_answer=OwnerAnswer.SILENT,
        owner_answered_at=now,
    )
    with pytest.raises(Conflict) as refused:
        review.publish(contribution=make.again(sent), by=make.moderator())
    assert refused.value.code == "files_would_open"
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
    house: House, django_capture_on_commit_callbacks: Any
) -> None:
    file, _card = closed(house)
    client = signed_in(house.by)

    def told(by: User | None, **headers: str) -> int:
        with django_capture_on_commit_callbacks(execute=True):
            given(file, by, **headers)
        return len(events("file.read"))

    assert told(None) == 0
    assert told(house.by, **{"If-None-Match": f'"{file.sha256}"'}) == 0
    client.head(reads.file_address(file).removeprefix(django_settings.SITE_URL))
    assert events("file.read") == []
    assert [told(house.by, Range=part) for part in ("bytes=3-5", "bytes=6-")] == [1, 1]
    assert (told(house.by), told(house.colleague())) == (1, 2)
    opened = make.draft(house.by, kind=house.draft.resource.kind, holder=house.holder)
    table = make.filed(opened, "table.csv", CSV, by=house.by)
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


def test_what_is_public_is_not_told(house: House) -> None:
    file = house.file()
    house.publish()
    assert statuses(file, None, house.by) == [200, 200]
    assert events("file.read") == []
