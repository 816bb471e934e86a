"""The phases of a challenge, and what scores each of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.bundles import spec
from challenges.organising import rules
from challenges.organising.actions import drafts, folders, leaderboards
from challenges.organising.actions.notices import announce_by_letter
from challenges.organising.enums import BoardRule, ChallengeStatus, PhaseKind
from challenges.organising.models.challenges import Challenge, ChallengeDraft, Phase
from challenges.organising.models.scorings import Leaderboard, PhaseTask, RunPlan, Scorer
from challenges.organising.tables import Deposit, opened
from datasets.holdouts import actions as holdouts
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib.refusals import Conflict, Invalid
from portal.lib.storage.files import safe_name

MOST_PHASES = 12
# What an organiser may raise once the challenge is public; None is no limit.
QUOTAS = ("max_per_day", "max_total", "max_parallel")
# How code is run is said once for a challenge, on the page « Code ».
CODE_LIMITS = ("time_limit_s", "memory_mb", "logs", "max_bytes")


@transaction.atomic
def add_phase(*, challenge: Challenge, name: str, kind: PhaseKind, by: User) -> Phase:
    """Add a phase to a draft that has a scoring: after the others or beside them, by its dates.

    In order: phase with the quotas of the first; the tasks and a board like the first's; event
    "phase.added". Raises NotAllowed; Conflict once it left the draft or before a scoring.
    """
    challenge = drafts.locked_draft(challenge, by)
    first = challenge.phases.filter(index=0).first()
    if first is None:
        raise Conflict(_("Construisez d’abord la première phase."), code="phase_first")
    last = challenge.phases.order_by("-index").values_list("index", flat=True)[0]
    if last + 1 >= MOST_PHASES:
        raise Invalid(_("Douze phases au plus."), code="too_many")
    phase = make_like_first(first, index=last + 1, name=name, kind=kind)
    challenge.save_change("bundle")
    record("phase.added", by=by, on=phase, name=name, kind=kind.value)
    return phase


def make_like_first(first: Phase, *, index: int, name: str, kind: PhaseKind) -> Phase:
    """Make a phase scored as the first one, with its quotas, in the caller's transaction."""
    phase = Phase.objects.create(
        challenge=first.challenge,
        index=index,
        name=name,
        kind=kind,
        max_per_day=first.max_per_day,
        max_total=first.max_total,
        max_bytes=first.max_bytes,
        final_choices=first.final_choices,
    )
    score_like_first(phase, first)
    return phase


@transaction.atomic
def remove_phase(*, phase: Phase, by: User) -> None:
    """Remove the last phase of a draft, never the first. Event "phase.removed".

    Raises NotAllowed, Conflict.
    """
    challenge = drafts.locked_draft(phase.challenge, by)
    last = challenge.phases.order_by("-index").first()
    if phase.index == 0 or last is None or last.pk != phase.pk:
        raise Conflict(_("Seule la dernière phase se retire."), code="phase_not_last")
    forget_scorings(phase=phase)
    phase.leaderboards.update(primary=None)
    phase.delete()
    challenge.save_change("bundle")
    record("phase.removed", by=by, on=challenge, name=phase.name, index=phase.index)


@transaction.atomic
def settle_phase(*, phase: Phase, settings: Mapping[str, Any], rule: BoardRule, by: User) -> Phase:
    """Write everything of a phase but its dates, in a draft.

    settings: name, kind, quotas, limits, Ladder, final choices, benchmark, the earlier phase whose
    choices it takes over. In order: phase; rule of its main board; the document, for the first
    phase; event "phase.settled" with what changed. Raises NotAllowed, Conflict, Invalid.
    """
    challenge = drafts.locked_draft(phase.challenge, by)  # first, as all that changes a draft
    phase = Phase.objects.locked(phase)
    if (settings["kind"] == PhaseKind.CODE) != (phase.kind == PhaseKind.CODE):
        said = _("Ce que les équipes envoient se choisit à la page « Code ».")
        raise Invalid(said, code="phase_kind")
    _refuse_source(phase, settings.get("migrate_from"))
    changed = {key: value for key, value in settings.items() if getattr(phase, key) != value}
    for key, value in settings.items():
        setattr(phase, key, value)
    phase.save()
    main = leaderboards.main_of(phase)
    if main is not None:
        phase.leaderboards.filter(pk=main.pk).update(rule=rule)
    if phase.index == 0:
        _into_document(challenge, phase, rule)
    challenge.save_change("bundle")
    record("phase.settled", by=by, on=phase, changed=sorted(changed), rule=rule.value)
    return phase


