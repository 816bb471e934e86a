"""A challenge starts from cards of the catalogue: named by address or title, told both ways."""

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.models import Resource
from catalogue.resources.actions import cards
from catalogue.resources.enums import LinkType
from catalogue.resources.queries import chain
from catalogue.resources.queries.chain import VerifiedScore
from challenges.exchange.actions import exports
from challenges.models import Challenge
from challenges.organising.actions import challenges, texts
from challenges.organising.enums import ChallengeStatus
from portal.accounts.models import User
from portal.lib import clock
from portal.lib.refusals import Invalid
from tests.challenges import world
from tests.challenges.organising.test_authoring import started
from tests.challenges.pages.scenes import listed, url_of
from tests.factories.catalogue import ResourceFactory, ResourceLinkFactory
from tests.factories.challenges import ChallengeFactory
from tests.factories.contributions import moderator

pytestmark = pytest.mark.django_db


@pytest.fixture
def need() -> Resource:
    return ResourceFactory(
        published=True, kind="need", slug="tensions", title="Prévoir", summary="Un besoin."
    )


def tied(challenge: Challenge) -> list[str]:
    return sorted(challenge.origins.values_list("title", flat=True))


def described(made: Challenge, by: User, title: str = "Un", **cards: list[str]) -> None:
    """Write the texts of a challenge, and the cards that it starts from if they are given."""
    given = {"title": title, "summary": "Un.", "body_md": "", "language": "fr"}
    texts.describe(challenge=made, texts=given, licence=made.licence, by=by, **cards)
    made.refresh_from_db()


def told(card: Resource, *, won: bool = False) -> tuple[list[str], list[str]]:
    found = chain.chain_of(card, [], [VerifiedScore("Tensions", "/")] if won else ())
    return [each.title for each in found.before], [each.title for each in found.after]


def test_a_need_begins_a_challenge(client: Client, by: User, need: Resource) -> None:
    place = reverse("challenges:create")
    data = ResourceFactory(published=True, kind="dataset", title="Des offres")
    card = client.get(need.get_absolute_url()).content.decode()
    assert f"{place}?fiche=tensions" in card
    assert "?fiche=" not in Client().get(need.get_absolute_url()).content.decode()
    page = client.get(f"{place}?fiche=tensions").content.decode()
    assert 'value="Prévoir"' in page
    assert f'<a href="{need.get_absolute_url()}">Prévoir</a>' in page
    assert "part de la fiche" not in client.get(place).content.decode()
    sent = {"title": "Prévoir les tensions", "task": "ordinal"}
    begun = client.post(f"{place}?fiche=tensions", sent)
    made = Challenge.objects.get()
    assert begun["Location"] == reverse("challenges:write_texts", args=(made.slug,))
    assert made.summary == "Un besoin."
    assert (tied(made), made.bundle["cards"]) == (["Prévoir"], ["tensions"])
    sent |= {"summary": "Un besoin.", "terms": "Une équipe.", "licence_name": "Licence Ouverte"}
    sent |= {"licence_status": "verified", "cards": f"{need.get_absolute_url()}\n\n inconnue \n"}
    refused = client.post(begun["Location"], sent)
    assert refused.status_code == 422
    assert "inconnue" in refused.context["form"].errors["cards"][0]
    further = {"cards": f"https://portail.example{data.get_absolute_url()}"}
    assert client.post(begun["Location"], sent | further).status_code == 302
    made = Challenge.objects.get()
    assert (tied(made), made.bundle["cards"]) == (["Des offres"], [data.slug])
    client.post(begun["Location"], sent | {"cards": need.get_absolute_url()})
    assert tied(made) == ["Prévoir"]
    # A draft is told to nobody.
    assert told(need) == ([], [])


@pytest.mark.parametrize("text", ["Une actualité", "cachee", "x" * 300, "ressources/%00"])
def test_what_cannot_lead_to_a_challenge_is_named(text: str) -> None:
    ResourceFactory(published=True, kind="news", title="Une actualité")
    ResourceFactory(kind="need", slug="cachee", title="Cachée")
    with pytest.raises(Invalid) as refused:
        started(world.owner(), cards=[text])
    assert text[:64] in str(refused.value)
    assert not Challenge.objects.exists()


def test_texts_change_the_cards(by: User, need: Resource) -> None:
    data = ResourceFactory(published=True, kind="dataset", title="Des offres")
    made = started(by, cards=["tensions"])
    assert exports.settings_of(made)["cards"] == ["tensions"]
    Resource.objects.filter(pk=need.pk).update(live=False, masked_at=clock.now())
    described(made, by, "Deux", cards=texts.named_cards(made))  # no longer public, still named
    assert (made.title, made.bundle["cards"], tied(made)) == ("Deux", ["tensions"], ["Prévoir"])
    described(made, by, cards=["Des offres", data.slug])
    assert (tied(made), made.bundle["cards"]) == (["Des offres"], [data.slug])
    described(made, by)
    assert (tied(made), "cards" in made.bundle) == ([], False)
    assert "cards" not in exports.settings_of(made)


def test_the_visa_ties_the_cards_of_an_imported_document(need: Resource) -> None:
    made = ChallengeFactory(
        status=ChallengeStatus.IN_REVIEW,
        bundle={"cards": ["tensions", "ailleurs", "nouvelle", "https://autre.example/idee/", 3]},
    )
    challenges.publish(challenge=made, confirm_licence=True, by=moderator())
    assert tied(made) == ["Prévoir"]
    texts.tie_cards(made)
    assert made.origins.count() == 1
    # One that goes online later is tied then, one that leads to no challenge never.
    for kind, slug, title in (("idea", "ailleurs", "Plus tard"), ("news", "nouvelle", "Nouvelle")):
        later = ResourceFactory(kind=kind, slug=slug, title=title)
        revision = later.save_revision(clean=False)
        cards.put_online(resource=later, revision=revision, by=moderator())
    assert tied(made) == ["Plus tard", "Prévoir"]


def test_cards_challenge_and_winner_tell_each_other(client: Client, need: Resource) -> None:
    hidden = ResourceFactory(kind="idea", title="Pas encore")
    made = ChallengeFactory(opened=True, title="Tensions")
    for card in (need, hidden):
        made.origins.add(card)
    row = listed(made, "Alpha", 0.3, rank=1)
    solution = ResourceFactory(published=True, kind="solution", title="Alpha prévoit")
    row.entry.card = solution
    row.entry.save()
    assert told(need) == ([], ["Tensions", "Alpha prévoit"])
    assert told(solution, won=True)[0] == ["Prévoir", "Tensions"]
    # What led to the need led to the winner, what came of the winner came of the need; each once.
    idea = ResourceFactory(published=True, kind="idea", title="L’idée première")
    reuse = ResourceFactory(published=True, kind="solution", title="La suite")
    made.origins.add(solution)
    ResourceLinkFactory(source=need, target=idea, type=LinkType.DERIVED_FROM)
    ResourceLinkFactory(source=reuse, target=solution, type=LinkType.USES)
    assert told(solution, won=True)[0] == ["Prévoir", "L’idée première", "Tensions"]
    assert told(idea)[1] == ["Prévoir", "Tensions", "Alpha prévoit", "La suite"]
    assert told(solution)[1] == ["Tensions", "La suite"]
    page = client.get(url_of(made, "presentation")).content.decode()
    assert need.get_absolute_url() in page
    assert "Pas encore" not in page
