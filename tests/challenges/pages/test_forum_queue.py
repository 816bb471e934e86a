"""One page over the discussions that a person moderates, and nothing of the others."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from challenges.enums import OrganiserRole
from challenges.forum import actions as forum
from challenges.models import Challenge, ChallengeOrganiser, Post, PostReport
from portal.accounts.models import User
from tests.factories.accounts import UserFactory
from tests.factories.challenges import ChallengeFactory, TeamFactory

pytestmark = pytest.mark.django_db
QUEUE = "/moderation/entraide/"


def reported(title: str, owner: User | None = None) -> Post:
    challenge: Challenge = ChallengeFactory(opened=True, owner=owner or UserFactory())
    thread = forum.open_thread(
        challenge=challenge, title=title, body_md="Un message.", by=UserFactory()
    )
    post = thread.posts.get()
    forum.report(post=post, reason="Hors sujet", by=UserFactory())
    return post


def test_each_reads_what_they_moderate(client: Client) -> None:
    owner, moderator, jury = UserFactory(), UserFactory(region="moderator"), UserFactory()
    own, other = reported("Fil d’ici", owner), reported("Fil d’ailleurs")
    ChallengeOrganiser.objects.create(
        challenge=own.thread.challenge, user=jury, role=OrganiserRole.JURY
    )
    for reader, titles in ((owner, {own}), (moderator, {own, other})):
        client.force_login(reader)
        text = client.get(QUEUE).text
        assert {each for each in (own, other) if each.thread.title in text} == titles
        assert QUEUE in client.get("/espace/").text
    assert "Fil d’ici" not in client.get(QUEUE, {"challenge": other.thread.challenge.slug}).text
    TeamFactory(challenge=other.thread.challenge, captain=moderator)  # who plays judges nobody
    assert "Fil d’ailleurs" not in client.get(QUEUE).text
    for reader in (jury, UserFactory()):
        client.force_login(reader)
        assert client.get(QUEUE).status_code == 404


def test_a_message_is_left_from_there_by_who_moderates_it(client: Client) -> None:
    owner = UserFactory()
    own, other = reported("Fil d’ici", owner), reported("Fil d’ailleurs")
    client.force_login(owner)
    for named in (str(other.public_id), "rien", ""):
        assert client.post(QUEUE, {"post": named}).status_code == 404
    assert PostReport.objects.filter(dismissed_at__isnull=True).count() == 2
    assert client.post(QUEUE, {"post": str(own.public_id)})["Location"] == QUEUE
    assert "Aucun signalement" in client.get(QUEUE).text
    assert PostReport.objects.get(dismissed_at__isnull=True).post == other


def test_it_costs_the_same_with_three(client: Client) -> None:
    client.force_login(UserFactory(region="moderator"))
    counts = []
    for more in (1, 2):
        for number in range(more):
            reported(f"Fil {number}")
        client.get(QUEUE)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(QUEUE).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 25
