"""The pages of a challenge that everybody reads."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from challenges.enums import ChallengeStatus
from challenges.models import Challenge, PublicFile
from portal.lib import objects
from tests.challenges.pages.scenes import clocked
from tests.factories.challenges import (
    ChallengeFactory,
    LeaderboardFactory,
    PersonFactory,
    PhaseFactory,
    StandingFactory,
)

pytestmark = pytest.mark.django_db
TABS = ["presentation", "data", "evaluation", "standings", "entries", "rules", "help"]


def add_file(challenge: Challenge, name: str, content: bytes, role: str = "train") -> PublicFile:
    """Give a challenge a public file."""
    stored = objects.put(content)
    return PublicFile.objects.create(
        challenge=challenge,
        index=challenge.files.count(),
        name=name,
        role=role,
        sha256=stored.sha256,
        size=stored.size,
        rows=2,
    )


def test_list_shows_public_challenges_only(client: Client) -> None:
    ChallengeFactory(opened=True, title="Un défi ouvert")
    ChallengeFactory(title="Un brouillon secret")
    page = client.get(reverse("challenges:list"))
    assert page.status_code == 200
    assert "Un défi ouvert" in page.text
    assert "Un brouillon secret" not in page.text
    assert "sans clôture annoncée" in page.text


def test_list_says_it_is_empty(client: Client) -> None:
    assert "Aucun challenge publié pour l’instant" in client.get(reverse("challenges:list")).text


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


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_for_one_and_three(
    client: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ChallengeFactory.create_batch(count, opened=True)
    with django_assert_num_queries(clocked(3)):
        assert client.get(reverse("challenges:list")).status_code == 200


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_answers_a_visitor(client: Client, tab: str) -> None:
    challenge = ChallengeFactory(opened=True)
    page = client.get(reverse(f"challenges:{tab}", args=[challenge.slug]))
    assert page.status_code == 200
    assert challenge.title in page.text


@pytest.mark.parametrize("tab", TABS)
def test_a_draft_is_hidden_from_a_visitor(client: Client, tab: str) -> None:
    draft = ChallengeFactory()
    assert client.get(reverse(f"challenges:{tab}", args=[draft.slug])).status_code == 404
    assert client.get(reverse(f"challenges:{tab}", args=["jamais-vu"])).status_code == 404


def test_organiser_reads_the_draft(client: Client) -> None:
    owner = PersonFactory()
    draft = ChallengeFactory(owner=owner)
    client.force_login(owner)
    page = client.get(reverse("challenges:presentation", args=[draft.slug]))
    assert page.status_code == 200
    assert "Brouillon" in page.text


def test_presentation_tells_caveats_and_prizes(client: Client) -> None:
    challenge = ChallengeFactory(
        opened=True, caveats=[{"key": "k", "text": "Les données d’origine sont ouvertes."}]
    )
    page = client.get(reverse("challenges:presentation", args=[challenge.slug])).text
    assert "Les données d’origine sont ouvertes." in page
    assert "sans dotation" in page


@pytest.mark.parametrize("count", [1, 3])
def test_presentation_costs_the_same_for_one_and_three(
    client: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    challenge = ChallengeFactory(opened=True)
    for n in range(count):
        add_file(challenge, f"f{n}.csv", b"a\n1\n2\n")
        challenge.notices.create(text=f"Annonce {n}", at="2026-01-01T00:00Z")
    with django_assert_num_queries(clocked(8)):
        client.get(reverse("challenges:presentation", args=[challenge.slug]))


@pytest.mark.parametrize(
    ("status", "badge"), [("to_confirm", "confirmée au visa"), ("verified", "vérifiée")]
)
def test_data_tells_the_licence_state(client: Client, status: str, badge: str) -> None:
    challenge = ChallengeFactory(
        opened=True,
        licence={"name": "Licence Ouverte", "holder": "Dares", "status": status},
        provenance=[{"title": "ROME", "producer": "France Travail", "licence": "LO"}],
    )
    page = client.get(reverse("challenges:data", args=[challenge.slug])).text
    assert badge in page
    assert "doit encore confirmer" not in page  # nothing is published before it is confirmed
    assert "France Travail" in page


def test_public_file_is_an_attachment(client: Client) -> None:
    challenge = ChallengeFactory(opened=True)
    add_file(challenge, "train.csv", b"id,y\n1,2\n")
    sent = client.get(reverse("challenges:file", args=[challenge.slug, "train.csv"]))
    assert sent.status_code == 200
    assert b"".join(sent.streaming_content) == b"id,y\n1,2\n"
    assert sent["Content-Disposition"] == 'attachment; filename="train.csv"'
    assert sent["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize("name", ["truth.csv", "..", "train.csv%00"])
def test_unknown_file_is_hidden(client: Client, name: str) -> None:
    challenge = ChallengeFactory(opened=True)
    assert client.get(f"/challenges/{challenge.slug}/donnees/{name}").status_code == 404


def test_help_says_honestly_that_it_is_empty(client: Client) -> None:
    challenge = ChallengeFactory(opened=True, contact="aide@exemple.fr")
    page = client.get(reverse("challenges:help", args=[challenge.slug])).text
    assert "Pas encore de fil de discussion" in page
    assert "mailto:aide@exemple.fr" in page


def test_deadline_sentence_is_complete(client: Client) -> None:
    challenge = ChallengeFactory(status=ChallengeStatus.PUBLISHED, published_at="2026-01-01T00:00Z")
    PhaseFactory(
        challenge=challenge,
        opens_at="2026-01-01T00:00Z",
        closes_at="2126-12-17T16:00Z",
    )
    page = client.get(reverse("challenges:presentation", args=[challenge.slug])).text
    assert "17\u202fh" in page.replace("&#8239;", "\u202f")
    assert "heure de Paris" in page
    assert "dans" in page


def test_board_figures_stand_on_the_presentation(client: Client) -> None:
    row = StandingFactory(interval_low=0.2, interval_high=0.3125)
    challenge = row.leaderboard.challenge
    page = client.get(reverse("challenges:presentation", args=[challenge.slug])).text
    assert "meilleur score" in page
    assert "0,2500" in page
    assert "de 0,2000 à 0,3125" in page


def test_hidden_board_gives_no_figure(client: Client) -> None:
    row = StandingFactory()
    row.leaderboard.hidden = True
    row.leaderboard.save()
    page = client.get(reverse("challenges:presentation", args=[row.leaderboard.challenge.slug]))
    assert "0,2500" not in page.text
    assert LeaderboardFactory._meta.model.objects.get().hidden


def test_feed_tells_public_announcements_only(client: Client) -> None:
    public = ChallengeFactory(opened=True, title="Ouvert")
    public.notices.create(text="Une annonce.", at="2026-01-01T00:00Z")
    ChallengeFactory(title="Secret").notices.create(text="Cachée.", at="2026-01-01T00:00Z")
    sent = client.get(reverse("challenges:feed"))
    assert sent["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert "Une annonce." in sent.text
    assert "Secret" not in sent.text
    assert "Cachée." not in sent.text


@pytest.mark.parametrize(("quota", "said"), [(1, "1 essai par jour,"), (2, "2 essais par jour,")])
def test_quota_of_a_day_agrees_with_its_number(client: Client, quota: int, said: str) -> None:
    challenge = ChallengeFactory(opened=True)
    challenge.phases.update(max_per_day=quota)
    page = client.get(reverse("challenges:presentation", args=[challenge.slug])).text
    assert said in page.replace("\u00a0", " ")
