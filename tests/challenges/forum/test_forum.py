"""Entraide: who writes about a challenge and moderates; the rest is of tests/portal/discussions."""

import pytest
from django.test import Client

from challenges.forum import rules
from challenges.organising.enums import ChallengeStatus, OrganiserRole, RegistrationMode
from challenges.organising.models.challenges import Challenge
from portal.accounts.models import User
from portal.discussions import actions as discussions
from portal.discussions.models import Discussion, Flag, Message
from portal.lib.refusals import NotAllowed
from tests.challenges.pages.scenes import Costs, url_of
from tests.factories.accounts import UserFactory
from tests.factories.challenges import ChallengeFactory, TeamFactory, accepted_person

pytestmark = pytest.mark.django_db
QUEUE = "/moderation/entraide/"


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


def test_nobody_who_runs_it_is_kept_from_writing(challenge: Challenge, owner: User) -> None:
    jury = UserFactory()
    challenge.organisers.create(user=jury, role=OrganiserRole.JURY)
    for person in (owner, jury):
        with pytest.raises(NotAllowed):
            discussions.block(on=challenge, user=person, reason="Non.", by=owner)


def test_the_feed_and_the_link_to_another_forum(client: Client, challenge: Challenge) -> None:
    Challenge.objects.update(forum_url="https://forum.exemple.fr/")
    shown, hidden = (opened(challenge, title=title) for title in ("Dates", "Injure"))
    discussions.hide(
        message=hidden.messages.get(), reason="Non.", by=UserFactory(region="moderator")
    )
    feed = client.get(url_of(challenge, "forum_feed")).text
    assert ("Injure" in feed, f"#m-{shown.messages.get().public_id}" in feed) == (False, True)
    assert "https://forum.exemple.fr/" in client.get(url_of(challenge, "discussions")).text


def flagged(title: str, owner: User | None = None) -> Message:
    challenge = ChallengeFactory(opened=True, owner=owner or UserFactory())
    message = opened(challenge, title=title).messages.get()
    discussions.flag(message=message, reason="Hors sujet", by=UserFactory())
    return message


def test_each_reads_and_settles_what_they_moderate(client: Client) -> None:
    owner, moderator, jury = UserFactory(), UserFactory(region="moderator"), UserFactory()
    own, other = flagged("Fil d’ici", owner), flagged("Fil d’ailleurs")
    here, elsewhere = own.discussion.subject, other.discussion.subject
    here.organisers.create(user=jury, role=OrganiserRole.JURY)
    for reader, titles in ((owner, {own}), (moderator, {own, other})):
        client.force_login(reader)
        text = client.get(QUEUE).text
        assert {each for each in (own, other) if each.discussion.title in text} == titles
        assert QUEUE in client.get("/espace/").text
    assert "Fil d’ici" not in client.get(QUEUE, {"challenge": elsewhere.slug}).text
    TeamFactory(challenge=elsewhere, captain=moderator)  # who plays judges nobody
    assert "Fil d’ailleurs" not in client.get(QUEUE).text
    for reader in (jury, UserFactory()):
        client.force_login(reader)
        assert client.get(QUEUE).status_code == 404
    client.force_login(owner)
    for named in (str(other.public_id), "rien", ""):
        assert client.post(QUEUE, {"message": named}).status_code == 404
    assert client.post(QUEUE, {"message": str(own.public_id)})["Location"] == QUEUE
    assert "Aucun signalement" in client.get(QUEUE).text
    assert Flag.objects.get(settled_at=None).message == other


def test_the_queue_costs_the_same(client: Client, count: int, costs: Costs) -> None:
    client.force_login(UserFactory(region="moderator"))
    for number in range(count):
        flagged(f"Fil {number}")
    with costs(11):
        assert client.get(QUEUE).status_code == 200