def _refuse_source(phase: Phase, source: Phase | None) -> None:
    if source is None:
        return
    if source.challenge_id != phase.challenge_id or source.index >= phase.index:
        raise Invalid(
            _("Une phase reprend les choix d’une phase qui la précède."), code="migrate_from"
        )


def _into_document(challenge: Challenge, phase: Phase, rule: BoardRule) -> None:
    """Keep the document of the challenge equal to its first phase: a later build reads it."""
    document = challenge.bundle
    quotas = {
        "timezone": "Europe/Paris",
        "per_day": phase.max_per_day,
        "total": phase.max_total,
        "final_selections": phase.final_choices,
    }
    board = {
        **(document.get("leaderboard") or {}),
        "kept": rule.value,
        "ladder": phase.ladder,
    }
    submission = dict(document.get("submission") or {})
    if phase.kind != PhaseKind.CODE:  # of a package of code otherwise, said with its rules
        submission["max_bytes"] = phase.max_bytes
    challenge.bundle = {
        **document,
        "quotas": quotas,
        "leaderboard": board,
        "submission": submission,
    }


@transaction.atomic
def raise_quotas(*, phase: Phase, quotas: Mapping[str, int | None], by: User) -> Phase:
    """Raise what a team may send, once the challenge is public; nothing is ever lowered.

    quotas: keys of QUOTAS; None is no limit. In order: phase; notice and letters; event
    "phase.quotas_raised". The same values change nothing. Raises NotAllowed; Conflict when a
    value is lower than what was announced, or the phase is over.
    """
    phase = Phase.objects.locked(phase)
    challenge = Challenge.objects.locked(phase.challenge)
    require(rules.may_edit_challenge, by, challenge)
    if challenge.status not in {ChallengeStatus.PUBLISHED, ChallengeStatus.SUSPENDED}:
        raise Conflict(_("Les quotas ne changent plus."), code="frozen")
    changed = {key: quotas[key] for key in QUOTAS if quotas[key] != getattr(phase, key)}
    if not changed:
        return phase
    if any(_is_lower(value, getattr(phase, key)) for key, value in changed.items()):
        raise Conflict(
            _("Une fois le challenge publié, un quota ne peut qu’augmenter."), code="quotas_lowered"
        )
    for key, value in changed.items():
        setattr(phase, key, value)
    phase.save(update_fields=list(changed))
    announce_by_letter(
        challenge=challenge,
        sentence=gettext_lazy("Les quotas de « %(name)s » augmentent."),
        name=phase.name,
    )
    record("phase.quotas_raised", by=by, on=phase, **changed)
    return phase


def _is_lower(value: int | None, announced: int | None) -> bool:
    return value is not None and (announced is None or value < announced)


def follow_first(*, challenge: Challenge) -> None:
    """Bring the further phases of a challenge to the scoring of the first; the worker's act."""
    with transaction.atomic():
        challenge = Challenge.objects.locked(challenge)
        written = drafts.written_of(challenge)
        first = challenge.phases.get(index=0)
        for phase in challenge.phases.order_by("index"):
            own = {each["task"] for each in tasks_of(written, phase.index)}
            gone = phase.tasks.filter(current=True, index__gt=0).exclude(index__in=own)
            gone.update(current=False)
            if phase.index and scoring_of(written, phase.index) is None:
                score_like_first(phase, first, apart=bool(own))


def score_like_first(phase: Phase, first: Phase, *, apart: bool = False) -> None:
    """Give a phase the answers, the tasks and the columns of the first one.

    In the caller's transaction. apart: it has further tasks of its own, and takes none of the
    first's.
    """
    if phase.enrolments.filter(entries__isnull=False).exists():
        raise AssertionError("a draft phase has no entry")
    phase.answer_spec = first.answer_spec
    if (first.kind == PhaseKind.CODE) != (phase.kind == PhaseKind.CODE):
        phase.kind = first.kind if first.kind == PhaseKind.CODE else PhaseKind.PUBLIC
    for name in CODE_LIMITS if phase.kind == PhaseKind.CODE else ():
        setattr(phase, name, getattr(first, name))
    phase.save(update_fields=["answer_spec", "kind", *CODE_LIMITS])
    tasks = list(first.tasks.filter(current=True).order_by("index"))
    _tasks_like(phase, tasks[:1] if apart else tasks, apart=apart)
    model = leaderboards.main_of(first)
    if model is None:
        return
    Leaderboard.objects.get_or_create(
        challenge=phase.challenge,
        key=f"phase-{phase.index}",
        defaults={
            "phase": phase,
            "title": phase.name[:64],
            "rule": model.rule,
            "anonymous": model.anonymous,
        },
    )
    columns = model.columns.order_by("index")
    primary = model.primary.key if model.primary else ""
    for board in leaderboards.boards_of(phase):
        leaderboards.follow_columns(board, columns, primary=primary)


