"""What waits for a person in their space: sources, transfers, maskings."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalogue.actions import harvest_sources, maskings, transfers
from catalogue.models import Resource
from catalogue.views.space import to_do
from portal.accounts.enums import Role
from portal.accounts.models import User
from tests.factories import contributions as make
from tests.factories.accounts import MembershipFactory
from tests.factories.catalogue import ResourceFactory
from tests.factories.harvests import SourceFactory

pytestmark = pytest.mark.django_db


def seen(person: User) -> list[str]:
    return [str(item.title) for item in to_do(User.objects.get(pk=person.pk))]


def urls(person: User) -> list[str]:
    return [item.url for item in to_do(User.objects.get(pk=person.pk))]


def test_a_source_waits_for_the_moderators_who_may_answer() -> None:
    source = SourceFactory()
    free, tied = make.moderator("libre"), make.moderator("liée")
    MembershipFactory(user=tied, organisation=source.organisation, role="editor")
    assert "Répondre à 1 source proposée" in seen(free)
    assert f"/moissonnage/{source.public_id}/" in urls(free)
    SourceFactory()
    assert "Répondre à 2 sources proposées" in seen(free)
    assert "/moissonnage/" in urls(free)
    assert "Répondre à 1 source proposée" in seen(tied)
    assert not [each for each in seen(make.person()) if "source" in each]
    harvest_sources.approve(source=source, publishes=True, by=free)
    assert "Répondre à 1 source proposée" in seen(free)


def test_a_transfer_waits_for_who_may_answer() -> None:
    here, there = make.organisation("Donneuse"), make.organisation("Receveuse")
    owner = make.joined(make.person(), here, Role.EDITOR)
    receiver = make.joined(make.person(), there, Role.EDITOR)
    card = make.published(owner, holder=here)
    asked = transfers.offer(resource=card, target=there, by=owner)
    title = f"Répondre au transfert de « {card.title} »"
    assert title in seen(receiver)
    assert f"/ressources/{card.slug}/transmettre/" in urls(receiver)
    for other in (owner, make.person(), make.moderator()):
        assert title not in seen(other)
    transfers.refuse(transfer=asked, by=receiver)
    assert title not in seen(receiver)
    transfers.propose(resource=card, target=there, message="Fusion.", by=make.moderator("un"))
    assert title in seen(make.moderator("deux"))
    assert title not in seen(receiver)


def test_a_masking_waits_for_a_second_person() -> None:
    one, two = make.moderator("un"), make.moderator("deux")
    card = ResourceFactory(published=True)
    masking = maskings.mask(resource=card, category="illegal", explanation="Propos.", by=one)
    title = "Répondre à 1 masquage"
    assert (title in seen(one), title in seen(two)) == (False, True)
    maskings.confirm(masking=masking, by=two)
    assert (title in seen(one), title in seen(two)) == (False, False)
    maskings.propose_lift(masking=masking, by=two)
    assert (title in seen(one), title in seen(two)) == (True, False)


def test_what_waits_costs_the_same_for_one_and_three() -> None:
    judge = make.moderator("un")
    counts = []
    for _ in range(2):
        for _ in range(1 if not counts else 2):
            SourceFactory()
            card = ResourceFactory(published=True)
            maskings.mask(
                resource=Resource.objects.get(pk=card.pk),
                category="illegal",
                explanation="Propos.",
                by=make.moderator(),
            )
        fresh = User.objects.get(pk=judge.pk)
        with CaptureQueriesContext(connection) as queries:
            assert list(to_do(fresh))
        counts.append(len(queries))
    assert counts[0] == counts[1]
