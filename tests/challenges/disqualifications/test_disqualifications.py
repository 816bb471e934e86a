"""An organiser asks, the team replies, the Region decides; what is lifted comes back whole."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from challenges.disqualifications import actions as acts
from challenges.entries.actions import choices
from challenges.evaluation.enums import Split
from challenges.models import (
    Disqualification,
    Enrolment,
    Entry,
    Job,
    Notice,
    Standing,
    Team,
)
from challenges.organising.enums import OrganiserRole
from challenges.results.models import certificates as certified
from challenges.teams.actions.teams import reference_team
from challenges.teams.enums import TeamState
from challenges.worker import drain
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from portal.audit import outbox
from portal.audit.models import AuditEvent, Outbox
from portal.audit.record import reference
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed, QuotaSpent
from tests.challenges.pages.scenes import Costs, clocked
from tests.challenges.refusals import refuses
from tests.challenges.world import entered as really_entered
from tests.challenges.world import opened, revealed
from tests.factories.accounts import MembershipFactory, UserFactory, bearer
from tests.factories.challenges import TeamFactory, captain_of
from tests.factories.disqualifications import asked, entered
from tests.factories.letters import delivered

pytestmark = pytest.mark.django_db


REASON = "Données externes, interdites à l’article 4."


@pytest.fixture
def moderator() -> User:
    """Make a person of the Region."""
    return UserFactory(region="moderator")


@pytest.fixture
def entry() -> Entry:
    """Make a scored entry."""
    return entered()


def organiser_of(team: Team) -> User:
    return team.challenge.organisers.get(role=OrganiserRole.OWNER).user


def listed(entry: Entry) -> bool:
    return Entry.objects.listed().filter(pk=entry.pk).exists()


def events(found: Disqualification) -> list[str]:
    rows = AuditEvent.objects.filter(object_ref=reference(found)).order_by("seq")
    return [each for each in rows.values_list("action", flat=True) if "disqual" in each]


def owed() -> dict[str, int]:
    topics = Outbox.objects.filter(topic__startswith="mail.disqualification").order_by("pk")
    keys = list(topics.values_list("topic", flat=True))
    return {topic.removeprefix("mail.disqualification_"): keys.count(topic) for topic in keys}


def test_an_entry_goes_after_the_reply_and_comes_back(entry: Entry, moderator: User) -> None:
    team = entry.enrolment.team
    Entry.objects.filter(pk=entry.pk).update(final_choice=True)
    found = acts.propose(team=team, entry=entry, reason=REASON, by=organiser_of(team))
    assert found.reply_by - found.proposed_at == timedelta(days=7)
    assert listed(entry)
    with refuses(Conflict, "disqualification_unheard"):
        acts.pronounce(found=found, reason="Oui.", by=moderator, version=found.version)
    found = acts.answer(found=found, text="Elles sont publiques.", by=captain_of(team))
    with pytest.raises(Conflict):
        acts.answer(found=found, text="Encore.", by=captain_of(team))
    with refuses(Conflict, "changed"):  # read before the reply came
        acts.dismiss(found=found, reason="Non.", by=moderator, version=1)
    found = acts.pronounce(found=found, reason="Oui.", by=moderator, version=found.version)
    entry.refresh_from_db()
    assert (entry.disqualified_at, entry.disqualified_by) == (found.decided_at, moderator)
    assert not listed(entry)
    assert entry.final_choice  # kept, so that all comes back
    found = acts.lift(found=found, reason="Erreur.", by=moderator, version=found.version)
    entry.refresh_from_db()
    assert (entry.disqualified_at, entry.final_choice, listed(entry)) == (None, True, True)
    steps = ["proposed", "answered", "pronounced", "lifted"]
    assert events(found) == [f"disqualification.{step}" for step in steps]
    assert owed() == {"asked": 1, "to_decide": 1, "decided": 2}
    phase = entry.enrolment.phase_id
    queued = Job.objects.filter(subject_id=str(phase)).values_list("dedup_key", flat=True)
    wanted = {f"{phase}:disqualification:{found.pk}:{version}" for version in (3, 4)}
    assert wanted <= set(queued)


def test_a_whole_team_goes_and_comes_back(entry: Entry, moderator: User) -> None:
    team = entry.enrolment.team
    found = asked(team=team, days=0)
    found = acts.pronounce(found=found, reason="Oui.", by=moderator, version=1)
    assert Team.objects.get(pk=team.pk).state == TeamState.DISQUALIFIED
    assert not listed(entry)
    with refuses(NotAllowed, "team_disqualified"):
        really_entered(team.challenge, team=Team.objects.get(pk=team.pk))
    acts.lift(found=found, reason="Erreur.", by=moderator, version=found.version)
    assert Team.objects.get(pk=team.pk).state in {TeamState.OPEN, TeamState.FULL}
    assert listed(entry)


def jury(team: Team) -> User:
    person: User = UserFactory()
    team.challenge.organisers.create(user=person, role=OrganiserRole.JURY)
    return person


def colleague(team: Team) -> User:
    person: User = UserFactory(region="moderator")
    MembershipFactory(organisation=team.challenge.organiser, user=person)
    return person


@pytest.mark.parametrize(
    ("act", "who"),
    [
        ("propose", captain_of),
        ("propose", jury),
        ("propose", lambda team: UserFactory(region="administrator")),
        ("answer", organiser_of),
        ("answer", lambda team: UserFactory(region="moderator")),
        ("withdraw", captain_of),
        ("withdraw", lambda team: UserFactory(region="moderator")),
        ("pronounce", organiser_of),
        ("pronounce", captain_of),
        ("pronounce", colleague),
        ("dismiss", organiser_of),
        ("lift", organiser_of),
    ],
)
def test_each_step_is_of_one_party(entry: Entry, act: str, who: Callable[[Team], User]) -> None:
    team = entry.enrolment.team
    by = who(team)
    given: dict[str, Any]
    if act == "propose":
        given = {"team": team, "entry": entry, "reason": REASON}
    else:
        given = {"found": asked(entry, days=0)}
        given |= {"text": "Non."} if act == "answer" else {"reason": "Oui."}
        given |= {"version": 1} if act in {"pronounce", "dismiss", "lift"} else {}
    before = list(Disqualification.objects.values())
    with pytest.raises(NotAllowed):
        getattr(acts, act)(**given, by=by)
    assert list(Disqualification.objects.values()) == before
    assert listed(entry)


def test_the_organisers_reference_has_nobody_to_reply_and_is_not_asked_against() -> None:
    team = reference_team(entered().enrolment.phase.challenge)
    with pytest.raises(NotAllowed):
        acts.propose(team=team, entry=None, reason=REASON, by=organiser_of(team))


def test_who_asked_and_left_decides_on_nothing(client: Client, moderator: User) -> None:
    found = asked(entered(), days=0)
    by = UserFactory(region="moderator")
    Disqualification.objects.filter(pk=found.pk).update(proposed_by=by)
    address = f"/moderation/disqualifications/{found.public_id}/"
    for act in (acts.pronounce, acts.dismiss):
        with pytest.raises(NotAllowed):
            act(found=found, reason="Oui.", by=by, version=1)
    client.force_login(by)
    assert 'name="decision"' not in client.get(address).text
    client.force_login(moderator)
    assert 'name="decision"' in client.get(address).text
    playing = UserFactory(region="moderator")
    TeamFactory(challenge=found.challenge, captain=playing)
    client.force_login(playing)
    assert client.get(address).status_code == 404
    found = acts.pronounce(found=found, reason="Oui.", by=moderator, version=1)
    with pytest.raises(NotAllowed):
        acts.lift(found=found, reason="Non.", by=by, version=found.version)
    with pytest.raises(IntegrityError), transaction.atomic():
        Disqualification.objects.filter(pk=found.pk).update(decided_by=by)


def test_the_same_is_asked_once_and_of_its_team(entry: Entry, moderator: User) -> None:
    team, by = entry.enrolment.team, organiser_of(entry.enrolment.team)
    first = acts.propose(team=team, entry=entry, reason=REASON, by=by)
    with refuses(Conflict, "disqualification_once"):
        acts.propose(team=team, entry=entry, reason="Encore.", by=by)
    other = TeamFactory(challenge=team.challenge)
    with pytest.raises(Invalid):
        acts.propose(team=other, entry=entry, reason=REASON, by=by)
    acts.dismiss(found=first, reason="Non.", by=moderator, version=1)
    for _ in range(4):  # and a team is not written to without end
        again = acts.propose(team=team, entry=entry, reason="Autre fait.", by=by)
        acts.withdraw(found=again, reason="Erreur de numéro.", by=by)
    with refuses(Conflict, "disqualification_status"):
        acts.pronounce(found=again, reason="Oui.", by=moderator, version=2)
    assert listed(entry)
    with refuses(QuotaSpent, "disqualifications_day"):
        acts.propose(team=team, entry=entry, reason=REASON, by=by)
    acts.propose(team=other, entry=None, reason=REASON, by=by)


def test_what_is_disqualified_is_no_final_choice(moderator: User) -> None:
    one = entered()
    two, three = entered(one.enrolment.team), entered(one.enrolment.team)
    captain = captain_of(one.enrolment.team)
    type(one.enrolment.phase).objects.update(final_choices=2)
    for each in (one, two):
        choices.choose(entry=each, by=captain)
    found = acts.pronounce(found=asked(one, days=0), reason="Oui.", by=moderator, version=1)
    choices.choose(entry=three, by=captain)  # its place is free
    Entry.objects.filter(pk=one.pk).update(final_choice=False)
    with refuses(Conflict, "entry_disqualified"):
        choices.choose(entry=Entry.objects.get(pk=one.pk), by=captain)
    Entry.objects.filter(pk=one.pk).update(final_choice=True)
    acts.lift(found=found, reason="Erreur.", by=moderator, version=found.version)
    assert not Entry.objects.get(pk=one.pk).final_choice  # two others were chosen since


def test_a_choice_made_while_a_disqualification_is_lifted_is_counted(
    moderator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = entered()
    two = entered(one.enrolment.team)
    type(one.enrolment.phase).objects.update(final_choices=1)
    choices.choose(entry=one, by=captain_of(one.enrolment.team))
    found = acts.pronounce(found=asked(one, days=0), reason="Oui.", by=moderator, version=1)
    locked = type(Enrolment.objects).locked

    def waited(self: Any, enrolment: Enrolment) -> Enrolment:
        Entry.objects.filter(pk=two.pk).update(final_choice=True)
        return locked(self, enrolment)

    monkeypatch.setattr(type(Enrolment.objects), "locked", waited)
    acts.lift(found=found, reason="Erreur.", by=moderator, version=found.version)
    chosen = Entry.objects.filter(final_choice=True)
    assert [each.pk for each in chosen] == [two.pk]


def test_letters_go_once_to_each_party(moderator: User) -> None:
    found = asked(entered(), days=0)
    part = UserFactory(region="moderator")
    found.challenge.organisers.create(user=part, role=OrganiserRole.JURY)
    for _ in range(2):
        acts.ripen()
    outbox.owe("mail.disqualification_asked", key=str(found.public_id), found_id=found.pk)
    delivered()
    acts.pronounce(found=found, reason="Oui.", by=moderator, version=1)
    delivered()
    captain, owner = captain_of(found.team).email, organiser_of(found.team).email
    sent = sorted((each.to[0], each.subject.split(" : ")[-1]) for each in mail.outbox)
    assert sent == sorted(
        [
            (captain, "une disqualification est demandée, votre équipe peut répondre"),
            (moderator.email, "une disqualification à décider"),
            (captain, "décision sur la disqualification demandée"),
            (owner, "la Région a décidé d’une disqualification"),
        ]
    )
    assert found.reason not in "".join(each.body for each in mail.outbox)


@pytest.mark.slow
def test_the_final_board_and_the_certificate_follow(tmp_path: Path, moderator: User) -> None:
    challenge = opened(tmp_path)
    first = really_entered(challenge, seed=1)
    really_entered(challenge, seed=2)
    assert drain()
    phase = challenge.phases.get()
    revealed(challenge, moderator)
    team = first.enrolment.team
    assert certified.stated(team, phase) is not None
    rows = Standing.objects.filter(leaderboard__phase=phase, split=Split.PRIVATE, team=team)
    assert rows.exists()
    notices = Notice.objects.count()
    found = acts.pronounce(found=asked(team=team, days=0), reason="Oui.", by=moderator, version=1)
    assert drain()
    assert not rows.exists()
    assert certified.stated(Team.objects.get(pk=team.pk), phase) is None
    assert Notice.objects.count() == notices + 1
    assert team.name not in Notice.objects.latest("pk").text
    acts.lift(found=found, reason="Erreur.", by=moderator, version=found.version)
    assert drain()
    assert rows.exists()
    assert certified.stated(Team.objects.get(pk=team.pk), phase) is not None
    assert clock.now() > found.decided_at


QUEUE = "/moderation/disqualifications/"


def asking(entry: Entry) -> str:
    return f"/espace/challenges/{entry.enrolment.phase.challenge.slug}/disqualifications/"


def replying(found: Disqualification) -> str:
    return f"/challenges/{found.challenge.slug}/equipe/disqualification/{found.public_id}/"


def deciding(found: Disqualification) -> str:
    return f"{QUEUE}{found.public_id}/"


def said(entry: Entry) -> dict[str, Any]:
    """Fill the form that asks for the disqualification of an entry."""
    return {
        "team": entry.enrolment.team_id,
        "scope": "entry",
        "phase": entry.enrolment.phase_id,
        "number": entry.number,
        "reason": "Données externes.",
        "sure": "on",
    }


def test_the_three_parties_go_through_it(client: Client, entry: Entry) -> None:
    team = entry.enrolment.team
    client.force_login(organiser_of(entry.enrolment.team))
    answer = client.post(asking(entry), said(entry))
    found = Disqualification.objects.get()
    assert answer["Location"] == f"{asking(entry)}{found.public_id}/"
    assert "Soumission n° 1" in client.get(answer["Location"]).text.replace("\u00a0", " ")
    assert found.entry == entry
    assert client.post(asking(entry), said(entry)).status_code == 409

    client.force_login(captain_of(team))
    assert "Lire la demande" in client.get(f"/challenges/{team.challenge.slug}/equipe/").text
    assert replying(found) in client.get("/espace/").text
    assert "Données externes." in client.get(replying(found)).text
    assert client.post(replying(found), {"reply": ""}).status_code == 422
    assert client.post(replying(found), {"reply": "Elles sont libres."}).status_code == 302

    moderator = UserFactory(region="moderator")
    client.force_login(moderator)
    assert QUEUE in client.get("/espace/").text
    assert deciding(found) in client.get(QUEUE).text
    page = client.get(deciding(found)).text
    assert "Elles sont libres." in page
    assert "les fichiers jusqu’à la fin de leur durée de conservation" in page
    form = {"version": 2, "decision": "pronounce", "reason": "Article 4.", "sure": "on"}
    assert client.post(deciding(found), form | {"version": 1}).status_code == 409
    assert client.post(deciding(found), form).status_code == 302
    assert Entry.objects.get().is_disqualified
    Entry.objects.update(file_deleted_at=clock.now())  # its time has passed since

    client.force_login(captain_of(team))
    assert "Article 4." in client.get(replying(found)).text
    history = client.get(f"/challenges/{team.challenge.slug}/soumissions/").text
    assert "Disqualifiée" in history
    csv = client.get(f"/challenges/{team.challenge.slug}/soumissions.csv").text
    assert "disqualifiee" in csv.splitlines()[0]
    assert ";oui;" in csv.splitlines()[1]
    told = client.get(
        f"/api/v1/entries/{entry.pk}", headers=bearer(captain_of(team), TokenScope.READ)
    ).json()
    assert told["disqualified"] is True

    client.force_login(moderator)
    lifted = {"version": 3, "decision": "lift", "reason": "Erreur.", "sure": "on"}
    assert client.post(deciding(found), lifted).status_code == 302
    assert "La disqualification est levée" in client.get(deciding(found)).text
    assert entry in Entry.objects.listed()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"team": ""}, "team"),
        ({"team": "99999999999999999999"}, "team"),
        ({"phase": ""}, "phase"),
        ({"number": ""}, "number"),
        ({"number": "77"}, "number"),
        ({"number": "x"}, "number"),
        ({"scope": ""}, "scope"),
        ({"reason": ""}, "reason"),
        ({"sure": ""}, "sure"),
    ],
)
def test_what_is_missing_is_said(
    client: Client, entry: Entry, changes: dict[str, str], field: str
) -> None:
    client.force_login(organiser_of(entry.enrolment.team))
    answer = client.post(asking(entry), said(entry) | changes)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert not Disqualification.objects.exists()


def test_a_team_alone_may_be_meant_and_waited_for(client: Client, entry: Entry) -> None:
    found = asked(team=entry.enrolment.team)
    client.force_login(UserFactory(region="administrator"))
    text = client.get(deciding(found)).text
    assert "L’équipe entière" in text
    assert 'value="pronounce"' not in text  # nobody is disqualified unheard
    form = {"version": 1, "decision": "pronounce", "reason": "Vite.", "sure": "on"}
    assert client.post(deciding(found), form).status_code == 422
    client.force_login(organiser_of(entry.enrolment.team))
    back = f"{asking(entry)}{found.public_id}/"
    assert client.post(back, {"reason": "Erreur."}).status_code == 302
    assert client.post(back, {"reason": "Erreur."}).status_code == 302  # told, not a fault
    assert "a retiré sa demande" in client.get(back).text


def test_lists_cost_the_same(client: Client, entry: Entry, count: int, costs: Costs) -> None:
    for days in range(count):
        asked(entered(TeamFactory(challenge=entry.enrolment.phase.challenge)), days=days)
    client.force_login(UserFactory(region="moderator"))
    with costs(clocked(10)):
        assert client.get(QUEUE).status_code == 200
    client.force_login(organiser_of(entry.enrolment.team))
    with costs(14):
        assert client.get(asking(entry)).status_code == 200