def _tasks_like(phase: Phase, wanted: Sequence[PhaseTask], *, apart: bool) -> None:
    """Give a phase these tasks in force; one that is the same already stays."""
    current = phase.tasks.filter(current=True)
    if apart:
        current = current.filter(index=0)
    columns = ("index", "scorer_version_id", "holdout_id", "plan_id")
    key = attrgetter(*columns)
    same = {key(each) for each in wanted}
    in_force = {key(each): each.pk for each in current.order_by("index")}
    gone = [pk for each, pk in in_force.items() if each not in same]
    phase.tasks.filter(pk__in=gone).update(current=False)
    for task in wanted:
        if key(task) not in in_force:
            own = dict(zip(columns, key(task), strict=True))
            PhaseTask.objects.create(phase=phase, name=task.name, **own)


MOST_TASKS = 6
Scoring = dict[str, Any]


def scoring_of(written: ChallengeDraft | None, phase: int, task: int = 0) -> Scoring | None:
    """Return what scores a task otherwise than the first phase; None as the first phase."""
    scorings = written.scorings if written else []
    return next((each for each in scorings if (each["phase"], each["task"]) == (phase, task)), None)


def tasks_of(written: ChallengeDraft | None, phase: int) -> list[Scoring]:
    """List the further tasks of a phase, in order."""
    scorings = written.scorings if written else []
    return sorted(
        (each for each in scorings if each["phase"] == phase and each["task"] > 0),
        key=lambda each: each["task"],
    )


