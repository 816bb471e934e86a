"""What other sites show of the standings: the frame, its code, the feed."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from challenges.enums import ChallengeStatus, NoticeKind, Split
from challenges.models import Challenge, Notice
from portal.lib import clock
from tests.challenges.pages.scenes import board_of, clocked, listed, reveal
from tests.factories.challenges import ChallengeFactory, captain_of

pytestmark = pytest.mark.django_db
OPEN = ("embed_frame", "standings_feed", "standings_csv", "standings_json")
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def challenge() -> Challenge:
    """Return an open challenge with a board."""
    made: Challenge = ChallengeFactory(opened=True, slug="tensions", title="Tensions <1>")
    board_of(made)
    return made


def address(name: str, query: str = "") -> str:
    return reverse(f"challenges:{name}", args=["tensions"]) + query


def text_of(sent: Any) -> str:
    json = sent.get("Content-Type") == "application/json"
    return str(sent.json()) if json else str(sent.text)


def test_the_frame_stands_anywhere_and_knows_nobody(client: Client, challenge: Challenge) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    row = listed(challenge, "Bêta", 0.31, rank=1)
    client.force_login(captain_of(row.team))
    sent = client.get(address("embed_frame"))
    assert sent.status_code == 200
    assert sent["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors *"
    )
    assert "X-Frame-Options" not in sent
    assert (sent["Cache-Control"], "Cookie" in sent.get("Vary", "")) == (
        "public, max-age=60",
        False,
    )
    assert (dict(sent.cookies), "<script" in sent.text, "<form" in sent.text) == ({}, False, False)
    assert "Votre équipe" not in sent.text
    assert sent.text == Client().get(address("embed_frame")).text
    assert sent.text.count("<small>ex æquo</small>") == 2
    assert "classement provisoire" in sent.text
    assert "Tensions &lt;1&gt;" in sent.text
    for other in ("standings", "embed"):
        assert client.get(address(other))["X-Frame-Options"] == "DENY"


def test_the_frame_answers_304_and_in_the_language_asked_for(
    client: Client, challenge: Challenge
) -> None:
    row = listed(challenge, "Alpha", 0.30, rank=1)
    row.leaderboard.facts = {
        "public": {"digest": "abc", "computed_at": "2026-11-26T09:12:47+00:00"}
    }
    row.leaderboard.save()
    sent = client.get(address("embed_frame"))
    assert "abc" in sent["ETag"]
    assert '<html lang="fr">' in sent.text
    assert 'datetime="2026-11-26T09:12:00+00:00"' in sent.text
    again = client.get(address("embed_frame"), headers={"If-None-Match": sent["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    english = client.get(address("embed_frame", "?lang=en"))
    assert (english["Content-Language"], '<html lang="en">' in english.text) == ("en", True)
    assert "provisional leaderboard" in english.text.lower()
    assert 'href="http://testserver/en/challenges/tensions/classement/?phase=0"' in english.text
    assert '<html lang="fr">' in client.get(address("embed_frame", "?lang=%00de")).text


@pytest.mark.parametrize("count", [1, 3])
def test_the_frame_shows_ten_teams_at_the_same_cost(
    client: Client,
    challenge: Challenge,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for n in range(count * 4):
        listed(challenge, f"Équipe {n}", 0.3 + n / 100, rank=n + 1)
    with django_assert_num_queries(clocked(5)):
        text = client.get(address("embed_frame")).text
    assert (text.count('<th scope="row">'), "Et 2 autres équipes" in text) == (
        min(10, count * 4),
        count == 3,
    )


@pytest.mark.parametrize("name", OPEN)
def test_what_is_not_public_leaves_by_no_file(
    client: Client, challenge: Challenge, name: str
) -> None:
    """A sealed part, a hidden board, a real name behind a pseudonym, a draft."""
    row = listed(challenge, "Nom véritable", 0.30, rank=1)
    listed(challenge, "", 0.7777, rank=1, split=Split.PRIVATE, entry=row.entry)
    row.team.pseudonym, row.leaderboard.anonymous = "Équipe 7F", True
    row.team.save()
    row.leaderboard.save()
    shown = text_of(client.get(address(name)))
    assert ("Équipe 7F" in shown, "Nom véritable" in shown) == (True, False)
    assert not re.search(r"0[.,]777|0[.,]3100", shown)
    if name != "standings_feed":
        assert client.get(address(name, "?partie=privee")).status_code == 404
    row.leaderboard.hidden = True
    row.leaderboard.save()
    gone = client.get(address(name))
    assert ("Équipe 7F" in gone.text, gone.status_code) == (
        False,
        200 if name == "standings_feed" else 404,
    )
    Challenge.objects.update(status=ChallengeStatus.DRAFT, published_at=None)
    client.force_login(challenge.organisers.get().user)
    assert client.get(address("embed_frame")).status_code == 404
    assert Client().get(address(name)).status_code == 404


def test_after_the_reveal_the_frame_is_final(client: Client, challenge: Challenge) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    reveal(challenge, {"Alpha": 0.4444})
    text = client.get(address("embed_frame")).text
    assert ("classement définitif" in text, "0,4444" in text, "0,3000" in text) == (
        True,
        True,
        False,
    )


def test_the_page_gives_the_code_and_the_addresses(client: Client, challenge: Challenge) -> None:
    assert "Intégrer" in client.get(address("standings")).text
    page = client.get(address("embed"))
    frame = "http://testserver/challenges/tensions/classement/cadre/?phase=0&lang=fr"
    assert page.context["snippet"] == (
        f'<iframe src="{frame.replace("&", "&amp;")}"\n'
        '  title="Classement : Tensions &lt;1&gt;"\n'
        '  width="100%" height="560" loading="lazy"></iframe>'
    )
    assert [client.get(found).status_code for _label, found in page.context["files"]] == [200] * 4
    assert "&amp;lt;iframe" not in page.text
    board = board_of(challenge)
    board.hidden = True
    board.save()
    assert "Pas de classement à montrer" in client.get(address("embed")).text


def test_the_feed_tells_boards_then_notices(client: Client, challenge: Challenge) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    listed(challenge, "Bêta", 0.31, rank=1)
    Notice.objects.create(
        challenge=challenge, kind=NoticeKind.TEXT, text="Un <avis>", at=clock.now()
    )
    sent = client.get(address("standings_feed"))
    assert (sent["Content-Type"], sent["Access-Control-Allow-Origin"]) == (
        "application/atom+xml; charset=utf-8",
        "*",
    )
    entries = ElementTree.fromstring(sent.content).findall(f"{ATOM}entry")  # noqa: S314  our own
    assert [each.findtext(f"{ATOM}title") for each in entries] == [
        "Classement public : Phase publique",
        "Annonce",
    ]
    assert [each.findtext(f"{ATOM}summary") for each in entries] == [
        "1 ex æquo, Alpha, 0,3000 ; 1 ex æquo, Bêta, 0,3100",
        "Un <avis>",
    ]
    again = client.get(address("standings_feed"), headers={"If-None-Match": sent["ETag"]})
    assert again.status_code == 304
