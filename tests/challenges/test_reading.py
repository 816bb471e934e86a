"""What everybody reads of challenges: the pages, and the API in pages of a list, with an ETag."""

import base64
import csv
import io
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from challenges.evaluation.enums import Split
from challenges.models import Leaderboard
from challenges.organising.enums import ChallengeStatus
from tests.challenges.pages.scenes import Costs, clocked, url_of
from tests.factories.accounts import UserFactory, bearer
from tests.factories.challenges import (
    ChallengeFactory,
    EntryFactory,
    PhaseFactory,
    StandingFactory,
    add_file,
    reveal_of,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", {"Ouvert", "Futur", "Passé"}),
        ("?etat=ouverts", {"Ouvert"}),
        ("?etat=a-venir", {"Futur"}),
        ("?etat=clos", {"Passé"}),
        ("?cas=UC2", {"Futur"}),
        ("?tache=ranking", {"Passé"}),
        ("?etat=ouverts&cas=UC2", set()),
        ("?etat=inconnu", {"Ouvert", "Futur", "Passé"}),
    ],
)
def test_list_filters(client: Client, query: str, titles: set[str]) -> None:
    ChallengeFactory(opened=True, title="Ouvert")
    ChallengeFactory(title="Brouillon")
    coming = ChallengeFactory(
        title="Futur",
        status=ChallengeStatus.PUBLISHED,
        published_at="2026-01-01T00:00Z",
        use_cases=["UC2"],
    )
    PhaseFactory(challenge=coming, coming=True)
    ChallengeFactory(closed=True, title="Passé", task="ranking")
    page = client.get(reverse("challenges:list") + query)
    assert {row["challenge"].title for row in page.context["rows"]} == titles


def test_list_costs_the_same_for_one_and_three(client: Client, count: int, costs: Costs) -> None:
    ChallengeFactory.create_batch(count, opened=True)
    with costs(clocked(3)):
        assert client.get(reverse("challenges:list")).status_code == 200


def test_presentation_costs_the_same_for_one_and_three(
    client: Client, count: int, costs: Costs
) -> None:
    challenge = ChallengeFactory(opened=True)
    for n in range(count):
        add_file(challenge, f"f{n}.csv", b"a\n1\n2\n")
        challenge.notices.create(text=f"Annonce {n}", at="2026-01-01T00:00Z")
    with costs(clocked(8)):
        client.get(url_of(challenge, "presentation"))


@pytest.mark.parametrize(
    ("status", "badge"), [("to_confirm", "confirmée au visa"), ("verified", "vérifiée")]
)
def test_data_tells_the_licence_state(client: Client, status: str, badge: str) -> None:
    challenge = ChallengeFactory(
        opened=True,
        licence={"name": "Licence Ouverte", "holder": "Dares", "status": status},
        provenance=[{"title": "ROME", "producer": "France Travail", "licence": "LO"}],
    )
    page = client.get(url_of(challenge, "data")).text
    assert badge in page
    assert "doit encore confirmer" not in page  # nothing is published before it is confirmed
    assert "France Travail" in page


