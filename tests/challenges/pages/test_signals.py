"""The pages of signals: moderators decide, administrators read, the team asked answers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from challenges.actions import signals as acts
from challenges.enums import SignalKind, SignalStatus
from challenges.models import Entry, Phase, Signal, SignalTeam, Team
from portal.accounts.models import User
from portal.lib import clock
from portal.lib.refusals import Conflict
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.challenges import ChallengeFactory, TeamFactory, captain_of
from tests.factories.signals import asked, signal

pytestmark = pytest.mark.django_db
LIST = "/moderation/signaux/"


@pytest.fixture
def phase() -> Phase:
    """Open a challenge."""
    found: Phase = ChallengeFactory(opened=True).phases.get()
    return found


@pytest.fixture
def moderator(client: Client) -> User:
    """Sign a moderator in."""
    made: User = UserFactory(region="moderator")
    client.force_login(made)
    return made


def page(made: Signal) -> str:
    return reverse("challenges:signal", args=[made.public_id])


def question(party: SignalTeam) -> str:
    return reverse("challenges:question", args=[party.team.challenge.slug, party.public_id])


def said(made: Signal, decision: str, **more: Any) -> dict[str, Any]:
    """Fill the form as the page of this version does."""
    fresh = Signal.objects.get(pk=made.pk)
    found = {"version": str(fresh.version), "decision": decision, "sure": "on"}
    return {**found, "reason": "Même notebook.", **more}


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_what_changed_since_it_was_read_is_not_decided_on(moderator: User, phase: Phase) -> None:
    """The version is compared under the lock: one of two moderators read too little."""
    made = signal(phase)
    acts.ask(signal=made, question="Pourquoi ?", by=moderator, version=made.version)
    with pytest.raises(Conflict) as refusal:
        acts.dismiss(signal=made, reason="Rien.", by=moderator, version=made.version)
    assert refusal.value.code == "signal_changed"
    assert Signal.objects.get(pk=made.pk).status == SignalStatus.ASKED


def test_the_list_is_filtered(client: Client, moderator: User, phase: Phase) -> None:
    assert "Aucun signal" in client.get(LIST).text
    one = signal(phase)
    other = signal(ChallengeFactory(opened=True).phases.get(), kind=SignalKind.DUPLICATE)
    asked(other)
    shown = {
        "": {one, other},
        f"challenge={phase.challenge.slug}": {one},
        "nature=duplicate": {other},
        "etat=open": {one},
        "etat=asked": {other},
        "etat=en-attente": {one, other},
        "etat=acted": set(),
        "etat=inconnu": {one, other},
        f"challenge={phase.challenge.slug}&nature=duplicate": set(),
    }
    for query, wanted in shown.items():
        text = client.get(f"{LIST}?{query}").text
        assert {each for each in (one, other) if page(each) in text} == wanted, query


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (SignalKind.DUPLICATE, "contiennent exactement les mêmes réponses"),
        (SignalKind.COLLUSION, "est corrélé à 99,81 %"),
        (SignalKind.ENSEMBLE, "est une moyenne : 50 % de la soumission n° 1"),
        (SignalKind.PROBING, "Des réponses n’ont qu’une ou deux valeurs : n° 1"),
    ],
)
def test_the_evidence_is_in_words(
    client: Client, moderator: User, phase: Phase, kind: SignalKind, told: str
) -> None:
    text = plain(client.get(page(signal(phase, kind=kind))).text)
    assert told in text
    assert "reponse.csv" not in text


def test_every_figure_and_habit_has_its_words(
    client: Client, moderator: User, phase: Phase
) -> None:
    made = signal(phase)
    made.evidence["figures"] = {
        "residuals": 0.9981,
        "values": 0.76,
        "errors": 0.95,
        "duplicate": 1.0,
    }
    made.save()
    text = plain(client.get(page(made)).text)
    for part in ("99,81 %", "76,00 % des valeurs", "95,00 % des erreurs"):
        assert part in text
    probing = signal(phase, kind=SignalKind.PROBING)
    names = probing.evidence["habits"]["flat"]
    probing.evidence["habits"] = {
        "small_changes": names * 12,
        "progression": names,
        "long_values": ["00000000-0000-4000-8000-000000000000"],
        "budget": [],
    }
    probing.save()
    text = plain(client.get(page(probing)).text)
    for part in (
        "2 autres",
        "progression géométrique",
        "une soumission effacée",
        "budget de fuite",
    ):
        assert part in text


def test_the_teams_are_asked_then_the_decision_is_read(
    client: Client, moderator: User, phase: Phase
) -> None:
    made = signal(phase)
    one, two = made.parties.order_by("pk")
    told = client.post(page(made), said(made, "ask", reason="Comment ?"), follow=True).text
    assert "Question envoyée aux équipes." in told
    assert "Pas encore de réponse." in told
    team = Client()
    team.force_login(captain_of(one.team))
    text = plain(team.get(question(one)).text)
    assert "bien plus que deux travaux séparés" in text
    assert "Comment ?" in text
    for hidden in (two.team.name, "99,81", str(made.public_id)):
        assert hidden not in text
    assert question(one) in team.get(reverse("challenges:team", args=[phase.challenge.slug])).text
    assert question(one) in team.get("/espace/").text
    assert team.post(question(one), {"answer": ""}).status_code == 422
    text = team.post(question(one), {"answer": "Le kit <b>."}, follow=True).text
    assert "Réponse envoyée à la Région." in text
    assert "Le kit &lt;b&gt;." in text
    assert "Envoyer la réponse" not in text
    assert question(one) not in team.get("/espace/").text
    text = team.post(question(one), {"answer": "Encore."}, follow=True).text
    assert "déjà répondu" in text
    assert "Le kit &lt;b&gt;." in client.get(page(made)).text
    Signal.objects.update(reply_by=clock.now())
    data = said(made, "set_aside", teams=[str(one.team_id)])
    assert "Soumissions retirées du classement." in client.post(page(made), data, follow=True).text
    assert Entry.objects.get(pk=one.entries[0]).disqualified_reason == "Même notebook."
    assert "ne paraissent plus au classement" in team.get(question(one)).text
    assert "Même notebook." in team.get(question(one)).text
    team.force_login(captain_of(two.team))
    assert "Aucune mesure ne concerne votre équipe." in team.get(question(two)).text
    text = client.post(page(made), said(made, "dismiss"), follow=True).text
    assert "Signal classé." in text
    assert Entry.objects.get(pk=one.entries[0]).disqualified_at is None


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (SignalKind.DUPLICATE, "soumissions (n° 1) contiennent exactement les mêmes réponses"),
        (SignalKind.COLLUSION, "Votre soumission n° 1 ressemble à celle d’une autre équipe"),
        (SignalKind.ENSEMBLE, "est une moyenne de soumissions d’équipes différentes"),
        (SignalKind.PROBING, "semble chercher les réponses plutôt que les prédire"),
    ],
)
def test_the_team_reads_what_is_observed(
    client: Client, phase: Phase, kind: SignalKind, told: str
) -> None:
    made = asked(signal(phase, kind=kind))
    party = made.parties.order_by("pk")[0]
    client.force_login(captain_of(party.team))
    assert told in plain(client.get(question(party)).text)


def test_a_reminder(client: Client, moderator: User, phase: Phase) -> None:
    made = asked(signal(phase))
    one = made.parties.order_by("pk")[0]
    data = said(made, "remind", teams=[str(one.team_id)])
    assert "Règlement rappelé." in client.post(page(made), data, follow=True).text
    team = Client()
    team.force_login(captain_of(one.team))
    assert "Le règlement vous est rappelé." in team.get(question(one)).text
    assert Entry.objects.filter(disqualified_at__isnull=False).count() == 0


def faults(made: Signal) -> list[tuple[dict[str, Any], int]]:
    """List what is refused, with its status; nothing is written."""
    good = said(made, "dismiss")
    return [
        ({**good, "version": "9"}, 409),
        ({**good, "version": "x"}, 422),
        ({**good, "decision": "acquit"}, 422),
        ({**good, "reason": ""}, 422),
        ({**good, "reason": "x" * 2001}, 422),
        ({**good, "sure": ""}, 422),
        (said(made, "ask"), 422),
        (said(made, "remind"), 422),
        (said(made, "set_aside", teams=["0"]), 422),
        (said(made, "set_aside", teams=["x"]), 422),
        (said(made, "set_aside", teams=["9" * 40]), 422),
    ]


def test_bad_input_is_refused_in_words(client: Client, moderator: User, phase: Phase) -> None:
    made = asked(signal(phase))
    before = list(Signal.objects.values())
    for data, status in faults(made):
        assert client.post(page(made), data).status_code == status, data
    assert list(Signal.objects.values()) == before
    Signal.objects.update(reply_by=clock.now() + timedelta(days=1))
    team = made.parties.order_by("pk")[0].team
    response = client.post(page(made), said(made, "remind", teams=[str(team.pk)]))
    assert response.status_code == 409
    assert "doivent d’abord pouvoir répondre" in response.text


def outsiders(made: Signal) -> list[tuple[Callable[[], User], int]]:
    """Name who may not read the pages, and the status."""
    challenge = made.phase.challenge
    organiser = challenge.organisers.get(role="owner").user
    member = captain_of(made.parties.order_by("pk")[0].team)
    return [
        (lambda: organiser, 404),
        (lambda: member, 404),
        (UserFactory, 404),
        (lambda: UserFactory(region="auditor"), 404),
        (lambda: UserFactory(region="administrator"), 200),
    ]


def test_nobody_else_knows(client: Client, phase: Phase) -> None:
    made = signal(phase)
    for maker, status in outsiders(made):
        client.force_login(maker())
        for address in (LIST, page(made)):
            assert client.get(address).status_code == status
        expected = 404 if status == 404 else 403
        assert client.post(page(made), said(made, "dismiss")).status_code == expected
    assert Signal.objects.get().status == SignalStatus.OPEN


def test_a_question_is_its_teams_alone(client: Client, phase: Phase) -> None:
    made = signal(phase)
    one, two = made.parties.order_by("pk")
    client.force_login(captain_of(one.team))
    assert client.get(question(one)).status_code == 404  # not asked yet
    asked(made)
    assert client.get(question(one)).status_code == 200
    assert client.get(question(two)).status_code == 404
    other = ChallengeFactory(opened=True)
    astray = reverse("challenges:question", args=[other.slug, one.public_id])
    assert client.get(astray).status_code == 404
    client.force_login(UserFactory(region="moderator"))
    assert client.get(question(one)).status_code == 404


def ties(phase: Phase, by: User, team: Team) -> list[Callable[[], Any]]:
    """List what makes a moderator a party: a team, a rival, the challenge, the organising body."""
    challenge = phase.challenge
    rival = TeamFactory(challenge=challenge)
    return [
        lambda: rival.members.create(challenge=challenge, user=by, joined_at=clock.now()),
        lambda: team.members.create(challenge=challenge, user=by, joined_at=clock.now()),
        lambda: challenge.organisers.create(user=by, role="jury"),
        lambda: MembershipFactory(user=by, organisation=challenge.organiser),
    ]


@pytest.mark.parametrize("tie", range(4))
def test_a_moderator_with_a_part_in_it_does_not_know(
    client: Client, phase: Phase, tie: int
) -> None:
    moderator: User = UserFactory(region="moderator")
    team: Team = TeamFactory(challenge=phase.challenge)
    ties(phase, moderator, team)[tie]()
    made = signal(phase, team, TeamFactory(challenge=phase.challenge))
    client.force_login(User.objects.get(pk=moderator.pk))
    text = client.get(LIST).text
    assert page(made) not in text
    assert phase.challenge.title not in text
    assert client.get(page(made)).status_code == 404
    assert client.post(page(made), said(made, "dismiss")).status_code == 404
    assert LIST not in client.get("/espace/").text
    client.force_login(UserFactory(region="administrator"))
    assert "l’administration le lit" in client.get(page(made)).text


def test_the_space_leads_to_it(client: Client, moderator: User, phase: Phase) -> None:
    assert LIST not in client.get("/espace/").text
    made = signal(phase)
    assert LIST in client.get("/espace/").text
    acts.dismiss(signal=made, reason="Rien.", by=moderator)
    assert LIST not in client.get("/espace/").text


@pytest.mark.parametrize("number", [1, 3])
def test_queries(
    client: Client,
    moderator: User,
    phase: Phase,
    number: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    made = [asked(signal(phase)) for _ in range(number)]
    client.get(LIST)
    with django_assert_num_queries(9):
        client.get(LIST)
    with django_assert_num_queries(12):
        client.get(page(made[0]))
    party = made[0].parties.order_by("pk")[0]
    client.force_login(captain_of(party.team))
    client.get(question(party))
    clock_reads = 1 if connection.vendor == "postgresql" else 0
    with django_assert_num_queries(9 + clock_reads):
        client.get(question(party))
