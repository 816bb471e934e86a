"""Feeds stay XML whatever people wrote, and such characters are refused where they are typed."""

from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse

from challenges.enums import NoticeKind
from challenges.models import Notice, Team, Thread
from portal.lib import clock
from portal.lib.markdown import render
from tests.challenges.pages.scenes import board_of, listed
from tests.factories.accounts import UserFactory, bearer
from tests.factories.catalogue import ResourceFactory
from tests.factories.challenges import ChallengeFactory, accepted_person

pytestmark = pytest.mark.django_db
ODD = "Un\x01 titre\ufffe odd"


def test_stored_control_characters_break_no_feed(client: Client) -> None:
    by = UserFactory()
    challenge = ChallengeFactory(opened=True, slug="tensions", title=ODD, owner=by)
    board_of(challenge)
    row = listed(challenge, "Alpha", 0.30, rank=1)
    Team.objects.filter(pk=row.team_id).update(name=ODD)
    now = clock.now()
    Notice.objects.create(challenge=challenge, kind=NoticeKind.TEXT, text=ODD, at=now)
    thread = Thread.objects.create(challenge=challenge, title=ODD, by=by, at=now, moved_at=now)
    thread.posts.create(by=by, at=now, body_md=ODD, body_html=render("Bonjour") + "\x02")
    ResourceFactory(title=ODD, published=True)
    for name, args in (
        ("challenges:feed", []),
        ("challenges:forum_feed", ["tensions"]),
        ("challenges:standings_feed", ["tensions"]),
        ("catalogue:feed", []),
    ):
        sent = client.get(reverse(name, args=args))
        assert sent.status_code == 200, name
        tree = ElementTree.fromstring(sent.content)  # noqa: S314  our own
        assert "Un titre odd" in "".join(tree.itertext()), name


@pytest.mark.parametrize("bad", ["\x01", "\x7f", "\x85", "\u202e", "\u2066"])
def test_invisible_characters_are_refused_beside_their_field(client: Client, bad: str) -> None:
    owner = UserFactory()
    challenge = ChallengeFactory(opened=True, owner=owner)
    person = accepted_person(challenge)
    odd = f"Les{bad} Pins"
    forms: list[tuple[Any, str, dict[str, str]]] = [
        (person, "team", {"name": odd}),
        (person, "help", {"title": odd, "body_md": "Quand ?"}),
        (person, "help", {"title": "Dates", "body_md": odd}),
        (owner, "announcements", {"text": odd}),
    ]
    for who, name, sent in forms:
        client.force_login(who)
        page = client.post(reverse(f"challenges:{name}", args=[challenge.slug]), sent)
        assert page.status_code == 422, (name, sent)
        assert "caractère invisible" in page.text
    told = client.post(
        f"/api/v1/challenges/{challenge.slug}/teams",
        {"name": odd},
        content_type="application/json",
        headers=bearer(person),
    )
    assert (told.status_code, told.json()["code"]) == (422, "characters")
    assert [each.objects.count() for each in (Team, Thread, Notice)] == [0, 0, 0]


def test_a_long_text_keeps_its_lines(client: Client) -> None:
    challenge = ChallengeFactory(opened=True)
    client.force_login(UserFactory())
    sent = {"title": "Dates", "body_md": "Quand ?\r\n\tEt où ?"}
    page = client.post(reverse("challenges:help", args=[challenge.slug]), sent)
    assert page.status_code == 302
