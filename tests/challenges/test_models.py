"""The database itself refuses what must never be."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from challenges.enums import ENTRY_EDGES, EntryStatus, JobKind, JobState, Split
from challenges.models import (
    Entry,
    Job,
    ReceiptKey,
    Score,
    ScoreReceipt,
    SealedResult,
    TeamMember,
)
from portal.lib import immutable
from portal.lib.immutable import WriteRefused
from portal.lib.refusals import Conflict
from tests.factories.challenges import (
    EntryFactory,
    PhaseFactory,
    ScoreReceiptFactory,
    TeamFactory,
    captain_of,
    evaluation_of,
    score,
)

pytestmark = pytest.mark.django_db


def refuses(constraint: str, make: Any) -> None:
    with (
        pytest.raises(IntegrityError, match=f"(?i){constraint}|UNIQUE|unique"),
        transaction.atomic(),
    ):
        make()


def test_two_entries_cannot_share_a_day_slot() -> None:
    entry = EntryFactory()
    refuses(
        "entry_day_slot_once",
        lambda: EntryFactory(enrolment=entry.enrolment, number=2, day_slot=1, total_slot=2),
    )


def test_two_entries_cannot_share_a_total_slot() -> None:
    entry = EntryFactory()
    refuses(
        "entry_total_slot_once",
        lambda: EntryFactory(enrolment=entry.enrolment, number=2, day_slot=2, total_slot=1),
    )


def test_released_slots_are_free_for_others() -> None:
    entry = EntryFactory(rejected=True)
    EntryFactory(enrolment=entry.enrolment, rejected=True)
    assert Entry.objects.filter(day_slot__isnull=True).count() == 2


def test_an_entry_after_the_close_needs_the_grace() -> None:
    now = timezone.now()
    late = {"received_at": now, "closes_at_snapshot": now - timedelta(seconds=1)}
    refuses("entry_received_before_the_close", lambda: EntryFactory(**late))
    assert EntryFactory(**late, grace=True).grace


def test_a_phase_closes_after_it_opens() -> None:
    now = timezone.now()
    refuses("phase_closes_after_it_opens", lambda: PhaseFactory(opens_at=now, closes_at=now))


def test_one_team_per_person_per_challenge() -> None:
    team = TeamFactory()
    other = TeamFactory(challenge=team.challenge)
    refuses(
        "one_team_per_person_per_challenge",
        lambda: TeamMember.objects.create(
            team=other, challenge=team.challenge, user=captain_of(team), joined_at=timezone.now()
        ),
    )


@pytest.mark.parametrize("state", sorted(JobState))
def test_a_lease_goes_with_its_token(state: JobState) -> None:
    now = timezone.now()
    leased = state == JobState.LEASED
    values = {"kind": JobKind.CHECK, "subject_id": "1", "run_after": now, "created_at": now}
    right = {"lease_token": uuid4() if leased else None, "lease_until": now if leased else None}
    wrong = {"lease_token": None if leased else uuid4(), "lease_until": now if leased else None}
    Job.objects.create(dedup_key="right", state=state, **values, **right)
    refuses(
        "job_leased_has_its_token",
        lambda: Job.objects.create(dedup_key="wrong", state=state, **values, **wrong),
    )


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), 1e308])
def test_a_score_is_finite(value: float) -> None:
    evaluation = evaluation_of(EntryFactory())
    with pytest.raises(DatabaseError), transaction.atomic(), immutable.writes(Score):
        Score(
            evaluation=evaluation,
            split=Split.PUBLIC,
            metric="mae",
            value=value,
            value_text="",
            released_at=timezone.now(),
        ).save()
    assert Score.objects.count() == 0


@pytest.mark.parametrize(
    ("low", "high"),
    [(None, 0.5), (0.5, None), (0.5, 0.4), (0.5, float("inf")), (float("nan"), 0.5)],
)
def test_the_interval_of_a_score_is_whole(low: float | None, high: float | None) -> None:
    evaluation = evaluation_of(EntryFactory())
    with pytest.raises(DatabaseError), transaction.atomic(), immutable.writes(Score):
        Score(
            evaluation=evaluation,
            split=Split.PUBLIC,
            metric="mae",
            value=0.45,
            value_text="",
            low=low,
            high=high,
            released_at=timezone.now(),
        ).save()
    assert Score.objects.count() == 0


def test_a_score_is_written_once() -> None:
    entry = EntryFactory(scored=True)
    refuses("score_once", lambda: score(entry, 0.5))


def test_nobody_changes_a_score() -> None:
    made = score(EntryFactory())
    with pytest.raises(WriteRefused):
        Score.objects.update(value=0)
    with pytest.raises(WriteRefused):
        made.delete()
    for verb in (
        lambda: Score.objects.update(value=0),
        lambda: Score.objects.filter(pk=made.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), immutable.writes(Score):
            verb()
    assert Score.objects.get().value == 0.25


def test_nobody_changes_a_sealed_result() -> None:
    evaluation = evaluation_of(EntryFactory())
    with immutable.writes(SealedResult):
        sealed = SealedResult(evaluation=evaluation, payload=b"x", sha256="0" * 64, key_id="k")
        sealed.save()
    for verb in (
        lambda: SealedResult.objects.update(payload=b"y"),
        lambda: SealedResult.objects.filter(pk=sealed.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), immutable.writes(SealedResult):
            verb()
    assert bytes(SealedResult.objects.get().payload) == b"x"


def test_nobody_changes_a_score_receipt() -> None:
    made = ScoreReceiptFactory()
    with pytest.raises(WriteRefused):
        made.delete()
    for verb in (
        lambda: ScoreReceipt.objects.update(text="{}"),
        lambda: ScoreReceipt.objects.filter(pk=made.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), immutable.writes(ScoreReceipt):
            verb()
    assert ScoreReceipt.objects.get().text == made.text


def test_nobody_changes_a_receipt_key() -> None:
    with immutable.writes(ReceiptKey):
        ReceiptKey(key_id="0" * 16, public="A" * 44, first_used_at=timezone.now()).save()
    for verb in (
        lambda: ReceiptKey.objects.update(public="B" * 44),
        lambda: ReceiptKey.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), immutable.writes(ReceiptKey):
            verb()
    assert ReceiptKey.objects.get().public == "A" * 44


def test_a_score_receipt_has_one_successor() -> None:
    first = ScoreReceiptFactory()
    ScoreReceiptFactory(entry=first.entry, replaces=first)
    refuses(
        "score_receipt_names_the_former",
        lambda: ScoreReceiptFactory(entry=first.entry, serial=2),
    )
    refuses("replaces_id", lambda: ScoreReceiptFactory(entry=first.entry, replaces=first, serial=3))
    refuses("score_receipt_serial_once", lambda: ScoreReceiptFactory(entry=first.entry))


def test_an_edge_absent_from_the_table_is_refused() -> None:
    entry = EntryFactory.build(enrolment=None, submitted_by=None, number=1, sha256="0" * 64)
    for start in EntryStatus:
        for end in EntryStatus:
            entry.status = start
            if end in ENTRY_EDGES[start]:
                entry.become(end, at=timezone.now())
                assert entry.status == end
            else:
                with pytest.raises(Conflict):
                    entry.become(end, at=timezone.now())
                assert entry.status == start
