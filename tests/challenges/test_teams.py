"""Registration, rules, teams: one team a person, invitations that serve once."""

from datetime import timedelta
from uuid import uuid4

import pytest

from challenges.actions import teams
from challenges.enums import RegistrationMode, RegistrationState, TeamRole, TeamState
from challenges.models import (
    Challenge,
    Registration,
    Team,
    TeamInvitation,
    TeamMember,
    TermsAcceptance,
)
from portal.audit.models import AuditEvent, Outbox
from portal.lib import clock
from portal.lib.refusals import Conflict, Hidden, Invalid, NotAllowed, QuotaSpent
from tests.factories.accounts import UserFactory
from tests.factories.challenges import (
    ChallengeFactory,
    EntryFactory,
    TeamFactory,
    accepted_person,
    captain_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def challenge() -> Challenge:
    return ChallengeFactory(opened=True)


@pytest.fixture
def team(challenge: Challenge) -> Team:
    return TeamFactory(challenge=challenge)


def events() -> list[str]:
    return [event.action for event in AuditEvent.objects.order_by("seq")]


def invited(team: Team, email: str = "claire@exemple.test") -> TeamInvitation:
    return teams.invite(team=team, email=email, by=captain_of(team))


def join(invitation: TeamInvitation, email: str = "claire@exemple.test") -> Team:
    person = accepted_person(invitation.team.challenge, UserFactory(email=email))
    token = teams.invitation_token(invitation.public_id)
    return teams.accept_invitation(public_id=invitation.public_id, token=token, by=person)


def test_accepting_the_rules_registers_once(challenge: Challenge) -> None:
    person = UserFactory()
    for _ in range(2):
        teams.accept_terms(challenge=challenge, by=person)
    assert Registration.objects.get(user=person).state == RegistrationState.ACCEPTED
    assert TermsAcceptance.objects.filter(user=person).count() == 1
    assert events() == ["terms.accepted", "challenge.joined"]


def test_registration_by_approval_waits(challenge: Challenge) -> None:
    Challenge.objects.update(registration=RegistrationMode.APPROVAL)
    person = UserFactory()
    teams.accept_terms(challenge=challenge, by=person)
    assert Registration.objects.get().state == RegistrationState.PENDING
    with pytest.raises(NotAllowed) as refusal:
        teams.create(challenge=challenge, name="A", by=person)
    assert refusal.value.code == "registration_required"


def test_an_organiser_does_not_take_part(challenge: Challenge) -> None:
    with pytest.raises(NotAllowed):
        teams.accept_terms(challenge=challenge, by=challenge.organisers.get().user)
    assert Registration.objects.count() == 0


@pytest.mark.parametrize(
    ("allowed", "blocked", "welcome"),
    [
        ([], [], True),
        (["exemple.test"], [], True),
        (["autre.test"], [], False),
        ([], ["EXEMPLE.test"], False),
    ],
)
def test_domains_filter_addresses(
    challenge: Challenge, allowed: list[str], blocked: list[str], welcome: bool
) -> None:
    Challenge.objects.update(allowed_domains=allowed, blocked_domains=blocked)
    person = UserFactory()
    if welcome:
        assert teams.accept_terms(challenge=challenge, by=person)
    else:
        with pytest.raises(NotAllowed):
            teams.accept_terms(challenge=challenge, by=person)


def test_a_team_is_created_with_its_captain(challenge: Challenge) -> None:
    person = accepted_person(challenge)
    team = teams.create(challenge=challenge, name="  Les  Éclaireurs ", by=person)
    assert (team.name, team.slug, team.state) == (
        "Les Éclaireurs",
        "les-eclaireurs",
        TeamState.OPEN,
    )
    assert team.members.get().role == TeamRole.CAPTAIN
    assert team.pseudonym.startswith("Équipe ")
    assert events() == ["team.created"]


@pytest.mark.parametrize("name", ["", "  ", "!!!"])
def test_a_team_needs_a_readable_name(challenge: Challenge, name: str) -> None:
    with pytest.raises(Invalid):
        teams.create(challenge=challenge, name=name, by=accepted_person(challenge))


def test_a_name_is_taken_once(challenge: Challenge) -> None:
    teams.create(challenge=challenge, name="Éclair", by=accepted_person(challenge))
    with pytest.raises(Conflict) as refusal:
        teams.create(challenge=challenge, name="eclair", by=accepted_person(challenge))
    assert refusal.value.code == "team_name_taken"


def test_a_person_has_one_team(challenge: Challenge) -> None:
    person = accepted_person(challenge)
    teams.create(challenge=challenge, name="A", by=person)
    with pytest.raises(Conflict) as refusal:
        teams.create(challenge=challenge, name="B", by=person)
    assert refusal.value.code == "one_team"
    assert Team.objects.count() == 1


def test_rules_not_accepted_close_the_door(challenge: Challenge) -> None:
    person = UserFactory()
    Registration.objects.create(
        challenge=challenge, user=person, state=RegistrationState.ACCEPTED, at=clock.now()
    )
    with pytest.raises(NotAllowed) as refusal:
        teams.create(challenge=challenge, name="A", by=person)
    assert refusal.value.code == "terms_required"


def test_an_invitation_is_sent_once_an_address(team: Team) -> None:
    first = invited(team)
    assert invited(team, " CLAIRE@exemple.test ") == first
    token = teams.invitation_token(first.public_id)
    assert token not in str(TeamInvitation.objects.values().get())
    assert [row.ids for row in Outbox.objects.all()] == [{"invitation_id": first.pk}]
    assert events() == ["team.invited"]


def test_letters_of_invitations_are_bounded(team: Team) -> None:
    """Inviting and taking back in turn writes three times a day to an address, twenty in all."""
    by = captain_of(team)
    invited = ["a@exemple.fr"] * 3 + [f"b{n}@exemple.fr" for n in range(17)]
    for number, email in enumerate(invited):
        sent = teams.invite(team=team, email=email, by=by)
        teams.revoke_invitation(invitation=sent, by=by)
        if number in {2, 19}:
            with pytest.raises(QuotaSpent) as refused:
                teams.invite(team=team, email="a@exemple.fr" if number == 2 else "c@e.fr", by=by)
            assert refused.value.code == "invitations_day"
            assert refused.value.facts["next_opening"] > clock.now()
    assert team.invitations.count() == 20


def test_only_a_captain_invites(team: Team) -> None:
    with pytest.raises(NotAllowed):
        teams.invite(team=team, email="a@exemple.test", by=UserFactory())
    assert TeamInvitation.objects.count() == 0


def test_an_invitation_serves_once(team: Team) -> None:
    invitation = invited(team)
    assert join(invitation) == team
    assert team.members.count() == 2
    with pytest.raises(Hidden):
        join(invitation, "paul@exemple.test")
    assert events()[-1] == "team.joined"


def test_an_invitation_is_bound_to_its_address(team: Team) -> None:
    with pytest.raises(Hidden):
        join(invited(team), "paul@exemple.test")
    assert team.members.count() == 1


def test_a_guessed_or_swapped_token_is_unknown(team: Team) -> None:
    invitation = invited(team)
    other = invited(TeamFactory(challenge=team.challenge), "claire@exemple.test")
    person = accepted_person(team.challenge, UserFactory(email="claire@exemple.test"))
    for token in ("", "x", teams.invitation_token(other.public_id)):
        with pytest.raises(Hidden):
            teams.accept_invitation(public_id=invitation.public_id, token=token, by=person)
    with pytest.raises(Hidden):
        teams.accept_invitation(public_id=uuid4(), token="x", by=person)


def test_an_invitation_expires(team: Team) -> None:
    invitation = invited(team)
    TeamInvitation.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    with pytest.raises(Hidden):
        join(invitation)


def test_a_revoked_invitation_is_closed(team: Team) -> None:
    invitation = invited(team)
    teams.revoke_invitation(invitation=invitation, by=captain_of(team))
    with pytest.raises(Hidden):
        join(invitation)


def test_a_full_team_takes_nobody(team: Team) -> None:
    Challenge.objects.update(team_max=2)
    first, second = invited(team), invited(team, "paul@exemple.test")
    join(first)
    assert Team.objects.get().state == TeamState.FULL
    with pytest.raises(Conflict) as refusal:
        join(second, "paul@exemple.test")
    assert refusal.value.code == "team_full"
    assert TeamMember.objects.filter(left_at__isnull=True).count() == 2


def test_the_captain_who_leaves_hands_over(team: Team) -> None:
    join(invited(team))
    captain = captain_of(team)
    teams.leave(team=team, by=captain)
    assert [member.user.email for member in team.members.filter(left_at=None)] == [
        "claire@exemple.test"
    ]
    assert team.members.get(left_at=None).role == TeamRole.CAPTAIN
    with pytest.raises(NotAllowed):
        teams.leave(team=team, by=captain)


def test_a_captain_removes_a_member(team: Team) -> None:
    join(invited(team))
    member = team.members.get(role=TeamRole.MEMBER).user
    with pytest.raises(NotAllowed):
        teams.remove_member(team=team, person=captain_of(team), by=member)
    teams.remove_member(team=team, person=member, by=captain_of(team))
    assert team.members.filter(left_at=None).count() == 1
    with pytest.raises(Hidden):
        teams.remove_member(team=team, person=member, by=captain_of(team))


def test_whoever_left_a_team_that_entered_joins_no_other(team: Team) -> None:
    EntryFactory(enrolment__team=team, enrolment__phase=team.challenge.phases.get())
    person = captain_of(team)
    teams.leave(team=team, by=person)
    with pytest.raises(Conflict) as refusal:
        teams.create(challenge=team.challenge, name="Autre", by=person)
    assert refusal.value.code == "left_a_team"


def test_whoever_left_before_any_entry_may_join_another(team: Team) -> None:
    person = captain_of(team)
    teams.leave(team=team, by=person)
    assert Team.objects.get(pk=team.pk).state == TeamState.WITHDRAWN
    assert teams.create(challenge=team.challenge, name="Autre", by=person)


def test_leaving_a_disqualified_team_does_not_bring_it_back() -> None:
    team = TeamFactory(state=TeamState.DISQUALIFIED)
    teams.leave(team=team, by=captain_of(team))
    assert Team.objects.get().state == TeamState.DISQUALIFIED
