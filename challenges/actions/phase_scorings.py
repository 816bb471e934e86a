"""What scores a phase, or a further task of it, otherwise than the first phase: in a draft.

By default a phase is scored as the first one. It may have its own answers, its own test file and
sample, its own figures; and further tasks, that compare the same files with other answers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from challenges.actions import authoring, baselines, drafts, leaderboards
from challenges.actions.authoring import Deposit
from challenges.bundles import spec
from challenges.bundles.folder import is_relative
from challenges.enums import PhaseKind
from challenges.models import (
    Challenge,
    ChallengeDraft,
    Entry,
    Phase,
    PhaseTask,
    RunPlan,
    Scorer,
    ScorerVersion,
)
from datasets.actions import holdouts
from datasets.models import HoldoutVersion
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock
from portal.lib.files import safe_name
from portal.lib.refusals import Conflict, Invalid

MOST_TASKS = 6
Scoring = dict[str, Any]


def of(written: ChallengeDraft | None, phase: int, task: int = 0) -> Scoring | None:
    """Return what scores a task otherwise than the first phase; None as the first phase."""
    found = written.scorings if written else []
    return next((each for each in found if (each["phase"], each["task"]) == (phase, task)), None)


def tasks_of(written: ChallengeDraft | None, phase: int) -> list[Scoring]:
    """List the further tasks of a phase, in order."""
    found = written.scorings if written else []
    return sorted(
        (each for each in found if each["phase"] == phase and each["task"] > 0),
        key=lambda each: each["task"],
    )


@transaction.atomic
def give(
    *,
    phase: Phase,
    truth: Deposit | None,
    test: Deposit | None,
    sample: Deposit | None,
    by: User,
) -> None:
    """Give a phase after the first its own answers, and the public files that go with them.

    In order: the answers sealed, the test file and the sample stored among the public files;
    the draft, to be checked again; event "phase.answers_given". Raises NotAllowed, Conflict,
    Invalid.
    """
    _refuse_first(phase)
    entry = None if truth is None else _sealed(phase, 0, truth, by)
    names: dict[str, str] = {}
    for role, deposit in (("test", test), ("sample", sample)):
        if deposit is None:
            continue
        _refuse_no_table(deposit)
        kept = authoring.add_file(
            challenge=phase.challenge, role=spec.Role.EXTRA, deposit=deposit, by=by
        )
        names[role] = safe_name(deposit.name)
        phase.challenge.version = kept.version
    if entry is None and not names:
        raise Invalid(_("Choisissez au moins un fichier."), code="files_none")

    def change(scoring: Scoring) -> None:
        scoring.update(names)
        if entry is not None:
            scoring["truth"] = entry

    _change(phase, 0, change, by)
    record("phase.answers_given", by=by, on=phase, sealed=entry is not None, files=sorted(names))


@transaction.atomic
def measure(
    *,
    phase: Phase,
    submission: Mapping[str, Any],
    truth: Mapping[str, Any],
    metrics: Sequence[Mapping[str, Any]],
    by: User,
) -> None:
    """Give a phase after the first its own figures. Event "phase.measured".

    The keys of the portable form, checked by the build. Raises NotAllowed, Conflict, Invalid.
    """
    _refuse_first(phase)
    said = {"submission": dict(submission), "truth": dict(truth), "metrics": list(metrics)}
    _change(phase, 0, lambda scoring: scoring.update(measure=said), by)
    record("phase.measured", by=by, on=phase, metrics=[each["metric"] for each in metrics])


@transaction.atomic
def forget(*, phase: Phase, by: User) -> None:
    """Score a phase as the first one again. Event "phase.scored_as_first".

    Twice changes nothing. Raises NotAllowed, Conflict.
    """
    challenge = authoring.draft(phase.challenge, by)
    written = authoring.written_of(challenge)
    left = [each for each in written.scorings if (each["phase"], each["task"]) != (phase.index, 0)]
    if left == written.scorings:
        return
    written.scorings = left
    authoring.reopen(written)
    record("phase.scored_as_first", by=by, on=phase)


@transaction.atomic
def add_task(*, phase: Phase, name: str, truth: Deposit, by: User) -> None:
    """Add a task to a phase: the same files, the same figures, compared with other answers.

    The boards show the mean of the tasks, an entry is scored once all are done. In order: the
    answers sealed; the draft, to be checked again; event "phase.task_added". Raises NotAllowed,
    Conflict, Invalid.
    """
    challenge = authoring.draft(phase.challenge, by)
    found = tasks_of(authoring.written_of(challenge), phase.index)
    if len(found) + 1 >= MOST_TASKS:
        raise Invalid(_("Six tâches au plus par phase."), code="too_many")
    number = (found[-1]["task"] if found else 0) + 1
    entry = _sealed(phase, number, truth, by)
    _change(phase, number, lambda scoring: scoring.update(name=name[:120], truth=entry), by)
    record("phase.task_added", by=by, on=phase, name=name)


@transaction.atomic
def remove_task(*, phase: Phase, number: int, by: User) -> None:
    """Remove a further task of a phase. Event "phase.task_removed". Raises NotAllowed, Conflict."""
    challenge = authoring.draft(phase.challenge, by)
    written = authoring.written_of(challenge)
    found = of(written, phase.index, number) if number else None
    if found is None:
        raise Conflict(_("Cette tâche n’est plus là."), code="absent")
    written.scorings = [each for each in written.scorings if each is not found]
    authoring.reopen(written)
    record("phase.task_removed", by=by, on=phase, name=found["name"])


def forget_all(*, phase: Phase) -> None:
    """Forget what scores a phase that goes, in the caller's transaction."""
    written = authoring.written_of(phase.challenge)
    written.scorings = [each for each in written.scorings if each["phase"] != phase.index]
    written.save()


