"""No act is open to a stranger: each asks its rule before it writes anything."""

import importlib
import inspect
import io
import pkgutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

import challenges
from challenges.bundles.spec import Role
from challenges.entries.actions import uploads
from challenges.enums import OrganiserRole, RegistrationMode
from challenges.exchange.actions import bundles
from challenges.forum import actions as forum
from challenges.models import Guest, Registration
from challenges.organising.actions import drafts, guests, organisers
from challenges.teams import actions as teams
from portal.accounts.models import User
from portal.lib.refusals import NotAllowed
from tests.challenges.pages.scenes import compile_keys, with_contract
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.challenges import EntryFactory, PhaseFactory, captain_of, rescoring_of
from tests.factories.disqualifications import asked
from tests.portal.accounts.ledger import snapshot

pytestmark = pytest.mark.django_db
Act = Callable[..., Any]
# Steps of another act, which has asked the rule; imports read their folder first: test_imports.py.
STEPS = {
    "evaluation.evaluations.enter_baseline",
    "exchange.bundles.finish_creation",
    "exchange.bundles.import_bundle",
    "exchange.imports.import_folder",
    "exchange.imports.may_take_name",
    "exchange.imports.organisation_for",
    "organising.challenges.close_challenge_if_over",
    "organising.folders.write_draft",
    "organising.guests.admit",
    "organising.phases.put_scorings",
    "programs.changes.take_up",
    "programs.code.give_inputs",
    "programs.drafts.create",
    "teams.readmit",
    "teams.refuse_domain",
}
OF_EVERYBODY = {"forum.report"}
JURY_MAY = ["forum.answer", "forum.open_thread"]


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
    thread = forum.open_thread(challenge=challenge, title="A", body_md="A", by=owner)
    upload = uploads.begin(phase=first, team=team, length=1, name="a.csv", by=captain)
    guests.invite(challenge=challenge, lines=["a@exemple.test"], by=owner)
    importer = MembershipFactory(role="referent").user
    return {
        "blocked": forum.block(challenge=challenge, user=UserFactory(), reason="x", by=owner),
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
        "post": thread.posts.get(),
        "public_id": uuid4(),
        "registration": Registration.objects.get(user=captain),
        "role": Role.TRAIN,
        "rescoring": rescoring_of(first, owner),
        "submission": {},
        "task": first.tasks.get(current=True),
        "team": team,
        "texts": defaultdict(str),
        "thread": thread,
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


@pytest.mark.parametrize(("role", "open_to_them"), [("", []), ("jury", JURY_MAY)])
def test_no_act_is_open_to_a_stranger_or_a_jury(
    things: dict[str, Any], role: str, open_to_them: list[str]
) -> None:
    person = UserFactory()
    if role:
        things["challenge"].organisers.create(user=person, role=role)
    tables = {type(each) for each in things.values() if hasattr(each, "_meta")}
    before = snapshot(*tables)
    asked_first = [
        (name, act)
        for name, act in acts()
        if name not in STEPS | OF_EVERYBODY and name not in open_to_them
    ]
    assert len(asked_first) > 100
    assert [name for name, act in asked_first if not refused(name, act, things, person)] == []
    assert snapshot(*tables) == before
