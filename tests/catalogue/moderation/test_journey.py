"""The whole way, by the pages: contribute, correct, publish, find, change."""

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.contributions.forms.steps import Step
from catalogue.contributions.queries import proposals
from catalogue.enums import ContributionStatus, ResourceKind
from catalogue.models import Contribution, Resource
from tests.factories import contributions as make
from tests.factories.accounts import signed_in

pytestmark = pytest.mark.django_db
WORD = "Cnrysaurus"
# What the public, or a stranger with an account, may open.
PUBLIC = (
    "/ressources/",
    "/ressources/?q=cnrysaurus",
    "/ressources/suggestions?q=cnrys",
    "/flux/ressources.atom",
    "/sitemap.xml",
    "/",
)


def step(contribution: Contribution, name: Step) -> str:
    return reverse("catalogue:contribution_step", args=(contribution.public_id, name))


def item(contribution: Contribution) -> str:
    return reverse("catalogue:moderation_item", args=(contribution.public_id,))


def found(words: str) -> list[str]:
    """Give the titles that the public search shows first, by its page."""
    page = Client().get("/ressources/", {"q": words}).text
    page = page.replace("<mark>", "").replace("</mark>", "")
    titles = Resource.objects.public().values_list("title", flat=True)
    return [title for title in titles if title in page]


def decide(client: Client, contribution: Contribution, **typed: str) -> None:
    version = str(make.again(contribution).version)
    answer = client.post(item(contribution), typed | {"version": version})
    assert answer.status_code == 302


@pytest.mark.slow
def test_from_a_draft_to_the_search_and_a_change_that_waits() -> None:
    author, moderator = make.person(), make.moderator()
    mine, theirs = signed_in(author), signed_in(moderator)

    mine.post(reverse("catalogue:contribute"), {"kind": "need"})
    contribution = Contribution.objects.get()
    mine.post(
        step(contribution, Step.IDENTIFY),
        {"title": "Repérer l’échec à l’école des métiers", "deposit": "owned"},
    )
    mine.post(
        step(contribution, Step.DESCRIBE),
        {
            "summary": "Prévenir les ruptures de contrat.",
            "description": "Les écoles voient les ruptures trop tard.",
            "beneficiary": "Les écoles",
            "situation": "Des signaux dispersés.",
            "expected_result": "Une alerte expliquée.",
        },
    )
    mine.post(
        step(contribution, Step.CLASSIFY),
        {"scope": "regional", "tags": "apprentissage, rupture, formation", "lifecycle": "unknown"},
    )
    sent = mine.post(step(contribution, Step.SEND), {"charter": "on"})
    assert sent.status_code == 302

    decide(
        theirs,
        contribution,
        outcome="request_changes",
        reason="insufficient",
        message="Précisez qui est concerné.",
    )
    follow = reverse("catalogue:contribution", args=(contribution.public_id,))
    assert "Précisez qui est concerné." in mine.get(follow).text
    mine.post(step(contribution, Step.DESCRIBE), {"summary": "Prévenir les ruptures d’apprentis."})
    mine.post(step(contribution, Step.DESCRIBE), dict(make.NEED) | {"summary": "Résumé revu."})
    mine.post(step(contribution, Step.SEND), {"charter": "on", "reply": "C’est précisé."})
    assert "C’est précisé." in theirs.get(item(contribution)).text
    decide(theirs, contribution, outcome="publish")

    title = "Repérer l’échec à l’école des métiers"
    for words in ("reperer echec", "Échecs", "l’ecole", "ECOLES METIER", "école"):
        assert found(words) == [title], words
    resource = Resource.objects.public().get()
    assert Client().get(resource.get_absolute_url()).status_code == 200

    mine.post(reverse("catalogue:propose", args=(resource.slug,)))
    change = Contribution.objects.exclude(pk=contribution.pk).get()
    mine.post(
        step(change, Step.IDENTIFY), {"title": "Titre après modification", "deposit": "owned"}
    )
    mine.post(step(change, Step.SEND), {"charter": "on"})
    assert make.again(change).status == ContributionStatus.SUBMITTED
    assert title in Client().get(resource.get_absolute_url()).text
    assert found("modification") == []

    decide(theirs, change, outcome="publish")
    page = Client().get(resource.get_absolute_url()).text
    assert "Titre après modification" in page
    assert found("modification") == ["Titre après modification"]
    assert found("echec") == []


@pytest.mark.slow
@pytest.mark.parametrize("status", list(make.IN_STATE))
def test_what_is_not_published_is_nowhere(status: ContributionStatus) -> None:
    contribution = make.IN_STATE[status](
        make.person(), kind=ResourceKind.NEED, title=f"{WORD} à relire", summary=WORD, tags=[WORD]
    )
    resource = contribution.resource
    addresses = (*PUBLIC, f"/ressources/{resource.slug}/", f"/ressources/{resource.slug}/modifier/")

    for client in (Client(), signed_in(make.person())):
        for address in addresses:
            body = client.get(address, follow=True).text
            shown = body.replace("q=cnrysaurus", "").lower()
            assert f"{WORD} à relire".lower() not in shown, address


def test_a_change_under_review_is_nowhere() -> None:
    author = make.person()
    resource = make.published(author)
    client = signed_in(author)
    client.post(reverse("catalogue:propose", args=(resource.slug,)))
    change = Contribution.objects.latest("pk")
    client.post(step(change, Step.IDENTIFY), {"title": f"{WORD} proposé", "deposit": "owned"})
    assert proposals.proposed_record(make.again(change))["title"] == f"{WORD} proposé"

    for address in (*PUBLIC, resource.get_absolute_url()):
        assert f"{WORD} proposé" not in Client().get(address, follow=True).text
