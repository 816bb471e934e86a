"""Each permission, each role: one block an act, true or false."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from challenges import rules
from challenges.enums import OrganiserRole, RegistrationState
from challenges.models import (
    Challenge,
    Disqualification,
    Entry,
    FormerOrganiser,
    Team,
)
from portal.audit.actors import SystemActor
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.challenges import (
    ChallengeFactory,
    EntryFactory,
    TeamFactory,
    accepted_person,
    captain_of,
)
from tests.factories.disqualifications import asked

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry() -> Entry:
    return EntryFactory(scored=True)


@pytest.fixture
def team(entry: Entry) -> Team:
    return entry.enrolment.team


@pytest.fixture
def challenge(team: Team) -> Challenge:
    return team.challenge


@pytest.fixture
def people(team: Team, challenge: Challenge) -> dict[str, Any]:
    teammate = accepted_person(challenge)
    team.members.create(challenge=challenge, user=teammate, joined_at=timezone.now())
    return {
        "anonymous": AnonymousUser(),
        "worker": SystemActor("worker"),
        "member": UserFactory(),
        "inactive": UserFactory(is_active=False),
        "organiser": challenge.organisers.get().user,
        "colleague": MembershipFactory(organisation=challenge.organiser, role="editor").user,
        "captain": captain_of(team),
        "teammate": teammate,
        "rival": captain_of(TeamFactory(challenge=challenge)),
        **{
            role: UserFactory(region=role)
            for role in ("moderator", "administrator", "auditor", "officer")
        },
    }


def may(people: dict[str, Any], rule: Any, subject: Any) -> set[str]:
    return {name for name, person in people.items() if rule(person, subject)}


def test_organising(people: dict[str, Any], challenge: Challenge) -> None:
    assert may(people, rules.may_import_challenge, challenge.organiser) == {"colleague"}
    for rule in (rules.may_edit_challenge, rules.may_export_challenge, rules.may_run_organisers):
        assert may(people, rule, challenge) == {"organiser"}
    asks = challenge.registrations.create(
        user=UserFactory(), state=RegistrationState.PENDING, at=timezone.now()
    )
    assert may(people, rules.may_answer_registration, asks) == {"organiser"}
    assert may(people, rules.may_publish_challenge, challenge) == {"moderator"}
    assert may(people, rules.may_suspend_challenge, challenge) == {"moderator"}


def test_seeing(people: dict[str, Any], challenge: Challenge) -> None:
    assert may(people, rules.may_see_challenge, challenge) == set(people)
    draft = ChallengeFactory(owner=people["organiser"])
    seen = {"organiser", "moderator", "administrator", "auditor"}
    assert may(people, rules.may_see_challenge, draft) == seen
    listed = {
        name
        for name, person in people.items()
        if Challenge.objects.visible_to(person).filter(pk=draft.pk).exists()
    }
    assert listed == seen


def test_taking_part(people: dict[str, Any], challenge: Challenge, team: Team) -> None:
    everybody = set(people) - {"anonymous", "worker", "inactive", "organiser"}
    assert may(people, rules.may_take_part, challenge) == everybody
    assert may(people, rules.may_take_part, ChallengeFactory()) == set()
    assert may(people, rules.may_run_team, team) == {"captain"}
    assert may(people, rules.may_leave_team, team) == {"captain", "teammate"}
    assert may(people, rules.may_enter, team) == {"captain", "teammate"}
    team.challenge.organisers.create(user=people["teammate"], role="organiser")
    assert may(people, rules.may_enter, team) == {"captain"}
    team.state = "disqualified"
    assert may(people, rules.may_enter, team) == set()


def test_entries(people: dict[str, Any], entry: Entry) -> None:
    assert may(people, rules.may_read_entry, entry) == {"captain", "teammate"}
    assert may(people, rules.may_withdraw_entry, entry) == {"captain"}
    assert may(people, rules.may_choose_entry, entry) == {"captain"}
    assert may(people, rules.may_examine_entry, entry) == {"moderator"}
    readers = {"captain", "teammate", "moderator", "administrator"}
    assert may(people, rules.may_read_certificate, entry.enrolment.team) == readers
    visible = {name for name, person in people.items() if Entry.objects.visible_to(person).exists()}
    assert visible == {"captain", "teammate"}


def test_closing_and_revealing(people: dict[str, Any], challenge: Challenge) -> None:
    phase = challenge.phases.get()
    for rule in (
        rules.may_close_phase,
        rules.may_pause_phase,
        rules.may_propose_rescoring,
        rules.may_propose_reveal,
    ):
        assert may(people, rule, phase) == {"organiser"}
    for rule in (rules.may_decide_rescoring, rules.may_confirm_reveal):
        assert may(people, rule, phase) == {"moderator", "administrator"}


def test_a_moderator_of_their_own_challenge_has_no_visa(challenge: Challenge) -> None:
    both = UserFactory(region="moderator")
    challenge.organisers.create(user=both, role="organiser")
    assert not rules.may_publish_challenge(both, challenge)
    assert not rules.may_confirm_reveal(both, challenge.phases.get())


def test_a_moderator_who_plays_reveals_nothing(challenge: Challenge, entry: Entry) -> None:
    team = entry.enrolment.team
    both = UserFactory(region="moderator")
    assert rules.may_confirm_reveal(both, challenge.phases.get())
    team.members.create(challenge=challenge, user=both, joined_at=timezone.now())
    assert not rules.may_confirm_reveal(both, challenge.phases.get())


def test_a_jury_member_is_no_organiser(challenge: Challenge) -> None:
    jury = UserFactory()
    challenge.organisers.create(user=jury, role="jury")
    assert not rules.may_edit_challenge(jury, challenge)
    assert not rules.may_take_part(jury, challenge)


def test_who_ran_a_challenge_and_left_decides_on_nothing_of_it(challenge: Challenge) -> None:
    by, phase = UserFactory(region="moderator"), challenge.phases.get()
    found = asked()
    ran = found.challenge
    decisions: list[tuple[Callable[..., bool], Any]] = [
        (rules.may_publish_challenge, challenge),
        (rules.may_archive_challenge, challenge),
        (rules.may_confirm_reveal, phase),
        (rules.may_decide_disqualification, found),
    ]
    shown = [
        Challenge.objects.not_run_by(by),
        Disqualification.objects.decided_by_region(by),
    ]
    assert [each(by, of) for each, of in decisions] == [True] * 4
    assert all(each.all().exists() for each in shown)
    for each in (challenge, ran):
        FormerOrganiser.objects.create(
            challenge=each, user=by, role=OrganiserRole.JURY, left_at=timezone.now()
        )
    assert [each(by, of) for each, of in decisions] == [False] * 4
    assert not any(each.all().exists() for each in shown)
