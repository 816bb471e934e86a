"""Each permission, each role, true or false; and each act asks its rule before it writes."""

import importlib
import inspect
import io
import pkgutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

import challenges
from challenges.bundles.spec import Role
from challenges.disqualifications import rules as disqualifications_rules
from challenges.entries import rules as entries_rules
from challenges.entries.actions import uploads
from challenges.evaluation import rules as evaluation_rules
from challenges.exchange import rules as exchange_rules
from challenges.exchange.actions import bundles
from challenges.models import (
    Challenge,
    Disqualification,
    Entry,
    FormerOrganiser,
    Guest,
    Registration,
    Team,
)
from challenges.organising import rules as organising_rules
from challenges.organising.actions import drafts, organisers
from challenges.organising.enums import OrganiserRole, RegistrationMode
from challenges.rescoring import rules as rescoring_rules
from challenges.results import rules as results_rules
from challenges.teams import rules as teams_rules
from challenges.teams.actions import guests, teams
from challenges.teams.enums import RegistrationState
from portal.accounts.models import User
from portal.audit.actors import SystemActor
from portal.lib.refusals import NotAllowed
from tests.challenges.pages.scenes import compile_keys, with_contract
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.challenges import (
    ChallengeFactory,
    EntryFactory,
    PhaseFactory,
    TeamFactory,
    captain_of,
    member_of,
    rescoring_of,
)
from tests.factories.disqualifications import asked
from tests.ledger import snapshot

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
    teammate = member_of(team).user
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
    assert may(people, organising_rules.may_import_challenge, challenge.organiser) == {"colleague"}
    for rule in (
        organising_rules.may_edit_challenge,
        exchange_rules.may_export_challenge,
        organising_rules.may_run_organisers,
    ):
        assert may(people, rule, challenge) == {"organiser"}
    asks = challenge.registrations.create(
        user=UserFactory(), state=RegistrationState.PENDING, at=timezone.now()
    )
    assert may(people, teams_rules.may_answer_registration, asks) == {"organiser"}
    assert may(people, organising_rules.may_publish_challenge, challenge) == {"moderator"}
    assert may(people, organising_rules.may_suspend_challenge, challenge) == {"moderator"}


def test_seeing(people: dict[str, Any], challenge: Challenge) -> None:
    assert may(people, organising_rules.may_see_challenge, challenge) == set(people)
    draft = ChallengeFactory(owner=people["organiser"])
    seen = {"organiser", "moderator", "administrator", "auditor"}
    assert may(people, organising_rules.may_see_challenge, draft) == seen
    listed = {
        name
        for name, person in people.items()
        if Challenge.objects.visible_to(person).filter(pk=draft.pk).exists()
    }
    assert listed == seen


def test_taking_part(people: dict[str, Any], challenge: Challenge, team: Team) -> None:
    everybody = set(people) - {"anonymous", "worker", "inactive", "organiser"}
    assert may(people, teams_rules.may_take_part, challenge) == everybody
    assert may(people, teams_rules.may_take_part, ChallengeFactory()) == set()
    assert may(people, teams_rules.may_run_team, team) == {"captain"}
    assert may(people, teams_rules.may_leave_team, team) == {"captain", "teammate"}
    assert may(people, entries_rules.may_enter, team) == {"captain", "teammate"}
    team.challenge.organisers.create(user=people["teammate"], role="organiser")
    assert may(people, entries_rules.may_enter, team) == {"captain"}
    team.state = "disqualified"
    assert may(people, entries_rules.may_enter, team) == set()


def test_entries(people: dict[str, Any], entry: Entry) -> None:
    assert may(people, entries_rules.may_read_entry, entry) == {"captain", "teammate"}
    assert may(people, entries_rules.may_withdraw_entry, entry) == {"captain"}
    assert may(people, entries_rules.may_choose_entry, entry) == {"captain"}
    assert may(people, evaluation_rules.may_examine_entry, entry) == {"moderator"}
    readers = {"captain", "teammate", "moderator", "administrator"}
    assert may(people, results_rules.may_read_certificate, entry.enrolment.team) == readers
    visible = {name for name, person in people.items() if Entry.objects.visible_to(person).exists()}
    assert visible == {"captain", "teammate"}


def test_closing_and_revealing(people: dict[str, Any], challenge: Challenge) -> None:
    phase = challenge.phases.get()
    for rule in (
        organising_rules.may_close_phase,
        evaluation_rules.may_pause_phase,
        rescoring_rules.may_propose_rescoring,
        results_rules.may_propose_reveal,
    ):
        assert may(people, rule, phase) == {"organiser"}
    for rule in (rescoring_rules.may_decide_rescoring, results_rules.may_confirm_reveal):
        assert may(people, rule, phase) == {"moderator", "administrator"}


def test_a_moderator_of_their_own_challenge_has_no_visa(challenge: Challenge) -> None:
    both = UserFactory(region="moderator")
    challenge.organisers.create(user=both, role="organiser")
    member = UserFactory(region="moderator")
    MembershipFactory(user=member, organisation=challenge.organiser, role="contributor")
    for each in (both, User.objects.get(pk=member.pk)):
        assert not organising_rules.may_publish_challenge(each, challenge)
        assert not results_rules.may_confirm_reveal(each, challenge.phases.get())


