"""Add, change and remove the phases of a challenge."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges import rules
from challenges.actions import authoring, leaderboards, phase_scorings
from challenges.actions.notices import announce
from challenges.bundles.contract import DEFAULT_MAX_BYTES
from challenges.enums import BoardRule, ChallengeStatus, NoticeKind, PhaseKind
from challenges.models import Challenge, Entry, Leaderboard, Phase, PhaseTask
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid

MOST_PHASES = 12
# What an organiser may raise once the challenge is public; None is no limit.
QUOTAS = ("max_per_day", "max_total", "max_parallel")
# How code is run is said once for a challenge, on the page « Code ».
CODE_LIMITS = ("time_limit_s", "memory_mb", "logs", "max_bytes")


@transaction.atomic
def add(*, challenge: Challenge, name: str, kind: PhaseKind, by: User) -> Phase:
    """Add a phase to a draft that has a scoring: after the others or beside them, by its dates.

    In order: phase with the quotas of the first; the tasks and a board like the first's; event
    "phase.added". Raises NotAllowed; Conflict once it left the draft or before a scoring.
    """
    challenge = authoring.draft(challenge, by)
    first = challenge.phases.filter(index=0).first()
    if first is None:
        raise Conflict(_("Construisez d’abord la première phase."), code="phase_first")
    last = challenge.phases.order_by("-index").values_list("index", flat=True)[0]
    if last + 1 >= MOST_PHASES:
        raise Invalid(_("Douze phases au plus."), code="too_many")
    phase = grow(first, index=last + 1, name=name, kind=kind)
    _changed(challenge)
    record("phase.added", by=by, on=phase, name=name, kind=kind.value)
    return phase


def grow(first: Phase, *, index: int, name: str, kind: PhaseKind) -> Phase:
    """Make a phase scored as the first one, with its quotas, in the caller's transaction."""
    phase = Phase.objects.create(
        challenge=first.challenge,
        index=index,
        name=name,
        kind=kind,
        max_per_day=first.max_per_day,
        max_total=first.max_total,
        max_bytes=first.max_bytes or DEFAULT_MAX_BYTES,
        final_choices=first.final_choices,
    )
    liken(phase, first)
    return phase


@transaction.atomic
def remove(*, phase: Phase, by: User) -> None:
    """Remove the last phase of a draft, never the first. Event "phase.removed".

    Raises NotAllowed, Conflict.
    """
    challenge = authoring.draft(phase.challenge, by)
    last = challenge.phases.order_by("-index").first()
    if phase.index == 0 or last is None or last.pk != phase.pk:
        raise Conflict(_("Seule la dernière phase se retire."), code="phase_not_last")
    phase_scorings.forget_all(phase=phase)
    phase.leaderboards.update(primary=None)
    phase.delete()
    _changed(challenge)
    record("phase.removed", by=by, on=challenge, name=phase.name, index=phase.index)


@transaction.atomic
def settle(*, phase: Phase, settings: Mapping[str, Any], rule: BoardRule, by: User) -> Phase:
    """Write everything of a phase but its dates, in a draft.

    settings: name, kind, quotas, limits, Ladder, final choices, benchmark, the earlier phase whose
    choices it takes over. In order: phase; rule of its main board; the document, for the first
    phase; event "phase.settled" with what changed. Raises NotAllowed, Conflict, Invalid.
    """
    challenge = authoring.draft(phase.challenge, by)  # first, as all that changes a draft
    phase = Phase.objects.locked(phase)
    _refuse_other_kind(phase, settings["kind"])
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
    _changed(challenge)
    record("phase.settled", by=by, on=phase, changed=sorted(changed), rule=rule.value)
    return phase


def _refuse_other_kind(phase: Phase, kind: PhaseKind) -> None:
    if (kind == PhaseKind.CODE) != (phase.kind == PhaseKind.CODE):
        raise Invalid(
            _("Ce que les équipes envoient se choisit à la page « Code »."), code="phase_kind"
        )


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
    now = clock.now()
    notice = announce(
        challenge=challenge,
        kind=NoticeKind.TEXT,
        sentence=gettext_lazy("Les quotas de « %(name)s » augmentent."),
        at=now,
        name=phase.name,
    )
    record("phase.quotas_raised", by=by, on=phase, **changed)
    owe("mail.notice", key=str(notice.pk), notice_id=notice.pk)
    return phase


def _is_lower(value: int | None, announced: int | None) -> bool:
    return value is not None and (announced is None or value < announced)


def follow(*, challenge: Challenge) -> None:
    """Bring the further phases of a challenge to the scoring of the first; the worker's act."""
    with transaction.atomic():
        written = authoring.written_of(challenge)
        first = challenge.phases.get(index=0)
        for phase in challenge.phases.order_by("index"):
            own = {each["task"] for each in phase_scorings.tasks_of(written, phase.index)}
            gone = phase.tasks.filter(current=True, index__gt=0).exclude(index__in=own)
            gone.update(current=False)
            if phase.index and phase_scorings.of(written, phase.index) is None:
                liken(phase, first, apart=bool(own))


def liken(phase: Phase, first: Phase, *, apart: bool = False) -> None:
    """Give a phase the answers, the tasks and the columns of the first one.

    In the caller's transaction. apart: it has further tasks of its own, and takes none of the
    first's.
    """
    if Entry.objects.filter(enrolment__phase=phase).exists():
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
    for board in leaderboards.ordered(phase):
        leaderboards.follow(board, columns, primary=primary)


def _tasks_like(phase: Phase, wanted: Sequence[PhaseTask], *, apart: bool) -> None:
    """Give a phase these tasks in force; one that is the same already stays."""
    current = phase.tasks.filter(current=True)
    if apart:
        current = current.filter(index=0)
    same = {(each.index, each.scorer_version_id, each.holdout_id, each.plan_id) for each in wanted}
    found = {
        (each.index, each.scorer_version_id, each.holdout_id, each.plan_id): each
        for each in current.order_by("index")
    }
    gone = [each.pk for key, each in found.items() if key not in same]
    phase.tasks.filter(pk__in=gone).update(current=False)
    for task in wanted:
        if (task.index, task.scorer_version_id, task.holdout_id, task.plan_id) not in found:
            PhaseTask.objects.create(
                phase=phase,
                index=task.index,
                name=task.name,
                scorer_version_id=task.scorer_version_id,
                holdout_id=task.holdout_id,
                plan_id=task.plan_id,
            )


def _changed(challenge: Challenge) -> None:
    challenge.version += 1
    challenge.save(update_fields=["version", "bundle"])