def test_public_file_is_an_attachment(client: Client) -> None:
    challenge = ChallengeFactory(opened=True)
    add_file(challenge, "train.csv", b"id,y\n1,2\n")
    sent = client.get(url_of(challenge, "file", "train.csv"))
    assert sent.status_code == 200
    assert b"".join(sent.streaming_content) == b"id,y\n1,2\n"
    assert sent["Content-Disposition"] == 'attachment; filename="train.csv"'
    assert sent["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize("name", ["truth.csv", "..", "train.csv%00"])
def test_unknown_file_is_hidden(client: Client, name: str) -> None:
    challenge = ChallengeFactory(opened=True)
    assert client.get(f"/challenges/{challenge.slug}/donnees/{name}").status_code == 404


def test_deadline_sentence_is_complete(client: Client) -> None:
    challenge = ChallengeFactory(status=ChallengeStatus.PUBLISHED, published_at="2026-01-01T00:00Z")
    PhaseFactory(
        challenge=challenge,
        opens_at="2026-01-01T00:00Z",
        closes_at="2126-12-17T16:00Z",
    )
    page = client.get(url_of(challenge, "presentation")).text
    assert "17\u202fh" in page.replace("&#8239;", "\u202f")
    assert "heure de Paris" in page
    assert "dans" in page


def test_board_figures_stand_on_the_presentation(client: Client) -> None:
    row = StandingFactory(interval_low=0.2, interval_high=0.3125)
    challenge = row.leaderboard.challenge
    page = client.get(url_of(challenge, "presentation")).text
    assert "meilleur score" in page
    assert "0,2500" in page
    assert "de 0,2000 à 0,3125" in page
    Leaderboard.objects.update(hidden=True)
    assert "0,2500" not in client.get(url_of(challenge, "presentation")).text


def test_feed_tells_public_announcements_only(client: Client) -> None:
    public = ChallengeFactory(opened=True, title="Ouvert")
    public.notices.create(text="Une annonce.", at="2026-01-01T00:00Z")
    ChallengeFactory(title="Secret").notices.create(text="Cachée.", at="2026-01-01T00:00Z")
    sent = client.get(reverse("challenges:feed"))
    assert sent["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert "Une annonce." in sent.text
    assert "Secret" not in sent.text
    assert "Cachée." not in sent.text


CHALLENGES = "/api/v1/challenges"


def names(answer: Any) -> list[str]:
    return [each["slug"] for each in answer.json()["challenges"]]


def board_of(slug: str, key: str = "phase-0") -> str:
    return f"{CHALLENGES}/{slug}/leaderboards/{key}"


def test_the_list_is_cut_where_the_cursor_says(client: Client) -> None:
    made = [ChallengeFactory(opened=True).slug for _ in range(5)]
    first = client.get(CHALLENGES, {"limit": 2})
    ChallengeFactory(opened=True)  # what is added meanwhile moves nothing
    second = client.get(CHALLENGES, {"limit": 2, "cursor": first.json()["next_cursor"]})
    third = client.get(CHALLENGES, {"limit": 2, "cursor": second.json()["next_cursor"]})
    assert names(first) + names(second) + names(third) == made[::-1]
    assert third.json()["next_cursor"] is None


def cursor(*values: Any) -> dict[str, str]:
    """Write a cursor as a caller may make one up."""
    return {"cursor": base64.urlsafe_b64encode(json.dumps(values).encode()).decode()}


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 51},
        {"limit": "x"},
        {"cursor": "x"},
        {"cursor": "bnVsbA=="},
        cursor("0001-01-01T00:00:00+14:00", "1"),
        cursor("9999-12-31T23:59:59-14:00", "1"),
        cursor("2026-01-01T00:00:00+00:00", "\0"),
    ],
)
def test_a_page_that_no_answer_named_is_refused(client: Client, query: dict[str, Any]) -> None:
    ChallengeFactory(opened=True)
    assert client.get(CHALLENGES, query).status_code == 422


def test_the_list_costs_the_same_for_any_number(client: Client, count: int, costs: Costs) -> None:
    for _ in range(count):
        EntryFactory(scored=True)
    with costs(clocked(3)):
        found = client.get(CHALLENGES).json()["challenges"]
    assert [(each["teams"], each["entries"]) for each in found] == [(1, 1)] * count


def test_a_draft_is_read_by_who_may(client: Client) -> None:
    owner = UserFactory()
    draft = ChallengeFactory(owner=owner)
    address = f"{CHALLENGES}/{draft.slug}"
    assert names(client.get(CHALLENGES)) == []
    assert client.get(address).status_code == 404
    assert client.get(address, headers=bearer(UserFactory())).status_code == 404
    headers = bearer(owner)
    assert client.get(address, headers=headers).json()["slug"] == draft.slug
    assert names(client.get(CHALLENGES, headers=headers)) == [draft.slug]


