"""A challenge on restricted data: its grant, chosen, read again at each act, lost."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from challenges.models import Challenge
from challenges.organising import queries as organising
from challenges.organising.actions import challenges
from challenges.organising.enums import ChallengeStatus
from datasets.access.actions import grants
from datasets.access.models import Grant
from portal.accounts.models import User
from portal.audit.reading import events
from portal.audit.record import reference
from portal.lib.refusals import Conflict
from tests.challenges.pages.scenes import plain, with_contract
from tests.challenges.refusals import refuses
from tests.challenges.world import owner_of
from tests.factories.access import World
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.challenges import ChallengeFactory, PhaseFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(client: Client) -> User:
    person: User = UserFactory()
    client.force_login(person)
    return person


def at(route: str) -> str:
    return reverse(f"challenges:{route}", args=["estimer-un-niveau"])


def test_a_live_grant_of_the_organisation_makes_a_challenge_restricted(
    client: Client, by: User
) -> None:
    texts = {"title": "T", "summary": "S", "body_md": "B", "terms": "R"}
    texts |= {"licence_name": "L", "licence_status": "verified"}
    challenge = ChallengeFactory(owner=by, slug="estimer-un-niveau")

    def choose(grant: Grant | None) -> Any:
        key = {"grant": grant.public_id} if grant else {}
        return client.post(at("write_texts"), texts | key)

    own = World(organisation=challenge.organiser)
    grant, other = own.active(organises_challenge=True), own.active()
    foreign = World().active(organises_challenge=True)
    assert choose(grant).status_code == 403  # an organiser, not of the organisation
    MembershipFactory(user=by, organisation=challenge.organiser)
    for unfit in (other, foreign, own.granted(organises_challenge=True)):
        assert choose(unfit).status_code == 422
    assert choose(grant).status_code == 302
    challenge.refresh_from_db()
    assert (challenge.grant, challenge.restricted) == (grant, True)
    told = events([reference(challenge)], families=["challenge"])
    chosen = [each.facts for each in told if each.action == "challenge.grant_chosen"]
    assert chosen == [{"request": grant.number}]
    assert choose(None).status_code == 302
    challenge.refresh_from_db()
    assert (challenge.grant, challenge.restricted) == (None, False)
    with pytest.raises(IntegrityError), transaction.atomic():
        Challenge.objects.update(grant=grant)


def test_a_public_challenge_says_its_grant_and_keeps_one(client: Client, by: User) -> None:
    challenge = ChallengeFactory(opened=True, owner=by, slug="estimer-un-niveau")
    own = World(organisation=challenge.organiser)
    MembershipFactory(user=by, organisation=challenge.organiser)
    texts = {"title": "T", "summary": "S", "body_md": "B", "terms": "R"}
    grant = own.active(organises_challenge=True)
    chosen = texts | {"grant": grant.public_id}
    assert client.post(at("write_texts"), chosen).status_code == 302
    refused = client.post(at("write_texts"), texts)
    assert refused.status_code == 409
    assert "restent à accès restreint" in refused.context["form"].errors["grant"][0]
    grants.revoke(grant=grant, text="Fini.", by=own.approver)
    assert client.post(at("write_texts"), chosen).status_code == 302  # it stays chosen
    page = plain(Client().get(at("presentation")).text)
    assert f"Finalité : Piloter l’offre de formation. Demande {grant.number}" in page
    read = Client().get(f"/api/v1/challenges/{challenge.slug}").json()
    access = {"number": grant.number, "purpose": "Piloter l’offre de formation"}
    assert (read["restricted"], read["access"]) == (True, access)


def test_restricted_data_are_published_under_a_live_grant_alone() -> None:
    challenge = ChallengeFactory()
    PhaseFactory(challenge=challenge)
    with_contract(challenge)
    challenges.submit(challenge=challenge, by=owner_of(challenge))
    moderator = UserFactory(region="moderator")
    world_of_access = World(organisation=challenge.organiser)
    grant = world_of_access.active(organises_challenge=True)
    Challenge.objects.update(restricted=True)

    def lacking() -> list[str]:
        return [each.key for each in organising.missing(Challenge.objects.get())]

    def publish() -> None:
        challenges.publish(challenge=Challenge.objects.get(), by=moderator)

    assert lacking() == ["grant"]  # an import that says so
    Challenge.objects.update(grant=grant)
    assert lacking() == []
    grants.suspend(grant=grant, text="À relire.", by=world_of_access.hands[0])
    assert lacking() == ["grant"]
    with refuses(Conflict, "grant_not_active"):
        publish()
    grants.resume(grant=grant, text="Relu.", by=world_of_access.approver)
    publish()
    assert Challenge.objects.get().status == ChallengeStatus.PUBLISHED
