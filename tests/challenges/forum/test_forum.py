"""Entraide: who writes about a challenge and moderates; the rest is of tests/portal/discussions."""

import pytest
from django.test import Client

from challenges.forum import rules
from challenges.organising.enums import ChallengeStatus, OrganiserRole, RegistrationMode
from challenges.organising.models.challenges import Challenge
from portal.accounts.models import User
from portal.discussions import actions as discussions
from portal.discussions.models import Discussion, Message
from portal.lib import clock
from portal.lib.refusals import NotAllowed
from tests.challenges.pages.scenes import url_of
from tests.factories.accounts import UserFactory
from tests.factories.challenges import ChallengeFactory, TeamFactory, accepted_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return UserFactory()


@pytest.fixture
def challenge(owner: User) -> Challenge:
    return ChallengeFactory(opened=True, owner=owner)


def opened(challenge: Challenge, by: User | None = None, title: str = "Dates") -> Discussion:
    by = by or UserFactory()
    return discussions.open_discussion(on=challenge, title=title, body_md="Quand ?", by=by)


def test_who_may_write_depends_on_the_registration(challenge: Challenge, owner: User) -> None:
    opened(challenge, UserFactory())
    challenge.registration = RegistrationMode.APPROVAL
    challenge.save()
    with pytest.raises(NotAllowed):
        opened(challenge, UserFactory())
    opened(challenge, accepted_person(challenge))
    opened(challenge, owner)
    challenge.status, challenge.published_at = ChallengeStatus.DRAFT, None
    challenge.save()
    with pytest.raises(NotAllowed):
        opened(challenge, owner)


def test_who_runs_it_moderates_and_a_moderator_who_does_not_play(
    challenge: Challenge, owner: User
) -> None:
    jury, player, moderator = UserFactory(), *(UserFactory(region="moderator") for _ in range(2))
    challenge.organisers.create(user=jury, role=OrganiserRole.JURY)
    TeamFactory(challenge=challenge, captain=player)
    may = [rules.may_moderate_forum(each, challenge) for each in (owner, moderator, jury, player)]
    assert may == [True, True, False, False]
    for person in (owner, jury):  # nobody who runs it is kept from writing
        with pytest.raises(NotAllowed):
            discussions.block(on=challenge, user=person, reason="Non.", by=owner)


def test_a_message_hidden_leaves_the_list_which_links_another_forum(
    client: Client, challenge: Challenge
) -> None:
    Challenge.objects.update(forum_url="https://forum.exemple.fr/")
    shown, hidden = (opened(challenge, title=title) for title in ("Dates", "Injure"))
    discussions.hide(
        message=hidden.messages.get(), reason="Non.", by=UserFactory(region="moderator")
    )
    page = client.get(url_of(challenge, "discussions")).text
    assert ("Injure" in page, str(shown.public_id) in page) == (False, True)
    assert "https://forum.exemple.fr/" in page


def flagged(title: str, owner: User | None = None) -> Message:
    challenge = ChallengeFactory(opened=True, owner=owner or UserFactory())
    message = opened(challenge, title=title).messages.get()
    discussions.flag(message=message, reason="Hors sujet", by=UserFactory())
    return message


def test_each_is_led_to_what_they_moderate(client: Client) -> None:
    owner, moderator, jury = UserFactory(), UserFactory(region="moderator"), UserFactory()
    own, other = (flagged(title, by).discussion for title, by in (("Ici", owner), ("Là", None)))
    own.subject.organisers.create(user=jury, role=OrganiserRole.JURY)

    def led(reader: User) -> set[Discussion]:
        client.force_login(reader)
        text = client.get("/espace/").text
        return {each for each in (own, other) if f"/{each.subject.slug}/entraide/moderer/" in text}

    assert [led(each) for each in (owner, moderator, jury)] == [{own}, {own, other}, set()]
    TeamFactory(challenge=other.subject, captain=moderator)  # who plays judges nobody
    assert led(moderator) == {own}
    own.messages.get().flags.update(settled_at=clock.now())
    assert led(owner) == set()
