"""A challenge starts from cards of the catalogue: named by address or title, told both ways."""

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.models import Resource
from catalogue.resources.enums import LinkType
from catalogue.resources.queries import chain
from catalogue.resources.queries.chain import VerifiedScore
from challenges.exchange.actions import exports
from challenges.models import Challenge, EntryCard
from challenges.organising.actions import challenges, texts
from challenges.organising.enums import ChallengeStatus
from portal.accounts.models import User
from portal.lib import clock
from portal.lib.refusals import Invalid
from tests.challenges import world
from tests.challenges.organising.test_authoring import started
from tests.challenges.pages.scenes import listed, url_of
from tests.factories.catalogue import ResourceFactory, ResourceLinkFactory
from tests.factories.challenges import ChallengeFactory, captain_of
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
    card = client.get(need.get_absolute_url()).content.decode()
    assert f"{place}?fiche=tensions" in card
    page = client.get(f"{place}?fiche=tensions").content.decode()
    assert 'value="Prévoir"' in page
    assert need.get_absolute_url() in page
    sent = {
        "organisation": by.memberships.get().organisation_id,
        "title": "Prévoir les tensions",
        "summary": "Un besoin.",
        "task": "ordinal",
        "cards": f"{need.get_absolute_url()}\n\n inconnue \n",
    }
    refused = client.post(place, sent)
    assert refused.status_code == 422
    assert "inconnue" in refused.content.decode()
    assert not Challenge.objects.exists()
    client.post(place, sent | {"cards": f"https://portail.example{need.get_absolute_url()}"})
    made = Challenge.objects.get()
    assert (tied(made), made.bundle["cards"]) == (["Prévoir"], ["tensions"])
    # A draft is told to nobody.
    assert told(need) == ([], [])


def test_a_visitor_is_not_offered_to_begin_one(client: Client, need: Resource) -> None:
    assert "?fiche=" not in client.get(need.get_absolute_url()).content.decode()


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
    described(made, by, cards=["Des offres", data.slug])
    assert (tied(made), made.bundle["cards"]) == (["Des offres"], [data.slug])
    described(made, by)
    assert (tied(made), "cards" in made.bundle) == ([], False)


def test_the_visa_ties_the_cards_of_an_imported_document(need: Resource) -> None:
    made = ChallengeFactory(
        status=ChallengeStatus.IN_REVIEW,
        bundle={"cards": ["tensions", "ailleurs", "https://autre.example/ressources/idee/", 3]},
    )
    challenges.publish(challenge=made, confirm_licence=True, by=moderator())
    assert tied(made) == ["Prévoir"]
    texts.tie_cards(made)
    assert made.origins.count() == 1
    # One that goes online later is tied by the duty, one that leads to no challenge never.
    ResourceFactory(published=True, kind="idea", slug="ailleurs", title="Plus tard")
    ResourceFactory(published=True, kind="news", slug="3", title="Une actualité")
    ResourceFactory(published=True, kind="idea", slug="idee", title="Ailleurs")
    texts.tie_waiting_cards()
    assert tied(made) == ["Plus tard", "Prévoir"]


def test_a_card_that_is_no_longer_public_stays_named(by: User, need: Resource) -> None:
    made = started(by, cards=["tensions"])
    Resource.objects.filter(pk=need.pk).update(live=False, masked_at=clock.now())
    described(made, by, "Deux", cards=texts.named_cards(made))
    assert (made.title, made.bundle["cards"], tied(made)) == ("Deux", ["tensions"], ["Prévoir"])


def test_an_export_names_the_cards(need: Resource) -> None:
    made = ChallengeFactory(bundle={"cards": ["tensions"]})
    assert exports.settings_of(made)["cards"] == ["tensions"]
    assert "cards" not in exports.settings_of(ChallengeFactory(slug="autre"))


def test_cards_challenge_and_winner_tell_each_other(client: Client, need: Resource) -> None:
    hidden = ResourceFactory(kind="idea", title="Pas encore")
    made = ChallengeFactory(opened=True, title="Tensions")
    for card in (need, hidden):
        made.origins.add(card)
    row = listed(made, "Alpha", 0.3, rank=1)
    solution = ResourceFactory(published=True, kind="solution", title="Alpha prévoit")
    EntryCard.objects.create(
        team=row.entry.enrolment.team,
        phase=made.phases.get(),
        entry=row.entry,
        resource=solution,
        proposed_by=captain_of(row.entry.enrolment.team),
        proposed_at=row.entry.received_at,
    )
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
