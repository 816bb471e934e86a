"""What is kept of the files and logs of a challenge, for how long, and what is told after."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format

from challenges import invariants, retention
from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.evaluation.actions import interventions
from challenges.models import Challenge, Evaluation, Phase, ProgramReport, Reveal, Upload
from challenges.organising.actions import challenges
from challenges.organising.enums import ChallengeStatus
from challenges.pages import queries as page_queries
from challenges.rescoring.actions import rescorings
from challenges.teams.models import Team
from portal.accounts.actions.notifications import notify
from portal.audit import duties, sweep
from portal.audit.models import AuditEvent
from portal.lib import clock
from portal.lib.refusals import Conflict
from portal.lib.storage import objects
from tests.challenges.refusals import refuses
from tests.factories.accounts import UserFactory
from tests.factories.catalogue import ResourceFactory
from tests.factories.challenges import (
    EntryFactory,
    PhaseFactory,
    TeamFactory,
    captain_of,
    evaluation_of,
    region_person,
    reveal_of,
)
from tests.portal.test_sweep import aged

pytestmark = pytest.mark.django_db
YEAR_AND_DAY = timedelta(days=367)
NAME = "challenges.retention"
FILE = b"id,y\n1,0.7\n"


def entry_of(team: Any, *, content: bytes = FILE, **values: Any) -> Entry:
    sha256 = objects.put(content).sha256
    made: Entry = EntryFactory(enrolment__team=team, scored=True, sha256=sha256, **values)
    return made


def revealed(phase: Phase) -> None:
    reveal_of(phase, at=clock.now() - YEAR_AND_DAY)
    phase.challenge.status = ChallengeStatus.REVEALED
    phase.challenge.save()


@pytest.fixture
def entry() -> Entry:
    return entry_of(TeamFactory())


@pytest.fixture
def phase(entry: Entry) -> Phase:
    return entry.enrolment.phase


def deleted(entry: Entry) -> bool:
    entry.refresh_from_db()
    return entry.file_deleted_at is not None


def test_a_file_goes_a_year_after_the_results_and_its_traces_stay(
    entry: Entry, phase: Phase
) -> None:
    """Its bytes go although rows still tell their digest; the invariants hold."""
    Evaluation.objects.filter(entry=entry).update(input_sha256=entry.sha256)
    Entry.objects.filter(pk=entry.pk).update(canonical_sha256=entry.sha256)
    begun = clock.now() - YEAR_AND_DAY
    Upload.objects.create(
        enrolment=entry.enrolment,
        begun_by=entry.submitted_by,
        name="reponse.csv",
        length=11,
        offset=11,
        state="stored",
        sha256=entry.sha256,
        begun_at=begun,
        first_byte_at=begun,
        expires_at=begun + timedelta(days=1),
    )
    revealed(phase)
    assert retention.delete_files() == 1
    assert retention.delete_files() == 0
    assert deleted(entry)
    for _step in range(2):
        aged(entry.sha256)
        sweep.sweep()
    assert not objects.store().exists(entry.sha256)
    assert list(objects.store().aside()) == []
    assert list(invariants.receipts_without_file()) == []
    assert entry.evaluations.get().scores.exists()
    told = [
        each
        for each in page_queries.journal_acts(phase.challenge)
        if each.action == "phase.files_deleted"
    ]
    assert [each.facts for each in told] == [{"entries": 1, "bytes": 11}]


def test_a_file_that_disappears_without_deletion_is_found(entry: Entry) -> None:
    objects.store().delete(entry.sha256)
    assert list(invariants.receipts_without_file()) == [str(entry.pk)]


def _recent(_entry: Entry) -> None:
    Reveal.objects.update(executed_at=clock.now() - timedelta(days=360))


def _bench(_entry: Entry) -> None:
    Phase.objects.update(benchmark_after_close=True)


def _card(entry: Entry) -> None:
    entry.card = ResourceFactory()
    entry.save()


def _reference(entry: Entry) -> None:
    Team.objects.filter(pk=entry.enrolment.team_id).update(state="reference")


def _elsewhere(_entry: Entry) -> None:
    entry_of(TeamFactory())


def _unfinished(entry: Entry) -> None:
    EntryFactory(enrolment=entry.enrolment, queued=True)


def _next_phase(entry: Entry) -> None:
    former = entry.enrolment.phase
    PhaseFactory(challenge=former.challenge, index=1, migrate_from=former)


@pytest.mark.parametrize(
    "need", [_recent, _bench, _card, _reference, _elsewhere, _unfinished, _next_phase]
)
def test_what_something_needs_stays(entry: Entry, phase: Phase, need: Any) -> None:
    revealed(phase)
    need(entry)
    assert retention.delete_files() == 0
    assert not deleted(entry)
    aged(entry.sha256)
    sweep.sweep()
    assert objects.store().exists(entry.sha256)


@pytest.mark.django_db(transaction=True)
def test_a_phase_that_fails_stops_no_other(
    entry: Entry, phase: Phase, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """Phases that hold the same file share one; one that fails stops no other."""
    alike = entry_of(TeamFactory())
    apart = entry_of(TeamFactory(), content=b"id,y\n1,0.8\n")
    broken = entry_of(TeamFactory(), content=b"id,y\n1,0.9\n")
    for each in (entry, alike, apart, broken):
        revealed(each.enrolment.phase)
    told = retention.record

    def fails(action: str, *, on: Any, **facts: Any) -> None:
        if on == broken.enrolment.phase:
            raise OSError("No space")
        told(action, on=on, **facts)

    monkeypatch.setattr(retention, "record", fails)
    monkeypatch.setattr(duties, "_duties", {NAME: duties._duties[NAME]})
    assert duties.run_due() == [NAME]
    assert [deleted(each) for each in (entry, alike, apart, broken)] == [True, True, True, False]
    assert "No space" in caplog.text


@pytest.mark.parametrize("bench", [False, True])
def test_without_results_or_as_a_bench_the_archive_counts(
    entry: Entry, phase: Phase, bench: bool
) -> None:
    if bench:
        revealed(phase)
    Phase.objects.update(benchmark_after_close=bench)
    challenge = phase.challenge
    if not bench:
        Challenge.objects.update(status=ChallengeStatus.CLOSED)
    challenges.archive(challenge=challenge, reason="fini", by=UserFactory(region="moderator"))
    challenge.refresh_from_db()
    Entry.objects.update(status=EntryStatus.QUEUED)  # its grant had ended for good
    assert retention.delete_files() == 0
    challenge.status_since = clock.now() - YEAR_AND_DAY
    challenge.save()
    assert retention.delete_files() == 1


def test_a_deleted_file_is_told_and_not_given(
    client: Client, entry: Entry, phase: Phase, settings: Any
) -> None:
    captain, slug = captain_of(entry.enrolment.team), phase.challenge.slug
    place, facts = reverse("challenges:entry", args=[slug, entry.pk]), {"title": "T", "about": "1"}
    notify(people=[captain], letter="entry_rejected", event="e", path=place, facts=facts)
    client.force_login(captain)
    revealed(phase)
    retention.delete_files()
    settings.ENTRY_FILES_KEPT_MONTHS = 24  # since: what is told of this file does not change
    day = date_format(clock.now().astimezone(clock.PARIS), "DATE_FORMAT")
    sentence = f"supprimé le {day}, à la fin de sa durée de conservation"
    page = client.get(place).content.decode()
    assert captain.notifications.unread().count() == 0
    file = reverse("challenges:entry_file", args=[slug, entry.pk])
    assert sentence in page
    assert "mois après" not in page
    assert file not in page
    answer = client.get(file)
    assert answer.status_code == 410
    assert sentence in answer.content.decode()
    told = json.loads(client.get(file, headers={"accept": "application/json"}).content)
    assert (told["status"], told["code"]) == (410, "file_deleted")
    history = client.get(reverse("challenges:entries_csv", args=[slug])).content.decode()
    assert history.splitlines()[0].endswith("fichier_supprime_le")


def test_deleted_files_are_scored_no_more(entry: Entry, phase: Phase) -> None:
    revealed(phase)
    retention.delete_files()
    with refuses(Conflict, "files_deleted"):
        rescorings.refuse_untimely(phase)
    Entry.objects.filter(pk=entry.pk).update(status="failed", counts=False)
    with refuses(Conflict, "files_deleted"):
        interventions.score_again(entry=entry, by=region_person())


def report_of(days: int, log: str = "Traceback") -> None:
    ProgramReport.objects.create(
        evaluation=evaluation_of(EntryFactory()),
        log=log,
        html="<p>Détail</p>" if log else "",
        undeclared=["rappel"],
        written_at=clock.now() - timedelta(days=days),
    )


def test_logs_go_after_ninety_days() -> None:
    report_of(92, log="")
    for days in (91, 89):
        report_of(days)
    assert retention.forget_logs() == 1
    assert retention.forget_logs() == 0
    silent, old, recent = ProgramReport.objects.order_by("written_at")
    assert (old.log, old.html, old.undeclared, old.log_forgotten) == ("", "", ["rappel"], True)
    assert (recent.log, recent.log_forgotten) == ("Traceback", False)
    assert not silent.log_forgotten
    assert AuditEvent.objects.filter(action="logs.forgotten").count() == 1
