"""In whose room the files of a card count: with who holds the text that names them."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.actions import drafts, moderation, stored_files, transfers
from catalogue.enums import DecisionReason
from catalogue.forms.steps import Step
from catalogue.models import CardFile, CardTransfer, Resource
from catalogue.queries import stored_files as reads
from portal.accounts.enums import Role
from portal.accounts.models import Organisation, User
from portal.lib.refusals import QuotaSpent
from tests.catalogue.moderation.test_stored_files import CSV, House
from tests.factories import contributions as make

pytestmark = pytest.mark.django_db
OTHER = CSV + b"2026-02;13\n"


@pytest.fixture
def house() -> House:
    return House()


def weights(*rooms: Organisation | User) -> list[int]:
    return [
        reads.weight(organisation=None, person=each)
        if isinstance(each, User)
        else reads.weight(organisation=each, person=None)
        for each in rooms
    ]


def handed(house: House, to: Organisation | None) -> None:
    make.contributions.save_draft(
        contribution=make.again(house.draft), values={"organisation": to}, by=house.by
    )


def test_a_draft_handed_over_takes_its_files_along(house: House) -> None:
    file, there = house.file(), make.organisation()
    house.by = make.joined(house.by, there, Role.REFERENT)
    handed(house, there)
    assert weights(house.holder, there) == [0, file.size]
    handed(house, None)
    assert weights(house.holder, there, house.by) == [0, 0, file.size]


def test_the_files_of_a_draft_of_one_person_count_with_its_author(house: House) -> None:
    colleague = make.joined(make.person(), house.holder, Role.REFERENT)
    drafts.leave(contribution=make.again(house.draft), by=house.by)
    file = make.filed(house.draft, "offres.csv", CSV, by=colleague)
    drafts.leave(contribution=make.again(house.draft), by=colleague)
    handed(house, None)
    assert weights(house.holder, colleague, house.by) == [0, 0, file.size]


def test_a_draft_is_not_handed_to_who_has_no_room_for_its_files(
    house: House, settings: Any
) -> None:
    house.file()
    house.file("copie.csv")  # the same bytes are kept once
    there = make.organisation()
    house.by = make.joined(house.by, there, Role.REFERENT)
    settings.ORGANISATION_FILES_MAX_BYTES = len(CSV) - 1
    with pytest.raises(QuotaSpent) as refused:
        handed(house, there)
    assert refused.value.facts["left_bytes"] == len(CSV) - 1
    assert make.again(house.draft).organisation == house.holder
    assert Resource.objects.get(pk=house.draft.resource_id).organisation == house.holder
    settings.ORGANISATION_FILES_MAX_BYTES = len(CSV)
    handed(house, there)
    assert weights(house.holder, there) == [0, len(CSV)]


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["button", "alone"])
def test_a_form_says_that_an_organisation_has_no_room_and_keeps_the_rest(
    house: House, settings: Any, headers: dict[str, str]
) -> None:
    house.file()
    there = make.organisation()
    house.by = make.joined(house.by, there, Role.REFERENT)
    settings.ORGANISATION_FILES_MAX_BYTES = len(CSV) - 1
    client = Client()
    client.force_login(house.by)
    step = reverse("catalogue:contribution_step", args=(house.draft.public_id, Step.IDENTIFY))
    typed = {"title": "Un titre que l’on vient de taper", "organisation": there.pk}
    answer = client.post(step, typed, headers=headers)
    assert answer.status_code == 200
    assert "Mo sur" in str(answer.context["form"].errors["organisation"])
    kept = make.again(house.draft)
    assert (kept.proposed.title, kept.organisation) == (typed["title"], house.holder)


def test_a_file_named_again_asks_for_its_room_when_the_text_is_sent(
    house: House, settings: Any
) -> None:
    file, rows = house.file(), house.rows()
    sent = make.contributions.submit(
        contribution=make.again(house.draft), charter=make.CHARTER, by=house.by
    )
    moderation.request_changes(
        contribution=sent,
        reason=DecisionReason.INSUFFICIENT,
        message="Retirez ce fichier.",
        by=make.moderator(),
    )
    stored_files.remove(contribution=make.again(house.draft), file=file, by=house.by)
    settings.ORGANISATION_FILES_MAX_BYTES = len(OTHER)
    other = house.file("autre.csv", OTHER)
    make.contributions.save_draft(
        contribution=make.again(house.draft),
        values={"distributions": [*house.rows(), *rows]},
        by=house.by,
    )

    def amend() -> None:
        fresh = make.again(house.draft)
        make.contributions.amend(contribution=fresh, charter=make.CHARTER, by=house.by)

    assert stored_files.forget_unnamed() == 0  # a night asks nothing less
    with pytest.raises(QuotaSpent) as refused:
        amend()
    assert refused.value.facts["left_bytes"] == 0
    assert weights(house.holder) == [other.size]
    settings.ORGANISATION_FILES_MAX_BYTES = file.size + other.size
    amend()
    assert weights(house.holder) == [file.size + other.size]


def proposed(house: House, card: Resource, by: User) -> CardFile:
    """Have a stranger bring a file to a card, and the card go online with it."""
    draft = make.contributions.propose(resource=card, by=by)
    new = make.filed(draft, "ajout.csv", OTHER, by=by)
    sent = make.contributions.submit(contribution=make.again(draft), charter=make.CHARTER, by=by)
    assert weights(house.holder, by) == [len(CSV), len(OTHER)]
    moderation.publish(contribution=make.accepted(sent), by=make.moderator())
    return new


def test_what_a_stranger_brought_counts_with_who_holds_the_card_once_online(house: House) -> None:
    file, stranger = house.file(), make.person()
    card = house.publish()
    new = proposed(house, card, stranger)
    assert weights(house.holder, stranger) == [file.size + new.size, 0]
    there = make.organisation()
    receiver = make.joined(make.person(), there, Role.REFERENT)
    asked = transfers.offer(resource=card, target=there, by=house.by)
    transfers.accept(transfer=asked, by=receiver)
    assert weights(house.holder, there) == [0, file.size + new.size]


def test_what_is_brought_to_the_card_of_a_person_counts_with_them(house: House) -> None:
    author, stranger = make.person(), make.person()
    draft = make.draft(author, kind=house.draft.resource.kind)
    own = make.filed(draft, "offres.csv", CSV, by=author)
    sent = make.contributions.submit(
        contribution=make.again(draft), charter=make.CHARTER, by=author
    )
    moderation.publish(contribution=sent, by=make.moderator())
    house.file()
    new = proposed(house, Resource.objects.get(pk=draft.resource_id), stranger)
    assert weights(author, stranger) == [own.size + new.size, 0]


def test_a_card_is_not_received_without_room_for_its_files(house: House, settings: Any) -> None:
    file = house.file()
    card, there = house.publish(), make.organisation()
    receiver = make.joined(make.person(), there, Role.REFERENT)
    asked = transfers.offer(resource=card, target=there, by=house.by)
    settings.ORGANISATION_FILES_MAX_BYTES = file.size - 1
    with pytest.raises(QuotaSpent):
        transfers.accept(transfer=asked, by=receiver)
    assert CardTransfer.objects.get().answer == ""
    card.refresh_from_db()
    assert card.organisation == house.holder
    assert weights(house.holder, there) == [file.size, 0]


def test_a_file_handed_over_stays_with_the_draft(house: House) -> None:
    file, there = house.file(), make.organisation()
    house.by = make.joined(house.by, there, Role.REFERENT)
    handed(house, there)
    assert stored_files.forget_unnamed() == 0
    card = house.publish()
    assert (card.organisation, reads.is_public(CardFile.objects.get(pk=file.pk))) == (there, True)
