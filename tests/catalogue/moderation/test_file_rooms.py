"""In whose room the files of a card count: with who holds the text that names them."""

import pytest

from catalogue.actions import stored_files, transfers
from catalogue.models import CardFile, Resource
from catalogue.queries import stored_files as reads
from portal.accounts.enums import Role
from portal.accounts.models import Organisation, User
from tests.factories import contributions as make
from tests.factories.card_files import CSV, House

pytestmark = pytest.mark.django_db
OTHER = CSV + b"2026-02;13\n"


def weights(*rooms: Organisation | User) -> list[int]:
    return [
        reads.weight(organisation=None, person=each)
        if isinstance(each, User)
        else reads.weight(organisation=each, person=None)
        for each in rooms
    ]


def handed(house: House, to: Organisation | None) -> None:
    make.edit(house.draft, house.by, organisation=to)


def test_a_draft_handed_over_takes_its_files_along(house: House) -> None:
    file, there = house.file(), make.organisation()
    house.by = make.joined(house.by, there, Role.REFERENT)
    handed(house, there)
    assert weights(house.holder, there) == [0, file.size]
    handed(house, None)
    assert weights(house.holder, there, house.by) == [0, 0, file.size]


def test_the_files_of_a_draft_of_one_person_count_with_its_author(house: House) -> None:
    colleague = make.joined(make.person(), house.holder, Role.REFERENT)
    file = make.filed(house.draft, "offres.csv", CSV, by=colleague)
    handed(house, None)
    assert weights(house.holder, colleague, house.by) == [0, 0, file.size]


def proposed(house: House, card: Resource, by: User) -> CardFile:
    """Have a stranger bring a file to a card, and the card go online with it."""
    draft = make.contributions.propose(resource=card, by=by)
    new = make.filed(draft, "ajout.csv", OTHER, by=by)
    sent = make.send(draft, by)
    assert weights(house.holder, by) == [len(CSV), len(OTHER)]
    make.put_online(sent)
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
    make.put_online(draft, author)
    house.file()
    new = proposed(house, Resource.objects.get(pk=draft.resource_id), stranger)
    assert weights(author, stranger) == [own.size + new.size, 0]


def test_a_file_handed_over_stays_with_the_draft(house: House) -> None:
    file, there = house.file(), make.organisation()
    house.by = make.joined(house.by, there, Role.REFERENT)
    handed(house, there)
    assert stored_files.forget_unnamed() == 0
    card = house.publish()
    assert (card.organisation, reads.is_public(CardFile.objects.get(pk=file.pk))) == (there, True)