def test_a_challenge_is_told_in_full(client: Client, count: int, costs: Costs) -> None:
    challenge = ChallengeFactory(opened=True, fact_sheet=[{"key": "modele", "label": "Modèle"}])
    for index in range(count):
        challenge.files.create(
            index=index, name=f"f{index}.csv", role="train", sha256=str(index) * 64, size=index + 1
        )
        if index:
            PhaseFactory(challenge=challenge, index=index, coming=True)
    with costs(clocked(5)):
        told = client.get(f"{CHALLENGES}/{challenge.slug}").json()
    assert (told["slug"], told["status"], told["moment"]) == (challenge.slug, "published", "open")
    assert (told["terms"], told["phase"]) == (1, 0)
    assert told["fact_sheet"] == [
        {"key": "modele", "label": "Modèle", "type": "text", "options": [], "required": False}
    ]
    assert [each["index"] for each in told["phases"]] == list(range(count))
    assert [each["key"] for each in told["leaderboards"]] == [f"phase-{i}" for i in range(count)]
    assert told["files"][0] == {
        "name": "f0.csv",
        "role": "train",
        "size": 1,
        "sha256": "0" * 64,
        "rows": None,
        "address": f"http://testserver/challenges/{challenge.slug}/donnees/f0.csv",
    }
    assert told["kit"] == f"http://testserver/challenges/{challenge.slug}/kit.zip"


def test_phases_and_rules_are_read_apart(client: Client) -> None:
    challenge = ChallengeFactory(opened=True)
    address = f"{CHALLENGES}/{challenge.slug}"
    phases = client.get(f"{address}/phases").json()
    assert [(each["index"], each["moment"], each["max_per_day"]) for each in phases] == [
        (0, "open", 5)
    ]
    terms = client.get(f"{address}/terms").json()
    assert (terms["number"], terms["text"]) == (1, "Une équipe par personne.")


def test_a_board_is_what_the_page_shows(client: Client, count: int, costs: Costs) -> None:
    first = StandingFactory()
    challenge = first.leaderboard.challenge
    for _ in range(count - 1):
        StandingFactory(entry=EntryFactory(enrolment__team__challenge=challenge, scored=True))
    with costs(5):
        told = client.get(board_of(challenge.slug)).json()
    assert (
        told["rows"] == client.get(f"/challenges/{challenge.slug}/classement.json").json()["rows"]
    )
    assert len(told["rows"]) == count
    assert [each["key"] for each in told["columns"]] == ["mae"]
    assert (told["split"], told["phase"], told["key"]) == ("public", 0, "phase-0")


def test_a_board_that_did_not_change_is_not_sent_again(client: Client) -> None:
    standing = StandingFactory()
    address = board_of(standing.leaderboard.challenge.slug)
    etag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    standing.team.name = "Autre nom"
    standing.team.save()
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 200


def test_a_board_is_read_as_csv(client: Client) -> None:
    standing = StandingFactory(team__name="=1+1")
    slug = standing.leaderboard.challenge.slug
    answer = client.get(f"{board_of(slug)}.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content == client.get(f"/challenges/{slug}/classement.csv").content
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0][0] == "rang"


def test_the_private_part_is_for_after_the_reveal(client: Client) -> None:
    standing = StandingFactory(split=Split.PRIVATE)
    board = standing.leaderboard
    address = board_of(board.challenge.slug)
    owner = board.challenge.organisers.get().user
    for headers in ({}, bearer(owner), bearer(UserFactory(region="administrator"))):
        assert client.get(address, {"split": "private"}, headers=headers).status_code == 404
        assert (
            client.get(f"{address}.csv", {"split": "private"}, headers=headers).status_code == 404
        )
    reveal_of(board.phase, proposed_by=owner)
    told = client.get(address).json()
    assert (told["split"], len(told["rows"])) == ("private", 1)
    assert [each["key"] for each in told["columns"]] == ["mae", "equite"]
    assert client.get(address, {"split": "public"}).json()["rows"] == []


def test_a_hidden_board_and_an_unknown_one_answer_alike(client: Client) -> None:
    slug = StandingFactory().leaderboard.challenge.slug
    unknown = client.get(board_of(slug, "autre"))
    Leaderboard.objects.update(hidden=True)
    hidden = client.get(board_of(slug))
    assert (unknown.status_code, unknown.content) == (404, hidden.content)
    assert client.get(board_of(slug), {"split": "x"}).status_code == 422
