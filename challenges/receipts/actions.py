"""Sign receipts: what was received, what an entry scored.

A receipt is canonical JSON, signed with the installation's Ed25519 key; one of a score is issued
at the finish, at a new scoring, at the reveal. None is changed nor removed: the next one of the
same entry and task names it.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from challenges.client.receipts import ReceiptState, key_id
from challenges.evaluation.enums import EvaluationState, Split
from challenges.evaluation.models import Evaluation, Score, written
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import Column, PhaseTask
from challenges.receipts.models import ReceiptKey, ReceiptReason, ScoreReceipt
from challenges.receipts.queries import judge_alone
from challenges.results.models.certificates import Certificate
from portal.lib import canonical, clock, immutable, signing
from portal.lib.signing import public_key


def sign_receipt(payload: Mapping[str, Any]) -> str:
    """Return a receipt as canonical JSON text: {"key_id", "payload", "signature"}.

    payload: strings, integers, booleans and maps of them; figures as decimal strings. The
    public key is registered at its first use, in the caller's transaction.
    """
    public = public_key()
    _register(public)
    signature = base64.b64encode(signing.sign(canonical.dumps(payload))).decode()
    return canonical.dumps(
        {"key_id": key_id(public), "payload": payload, "signature": signature}
    ).decode()


def sign_next(
    payload: Mapping[str, Any],
    last: ScoreReceipt | Certificate | None,
    *,
    at: datetime,
    to: Literal["minutes", "seconds"],
) -> dict[str, Any]:
    """Sign what follows `last` in a register, or opens it; returns the fields of its row.

    to: how precisely the document says when it was issued.
    """
    serial = last.serial + 1 if last else 1
    text = sign_receipt(
        {
            **payload,
            "serial": serial,
            "replaces": {"serial": last.serial, "sha256": last.sha256} if last else None,
            "issued_at": at.astimezone(clock.PARIS).isoformat(timespec=to),
        }
    )
    return {
        "serial": serial,
        "text": text,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "replaces": last,
        "issued_at": at,
    }


def verify_receipt(receipt: str, public: bytes) -> bool:
    """Say whether a receipt was issued by the holder of this public key (32 raw bytes)."""
    return judge_alone(receipt.encode(), public).state is ReceiptState.VALID


def _register(public: bytes) -> None:
    """Keep the public key for ever: what it signed stays verifiable after a rotation."""
    if ReceiptKey.objects.filter(key_id=key_id(public)).exists():
        return
    row = ReceiptKey(
        key_id=key_id(public),
        public=base64.b64encode(public).decode(),
        first_used_at=clock.now(),
    )
    with immutable.writes(ReceiptKey):
        ReceiptKey.objects.bulk_create([row], ignore_conflicts=True)


# What scored: copied from a receipt to the next one of the same evaluation.
LADDER = "ladder"
RUN = "run"
RULES = (LADDER, RUN)
MEANS = ("code_version", "contract_sha256", "engine_sha256", "resampling_sha256")


def issue_score_receipt(
    evaluation: Evaluation,
    scores: Iterable[Score],
    *,
    means: Mapping[str, Any],
    ladder: Mapping[str, Any] | None = None,
    at: datetime,
) -> ScoreReceipt:
    """Issue the receipt of a finished evaluation, in the caller's transaction.

    The entry is locked by the caller. scores: the released ones. means: the digests of MEANS.
    ladder: whether the entry improved, and whose public values are shown.
    """
    task = task_index(evaluation)
    former = receipts_in_force(ScoreReceipt.objects.filter(entry_id=evaluation.entry_id, task=task))
    last = former.get((evaluation.entry_id, task))
    reason = ReceiptReason.RESCORED if last else ReceiptReason.SCORED
    public = [score for score in scores if score.split == Split.PUBLIC]
    told = _released_figures(public, _keys_shown(evaluation.entry.enrolment.phase))
    said = {**means, **({LADDER: ladder} if ladder else {})}
    made = _receipt(evaluation, task, told, last, reason=reason, means=said, at=at)
    with immutable.writes(ScoreReceipt):
        made.save(force_insert=True)
    return made


def reissue_score_receipts(phase: Phase, *, at: datetime) -> int:
    """Issue a receipt with the private values for each evaluation in force of a phase.

    In the transaction that releases them. Returns how many were issued.
    """
    evaluations = _in_force(phase)
    former = receipts_in_force(ScoreReceipt.objects.filter(entry__enrolment__phase=phase))
    scores: dict[UUID, list[Score]] = {}
    for score in Score.objects.filter(evaluation__in=list(evaluations)).order_by("pk"):
        scores.setdefault(score.evaluation_id, []).append(score)
    made, shown = [], _keys_shown(phase)
    for task, evaluation in evaluations.values():
        last = former.get((evaluation.entry_id, task))
        made.append(
            _receipt(
                evaluation,
                task,
                _released_figures(scores.get(evaluation.pk, []), shown),
                last,
                reason=ReceiptReason.REVEALED,
                means=_means(last, evaluation),
                at=at,
            )
        )
    with immutable.writes(ScoreReceipt):
        ScoreReceipt.objects.bulk_create(made, batch_size=500)
    return len(made)


def receipts_in_force(found: Any) -> dict[tuple[UUID, int], ScoreReceipt]:
    """Return the receipt in force of each entry and task among these."""
    return {(each.entry_id, each.task): each for each in found.order_by("serial")}


def task_index(evaluation: Evaluation) -> int:
    """Return the index of the task of its phase that an evaluation answers."""
    return evaluation.tasks().values_list("index", flat=True).first() or 0


def duration_class(seconds: float | None) -> str:
    """Return the closed class of a duration: exact times could tell about hidden rows."""
    if seconds is None:
        return ""
    for minutes in (1, 2, 5, 10):
        if seconds <= minutes * 60:
            return f"<= {minutes} min"
    return "> 10 min"


def _in_force(phase: Phase) -> dict[UUID, tuple[int, Evaluation]]:
    """Return the finished evaluations of the tasks in force, by their id, with the task."""
    tasks = {
        (version, holdout): index
        for version, holdout, index in PhaseTask.objects.filter(phase=phase, current=True)
        .order_by("pk")
        .values_list("scorer_version_id", "holdout_id", "index")
    }
    done = (
        Evaluation.objects.filter(entry__enrolment__phase=phase, state=EvaluationState.DONE)
        .select_related(
            "entry__enrolment__team",
            "entry__enrolment__phase__challenge",
            "scorer_version",
            "holdout",
        )
        .order_by("pk")
    )
    return {
        each.pk: (tasks[each.scorer_version_id, each.holdout_id], each)
        for each in done
        if (each.scorer_version_id, each.holdout_id) in tasks
    }


def _means(last: ScoreReceipt | None, evaluation: Evaluation) -> Mapping[str, Any]:
    """Return what scored, as the former receipt of the evaluation named it."""
    if last is None or last.evaluation_id != evaluation.pk:
        return {}
    payload = json.loads(last.text)["payload"]
    return {name: payload[name] for name in (*MEANS, *RULES) if name in payload}


def _receipt(
    evaluation: Evaluation,
    task: int,
    told: Mapping[str, Any],
    last: ScoreReceipt | None,
    *,
    reason: ReceiptReason,
    means: Mapping[str, Any],
    at: datetime,
) -> ScoreReceipt:
    entry, version, holdout = evaluation.entry, evaluation.scorer_version, evaluation.holdout
    enrolment = entry.enrolment
    payload = {
        "kind": "score",
        "version": 2,
        "challenge": enrolment.phase.challenge.slug,
        "phase": enrolment.phase.index,
        "team": enrolment.team.slug,
        "entry": str(entry.pk),
        "number": entry.number,
        "sha256": entry.sha256,
        "size": entry.size,
        "canonical_sha256": evaluation.input_sha256 or entry.canonical_sha256,
        "received_at": _instant(entry.received_at),
        "task": task,
        "scorer": version.digest,
        "scorer_version": version.number,
        "program_sha256": version.program_sha256,
        "holdout": str(holdout.public_id),
        "holdout_version": holdout.number,
        "holdout_sha256": holdout.ciphertext_sha256,
        "environment": evaluation.environment_digest,
        "seed": version.seed,
        **told,
        "duration": duration_class(evaluation.seconds),
        "reason": reason.value,
        **{name: means.get(name, "") for name in MEANS},
        **{name: means[name] for name in RULES if name in means},
    }
    # To the minute: with the date of receipt, the second would tell how long it took.
    signed = sign_next(payload, last, at=at, to="minutes")
    return ScoreReceipt(entry=entry, evaluation=evaluation, task=task, reason=reason, **signed)


def _keys_shown(phase: Phase) -> set[str]:
    """Return the keys of the figures that a board of the phase shows, itself shown."""
    columns = Column.objects.filter(
        leaderboard__phase=phase, leaderboard__hidden=False, hidden=False
    )
    return set(columns.order_by("key").values_list("key", flat=True))


def _released_figures(scores: Iterable[Score], shown: set[str]) -> dict[str, Any]:
    """Write released figures as decimal strings, as the pages show them, with their intervals."""
    values: dict[str, dict[str, str]] = {}
    intervals: dict[str, dict[str, list[str]]] = {}
    for score in scores:
        if score.metric not in shown:
            continue
        key = f"{score.metric}/{score.group}" if score.group else score.metric
        values.setdefault(score.split, {})[key] = score.value_text
        if score.low is not None and score.high is not None:
            decimals = len(score.value_text.partition("e")[0].partition(".")[2])
            bounds = [written(bound, decimals) for bound in (score.low, score.high)]
            intervals.setdefault(score.split, {})[key] = bounds
    return {"values": values, "intervals": intervals}


def _instant(at: datetime) -> str:
    """Write an instant in Paris time, to the second, with its offset."""
    return at.astimezone(clock.PARIS).isoformat(timespec="seconds")
