"""Search a phase for signals: open the sealed sketches, compare, keep what a person should see."""

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from challenges.actions import jobs
from challenges.actions import signals as acts
from challenges.actions.signals import Raised
from challenges.enums import EvaluationState, ScorerKind, SignalKind, Split
from challenges.models import Enrolment, Entry, Evaluation, Job, Phase, PhaseTask, PublicFile
from challenges.models.ladders import task_of
from challenges.queries import leaks
from challenges.scoring import blends, child, probing, signals
from challenges.scoring.answer import ColumnType
from challenges.scoring.contract import ScoringContract
from challenges.scoring.evaluation import evaluate
from challenges.scoring.probing import Attempt, Spending
from challenges.scoring.signals import Entrant, Known
from challenges.scoring.sketch import Sketch, sketch, truth_at
from challenges.scoring.truth import Labels, load_keys, load_labels
from challenges.worker import vault
from challenges.worker.lease import Beating
from portal.lib import objects

_DECIMALS = 4


@dataclass
class Field:
    """What is compared in a phase: entrants, series of each team, what everybody may share."""

    known: Known
    trivial: float | None
    entrants: list[Entrant] = field(default_factory=list)
    series: dict[int, list[Attempt]] = field(default_factory=dict)


def signals_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Search a phase, and store what is found; what a program scores has no aligned answer."""
    phase = Phase.objects.get(pk=job.subject_id)
    task = task_of(phase)
    if task is None or task.scorer_version.scorer.kind != ScorerKind.METRIC:
        with transaction.atomic():
            jobs.complete(job)
        return
    truth = truths.of(task, reason=f"signals of phase {phase.pk}")
    contract, labels = vault.contract_of(task), load_labels(truth.labels)
    known, trivial = _published(phase, task, contract, labels, truth.keys)
    found = Field(known, trivial)
    for enrolment in phase.enrolments.select_related("team").order_by("pk"):
        if beating.lost.is_set():
            return
        _read(found, enrolment, task, contract)
    acts.store(job=job, phase=phase, raised=list(_raised(found, phase, contract, labels)))


def _read(found: Field, enrolment: Enrolment, task: PhaseTask, contract: ScoringContract) -> None:
    """Open the last results of a team; keep a few sketches, and the shapes of all."""
    if enrolment.team.is_baseline:
        return
    team = enrolment.team.root_id
    last = _done(enrolment, task).order_by("-entry__received_at", "-entry__number")
    attempts = [
        attempt
        for each in reversed(last[: settings.SIGNAL_PROBED_ENTRIES])
        if (attempt := _attempt(each, contract)) is not None
    ]
    found.series.setdefault(team, []).extend(attempts)
    seen: dict[str, Entrant] = {}
    for each in attempts[-settings.SIGNAL_COMPARED_ENTRIES :]:
        if each.sketch is not None:
            seen[each.digest] = Entrant(each.entry, str(team), each.digest, each.sketch)
    found.entrants += seen.values()


def _done(enrolment: Enrolment, task: PhaseTask) -> Any:
    return Evaluation.objects.filter(
        entry__enrolment=enrolment,
        scorer_version_id=task.scorer_version_id,
        holdout_id=task.holdout_id,
        state=EvaluationState.DONE,
    ).select_related("entry")


def _attempt(evaluation: Evaluation, contract: ScoringContract) -> Attempt | None:
    opened = vault.unseal(evaluation.pk)
    digest = evaluation.input_sha256 or evaluation.entry.canonical_sha256
    if not digest:
        return None
    score = opened.get("values", {}).get(Split.PUBLIC, {}).get(contract.primary.key)
    return Attempt(str(evaluation.entry_id), digest, vault.sketch_of(opened), score)


def _published(
    phase: Phase, task: PhaseTask, contract: ScoringContract, labels: Labels, keys: bytes
) -> tuple[Known, float | None]:
    """Return what everybody may share, and the public score of the sample, else None."""
    sketches: list[Sketch] = []
    digests: set[str] = set()
    trivial: float | None = None
    for enrolment in phase.enrolments.filter(team__is_baseline=True).order_by("pk"):
        for each in _done(enrolment, task):
            attempt = _attempt(each, contract)
            if attempt is not None:
                digests.add(attempt.digest)
                sketches += [attempt.sketch] if attempt.sketch is not None else []
    for file in phase.challenge.files.filter(role="sample_submission").order_by("pk"):
        with _copy(file) as path:
            verdict, answer = child.read(path, contract.answer, keys, name=file.name)
        if answer is None:
            continue
        digests.add(verdict.digest)
        sketches.append(sketch(contract, labels, answer))
        scored = evaluate(contract, load_keys(keys), labels, answer, verdict)
        trivial = scored.values[Split.PUBLIC.value][contract.primary.key]
    return Known(truth_at(contract, labels), tuple(sketches), frozenset(digests)), trivial


@contextmanager
def _copy(file: PublicFile) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sample-") as folder:
        path = Path(folder) / f"sample{Path(file.name).suffix.lower()[:12]}"
        path.write_bytes(objects.read(file.sha256))
        yield path


def _raised(
    found: Field, phase: Phase, contract: ScoringContract, labels: Labels
) -> Iterator[Raised]:
    teams = {each.entry: int(each.team) for each in found.entrants}
    same = signals.duplicates(found.entrants, found.known)
    copied: dict[tuple[int, ...], list[Any]] = defaultdict(list)
    for pair in same:
        copied[_key(teams, pair)].append([pair.first, pair.second])
    for pairs in copied.values():
        yield _about(teams, SignalKind.DUPLICATE, [e for p in pairs for e in p], {"pairs": pairs})
    for pair in signals.alike(found.entrants, found.known):
        if _key(teams, pair) in copied:
            continue
        figures = {rule.value: _rounded(value) for rule, value in pair.figures.items()}
        evidence: dict[str, Any] = {"pairs": [[pair.first, pair.second]], "figures": figures}
        yield _about(teams, SignalKind.COLLUSION, [pair.first, pair.second], evidence)
    for blend in blends.blends(found.entrants, found.known):
        terms = [[entry, _rounded(share)] for entry, share in blend.terms]
        evidence = {"entry": blend.entry, "terms": terms}
        named = [blend.entry, *(entry for entry, _ in blend.terms)]
        yield _about(teams, SignalKind.ENSEMBLE, named, evidence)
    yield from _probers(found, phase, contract, labels)


def _probers(
    found: Field, phase: Phase, contract: ScoringContract, labels: Labels
) -> Iterator[Raised]:
    told = {each.team.pk: each.share for each in leaks.spent(phase)}
    allowed = leaks.attempts(phase.max_total, phase.max_per_day, phase.opens_at, phase.closes_at)
    for team, attempts in sorted(found.series.items()):
        own = Entry.objects.counted_for(team)
        taken = own.filter(enrolment__phase=phase, total_slot__isnull=False)
        seen = probing.probing(
            attempts,
            found.known,
            Spending(told.get(team, 0.0), taken.count(), allowed),
            direction=contract.primary.direction,
            trivial=found.trivial,
            number_classes=_answers(contract, labels),
        )
        if seen.is_flagged:
            habits = {habit.value: list(entries) for habit, entries in seen.habits.items()}
            named = sorted({entry for entries in habits.values() for entry in entries})
            yield Raised(SignalKind.PROBING, {team: named}, {"habits": habits})


def _answers(contract: ScoringContract, labels: Labels) -> int | None:
    """Return how many answers a row may have, None for free numbers."""
    column = contract.answer.answer
    if column.type is ColumnType.INTEGER and column.min is not None and column.max is not None:
        return int(column.max - column.min) + 1
    if contract.answer.is_several or column.is_number:
        return None
    return len(labels.texts)


def _about(
    teams: Mapping[str, int], kind: SignalKind, named: Sequence[str], evidence: Mapping[str, Any]
) -> Raised:
    parties: dict[int, list[str]] = {}
    for entry in dict.fromkeys(named):
        parties.setdefault(teams[entry], []).append(entry)
    return Raised(kind, parties, evidence)


def _key(teams: Mapping[str, int], pair: signals.Pair) -> tuple[int, ...]:
    return tuple(sorted((teams[pair.first], teams[pair.second])))


def _rounded(value: float) -> float:
    return round(value, _DECIMALS) + 0.0
