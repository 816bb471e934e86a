"""One planted breach per invariant: found, and only it."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from challenges.enums import Split
from challenges.invariants import INVARIANTS
from challenges.models import Entry, Evaluation, Job, Phase, PublicFile, Standing
from challenges.worker import drain
from portal.lib import objects
from tests.challenges.world import entered, opened
from tests.factories.challenges import (
    EntryFactory,
    ScoreReceiptFactory,
    captain_of,
    score,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def breached() -> list[str]:
    return [name for name, (_sentence, check) in INVARIANTS.items() if list(check())]


def an_entry() -> Entry:
    return Entry.objects.filter(is_baseline=False).order_by("number")[:1].get()


def lose_the_file() -> None:
    objects.store().delete(an_entry().sha256)


def change_the_row() -> None:
    Entry.objects.filter(pk=an_entry().pk).update(size=1)


def lose_the_job() -> None:
    entered(an_entry().enrolment.phase.challenge, seed=5)
    Job.objects.filter(state="ready").delete()


def lose_the_score_job() -> None:
    entry = an_entry()
    Entry.objects.filter(pk=entry.pk).update(status="queued")
    Evaluation.objects.filter(entry=entry).update(state="pending", finished_at=None)
    Standing.objects.filter(entry=entry).delete()
    Phase.objects.get().leaderboards.get().standings.all().delete()


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
    assert made.receipt == "{}"


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
    other = Entry.objects.get(is_baseline=True)
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


def test_a_lost_score_job_is_found(tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    entered(challenge)
    assert drain()
    lose_the_score_job()
    assert "I2" in breached()
