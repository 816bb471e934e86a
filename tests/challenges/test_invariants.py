"""What must never be: a planted breach is found, and the database itself refuses."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from challenges.entries.enums import ENTRY_EDGES, EntryStatus
from challenges.evaluation.enums import Split
from challenges.invariants import INVARIANTS
from challenges.models import (
    Certificate,
    Entry,
    Evaluation,
    FairnessAudit,
    Job,
    Phase,
    PublicFile,
    ReceiptKey,
    Score,
    SealedResult,
    Standing,
)
from challenges.queue.enums import JobKind, JobState
from challenges.worker import drain
from portal.lib import immutable
from portal.lib.immutable import WriteRefused
from portal.lib.refusals import Conflict
from portal.lib.storage import objects
from tests.challenges.world import entered, opened
from tests.factories.challenges import (
    EntryFactory,
    PhaseFactory,
    ScoreReceiptFactory,
    TeamFactory,
    captain_of,
    evaluation_of,
    member_of,
    score,
)

pytestmark = pytest.mark.django_db


def breached() -> list[str]:
    return [name for name, (_sentence, check) in INVARIANTS.items() if list(check())]


def an_entry() -> Entry:
    return Entry.objects.of_teams().order_by("number")[:1].get()


def lose_the_file() -> None:
    objects.store().delete(an_entry().sha256)


def change_the_row() -> None:
    Entry.objects.filter(pk=an_entry().pk).update(size=1)


def lose_the_job() -> None:
    entered(an_entry().enrolment.phase.challenge, seed=5)
    Job.objects.filter(state="ready").delete()


def lose_a_public_file() -> None:
    file = PublicFile.objects.get(name="train.csv")
    objects.store().delete(file.sha256)


def pass_the_quota() -> None:
    Phase.objects.update(max_per_day=0)


def score_without_a_seal() -> None:
    entry = an_entry()
    made = EntryFactory(
        enrolment=entry.enrolment,
        submitted_by=captain_of(entry.enrolment.team),
        status="scored",
        disqualified_at=timezone.now(),
        disqualified_by=entry.submitted_by,
    )
    assert '"signature": null' in made.receipt


def score_too_early() -> None:
    score(an_entry(), split=Split.PRIVATE, metric="exactitude")


def swap_two_rows() -> None:
    Standing.objects.filter(entry=an_entry()).update(source_digest="0" * 64)


def empty_the_board() -> None:
    Standing.objects.all().delete()


def forge_a_receipt() -> None:
    last = an_entry().score_receipts.get()
    text = last.text.replace('"serial":1', '"serial":2')
    digest = hashlib.sha256(text.encode()).hexdigest()
    ScoreReceiptFactory(entry=last.entry, replaces=last, text=text, sha256=digest)


def copy_a_receipt() -> None:
    """File a genuine receipt under another entry."""
    other = Entry.objects.references().get()
    last = other.score_receipts.get()
    text = an_entry().score_receipts.get().text
    ScoreReceiptFactory(entry=other, replaces=last, text=text)


BREACHES: list[tuple[Callable[[], None], list[str]]] = [
    (lose_the_file, ["I1"]),
    (change_the_row, ["I1"]),
    (lose_the_job, ["I2"]),
    (lose_a_public_file, ["I3"]),
    (pass_the_quota, ["I4"]),
    (swap_two_rows, ["I5"]),
    (empty_the_board, ["I5"]),
    (score_without_a_seal, ["I6"]),
    (score_too_early, ["I10"]),
    (forge_a_receipt, ["I11"]),
    (copy_a_receipt, ["I11"]),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("plant", "found"), BREACHES, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_planted_breach_is_found_and_only_it(
    tmp_path: Path, plant: Callable[[], None], found: list[str]
) -> None:
    challenge = opened(tmp_path)
    entered(challenge)
    assert drain()
    assert breached() == []
    plant()
    assert breached() == found


@pytest.mark.slow
def test_a_lost_score_job_is_found(tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    entered(challenge)
    assert drain()
    entry = an_entry()
    Entry.objects.filter(pk=entry.pk).update(status="queued")
    Evaluation.objects.filter(entry=entry).update(state="pending", finished_at=None)
    Standing.objects.all().delete()
    assert "I2" in breached()


def refuses(constraint: str, make: Any) -> None:
    with (
        pytest.raises(IntegrityError, match=f"(?i){constraint}|UNIQUE|unique"),
        transaction.atomic(),
    ):
        make()


@pytest.mark.parametrize(("name", "day", "total"), [("day", 1, 2), ("total", 2, 1)])
def test_two_entries_cannot_share_a_slot(name: str, day: int, total: int) -> None:
    enrolment = EntryFactory().enrolment
    refuses(
        f"entry_{name}_slot_once",
        lambda: EntryFactory(enrolment=enrolment, number=2, day_slot=day, total_slot=total),
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
    refuses("one_team_per_person_per_challenge", lambda: member_of(other, captain_of(team)))


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


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        *[(value, None, None) for value in (float("inf"), float("-inf"), float("nan"), 1e308)],
        (0.45, None, 0.5),
        (0.45, 0.5, None),
        (0.45, 0.5, 0.4),
        (0.45, 0.5, float("inf")),
        (0.45, float("nan"), 0.5),
    ],
)
def test_a_score_is_finite_and_its_interval_whole(
    value: float, low: float | None, high: float | None
) -> None:
    evaluation = evaluation_of(EntryFactory())
    with pytest.raises(DatabaseError), transaction.atomic(), immutable.writes(Score):
        Score(
            evaluation=evaluation,
            split=Split.PUBLIC,
            metric="mae",
            value=value,
            value_text="",
            low=low,
            high=high,
            released_at=timezone.now(),
        ).save()
    assert Score.objects.count() == 0


def test_a_score_is_written_once() -> None:
    entry = EntryFactory(scored=True)
    refuses("score_once", lambda: score(entry, 0.5))


def written(model: Any, **values: Any) -> Any:
    with immutable.writes(model):
        made = model(**values)
        made.save()
    return made


def sealed() -> SealedResult:
    evaluation = evaluation_of(EntryFactory())
    return written(SealedResult, evaluation=evaluation, payload=b"x", sha256="0" * 64, key_id="k")


def key() -> ReceiptKey:
    return written(ReceiptKey, key_id="0" * 16, public="A" * 44, first_used_at=timezone.now())


def audit() -> FairnessAudit:
    evaluation, at = evaluation_of(EntryFactory()), timezone.now()
    return written(FairnessAudit, evaluation=evaluation, record={}, released_at=at)


def certificate() -> Certificate:
    entry = EntryFactory()
    of = {"entry": entry, "team": entry.enrolment.team, "phase": entry.enrolment.phase}
    return written(Certificate, serial=1, text="{}", sha256="0", issued_at=timezone.now(), **of)


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (lambda: score(EntryFactory()), {"value": 0}),
        (sealed, {"payload": b"y"}),
        (ScoreReceiptFactory, {"text": "{}"}),
        (key, {"public": "B" * 44}),
        (audit, {"record": {"n": 1}}),
        (certificate, {"text": "{ }"}),
    ],
    ids=["score", "sealed result", "score receipt", "receipt key", "audit", "certificate"],
)
def test_nobody_changes_what_was_written(make: Any, changes: dict[str, Any]) -> None:
    """Neither by the code that forgot to ask, nor past it: the database itself refuses."""
    made = make()
    model, before = type(made), list(type(made).objects.values_list())
    with pytest.raises(WriteRefused):
        model.objects.update(**changes)
    with pytest.raises(WriteRefused):
        made.delete()
    for verb in (
        lambda: model.objects.update(**changes),
        lambda: model.objects.filter(pk=made.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), immutable.writes(model):
            verb()
    assert list(model.objects.values_list()) == before


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
