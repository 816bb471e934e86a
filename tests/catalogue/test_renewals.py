"""A card that nobody reviewed for a year says so, and who answers for it is asked once."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from catalogue.actions import renewals
from catalogue.models import Resource
from portal.accounts.models import User
from portal.audit import outbox
from portal.audit.models import Outbox
from portal.lib import clock
from tests.factories import contributions as make
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db
BADGE = "À revoir</span>"


@pytest.fixture
def author() -> User:
    return make.person("autrice")


def aged(card: Resource, days: float) -> None:
    due = clock.now() - timedelta(days=days)
    Resource.objects.filter(pk=card.pk).update(next_review_at=due)


def asked() -> int:
    return Outbox.objects.filter(topic="mail.card_to_review").count()


def test_the_page_says_it_from_the_day_on(author: User, client: Client) -> None:
    card = make.published(author)
    assert BADGE not in client.get(card.get_absolute_url()).text
    aged(card, 0)
    assert BADGE in client.get(card.get_absolute_url()).text
    Resource.objects.filter(pk=card.pk).update(archived_at=clock.now(), archive_reason="Close.")
    assert BADGE not in client.get(card.get_absolute_url()).text


def test_the_owner_is_asked_once(author: User) -> None:
    card = make.published(author)
    aged(card, 2)
    for _ in range(2):
        assert renewals.remind_due() == 1
    assert asked() == 1
    mail.outbox.clear()
    outbox.relay()
    told = [letter for letter in mail.outbox if "à revoir" in letter.subject.lower()]
    assert [letter.to for letter in told] == [[author.email]]
    assert f"/ressources/{card.slug}/modifier/" in told[0].body


def test_what_is_not_due_long_past_archived_or_hidden_is_left(author: User) -> None:
    for days, options in ((-1, {}), (40, {}), (2, {"archived_at": clock.now()})):
        aged(ResourceFactory(published=True, author=author, **options), days)
    aged(ResourceFactory(author=author), 2)
    assert renewals.remind_due() == 0
    assert asked() == 0


def test_a_card_reviewed_before_the_letter_leaves_is_not_asked_about(author: User) -> None:
    card = make.published(author)
    aged(card, 2)
    renewals.remind_due()
    aged(card, -300)
    mail.outbox.clear()
    outbox.relay()
    assert [m for m in mail.outbox if "à revoir" in m.subject.lower()] == []