def _refuse_first(phase: Phase) -> None:
    if phase.index == 0:
        raise Conflict(
            _("La notation de la première phase est celle du challenge."), code="phase_is_first"
        )


def _change(phase: Phase, task: int, change: Callable[[Scoring], None], by: User) -> None:
    challenge = authoring.draft(phase.challenge, by)
    phase = Phase.objects.locked(phase)
    if phase.kind == PhaseKind.CODE:
        raise Conflict(
            _("Là où les équipes envoient du code, toutes les phases lisent les mêmes entrées."),
            code="code_phase_scoring",
        )
    written = authoring.written_of(challenge)
    found = of(written, phase.index, task)
    if found is None:
        found = {
            "phase": phase.index,
            "task": task,
            "name": "",
            "truth": None,
            "test": "",
            "sample": "",
            "measure": None,
            "fingerprint": "",
        }
        written.scorings = [*written.scorings, found]
    change(found)
    authoring.reopen(written)
    challenge.version += 1
    challenge.save(update_fields=["version"])


def _sealed(phase: Phase, task: int, deposit: Deposit, by: User) -> dict[str, Any]:
    """Seal answers at once; only the header of the table is kept in clear."""
    challenge = authoring.draft(phase.challenge, by)
    name = safe_name(deposit.name)
    columns = _refuse_no_table(deposit)
    if not is_relative(name):
        raise Invalid(_("Donnez au fichier un nom simple, sans « : »."), code="file_name")
    content = deposit.path if deposit.path is not None else deposit.content.read()
    version = holdouts.register(
        name=f"{challenge.slug}/phase-{phase.index}-{task}",
        owner=challenge.organiser,
        files={name: content},
        by=by,
    )
    return {"path": name, "columns": columns, "sealed": str(version.public_id)}


def _refuse_no_table(deposit: Deposit) -> list[str]:
    authoring.refuse_size(deposit)
    columns = authoring.header_of(deposit, safe_name(deposit.name))
    if not columns:
        raise Invalid(
            _("Un fichier CSV en UTF-8, avec une ligne d’en-tête, est attendu."), code="file_table"
        )
    return columns


def document_of(document: Mapping[str, Any], scoring: Scoring) -> dict[str, Any]:
    """Write a document as one phase, or one task, reads it.

    document: that of the first phase, or of the phase of a task. Its own files take their roles,
    the former ones become plain files; the reference, and the fairness of columns that its
    answers lack, are left out.
    """
    files = {
        audience: [dict(each) for each in listed]
        for audience, listed in (document.get("files") or {}).items()
    }
    files[spec.Audience.ORGANISER.value] = []
    for key, role in (("test", spec.Role.TEST), ("sample", spec.Role.SAMPLE_SUBMISSION)):
        if scoring[key]:
            for each in files[spec.Audience.PUBLIC.value]:
                if each["path"] == scoring[key]:
                    each["role"] = role.value
                elif each["role"] == role.value:
                    each["role"] = spec.Role.EXTRA.value
    written = {**document, **(scoring["measure"] or {}), "files": files}
    truth = scoring["truth"]
    if truth is not None:
        held = [
            each
            for each in files.get(spec.Audience.HELD_OUT.value, [])
            if each["role"] != spec.Role.TRUTH.value
        ]
        held.append(
            {"path": truth["path"], "role": spec.Role.TRUTH.value, "columns": truth["columns"]}
        )
        files[spec.Audience.HELD_OUT.value] = held
        written["truth"] = {**written["truth"], "file": truth["path"]}
        if not _has_attributes(document, truth["columns"]):
            written.pop("fairness", None)
    return written


