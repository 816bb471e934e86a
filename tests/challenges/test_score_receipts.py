"""Receipts of scores: issued with the score, reissued after it, kept and verified for ever."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from challenges.client.receipts import ReceiptState, key_id
from challenges.enums import EntryStatus
from challenges.evaluation.actions import evaluations
from challenges.models import (
    Challenge,
    Column,
    Entry,
    Evaluation,
    Leaderboard,
    Phase,
    PhaseTask,
    ReceiptKey,
    Score,
    ScoreReceipt,
)
from challenges.organising.actions import challenges
from challenges.receipts import actions as receipts
from challenges.receipts.actions import task_index
from challenges.receipts.queries import judge, judge_alone, known_keys
from challenges.results import actions as results
from challenges.scoring import contract
from challenges.scoring.contract import ScoringContract
from challenges.worker import drain
from portal.lib import clock
from tests.challenges.bundles import folders
from tests.challenges.world import answer, entered, opened, owner_of
from tests.factories.accounts import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    return opened(tmp_path)


@pytest.fixture
def entry(challenge: Challenge) -> Entry:
    made = entered(challenge)
    assert drain()
    return Entry.objects.get(pk=made.pk)


def payload(receipt: ScoreReceipt) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(receipt.text)["payload"]
    return found


def state(text: str) -> ReceiptState:
    return judge(text.encode()).state


def revealed(challenge: Challenge) -> None:
    phase = challenges.close(phase=challenge.phases.get(), by=owner_of(challenge))
    results.propose_reveal(phase=phase, by=owner_of(challenge))
    results.confirm_reveal(phase=phase, by=UserFactory(region="administrator"))
    assert drain()


def rescore(entry: Entry) -> None:
    """Put a second version of the scoring in force and score the entry by it."""
    task = PhaseTask.objects.select_related("scorer_version__scorer").get(current=True)
    former = task.scorer_version
    version = former.scorer.versions.create(
        number=2, spec=former.spec, digest="2" * 64, created_at=clock.now()
    )
    PhaseTask.objects.filter(pk=task.pk).update(current=False)
    PhaseTask.objects.create(
        phase=task.phase, name=task.name, scorer_version=version, holdout=task.holdout
    )
    entry.become(EntryStatus.QUEUED, at=clock.now())
    entry.save()
    evaluations.queue_scores(entry)
    assert drain()


def test_a_score_receipt_says_what_was_scored_by_what_on_what(
    challenge: Challenge, entry: Entry
) -> None:
    receipt = entry.score_receipts.get()
    version = PhaseTask.objects.get().scorer_version
    holdout = PhaseTask.objects.get().holdout
    said = payload(receipt)
    resampling = said.pop("resampling_sha256")
    assert len(resampling) == 64
    assert said.pop("code_version").startswith(f"openemploi {contract.VERSION}, numpy ")
    assert said == {
        "kind": "score",
        "version": 2,
        "challenge": challenge.slug,
        "phase": 0,
        "team": entry.enrolment.team.slug,
        "entry": str(entry.pk),
        "number": 1,
        "sha256": entry.sha256,
        "size": entry.size,
        "canonical_sha256": entry.canonical_sha256,
        "received_at": entry.received_at.astimezone(clock.PARIS).isoformat(timespec="seconds"),
        "task": 0,
        "scorer": version.digest,
        "scorer_version": 1,
        "program_sha256": "",
        "contract_sha256": ScoringContract.from_json(version.spec).digest,
        "engine_sha256": contract.engine_sha256(),
        "holdout": str(holdout.public_id),
        "holdout_version": 1,
        "holdout_sha256": holdout.ciphertext_sha256,
        "environment": "",
        "seed": 0,
        "values": {
            "public": {
                each.metric: each.value_text
                for each in Score.objects.filter(evaluation__entry=entry)
            }
        },
        "intervals": {
            "public": {
                each.metric: [f"{each.low:.{places}f}", f"{each.high:.{places}f}"]
                for each in Score.objects.filter(evaluation__entry=entry, low__isnull=False)
                if (places := len(each.value_text.partition(".")[2]))
            }
        },
        "duration": "<= 1 min",
        "serial": 1,
        "reason": "scored",
        "replaces": None,
        "issued_at": receipt.issued_at.astimezone(clock.PARIS).isoformat(timespec="minutes"),
    }
    assert set(said["values"]["public"]) == {"exactitude", "mae"}
    assert "exactitude" in said["intervals"]["public"]
    assert receipt.sha256 == hashlib.sha256(receipt.text.encode()).hexdigest()
    assert state(receipt.text) is ReceiptState.VALID


def test_all_entries_are_judged_on_the_same_resamplings(challenge: Challenge, entry: Entry) -> None:
    entered(challenge, seed=4)
    assert drain()
    found = [payload(each)["resampling_sha256"] for each in ScoreReceipt.objects.all()]
    assert (len(found), len(set(found))) == (3, 1)


def test_copies_of_one_answer_have_equal_receipts(tmp_path: Path) -> None:
    submission = folders.document()["submission"]
    assert isinstance(submission, dict)
    challenge = opened(tmp_path, submission={**submission, "formats": ["csv", "parquet"]})
    header, *lines = answer(0.7).decode().splitlines()
    rows = [line.split(",") for line in reversed(lines)]
    table = pa.table({"niveau": [int(row[1]) for row in rows], "id": [row[0] for row in rows]})
    pq.write_table(table, tmp_path / "copy.parquet")
    copies = {
        "answer.csv": answer(0.7),
        "turned.csv": "\n".join([header, *reversed(lines)]).encode(),
        "copy.csv": b"\r\n".join([b"niveau;id", *(f"{b};{a}".encode() for a, b in rows)]),
        "copy.parquet": (tmp_path / "copy.parquet").read_bytes(),
    }
    made = [
        entered(challenge, content=content, original_name=name) for name, content in copies.items()
    ]
    assert drain()
    said = [payload(each.score_receipts.get()) for each in made]
    for name in ("canonical_sha256", "values", "intervals", "contract_sha256", "holdout_sha256"):
        assert len({json.dumps(each[name]) for each in said}) == 1, name
    assert len({each["sha256"] for each in said}) == len(copies)


def test_a_receipt_names_nothing_private_before_the_reveal(entry: Entry) -> None:
    text = entry.score_receipts.get().text
    for word in ("private", "mae_par_zone", "nord", "sud", "CNRY"):
        assert word not in text


def test_the_reveal_adds_a_receipt_with_the_private_values(
    challenge: Challenge, entry: Entry
) -> None:
    first = entry.score_receipts.get()
    revealed(challenge)
    assert ScoreReceipt.objects.get(pk=first.pk).text == first.text
    second = entry.score_receipts.get(serial=2)
    said, before = payload(second), payload(first)
    assert (said["reason"], said["serial"]) == ("revealed", 2)
    assert said["replaces"] == {"serial": 1, "sha256": first.sha256}
    assert said["values"]["public"].items() >= before["values"]["public"].items()
    scores = Score.objects.filter(evaluation__entry=entry, split="private", metric="exactitude")
    assert said["values"]["private"]["exactitude"] == scores.get().value_text
    assert "mae_par_zone/nord" in said["values"]["private"]
    changed = {"reason", "serial", "replaces", "values", "intervals", "issued_at"}
    assert {key for key in said if said[key] != before[key]} <= changed
    assert state(second.text) is ReceiptState.VALID
    judged = judge(first.text.encode())
    assert (judged.state, judged.successor) == (ReceiptState.SUPERSEDED, second)


def test_the_reveal_reissues_each_receipt_once(challenge: Challenge, entry: Entry) -> None:
    revealed(challenge)
    assert list(entry.score_receipts.values_list("serial", flat=True)) == [1, 2]
    baseline = Entry.objects.get(is_baseline=True)
    assert list(baseline.score_receipts.values_list("serial", "reason")) == [
        (1, "scored"),
        (2, "revealed"),
    ]


def test_a_new_scoring_adds_a_receipt_that_names_the_former(entry: Entry) -> None:
    first = entry.score_receipts.get()
    rescore(entry)
    second = entry.score_receipts.get(serial=2)
    said = payload(second)
    assert (said["reason"], said["scorer"], said["scorer_version"]) == ("rescored", "2" * 64, 2)
    assert said["replaces"] == {"serial": 1, "sha256": first.sha256}
    assert said["values"] == payload(first)["values"]
    assert second.evaluation_id != first.evaluation_id
    assert state(first.text) is ReceiptState.SUPERSEDED


def test_the_reveal_speaks_of_the_scoring_in_force(challenge: Challenge, entry: Entry) -> None:
    rescore(entry)
    rescored = Entry.objects.get(is_baseline=True)
    rescored.become(EntryStatus.QUEUED, at=clock.now())
    rescored.save()
    evaluations.queue_scores(rescored)
    assert drain()
    revealed(challenge)
    last = entry.score_receipts.get(serial=3)
    assert payload(last)["scorer_version"] == 2
    assert last.evaluation == Evaluation.objects.get(entry=entry, scorer_version__number=2)
    assert ScoreReceipt.objects.filter(entry=entry).count() == 3


@pytest.mark.parametrize("what", ["column", "board"])
def test_a_hidden_figure_is_on_no_receipt(challenge: Challenge, what: str) -> None:
    hidden = Column.objects.filter(key="mae")
    if what == "column":
        hidden.update(hidden=True)
    else:
        board = Leaderboard.objects.create(
            challenge=challenge, phase=challenge.phases.get(), key="interne", hidden=True
        )
        hidden.update(leaderboard=board)
    made = entered(challenge)
    assert drain()
    assert Score.objects.filter(evaluation__entry=made, metric="mae").exists()
    assert set(payload(made.score_receipts.get())["values"]["public"]) == {"exactitude"}


def test_a_former_key_still_verifies_after_a_rotation(
    challenge: Challenge, entry: Entry, settings: Any, tmp_path: Path
) -> None:
    first = entry.score_receipts.get()
    old = receipts.public_key()
    settings.RECEIPT_KEY_FILE = str(tmp_path / "keys" / "next.key")
    made = entered(challenge, seed=3)
    assert drain()
    new = receipts.public_key()
    assert new != old
    assert known_keys() == {key_id(old): old, key_id(new): new}
    assert ReceiptKey.objects.count() == 2
    for text in (first.text, entry.receipt, made.score_receipts.get().text, made.receipt):
        assert state(text) is ReceiptState.VALID
    assert judge_alone(first.text.encode(), new).state is ReceiptState.UNKNOWN_KEY
    assert judge_alone(first.text.encode(), old).state is ReceiptState.VALID


def test_a_process_without_the_key_still_verifies(
    entry: Entry, settings: Any, tmp_path: Path
) -> None:
    settings.EMBEDDED = False
    settings.RECEIPT_KEY_FILE = str(tmp_path / "absent.key")
    assert state(entry.score_receipts.get().text) is ReceiptState.VALID


def test_the_register_knows_deposits_too(entry: Entry) -> None:
    assert state(entry.receipt) is ReceiptState.VALID
    said = json.loads(entry.receipt)["payload"]
    assert state(receipts.sign_receipt({**said, "number": 7})) is ReceiptState.UNREGISTERED
    unknown = "00000000-0000-4000-8000-000000000000"
    assert state(receipts.sign_receipt({**said, "entry": unknown})) is ReceiptState.UNREGISTERED


def test_what_our_key_signs_elsewhere_is_not_believed(entry: Entry) -> None:
    said = payload(entry.score_receipts.get())
    better = {**said, "values": {"public": {"exactitude": "1.0000", "mae": "0.0000"}}}
    judged = judge(receipts.sign_receipt(better).encode())
    assert judged.state is ReceiptState.UNREGISTERED
    assert state(receipts.sign_receipt({"kind": "autre"})) is ReceiptState.UNREGISTERED
    assert (
        state(receipts.sign_receipt({"kind": "deposit", "entry": "x"})) is ReceiptState.UNREGISTERED
    )


def test_a_receipt_of_a_phase_without_its_task_has_the_first_number(entry: Entry) -> None:
    PhaseTask.objects.update(index=3)
    assert task_index(entry.evaluations.get()) == 3
    Phase.objects.get().tasks.all().delete()
    assert task_index(entry.evaluations.get()) == 0
