"""What was refused is written down, hidden things too; nobody lengthens the chain at will."""

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from portal.accounts.enums import Role
from portal.accounts.models import User
from portal.audit import denials, duties
from portal.audit.invariants import chain_breaches
from portal.audit.models import AuditBody, AuditEvent, Denial
from portal.lib import clock
from tests.factories import contributions as proposals
from tests.factories import datasets as data
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.challenges import ChallengeFactory, EntryFactory, TeamFactory

pytestmark = pytest.mark.django_db
NOON = datetime.fromisoformat("2026-03-02T12:34:56+00:00")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Stop the clock at noon, and move it."""
    monkeypatch.setattr(clock, "now", lambda: NOON)
    return lambda later: monkeypatch.setattr(clock, "now", lambda: NOON + later)


def signed_in(user: User | None = None) -> Client:
    client = Client()
    client.force_login(user or UserFactory())
    return client


def told(action: str = "access.denied") -> list[tuple[str, str, dict[str, Any]]]:
    """List (object, actor, facts) of the events of denial."""
    rows = AuditBody.objects.filter(event__action__startswith=action).order_by("pk")
    return [
        (row.event.object_ref, body["actor"], body["facts"])
        for row in rows.select_related("event")
        for body in [json.loads(row.body)]
    ]


def entry_url(entry: Any, pk: Any = None) -> str:
    slug = entry.enrolment.phase.challenge.slug
    return reverse("challenges:entry", args=[slug, pk or entry.pk])


def test_a_hidden_entry_is_written_down_and_an_unknown_one_is_not() -> None:
    entry, stranger = EntryFactory(scored=True), UserFactory()
    client = signed_in(stranger)
    before = AuditEvent.objects.count()
    hidden, unknown = client.get(entry_url(entry)), client.get(entry_url(entry, uuid4()))
    assert (hidden.status_code, unknown.status_code) == (404, 404)
    assert len(hidden.content) == len(unknown.content)
    assert sorted(hidden.headers.items()) == sorted(unknown.headers.items())
    assert told() == [(f"challenges.entry:{entry.pk}", stranger.person_key, {"rule": ""})]
    assert AuditEvent.objects.count() == before + 1
    machine = {"Accept": "application/json"}
    hidden = client.get(entry_url(entry), headers=machine)
    unknown = client.get(entry_url(entry, uuid4()), headers=machine)
    assert hidden.json() == unknown.json()
    assert str(entry.pk) not in hidden.text


def test_each_kind_of_hidden_thing_is_written_down() -> None:
    draft = proposals.draft(UserFactory())
    cockpit = ChallengeFactory(opened=True)
    unpublished = ChallengeFactory()
    members = MembershipFactory(role=Role.REFERENT).organisation
    asked = {
        reverse("catalogue:contribution", args=[draft.public_id]): draft,
        reverse("challenges:organiser", args=[cockpit.slug]): cockpit,
        reverse("challenges:presentation", args=[unpublished.slug]): unpublished,
        reverse("organisation_members", args=[members.slug]): members,
    }
    person = UserFactory()
    for path in asked:
        assert signed_in(person).get(path).status_code == 404, path
    assert [on for on, _actor, _facts in told()] == [
        f"{each._meta.label_lower}:{each.public_id}" for each in asked.values()
    ]


def test_a_visitor_who_tries_a_restricted_file_is_written_down(client: Client) -> None:
    file = data.DataFileFactory(level="restricted_personal")
    card = file.release.dataset.resource
    path = reverse("datasets:file", args=[card.slug, file.public_id])
    assert client.get(path).status_code == 404
    assert client.get(path).status_code == 404
    assert client.get(path.replace(str(file.public_id), str(uuid4()))).status_code == 404
    assert [told_of[:2] for told_of in told()] == [
        (f"datasets.datafile:{file.public_id}", "anonymous")
    ]
    assert Denial.objects.get().count == 2


@pytest.mark.parametrize("path", ["/rien/", "/challenges/absent/", "/moderation/absente/", "/.env"])
def test_an_address_that_never_was_writes_nothing(path: str) -> None:
    for client in (Client(), signed_in()):
        before = AuditEvent.objects.count()
        assert client.get(path).status_code == 404
        assert AuditEvent.objects.count() == before
    assert Denial.objects.count() == 0


def test_an_open_refusal_is_written_once_an_hour_too() -> None:
    client = signed_in()
    for _ in range(3):
        assert client.get(reverse("catalogue:moderation")).status_code == 403
    assert [on for on, _actor, _facts in told()] == ["path:/moderation/"]
    assert Denial.objects.get().count == 3


def test_no_token_is_written_down() -> None:
    place = MembershipFactory(role=Role.REFERENT)
    signed_in(place.user).post(
        reverse("organisation_invite", args=[place.organisation.slug]),
        {"email": "invitee@exemple.test", "role": Role.EDITOR},
    )
    from portal.accounts.actions.invitations import token_of  # noqa: PLC0415  # test

    token = token_of(place.organisation.invitations.get())
    answer = signed_in().post(reverse("invitation", args=[token]), {"answer": "accepted"})
    assert answer.status_code == 403
    assert [on for on, _actor, _facts in told()] == ["path:/invitations/…/"]


def test_many_objects_are_told_as_one(settings: Any, at: Callable[[timedelta], None]) -> None:
    settings.DENIALS_PER_HOUR = 3
    person, other = UserFactory(), UserFactory()
    for number in range(10):
        denials.note(by=person, on=f"thing:{number}")
    denials.note(by=other, on="thing:9")
    assert [(on, actor) for on, actor, _facts in told()] == [
        *((f"thing:{number}", person.person_key) for number in range(3)),
        ("many", person.person_key),
        ("thing:9", other.person_key),
    ]
    counts = dict(Denial.objects.filter(actor=person.person_key).values_list("object_ref", "count"))
    assert counts == {"thing:0": 1, "thing:1": 1, "thing:2": 1, "many": 7}
    denials.note(by=person, on="thing:0")  # a known one keeps its own count
    assert Denial.objects.get(object_ref="thing:0").count == 2


def test_the_counts_are_told_when_the_hour_is_over(at: Callable[[timedelta], None]) -> None:
    person = UserFactory()
    for _ in range(5):
        denials.note(by=person, on="thing:1")
    denials.note(by=person, on="thing:2")
    at(timedelta(minutes=20))
    denials.tell()  # the same hour
    assert Denial.objects.count() == 2
    at(timedelta(minutes=26))
    denials.tell()
    assert told("access.denied_again") == [
        (
            "thing:1",
            "system:scheduler",
            {"actor": person.person_key, "times": 4, "hour": "2026-03-02T12:00:00+00:00"},
        )
    ]
    assert Denial.objects.count() == 0
    denials.note(by=person, on="thing:1")
    assert len(told("access.denied")) == 4
    assert list(chain_breaches()) == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_are_one_event_and_twenty_counts() -> None:
    person, start = UserFactory(), threading.Barrier(20)

    def deny() -> None:
        start.wait()
        denials.note(by=person, on="thing:1")
        connections.close_all()

    threads = [threading.Thread(target=deny) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told()) == 1
    assert sum(Denial.objects.values_list("count", flat=True)) == 20
    assert list(chain_breaches()) == []


def test_a_team_code_tried_by_another_is_written_down() -> None:
    from challenges.teams import actions as teams  # noqa: PLC0415  # test
    from tests.factories.challenges import captain_of  # noqa: PLC0415  # test

    team = TeamFactory()
    sent = teams.invite(team=team, email="invitee@exemple.test", by=captain_of(team))
    token = teams.invitation_token(sent.public_id)
    path = reverse("challenges:team_join", args=[team.challenge.slug, sent.public_id, token])
    assert signed_in().post(path).status_code == 404
    assert [on for on, _actor, _facts in told()] == [f"challenges.teaminvitation:{sent.public_id}"]
    assert duties.slot(NOON, 60) == NOON.replace(minute=0, second=0)