def _has_attributes(document: Mapping[str, Any], columns: Sequence[str]) -> bool:
    attributes = (document.get("fairness") or {}).get("attributes") or []
    return all(
        each.get("source") != "truth" or each.get("column") in columns for each in attributes
    )


@dataclass(frozen=True)
class Built:
    """A scoring that was checked: what it reads, the contract, the files to seal.

    fingerprint: a keyed digest of the files and of the contract.
    """

    scoring: Scoring
    spec: spec.PortableSpec
    contract: Mapping[str, Any]
    digest: str
    files: Mapping[str, bytes]
    fingerprint: str


def put(*, challenge: Challenge, built: Sequence[Built], by: User) -> None:
    """Tie phases and tasks to their own scorings: the worker's act, after the check.

    In order, for each: the answers sealed again where they or what reads them changed; scorer
    version; task; for a phase, the shape of its file and its boards; job "compile".
    """
    with transaction.atomic():
        written = authoring.written_of(challenge)
        for each in built:
            _put(challenge, written, each, by)
        written.save(update_fields=["scorings"])


def _put(challenge: Challenge, written: ChallengeDraft, built: Built, by: User) -> None:
    scoring = built.scoring
    phase = challenge.phases.get(index=scoring["phase"])
    at = scoring["task"]
    former = phase.tasks.filter(current=True, index=at).select_related("scorer_version").first()
    kept = of(written, phase.index, at)
    if kept is None:
        return  # taken back while it was checked
    version = _version(challenge, f"phase-{phase.index}-{at}", built)
    holdout = former.holdout if former and kept["fingerprint"] == built.fingerprint else None
    if holdout is None:
        holdout = holdouts.register(
            name=f"{challenge.slug}/phase-{phase.index}-{at}-notation",
            owner=challenge.organiser,
            files=built.files,
            by=by,
        )
        kept["fingerprint"] = built.fingerprint
    task = _task(phase, at, scoring["name"] or built.spec.title, version, holdout, former)
    if at == 0:
        phase.answer_spec = dict(built.contract["submission"])
        phase.save(update_fields=["answer_spec"])
        _boards(phase, built.spec)
    if not task.holdout.is_compiled:
        drafts.queue_compile(task)
    for entry in Entry.objects.filter(enrolment__phase=phase, is_baseline=True).order_by("pk"):
        baselines.score_again(entry)


def _version(challenge: Challenge, key: str, built: Built) -> ScorerVersion:
    scorer, _created = Scorer.objects.get_or_create(challenge=challenge, key=key)
    known = scorer.versions.filter(digest=built.digest).order_by("-number").first()
    if known is not None:
        return known
    return ScorerVersion.objects.create(
        scorer=scorer,
        number=scorer.versions.count() + 1,
        spec=built.contract,
        digest=built.digest,
        created_at=clock.now(),
    )


def _task(
    phase: Phase,
    at: int,
    name: str,
    version: ScorerVersion,
    holdout: HoldoutVersion,
    former: PhaseTask | None,
) -> PhaseTask:
    same = former is not None and (former.scorer_version_id, former.holdout_id) == (
        version.pk,
        holdout.pk,
    )
    if former is not None and same:
        return former
    phase.tasks.filter(current=True, index=at).update(current=False)
    return PhaseTask.objects.create(
        phase=phase,
        index=at,
        name=name[:120],
        scorer_version=version,
        holdout=holdout,
        plan=former.plan if former else _plan_of(phase),
    )


def _plan_of(phase: Phase) -> RunPlan | None:
    """Return what code reads in a phase: all its tasks score what one run predicted."""
    other = phase.tasks.filter(current=True, plan__isnull=False).order_by("index").first()
    return other.plan if other else None


def _boards(phase: Phase, read: spec.PortableSpec) -> None:
    boards = leaderboards.ordered(phase)
    if not boards:
        return
    primary = read.contract.primary.key[:36]
    leaderboards.follow(
        boards[0],
        drafts.columns_of(boards[0], read),
        primary=primary,
        hides=drafts.hidden_keys(read.raw),
    )
    for other in boards[1:]:
        leaderboards.follow(other, boards[0].columns.order_by("index"), primary=primary)