def test_a_moderator_who_plays_reveals_nothing(challenge: Challenge, entry: Entry) -> None:
    both = UserFactory(region="moderator")
    assert results_rules.may_confirm_reveal(both, challenge.phases.get())
    member_of(entry.enrolment.team, both)
    assert not results_rules.may_confirm_reveal(both, challenge.phases.get())


def test_a_jury_member_is_no_organiser(challenge: Challenge) -> None:
    jury = UserFactory()
    challenge.organisers.create(user=jury, role="jury")
    assert not organising_rules.may_edit_challenge(jury, challenge)
    assert not teams_rules.may_take_part(jury, challenge)


def test_who_ran_a_challenge_and_left_decides_on_nothing_of_it(challenge: Challenge) -> None:
    by, phase = UserFactory(region="moderator"), challenge.phases.get()
    found = asked()
    ran = found.challenge
    decisions: list[tuple[Callable[..., bool], Any]] = [
        (organising_rules.may_publish_challenge, challenge),
        (organising_rules.may_archive_challenge, challenge),
        (results_rules.may_confirm_reveal, phase),
        (disqualifications_rules.may_decide_disqualification, found),
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


Act = Callable[..., Any]
# Steps of another act, which has asked the rule; imports read their folder first: test_imports.py.
STEPS = {
    "evaluation.baselines.enter_baseline",
    "exchange.bundles.finish_creation",
    "exchange.bundles.import_bundle",
    "exchange.imports.import_folder",
    "exchange.imports.may_take_name",
    "exchange.imports.organisation_for",
    "organising.challenges.close_challenge_if_over",
    "organising.folders.write_draft",
    "organising.phases.put_scorings",
    "organising.texts.read_from",
    "programs.changes.take_up",
    "programs.code.give_inputs",
    "programs.drafts.create",
    "teams.guests.admit",
}


def acts() -> Iterator[tuple[str, Act]]:
    """Find what people do: each public function of an action that says `by` whom."""
    for module in pkgutil.walk_packages(challenges.__path__, "challenges."):
        if ".actions" not in module.name:
            continue
        subject = module.name.removeprefix("challenges.").replace(".actions", "")
        for name, act in vars(importlib.import_module(module.name)).items():
            own = inspect.isfunction(act) and inspect.unwrap(act).__module__ == module.name
            if own and not name.startswith("_") and "by" in inspect.signature(act).parameters:
                yield f"{subject}.{name}", act


@pytest.fixture
def things() -> dict[str, Any]:
    """Make one of everything that acts are done on, by the name of their parameter."""
    entry = EntryFactory(
        scored=True,
        enrolment__team__challenge__opened=True,
        enrolment__team__challenge__registration=RegistrationMode.INVITED,
    )
    team = entry.enrolment.team
    challenge, captain = team.challenge, captain_of(team)
    owner = challenge.organisers.get().user
    with_contract(challenge)
    compile_keys(challenge, ["1"])
    first = challenge.phases.get()
    upload = uploads.begin(phase=first, team=team, length=1, name="a.csv", by=captain)
    guests.invite(challenge=challenge, lines=["a@exemple.test"], by=owner)
    importer = MembershipFactory(role="referent").user
    return {
        "board": first.leaderboards.get(),
        "challenge": challenge,
        "deposit": drafts.Deposit("a.csv", 1, io.BytesIO(b"a")),
        "entry": entry,
        "found": asked(entry),
        "guest": Guest.objects.get(),
        "made": bundles.deposit(content=io.BytesIO(b"PK"), filename="a.zip", by=importer).made,
        "organisation": challenge.organiser,
        "organiser": challenge.organisers.get(),
        "person": captain,
        "phase": PhaseFactory(challenge=challenge, index=1, opened=True),
        "public_id": uuid4(),
        "registration": Registration.objects.get(user=captain),
        "role": Role.TRAIN,
        "rescoring": rescoring_of(first, owner),
        "submission": {},
        "task": first.tasks.get(current=True),
        "team": team,
        "texts": defaultdict(str),
        "truth": {},
        "upload": uploads.append(
            upload=upload, offset=0, content=[b"a"], checksum=None, by=captain
        ),
        "organising.invitation": organisers.invite(
            challenge=challenge, email="c@exemple.test", role=OrganiserRole.JURY, by=owner
        ),
        "teams.invitation": teams.invite(team=team, email="b@exemple.test", by=captain),
    }


def refused(name: str, act: Act, things: dict[str, Any], stranger: User) -> bool:
    """Do an act as a stranger; say whether they are told that they may not."""
    given = {}
    for key, parameter in inspect.signature(act).parameters.items():
        if parameter.default is inspect.Parameter.empty and key != "by":
            of_subject = f"{name.partition('.')[0]}.{key}"
            given[key] = things.get(of_subject, things.get(key, "x"))
    try:
        act(**given, by=stranger)
    except NotAllowed:
        return True
    return False


@pytest.mark.parametrize("role", ["", "jury"])
def test_no_act_is_open_to_a_stranger_or_a_jury(things: dict[str, Any], role: str) -> None:
    person = UserFactory()
    if role:
        things["challenge"].organisers.create(user=person, role=role)
    tables = {type(each) for each in things.values() if hasattr(each, "_meta")}
    before = snapshot(*tables)
    asked_first = [(name, act) for name, act in acts() if name not in STEPS]
    assert len(asked_first) > 100
    assert [name for name, act in asked_first if not refused(name, act, things, person)] == []
    assert snapshot(*tables) == before
