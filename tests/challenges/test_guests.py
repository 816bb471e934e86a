"""A challenge by invitation: who is invited, once, and who may register."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from challenges.actions import departures, registrations, teams
from challenges.actions import guests as acts
from challenges.actions.guests import ADDRESSES_A_DAY, Outcome
from challenges.enums import (
    ChallengeStatus,
    InvitationState,
    OrganiserRole,
    RegistrationMode,
    RegistrationState,
)
from challenges.forms import InvitationForm
from challenges.forms.organisers import OrganiserInvitationForm
from challenges.models import Challenge, FormerOrganiser, Guest, Registration
from challenges.queries import guests as reads
from portal.accounts.actions import notifications
from portal.accounts.enums import Delivery
from portal.accounts.models import User
from portal.audit import outbox
from portal.audit.models import AuditBody, AuditEvent, Outbox
from portal.audit.reading import events as events_of
from portal.audit.record import reference
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed, QuotaSpent
from tests.factories.accounts import MembershipFactory
from tests.factories.challenges import ChallengeFactory, PersonFactory

pytestmark = pytest.mark.django_db
INVITED = RegistrationMode.INVITED


@pytest.fixture
def challenge() -> Challenge:
    """Return an open challenge by invitation."""
    made: Challenge = ChallengeFactory(opened=True, owner=PersonFactory(), registration=INVITED)
    return made


def owner_of(challenge: Challenge) -> User:
    return challenge.organisers.get().user


def invited(challenge: Challenge, *lines: str) -> list[Outcome]:
    report = acts.invite(challenge=challenge, lines=lines, by=owner_of(challenge))
    return [each.outcome for each in report]


def events(start: str) -> list[str]:
    found = AuditEvent.objects.filter(action__startswith=start).order_by("seq")
    return list(found.values_list("action", flat=True))


def joined(challenge: Challenge, person: User) -> str:
    teams.accept_terms(challenge=challenge, by=person)
    return str(Registration.objects.get(challenge=challenge, user=person).state)


def test_each_line_has_its_own_outcome(challenge: Challenge) -> None:
    Challenge.objects.update(blocked_domains=["jetable.test"])
    challenge.refresh_from_db()
    inside = PersonFactory(email="dedans@exemple.test")
    assert invited(challenge, inside.email) == [Outcome.INVITED]
    joined(challenge, inside)
    lines = ["a@exemple.test", " A@Exemple.Test ", "", "pas une adresse", "x@jetable.test"]
    assert invited(challenge, *lines, inside.email, owner_of(challenge).email) == [
        Outcome.INVITED,
        Outcome.KNOWN,
        Outcome.REFUSED,
        Outcome.REFUSED,
        Outcome.IN,
        Outcome.REFUSED,
    ]
    assert invited(challenge, "a@exemple.test") == [Outcome.KNOWN]
    former = PersonFactory(email="avant@exemple.test")
    role = OrganiserRole.JURY
    FormerOrganiser.objects.create(challenge=challenge, user=former, role=role, left_at=clock.now())
    assert invited(challenge, former.email) == [Outcome.REFUSED]
    assert events("guests.") == ["guests.invited"] * 2
    told = "".join(str(each) for each in AuditBody.objects.values())
    assert "a@exemple.test" not in told


def test_an_address_longer_than_a_row_holds_is_refused(challenge: Challenge) -> None:
    domain = ".".join(["a" * 60] * 4)
    assert invited(challenge, f"prenom.nom@{domain}.fr", f"p@{domain}.fr") == [
        Outcome.REFUSED,
        Outcome.INVITED,
    ]
    assert not InvitationForm({"email": f"prenom.nom@{domain}.fr"}).is_valid()
    assert not OrganiserInvitationForm(
        {"email": f"prenom.nom@{domain}.fr", "role": "organiser"}
    ).is_valid()


def test_only_the_invited_register_by_their_address_or_organisation(challenge: Challenge) -> None:
    guest, member, left, other = (PersonFactory() for _n in range(4))
    held = MembershipFactory(user=member).organisation
    MembershipFactory(user=left, organisation=held, left_at=clock.now())
    invited(challenge, guest.email.upper())
    acts.invite_organisation(challenge=challenge, organisation=held, by=owner_of(challenge))
    assert joined(challenge, guest) == RegistrationState.ACCEPTED
    assert joined(challenge, member) == RegistrationState.ACCEPTED
    for person in (left, other):
        with pytest.raises(NotAllowed) as refusal:
            joined(challenge, person)
        assert refusal.value.code == "invitation_required"
    assert Registration.objects.count() == 2
    assert Guest.objects.get(email=guest.email).state == InvitationState.ACCEPTED
    assert teams.create(challenge=challenge, name="Alpha", by=guest).has_captain(guest)
    assert [each.came for each in reads.listed(challenge) if each.organisation] == [1]


def test_an_invitation_that_ended_lets_nobody_in(challenge: Challenge) -> None:
    late, out = PersonFactory(), PersonFactory()
    invited(challenge, late.email, out.email)
    acts.withdraw(guest=Guest.objects.get(email=out.email), by=owner_of(challenge))
    Guest.objects.filter(email=late.email).update(expires_at=clock.now())
    for person in (late, out):
        with pytest.raises(NotAllowed):
            joined(challenge, person)
    assert events("guests.") == ["guests.invited", "guests.withdrawn"]


def test_who_had_asked_is_let_in_once_invited(challenge: Challenge) -> None:
    Challenge.objects.update(registration=RegistrationMode.APPROVAL)
    asking = PersonFactory()
    assert joined(challenge, asking) == RegistrationState.PENDING
    Challenge.objects.update(registration=INVITED)
    challenge.refresh_from_db()
    assert joined(challenge, asking) == RegistrationState.PENDING
    invited(challenge, asking.email)
    assert joined(challenge, asking) == RegistrationState.ACCEPTED


def out_of(challenge: Challenge, state: str) -> User:
    """Return a person who asked to take part, and was refused or left if that is the state."""
    Challenge.objects.update(registration=RegistrationMode.APPROVAL)
    person: User = PersonFactory()
    joined(challenge, person)
    asked, by = Registration.objects.get(user=person), owner_of(challenge)
    if state == "refused":
        registrations.refuse(registration=asked, reason="Complet.", by=by)
    elif state == "withdrawn":
        departures.leave(challenge=challenge, by=person)
    Challenge.objects.update(registration=INVITED)
    challenge.refresh_from_db()
    return person


@pytest.mark.parametrize("state", ["pending", "refused", "withdrawn"])
def test_an_invitation_lets_in_who_asked_left_or_was_refused(
    challenge: Challenge, state: str
) -> None:
    person = out_of(challenge, state)
    assert joined(challenge, person) == state
    assert invited(challenge, person.email) == [Outcome.INVITED]
    assert joined(challenge, person) == RegistrationState.ACCEPTED
    assert Guest.objects.get().state == InvitationState.ACCEPTED
    found = Registration.objects.get()
    assert (found.reason, found.decided_by) == ("", None)


def test_who_was_refused_is_not_let_in_by_an_organisation(challenge: Challenge) -> None:
    person = out_of(challenge, "refused")
    held = MembershipFactory(user=person).organisation
    acts.invite_organisation(challenge=challenge, organisation=held, by=owner_of(challenge))
    assert joined(challenge, person) == RegistrationState.REFUSED


def test_who_comes_back_is_let_in_by_their_invitation_and_judged_by_their_domain(
    challenge: Challenge,
) -> None:
    person = out_of(challenge, "withdrawn")
    invited(challenge, person.email)
    Challenge.objects.update(blocked_domains=[person.email.partition("@")[2]])
    with pytest.raises(NotAllowed) as refusal:
        departures.come_back(challenge=challenge, by=person)
    assert refusal.value.code == "domain_refused"
    Challenge.objects.update(blocked_domains=[])
    departures.come_back(challenge=challenge, by=person)
    assert Registration.objects.get().state == RegistrationState.ACCEPTED
    assert Guest.objects.get().state == InvitationState.ACCEPTED


def test_each_is_written_to_once_as_they_chose(challenge: Challenge) -> None:
    known, quiet = PersonFactory(), PersonFactory()
    notifications.choose(ways={"invitations": Delivery.SPACE}, by=quiet)
    lines = ["inconnue@exemple.test", known.email, quiet.email]
    for _again in range(2):
        invited(challenge, *lines)
        for _each in range(3):
            outbox.relay()
    assert sorted(each.to[0] for each in mail.outbox) == sorted(lines[:2])
    secret = acts.token(Guest.objects.get(email=lines[0]).public_id)
    assert [secret in str(each.body) for each in mail.outbox if each.to == [lines[0]]] == [True]
    kept = "".join(str(each) for each in Outbox.objects.values())
    assert secret not in kept


def test_a_letter_is_sent_again_a_day_later_three_times_in_all(challenge: Challenge) -> None:
    invited(challenge, "a@exemple.test")
    guest, by = Guest.objects.get(), owner_of(challenge)
    with pytest.raises(QuotaSpent):
        acts.resend(guest=guest, by=by)
    for letters in (2, 3):
        Guest.objects.update(letter_at=clock.now() - timedelta(days=1, seconds=1))
        assert acts.resend(guest=guest, by=by).letters == letters
    Guest.objects.update(letter_at=clock.now() - timedelta(days=2))
    with pytest.raises(Conflict):
        acts.resend(guest=guest, by=by)
    assert Outbox.objects.filter(topic="mail.guest_invited").count() == 3


def test_letters_count_over_the_invitations_of_an_address(challenge: Challenge) -> None:
    by, address = owner_of(challenge), "a@exemple.test"
    for _again in range(3):
        assert invited(challenge, address) == [Outcome.INVITED]
        acts.withdraw(guest=Guest.objects.get(state=InvitationState.SENT), by=by)
    assert invited(challenge, address) == [Outcome.REFUSED]
    Guest.objects.filter(pk=Guest.objects.latest("pk").pk).update(state=InvitationState.SENT)
    Guest.objects.update(letter_at=clock.now() - timedelta(days=2))
    with pytest.raises(Conflict) as refusal:
        acts.resend(guest=Guest.objects.latest("pk"), by=by)
    assert refusal.value.code == "guest_told"


def test_an_address_told_three_times_has_a_way_out_once_its_invitation_is_over(
    challenge: Challenge, settings: Any
) -> None:
    by, address = owner_of(challenge), "a@exemple.test"
    invited(challenge, address)
    past = clock.now() - timedelta(days=settings.GUEST_DAYS)
    Guest.objects.update(letters=3, letter_at=past, expires_at=past)
    (line,) = acts.invite(challenge=challenge, lines=[address], by=by)
    assert (line.outcome, "retirez-la" in line.sentence) == (Outcome.KNOWN, True)
    acts.withdraw(guest=Guest.objects.get(), by=by)
    assert invited(challenge, address) == [Outcome.INVITED]


def test_a_day_has_its_most(challenge: Challenge) -> None:
    lines = [f"n{n}@exemple.test" for n in range(ADDRESSES_A_DAY + 1)]
    with pytest.raises(Invalid):
        invited(challenge, *lines)
    assert set(invited(challenge, *lines[1:])) == {Outcome.INVITED}
    assert invited(challenge, lines[0]) == [Outcome.LATER]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"registration": RegistrationMode.OPEN}, "not_by_invitation"),
        ({"status": ChallengeStatus.DRAFT, "published_at": None}, "guests_not_now"),
        ({"status": ChallengeStatus.CLOSED}, "guests_not_now"),
    ],
)
def test_nobody_is_invited_where_nobody_could_come(
    challenge: Challenge, change: dict[str, Any], code: str
) -> None:
    Challenge.objects.update(**change)
    with pytest.raises(Conflict) as refusal:
        invited(challenge, "a@exemple.test")
    assert refusal.value.code == code
    held = MembershipFactory().organisation
    with pytest.raises(Conflict):
        acts.invite_organisation(challenge=challenge, organisation=held, by=owner_of(challenge))
    assert (Guest.objects.count(), Outbox.objects.count()) == (0, 0)


def test_only_organisers_invite(challenge: Challenge) -> None:
    invited(challenge, "a@exemple.test")
    other = PersonFactory()
    with pytest.raises(NotAllowed):
        acts.invite(challenge=challenge, lines=["b@exemple.test"], by=other)
    for act in (acts.withdraw, acts.resend):
        with pytest.raises(NotAllowed):
            act(guest=Guest.objects.get(), by=other)
    assert Guest.objects.get().state == InvitationState.SENT


def test_addresses_are_not_kept_longer_than_announced(challenge: Challenge, settings: Any) -> None:
    here, gone, closing = PersonFactory(), "parti@exemple.test", PersonFactory()
    invited(challenge, here.email, gone, closing.email)
    joined(challenge, here)
    teams.forget(person=closing)
    assert set(Guest.objects.values_list("email", flat=True)) == {here.email, gone}
    old = clock.now() - timedelta(days=settings.GUESTS_KEPT_DAYS, seconds=1)
    Guest.objects.update(expires_at=old)
    assert acts.forget_old() == 1
    assert Guest.objects.get().email == here.email
    assert acts.forget_old() == 0
    (event,) = events_of([reference(challenge)], families=["guests"])[:1]
    assert (event.action, event.facts) == ("guests.forgotten", {"addresses": 1})


def test_a_closed_account_takes_its_former_address_away(challenge: Challenge) -> None:
    moved, stays = PersonFactory(), PersonFactory()
    invited(challenge, moved.email, stays.email)
    for each in (moved, stays):
        joined(challenge, each)
    moved.email = "ailleurs@exemple.test"
    moved.save()
    teams.forget(person=moved)
    assert Guest.objects.get().email == stays.email
