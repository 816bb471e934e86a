"""The pages on which a moderator decides on entries whose scoring broke down."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from challenges.enums import EntryStatus, JobKind, JobState
from challenges.evaluation.actions import interventions
from challenges.models import Entry, Job
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.lib.refusals import Conflict, NotAllowed
from tests.factories.accounts import UserFactory
from tests.factories.challenges import EntryFactory, TeamFactory, captain_of

pytestmark = pytest.mark.django_db
QUEUE = "/moderation/soumissions/"


@pytest.fixture
def moderator(client: Client) -> User:
    """Sign a moderator in."""
    made: User = UserFactory(region="moderator")
    client.force_login(made)
    return made


def broken(**values: Any) -> Entry:
    """Make an entry whose check died three times."""
    entry: Entry = EntryFactory(
        status=EntryStatus.NEEDS_ATTENTION, reason_code="X_PLATFORM", **values
    )
    Job.objects.create(
        kind=JobKind.CHECK,
        subject_id=str(entry.pk),
        dedup_key=str(entry.pk),
        state=JobState.DEAD,
        attempt=3,
        error_code="ChildLost",
        run_after=timezone.now(),
        created_at=timezone.now(),
        finished_at=timezone.now(),
    )
    return entry


def page(entry: Entry) -> str:
    """Return the address of the examination of an entry."""
    return reverse("challenges:examination", args=[entry.pk])


def said(entry: Entry, decision: str, **more: str) -> dict[str, str]:
    """Fill the form as the page of this version does."""
    return {"version": str(entry.version), "decision": decision, "sure": "on", **more}


def test_queue_says_what_waits_and_why(client: Client, moderator: User) -> None:
    assert "Rien à examiner" in client.get(QUEUE).text
    entry = broken(original_name="secret-de-l-equipe.csv", note="secret")
    EntryFactory(scored=True)
    text = client.get(QUEUE).text
    assert page(entry) in text
    assert text.count("ChildLost") == 1
    assert "3 tentatives" in text.replace("\u00a0", " ")
    assert entry.enrolment.team.name in text
    for shown in (text, client.get(page(entry)).text):
        assert "secret" not in shown


def test_space_leads_to_it(client: Client, moderator: User) -> None:
    assert QUEUE not in client.get("/espace/").text
    broken()
    assert QUEUE in client.get("/espace/").text


def test_a_decision_is_confirmed(client: Client, moderator: User) -> None:
    entry = broken()
    for missing, sentence in (
        ("decision", "Choisissez une décision."),
        ("sure", "Cochez la case pour confirmer."),
        ("version", "elle ne dit pas quelle version"),
    ):
        given = said(entry, "requeue")
        del given[missing]
        refused = client.post(page(entry), given)
        assert refused.status_code == 422
        assert sentence in refused.text
    assert Entry.objects.get().status == EntryStatus.NEEDS_ATTENTION


def test_an_entry_is_tried_again(client: Client, moderator: User) -> None:
    entry = broken()
    done = client.post(page(entry), said(entry, "requeue", note="Disque plein."), follow=True)
    assert "Soumission relancée." in done.text
    assert Entry.objects.get().status == EntryStatus.CHECKING
    assert Job.objects.get().state == JobState.READY
    assert AuditEvent.objects.filter(action="entry.requeued").count() == 1


@pytest.mark.parametrize(("decision", "slot"), [("give_back", None), ("keep", 1)])
def test_an_entry_is_closed_and_its_slot_given_back_or_kept(
    client: Client, moderator: User, decision: str, slot: int | None
) -> None:
    entry = broken()
    client.post(page(entry), said(entry, decision))
    found = Entry.objects.get()
    assert (found.status, found.day_slot) == (EntryStatus.FAILED, slot)
    assert AuditEvent.objects.filter(action="entry.given_up").count() == 1


def test_a_second_click_changes_nothing(client: Client, moderator: User) -> None:
    entry = broken()
    client.post(page(entry), said(entry, "keep"))
    before = AuditEvent.objects.count()
    again = client.post(page(entry), said(entry, "give_back"), follow=True)
    assert "n’attend plus de décision" in again.text
    assert Entry.objects.get().day_slot == 1
    assert AuditEvent.objects.count() == before
    assert "Noter de nouveau" in client.get(page(entry)).text


def test_a_page_that_has_aged_is_refused(client: Client, moderator: User) -> None:
    entry = broken()
    stale = said(entry, "give_back")
    Entry.objects.update(version=entry.version + 2)
    refused = client.post(page(entry), stale)
    assert refused.status_code == 409
    assert "attend de nouveau une décision" in refused.text
    assert f'value="{entry.version + 2}"' in refused.text
    assert Entry.objects.get().status == EntryStatus.NEEDS_ATTENTION


@pytest.mark.parametrize("of", ["its team", "a rival"])
def test_who_plays_decides_on_no_entry(client: Client, of: str) -> None:
    entry = broken()
    team = entry.enrolment.team
    team = team if of == "its team" else TeamFactory(challenge=team.challenge)
    both = UserFactory(region="moderator")
    team.members.filter(user=captain_of(team)).update(user=both)
    client.force_login(both)
    assert "une autre personne de la Région décidera" in client.get(page(entry)).text
    assert client.post(page(entry), said(entry, "requeue")).status_code == 403
    assert Entry.objects.get().status == EntryStatus.NEEDS_ATTENTION


def test_only_moderators_enter(client: Client) -> None:
    entry = broken()
    assert client.get(QUEUE).status_code == 302
    people = [UserFactory(), UserFactory(region="administrator")]
    people += [captain_of(entry.enrolment.team)]
    people += [entry.enrolment.phase.challenge.organisers.get().user]
    for person in people:
        client.force_login(person)
        assert client.get(QUEUE).status_code == 403
        assert client.get(page(entry)).status_code == 403
        assert client.post(page(entry), said(entry, "requeue")).status_code == 403
    assert Entry.objects.get().status == EntryStatus.NEEDS_ATTENTION


@pytest.mark.parametrize("count", [1, 3])
def test_queue_costs_the_same_for_one_and_three(
    client: Client,
    moderator: User,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(count):
        broken()
    with django_assert_num_queries(10):
        client.get(QUEUE)


def test_a_failed_entry_is_scored_again_and_nothing_else(client: Client, moderator: User) -> None:
    entry = broken()
    interventions.give_up(entry=entry, our_fault=False, by=moderator)
    assert f"Soumission {entry.number}" not in client.get(QUEUE).text
    assert f"Soumission {entry.number}" in client.get(f"{QUEUE}?echecs=1").text
    entry.refresh_from_db()
    assert "Noter de nouveau" in client.get(page(entry)).text
    assert client.post(page(entry), said(entry, "give_back")).status_code == 302
    entry.refresh_from_db()
    assert (entry.status, entry.day_slot) == (EntryStatus.FAILED, 1)
    assert client.post(page(entry), said(entry, "again")).status_code == 302
    entry.refresh_from_db()
    assert entry.status == EntryStatus.QUEUED
    captain = captain_of(entry.enrolment.team)
    with pytest.raises(NotAllowed):
        interventions.score_again(entry=entry, by=captain)
    with pytest.raises(Conflict):
        interventions.score_again(entry=entry, by=moderator)