@transaction.atomic
def give_answers(
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
        names[role] = safe_name(deposit.name)
        kept = drafts.add_file(
            challenge=phase.challenge, role=spec.Role.EXTRA, deposit=deposit, by=by
        )
        phase.challenge.version = kept.version
    if entry is None and not names:
        raise Invalid(_("Choisissez au moins un fichier."), code="files_none")

    def change(scoring: Scoring) -> None:
        scoring.update(names)
        if entry is not None:
            scoring["truth"] = entry

    _change_scoring(phase, 0, change, by)
    record("phase.answers_given", by=by, on=phase, sealed=entry is not None, files=sorted(names))


@transaction.atomic
def measure_phase(
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
    measure = {"submission": dict(submission), "truth": dict(truth), "metrics": list(metrics)}
    _change_scoring(phase, 0, lambda scoring: scoring.update(measure=measure), by)
    record("phase.measured", by=by, on=phase, metrics=[each["metric"] for each in metrics])


@transaction.atomic
def forget_scoring(*, phase: Phase, by: User) -> None:
    """Score a phase as the first one again. Event "phase.scored_as_first".

    Twice changes nothing. Raises NotAllowed, Conflict.
    """
    challenge = drafts.locked_draft(phase.challenge, by)
    written = drafts.written_of(challenge)
    left = [each for each in written.scorings if (each["phase"], each["task"]) != (phase.index, 0)]
    if left == written.scorings:
        return
    written.scorings = left
    drafts.reopen(written)
    record("phase.scored_as_first", by=by, on=phase)


@transaction.atomic
def add_task(*, phase: Phase, name: str, truth: Deposit, by: User) -> None:
    """Add a task to a phase: the same files, the same figures, compared with other answers.

    The boards show the mean of the tasks, an entry is scored once all are done. In order: the
    answers sealed; the draft, to be checked again; event "phase.task_added". Raises NotAllowed,
    Conflict, Invalid.
    """
    challenge = drafts.locked_draft(phase.challenge, by)
    tasks = tasks_of(drafts.written_of(challenge), phase.index)
    if len(tasks) + 1 >= MOST_TASKS:
        raise Invalid(_("Six tâches au plus par phase."), code="too_many")
    number = (tasks[-1]["task"] if tasks else 0) + 1
    entry = _sealed(phase, number, truth, by)
    _change_scoring(phase, number, lambda scoring: scoring.update(name=name[:120], truth=entry), by)
    record("phase.task_added", by=by, on=phase, name=name)


@transaction.atomic
def remove_task(*, phase: Phase, number: int, by: User) -> None:
    """Remove a further task of a phase. Event "phase.task_removed". Raises NotAllowed, Conflict."""
    challenge = drafts.locked_draft(phase.challenge, by)
    written = drafts.written_of(challenge)
    task = scoring_of(written, phase.index, number) if number else None
    if task is None:
        raise Conflict(_("Cette tâche n’existe plus."), code="absent")
    written.scorings = [each for each in written.scorings if each is not task]
    drafts.reopen(written)
    record("phase.task_removed", by=by, on=phase, name=task["name"])


def forget_scorings(*, phase: Phase) -> None:
    """Forget what scores a phase that goes, in the caller's transaction."""
    written = drafts.written_of(phase.challenge)
    written.scorings = [each for each in written.scorings if each["phase"] != phase.index]
    written.save()


def _refuse_first(phase: Phase) -> None:
    if phase.index == 0:
        raise Conflict(
            _("La notation de la première phase est celle du challenge."), code="phase_is_first"
        )


def _change_scoring(phase: Phase, task: int, change: Callable[[Scoring], None], by: User) -> None:
    challenge = drafts.locked_draft(phase.challenge, by)
    phase = Phase.objects.locked(phase)
    if phase.kind == PhaseKind.CODE:
        raise Conflict(
            _("Là où les équipes envoient du code, toutes les phases lisent les mêmes entrées."),
            code="code_phase_scoring",
        )
    written = drafts.written_of(challenge)
    scoring = scoring_of(written, phase.index, task)
    if scoring is None:
        scoring = {
            "phase": phase.index,
            "task": task,
            "name": "",
            "truth": None,
            "test": "",
            "sample": "",
            "measure": None,
            "fingerprint": "",
        }
        written.scorings = [*written.scorings, scoring]
    change(scoring)
    drafts.reopen(written)
    challenge.save_change()


def _sealed(phase: Phase, task: int, deposit: Deposit, by: User) -> dict[str, Any]:
    """Seal answers at once; only the header of the table is kept in clear."""
    challenge = drafts.locked_draft(phase.challenge, by)
    with opened(deposit, table=True) as read:
        sealed = drafts.seal(challenge, f"phase-{phase.index}-{task}", read.kept, by)
    columns = read.table.names if read.table else []
    return {"path": read.name, "columns": columns, "sealed": sealed}


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
    written = {**document, **(scoring.get("measure") or {}), "files": files}
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


def put_scorings(*, challenge: Challenge, built: Sequence[Built], by: User) -> None:
    """Tie phases and tasks to their own scorings: the worker's act, after the check.

    In order, for each: the answers sealed again where they or what reads them changed; scorer
    version; task; for a phase, the shape of its file and its boards; job "compile".
    """
    with transaction.atomic():
        challenge = Challenge.objects.locked(challenge)
        written = drafts.written_of(challenge)
        for each in built:
            _put_task(challenge, written, each, by)
        written.save(update_fields=["scorings"])


def _put_task(challenge: Challenge, written: ChallengeDraft, built: Built, by: User) -> None:
    scoring = built.scoring
    phase = challenge.phases.get(index=scoring["phase"])
    at = scoring["task"]
    former = phase.tasks.filter(current=True, index=at).select_related("scorer_version").first()
    kept = scoring_of(written, phase.index, at)
    if kept is None:
        return  # taken back while it was checked
    key = f"phase-{phase.index}-{at}"
    scorer, _created = Scorer.objects.get_or_create(challenge=challenge, key=key)
    version = scorer.version_of(built.contract, built.digest)
    holdout = former.holdout if former and kept["fingerprint"] == built.fingerprint else None
    if holdout is None:
        holdout = holdouts.register(
            name=f"{challenge.slug}/{key}-notation",
            owner=challenge.organiser,
            files=built.files,
            by=by,
        )
        kept["fingerprint"] = built.fingerprint
    task = folders.put_task(
        phase,
        at,
        name=scoring["name"] or built.spec.title,
        version=version,
        holdout=holdout,
        plan=former.plan if former else _plan_of(phase),
    )
    if at == 0:
        phase.answer_spec = dict(built.contract["submission"])
        phase.save(update_fields=["answer_spec"])
        folders.follow_document(phase, built.spec)
    if not task.holdout.is_compiled:
        folders.queue_compile(task)
    for act in drafts.scoring_followers:
        act(phase)


def _plan_of(phase: Phase) -> RunPlan | None:
    """Return what code reads in a phase: all its tasks score what one run predicted."""
    other = phase.tasks.filter(current=True, plan__isnull=False).order_by("index").first()
    return other.plan if other else None
