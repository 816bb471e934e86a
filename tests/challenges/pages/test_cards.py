"""A winning entry becomes a card: by its captain, reviewed by the Region, its score read anew."""

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.contributions.actions import drafts, review
from catalogue.models import Contribution, Resource
from challenges.enums import Split, TeamState
from challenges.models import Challenge, EntryCard, Standing, Team
from challenges.results import actions as results
from portal.audit.models import AuditEvent
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.challenges.pages.scenes import listed, reveal
from tests.factories.accounts import UserFactory
from tests.factories.challenges import ChallengeFactory, captain_of
from tests.factories.contributions import CHARTER, again, moderator

pytestmark = pytest.mark.django_db
MISSING = {
    "tags": ["emploi", "tension", "bassin"],
    "licences": ["MIT"],
    "licence_status": "declared",
    "repository_url": "https://code.exemple.test/depot",
    "scope": "regional",
}


@pytest.fixture
def challenge() -> Challenge:
    """Return a revealed challenge whose first team told its method."""
    made: Challenge = ChallengeFactory(opened=True, slug="tensions", title="Tensions")
    made.fact_sheet = [{"key": "modele", "label": "Quel modèle ?"}]
    made.use_cases = ["UC2"]
    made.save()
    for rank, name in ((1, "Alpha"), (2, "Bêta")):
        row = listed(made, name, 0.3 + rank / 100, rank=rank)
        row.entry.fact_sheet = {"modele": "Une forêt de cent arbres."}
        row.entry.save()
    reveal(made, {"Alpha": 0.3111, "Bêta": 0.4222})
    return made


def address(team: Team) -> str:
    return reverse("challenges:card", args=["tensions", team.public_id])


def proposed(team: Team) -> EntryCard:
    phase = team.challenge.phases.get()
    return results.propose_card(team=team, phase=phase, kind="solution", by=captain_of(team))


def published(team: Team) -> Resource:
    """Complete, send and publish the card of a team, as the Region does."""
    resource = proposed(team).resource
    draft = Contribution.objects.get(resource=resource)
    captain = captain_of(team)
    drafts.save_draft(contribution=draft, values=MISSING, by=captain)
    drafts.submit(contribution=again(draft), charter=CHARTER, by=captain)
    review.publish(contribution=again(draft), by=moderator())
    return Resource.objects.get(pk=resource.pk)


def test_the_captain_opens_a_prefilled_draft_once(client: Client, challenge: Challenge) -> None:
    team: Team = challenge.teams.get(name="Alpha")
    captain = captain_of(team)
    client.force_login(captain)
    assert "0,3111" in client.get(address(team)).text
    assert client.post(address(team), {"kind": "dataset"}).status_code == 422
    sent = client.post(address(team), {"kind": "solution"})
    draft = Contribution.objects.get()
    assert sent["Location"] == reverse("catalogue:contribution", args=[draft.public_id])
    card = draft.proposed
    assert (draft.author, card.kind, card.title) == (captain, "solution", "Tensions : Alpha")
    assert card.description == "### Quel modèle ?\n\nUne forêt de cent arbres."
    assert (card.use_cases, card.authors) == (["sme_needs"], ["Alpha"])
    assert card.details["origin_challenge"] == "Tensions"
    assert client.post(address(team), {"kind": "model"})["Location"] == sent["Location"]
    assert (EntryCard.objects.count(), Contribution.objects.count()) == (1, 1)
    assert AuditEvent.objects.filter(action="card.proposed").count() == 1
    assert "Ouvrir la fiche" in client.get(address(team)).text


def test_who_may_not_and_what_is_not_due(client: Client, challenge: Challenge) -> None:
    team, second = (challenge.teams.get(name=name) for name in ("Alpha", "Bêta"))
    phase, organiser = challenge.phases.get(), challenge.organisers.get().user
    with pytest.raises(Conflict) as refused:
        proposed(second)
    assert refused.value.code == "card_not_due"
    with pytest.raises(Invalid):
        results.propose_card(team=team, phase=phase, kind="news", by=captain_of(team))
    for person in (organiser, captain_of(second), UserFactory(region="administrator")):
        client.force_login(person)
        assert client.get(address(team)).status_code == 404
        with pytest.raises(NotAllowed):
            results.propose_card(team=team, phase=phase, kind="solution", by=person)
    for query in ("?phase=9", "?phase=x"):
        client.force_login(captain_of(team))
        assert client.get(address(team) + query).status_code == 404
    client.force_login(organiser)
    cockpit = reverse("challenges:organiser", args=[challenge.slug])
    assert address(team) not in client.get(cockpit).text
    Team.objects.filter(pk=team.pk).update(allow_card=True)
    assert address(team) in client.get(cockpit).text
    assert client.post(address(team), {"kind": "solution"}).status_code == 302
    assert EntryCard.objects.get().proposed_by == organiser


def test_the_published_card_shows_the_score_and_follows_it(
    client: Client, challenge: Challenge
) -> None:
    team = challenge.teams.get(name="Alpha")
    resource = published(team)
    page = resource.get_absolute_url()
    text = client.get(page).text
    for said in ("Score vérifié", "0,3111", "de 0,2611 à 0,3611", "Évalué sur un challenge"):
        assert said in text
    assert f"{reverse('challenges:report', args=['tensions'])}?phase=0" in text
    row = Standing.objects.get(split=Split.PRIVATE, team=team)  # rescored: another value
    row.cells["mae"]["text"] = "0.2999"
    row.save()
    text = client.get(page).text
    assert ("0,2999" in text, "0,3111" in text) == (True, False)
    Team.objects.filter(pk=team.pk).update(state=TeamState.DISQUALIFIED)
    text = client.get(page).text
    assert ("Score retiré" in text, "0,2999" in text, "Évalué sur un challenge" in text) == (
        True,
        False,
        False,
    )


def test_a_draft_card_and_a_hidden_challenge_tell_no_score(
    client: Client, challenge: Challenge
) -> None:
    team = challenge.teams.get(name="Alpha")
    draft = proposed(team).resource
    assert client.get(f"/ressources/{draft.slug}/").status_code == 404
    Contribution.objects.all().delete()
    EntryCard.objects.all().delete()
    resource = published(team)
    Challenge.objects.update(status="draft", published_at=None)
    text = client.get(resource.get_absolute_url()).text
    assert "Score vérifié" not in text
