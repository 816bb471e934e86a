"""Who runs a challenge: invited, accepted, changed, removed; the jury reads and does not act."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from challenges.models import Challenge, Notice, OrganiserInvitation
from challenges.organising.actions import notices, organisers
from challenges.organising.enums import OrganiserRole
from challenges.teams import rules
from challenges.teams.actions import teams
from portal.accounts.actions import accounts
from portal.accounts.models import User
from portal.audit.models import Outbox
from portal.audit.outbox import relay
from portal.lib import clock
from portal.lib.refusals import Conflict, Hidden, NotAllowed, QuotaSpent
from tests.challenges.pages.scenes import url_of
from tests.challenges.refusals import refuses
from tests.factories.accounts import UserFactory, signed_in
from tests.factories.challenges import ChallengeFactory, TeamFactory, captain_of
from tests.ledger import events as acts

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    """Return an owner."""
    return UserFactory()


@pytest.fixture
def challenge(owner: User) -> Challenge:
    """Return an open challenge."""
    return ChallengeFactory(opened=True, owner=owner)


def invited(
    challenge: Challenge, by: User, email: str, role: OrganiserRole = OrganiserRole.JURY
) -> OrganiserInvitation:
    return organisers.invite(challenge=challenge, email=email, role=role, by=by)


def joined(challenge: Challenge, by: User, role: OrganiserRole) -> User:
    """Let a person accept a call."""
    person: User = UserFactory()
    organisers.accept(invitation=invited(challenge, by, person.email, role), by=person)
    return person


def roles(challenge: Challenge) -> list[str]:
    return list(challenge.organisers.order_by("pk").values_list("role", flat=True))


def test_a_person_joins_only_by_accepting(challenge: Challenge, owner: User) -> None:
    person, late = UserFactory(), UserFactory()
    ended, replaced = (invited(challenge, owner, late.email) for _time in range(2))
    OrganiserInvitation.objects.filter(pk=replaced.pk).update(
        expires_at=clock.now() - timedelta(milliseconds=1)
    )
    for call in (ended, replaced):
        with pytest.raises(Conflict):
            organisers.accept(invitation=call, by=late)
    before = len(acts())
    invitation = invited(challenge, owner, person.email.upper(), OrganiserRole.ORGANISER)
    assert roles(challenge) == ["owner"]
    with pytest.raises(Hidden):
        organisers.accept(invitation=invitation, by=UserFactory())
    organisers.accept(invitation=invitation, by=person)
    assert roles(challenge) == ["owner", "organiser"]
    with pytest.raises(Conflict):
        organisers.accept(invitation=invitation, by=person)
    with pytest.raises(Conflict):
        invited(challenge, owner, person.email)
    assert acts()[before:] == ["organiser.invited", "organiser.joined"]
    captain = captain_of(TeamFactory(challenge=challenge))  # who plays does not run it
    call = invited(challenge, owner, captain.email)
    with refuses(Conflict, "organiser_plays"):
        organisers.accept(invitation=call, by=captain)


def test_letters_of_calls_are_bounded(challenge: Challenge, owner: User) -> None:
    for number in range(20):
        call = invited(challenge, owner, f"a{max(0, number - 2)}@exemple.fr")
        organisers.revoke(invitation=call, by=owner)
        if number in {2, 19}:
            with refuses(QuotaSpent, "invitations_day"):
                invited(challenge, owner, "a0@exemple.fr" if number == 2 else "b@exemple.fr")


def test_one_owner_at_least_stays(challenge: Challenge, owner: User) -> None:
    mine = challenge.organisers.get()
    for act in (
        lambda: organisers.remove(organiser=mine, by=owner),
        lambda: organisers.change_role(organiser=mine, role=OrganiserRole.JURY, by=owner),
    ):
        with refuses(Conflict, "last_owner"):
            act()
    joined(challenge, owner, OrganiserRole.JURY)
    with refuses(Conflict, "last_owner") as refusal:
        accounts.close(user=owner, by=owner)
    assert challenge.title in str(refusal.value)
    other, closed = (joined(challenge, owner, OrganiserRole.OWNER) for _person in range(2))
    organisers.remove(organiser=mine, by=owner)
    accounts.close(user=closed, by=closed)
    mine = challenge.organisers.get(user=other)
    with refuses(Conflict, "last_owner"):
        organisers.remove(organiser=mine, by=other)
    challenge.organisers.exclude(pk=mine.pk).delete()
    with refuses(Conflict, "last_owner"):
        accounts.close(user=other, by=other)


@pytest.mark.parametrize("role", [OrganiserRole.ORGANISER, OrganiserRole.JURY])
def test_only_an_owner_chooses_who_runs_it(
    challenge: Challenge, owner: User, role: OrganiserRole
) -> None:
    person = joined(challenge, owner, role)
    mine = challenge.organisers.get(user=person)
    for act in (
        lambda: invited(challenge, person, "a@exemple.fr"),
        lambda: organisers.change_role(organiser=mine, role=OrganiserRole.OWNER, by=person),
        lambda: organisers.remove(organiser=challenge.organisers.get(user=owner), by=person),
    ):
        with pytest.raises(NotAllowed):
            act()
    organisers.remove(organiser=mine, by=person)
    assert roles(challenge) == ["owner"]


@pytest.mark.parametrize("role", [OrganiserRole.ORGANISER, OrganiserRole.JURY])
def test_who_ran_it_and_left_never_plays(
    challenge: Challenge, owner: User, role: OrganiserRole
) -> None:
    person = joined(challenge, owner, role)
    organisers.remove(organiser=challenge.organisers.get(user=person), by=person)
    with pytest.raises(NotAllowed):
        teams.accept_terms(challenge=challenge, by=person)
    back = invited(challenge, owner, person.email, role)
    organisers.remove(organiser=organisers.accept(invitation=back, by=person), by=owner)
    assert not rules.may_take_part(person, challenge)
    assert rules.may_take_part(person, ChallengeFactory(opened=True, owner=owner))


def test_pages_invite_accept_and_remove(client: Client, challenge: Challenge, owner: User) -> None:
    person = UserFactory(display_name="Camille")
    address = url_of(challenge, "organisers")
    client.force_login(owner)
    known, unknown = (
        client.post(address, {"email": email, "role": "organiser"}, follow=True)
        for email in (person.email, "personne@exemple.fr")
    )
    told = "Si un compte a cette adresse, il reçoit un courriel."
    assert (told in known.text, told in unknown.text) == (True, True)
    assert client.post(address, {"email": "x", "role": "organiser"}).status_code == 422
    relay()
    letters = Outbox.objects.filter(topic="mail.challenge_letter")
    assert [each.ids["user_id"] for each in letters] == [person.pk]
    theirs = signed_in(person)
    assert "On vous invite à organiser" in theirs.get(reverse("challenges:organiser_list")).text
    call = OrganiserInvitation.objects.get(email=person.email)
    answer = reverse("challenges:organiser_answer", args=[call.public_id])
    assert client.post(answer, {"decision": "accept"}).status_code == 404
    assert theirs.post(answer, {"decision": "accept"}).status_code == 302
    mine = challenge.organisers.get(user=person)
    role = url_of(challenge, "organiser_role", mine.pk)
    assert client.post(role, {"role": "jury"}).status_code == 302
    assert client.post(role, {"role": "roi"}).status_code == 422
    assert "Jury" in client.get(address).text
    gone = url_of(challenge, "organiser_remove", mine.pk)
    assert client.post(gone).status_code == 302
    assert theirs.get(address).status_code == 404


def test_an_announcement_is_public_and_mailed_once(
    client: Client, challenge: Challenge, owner: User
) -> None:
    captain = captain_of(TeamFactory(challenge=challenge))
    client.force_login(owner)
    address = url_of(challenge, "announcements")
    said = {"text": "Le fichier d’essai change : <b>relisez-le</b>, sur https://a.example/b."}
    proof = client.post(address, said)  # read again first, with whom it reaches
    assert (proof.status_code, proof.context["told"], Notice.objects.count()) == (200, 1, 0)
    assert "&lt;b&gt;relisez-le&lt;/b&gt;" in proof.text
    read = said | {"publier": said["text"]}
    again = client.post(address, read | {"text": "Un autre texte, jamais relu."})
    assert (again.status_code, again.context["proof"]) == (200, "Un autre texte, jamais relu.")
    assert Notice.objects.count() == 0
    said = read
    assert client.post(address, said).status_code == 302
    assert client.post(address, said).status_code == 409
    assert client.post(address, {"text": " "}).status_code == 422
    for _time in range(3):
        relay()
    letters = Outbox.objects.filter(topic="mail.challenge_letter")
    assert [each.ids["user_id"] for each in letters] == [captain.pk]
    text = Client().get(url_of(challenge, "presentation")).text
    assert "&lt;b&gt;relisez-le&lt;/b&gt;" in text
    assert '<a href="https://a.example/b" rel="nofollow">' in text
    with pytest.raises(NotAllowed):
        notices.write(challenge=challenge, text="Faux", by=captain)
    with pytest.raises(Conflict):
        notices.write(challenge=ChallengeFactory(owner=owner), text="Trop tôt", by=owner)
