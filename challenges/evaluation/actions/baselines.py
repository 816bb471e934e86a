"""Enter the organiser's reference answer, and score it again when the scoring changes."""

from challenges.entries.actions.deposits import queue_check
from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.evaluation.actions.evaluations import queue_scores
from challenges.organising.models.challenges import Phase
from challenges.teams.actions.teams import reference_team
from challenges.teams.models import Enrolment
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock
from portal.lib.storage.files import safe_name
from portal.lib.storage.folders import Stored


def enter_baseline(*, phase: Phase, name: str, stored: Stored, by: User) -> Entry:
    """Enter the reference answer of a draft, in the caller's transaction; no slot is used.

    The same bytes are scored again only where the scoring changed; other bytes replace the
    former entry. Event "baseline.entered".
    """
    now, team = clock.now(), reference_team(phase.challenge)
    enrolment, _created = Enrolment.objects.get_or_create(phase=phase, team=team)
    enrolment = Enrolment.objects.locked(enrolment)
    last = enrolment.entries.order_by("-number").first()
    if last is not None and last.sha256 == stored.sha256:
        return score_baseline_again(last)
    if last is not None and last.status == EntryStatus.SCORED:
        last.become(EntryStatus.WITHDRAWN, at=now)
        last.save()
    entry = Entry.objects.create(
        enrolment=enrolment,
        number=1 if last is None else last.number + 1,
        submitted_by=by,
        idempotency_key=f"baseline-{1 if last is None else last.number + 1}",
        sha256=stored.sha256,
        size=stored.size,
        original_name=safe_name(name),
        received_at=now,
        first_byte_at=now,
        quota_day=clock.paris_day(now),
        status_since=now,
        receipt="{}",
    )
    queue_check(entry)
    record("baseline.entered", by=by, on=entry, sha256=entry.sha256)
    return entry


def score_baseline_again(entry: Entry) -> Entry:
    """Score the reference again when a task in force has no evaluation of it yet."""
    tasks = entry.enrolment.phase.tasks.filter(current=True).order_by("index")
    wanted = set(tasks.values_list("scorer_version_id", "holdout_id"))
    if not wanted or entry.status not in {EntryStatus.SCORED, EntryStatus.FAILED}:
        return entry
    evaluations = entry.evaluations.order_by("pk")
    if wanted - set(evaluations.values_list("scorer_version_id", "holdout_id")):
        entry.become(EntryStatus.QUEUED, at=clock.now())
        entry.save()
        queue_scores(entry)
    return entry


def score_references_again(phase: Phase) -> None:
    """Score the references of a phase of a draft by the scoring now in force."""
    for entry in Entry.objects.references().filter(enrolment__phase=phase).order_by("pk"):
        entry = Entry.objects.locked(entry)
        if entry.status == EntryStatus.QUEUED:
            queue_scores(entry)
        else:
            score_baseline_again(entry)
