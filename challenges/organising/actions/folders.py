"""Write the draft that an imported folder describes: one transaction, the caller's."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.bundles.spec import PortableSpec
from challenges.organising.actions import leaderboards
from challenges.organising.enums import (
    BoardRule,
    ChallengeStatus,
    ColumnKind,
    Direction,
    LogAudience,
    OrganiserRole,
    PhaseKind,
)
from challenges.organising.models.challenges import (
    Challenge,
    ChallengeDraft,
    ChallengeOrganiser,
    Phase,
    PublicFile,
    Terms,
)
from challenges.organising.models.scorings import (
    Column,
    Leaderboard,
    PhaseTask,
    RunPlan,
    Scorer,
    ScorerVersion,
)
from challenges.queue import actions as jobs
from challenges.queue.enums import JobKind
from challenges.scoring.audit import run
from challenges.scoring.audit.declared import BoardColumn, Measure
from challenges.scoring.contract import MetricSpec
from challenges.scoring.fields import Findings
from datasets.holdouts.models import HoldoutVersion
from portal.accounts.models import Organisation, User
from portal.audit.record import record
from portal.lib import clock
from portal.lib.prose import personal_data
from portal.lib.prose.markdown import render
from portal.lib.prose.personal_data import Kind

BOARD_KEY = "principal"
SCORER_KEY = "mesures"
NAME_CHARACTERS = 120


def write_draft(
    *,
    existing: Challenge | None,
    spec: PortableSpec,
    raw: object,
    contract: Mapping[str, object],
    digest: str,
    body_html: str,
    terms: str,
    files: Sequence[PublicFile],
    holdout: HoldoutVersion | None,
    fingerprints: tuple[str, str],
    organisation: Organisation,
    by: User,
) -> Challenge:
    """Create or update the draft.

    files: the public ones, unsaved, in their order. holdout: the new version, None when the one
    in force stays. In order: challenge and its owner, rules, files, phase, scorer version and
    task, board and columns, job "compile", event "challenge.imported".
    """
    now = clock.now()
    challenge = _challenge(existing, spec, raw, organisation, now)
    challenge.body_html = body_html
    challenge.bundle_fingerprint, challenge.held_out_fingerprint = fingerprints
    challenge.save()
    ChallengeOrganiser.objects.get_or_create(
        challenge=challenge, user=by, defaults={"role": OrganiserRole.OWNER}
    )
    Terms.objects.put(challenge, text=terms, html=render(terms))
    challenge.files.all().delete()
    ChallengeDraft.outdate(challenge)
    for index, file in enumerate(files):
        file.challenge, file.index = challenge, index
    PublicFile.objects.bulk_create(files)
    phase = _phase(challenge, spec, contract)
    scorer, _created = Scorer.objects.get_or_create(challenge=challenge, key=SCORER_KEY)
    former = phase.tasks.filter(current=True, index=0).select_related("holdout", "plan").first()
    kept = holdout or (former.holdout if former else None)
    if kept is None:
        raise AssertionError("a new challenge comes with its held-out files")
    task = put_task(
        phase,
        0,
        name=spec.title,
        version=scorer.version_of(contract, digest),
        holdout=kept,
        plan=former.plan if former and spec.code else None,
    )
    _board(phase, spec)
    if not task.holdout.is_compiled:
        queue_compile(task)
    record(
        "challenge.imported" if existing is None else "challenge.reimported",
        by=by,
        on=challenge,
        slug=challenge.slug,
        holdout=str(task.holdout.public_id),
    )
    return challenge


def queue_compile(task: PhaseTask) -> None:
    """Queue the compilation of the held-out truth for a task."""
    jobs.put(
        kind=JobKind.COMPILE,
        subject_id=task.pk,
        dedup_key=f"{task.holdout_id}:{task.scorer_version_id}",
    )


def _challenge(
    existing: Challenge | None,
    spec: PortableSpec,
    raw: object,
    organisation: Organisation,
    now: datetime,
) -> Challenge:
    if existing is None:
        challenge = Challenge(
            slug=spec.slug, organiser=organisation, status_since=now, created_at=now
        )
    else:
        challenge = Challenge.objects.locked(existing)
        challenge.version += 1
        if challenge.status == ChallengeStatus.IN_REVIEW:
            challenge.become(ChallengeStatus.DRAFT, at=now)
    challenge.title, challenge.summary = spec.title[:200], spec.summary
    challenge.body_md = spec.page_text
    challenge.language, challenge.task = spec.language, spec.task.value
    challenge.tags, challenge.use_cases = list(spec.tags), list(spec.use_cases)
    challenge.caveats, challenge.licence = list(spec.caveats), spec.licence
    challenge.provenance = list(spec.provenance)
    challenge.incompatible_with = list(spec.incompatible_with)
    challenge.has_prizes = spec.prizes
    challenge.n_min_group = spec.contract.n_min_group
    challenge.bundle = raw
    return challenge


def _phase(challenge: Challenge, spec: PortableSpec, contract: Mapping[str, Any]) -> Phase:
    settings: dict[str, Any] = {
        "opens_at": spec.schedule.opens,
        "closes_at": spec.schedule.closes,
        "max_per_day": spec.quotas.per_day,
        "max_total": spec.quotas.total,
        "max_bytes": spec.contract.answer.max_bytes,
        "answer_spec": dict(contract["submission"]),
        "ladder": spec.leaderboard.ladder,
        "final_choices": spec.quotas.final_selections,
        **_code(spec),
    }
    phase, _created = Phase.objects.update_or_create(
        challenge=challenge,
        index=0,
        defaults=settings,
        create_defaults={**settings, "name": _("Phase unique")},
    )
    if spec.code is None and phase.kind == PhaseKind.CODE:
        phase.kind = PhaseKind.PUBLIC
        phase.save(update_fields=["kind"])
    return phase


def _code(spec: PortableSpec) -> dict[str, Any]:
    """Give what a phase of code has of its own: its kind, the limits of a run, who reads logs."""
    if spec.code is None:
        return {}
    return {
        "kind": PhaseKind.CODE,
        "time_limit_s": spec.code.time_limit_s,
        "memory_mb": spec.code.memory_mb,
        "logs": LogAudience(spec.code.logs),
        "max_bytes": spec.code.max_bytes,
    }


def put_task(
    phase: Phase,
    index: int,
    *,
    name: str,
    version: ScorerVersion,
    holdout: HoldoutVersion,
    plan: RunPlan | None,
) -> PhaseTask:
    """Put a task in force in place of the former; one that scores the same already stays."""
    former = phase.tasks.filter(current=True, index=index).first()
    if former and (former.scorer_version_id, former.holdout_id) == (version.pk, holdout.pk):
        return former
    phase.tasks.filter(current=True, index=index).update(current=False)
    return PhaseTask.objects.create(
        phase=phase,
        index=index,
        name=name[:120],
        scorer_version=version,
        holdout=holdout,
        plan=plan,
    )


def _board(phase: Phase, spec: PortableSpec) -> None:
    settings = {"phase": phase, "rule": BoardRule(spec.leaderboard.kept)}
    Leaderboard.objects.update_or_create(
        challenge=phase.challenge,
        key=BOARD_KEY,
        defaults=settings,
        create_defaults={**settings, "title": _("Classement")},
    )
    follow_document(phase, spec)


def follow_document(phase: Phase, spec: PortableSpec) -> None:
    """Give the main board of a phase the columns of a document in their order, then the others."""
    boards = leaderboards.boards_of(phase)
    primary = spec.contract.primary.key[:36]
    for board in boards[:1]:
        columns = columns_of(board, spec)
        leaderboards.follow_columns(board, columns, primary=primary, hides=hidden_keys(spec.raw))
    for board in boards[1:]:
        leaderboards.follow_columns(board, boards[0].columns.order_by("index"), primary=primary)


def columns_of(board: Leaderboard, spec: PortableSpec) -> list[Column]:
    """Make the columns of a board, unsaved: the figures of a document, those by group last."""
    figures = [(each, ColumnKind.METRIC) for each in spec.contract.metrics]
    figures += [(each, ColumnKind.FAIRNESS) for each in spec.contract.fairness]
    groups = {each.key: dict(each.groups) for each in spec.contract.attributes}
    columns = [
        _column(board, index, metric, kind, groups) for index, (metric, kind) in enumerate(figures)
    ]
    if spec.contract.audit is not None and spec.contract.audit.column is not None:
        audited = spec.contract.audit.column
        columns.append(_audit_column(board, len(columns), audited, spec.contract.primary))
    return columns


def hidden_keys(document: Mapping[str, Any]) -> set[str]:
    """Name the figures that a document keeps off the board: computed, never shown."""
    metrics = document.get("metrics")
    listed = metrics if isinstance(metrics, list) else []
    return {
        str(each.get("key"))
        for each in listed
        if isinstance(each, Mapping) and each.get("hidden") is True and not each.get("primary")
    }


def _audit_column(
    board: Leaderboard, index: int, column: BoardColumn, primary: MetricSpec
) -> Column:
    """Make the column « Équité »: the worst group, or the largest gap, with its limit."""
    worst = column.measure is Measure.WORST_GROUP
    direction = primary.direction if worst else Direction.MIN
    own = worst or column.measure is Measure.SIGNED_ERROR
    return Column(
        leaderboard=board,
        index=index,
        key=column.key,
        title=column.label[:120] or (_("Pire groupe") if worst else _("Plus grand écart")),
        kind=ColumnKind.FAIRNESS,
        direction=direction,
        decimals=primary.decimals if own else run.DECIMALS,
        valid_min=column.limit if direction == Direction.MAX else None,
        valid_max=column.limit if direction == Direction.MIN else None,
    )


def _column(
    board: Leaderboard,
    index: int,
    metric: MetricSpec,
    kind: ColumnKind,
    groups: Mapping[str, dict[str, str]],
) -> Column:
    return Column(
        leaderboard=board,
        index=index,
        key=metric.key[:36],
        title=metric.label[:120],
        kind=kind,
        direction=metric.direction,
        decimals=metric.decimals,
        grouped=metric.aggregate == "table",
        groups=groups.get(metric.by or "", {}),
    )


PERSONAL_DATA, PERSONAL_DATA_DOUBT = "E_PERSONAL_DATA", "W_PERSONAL_DATA"
_DOUBTS = {
    Kind.EMAIL: gettext_lazy("adresse d’une personne dans un fichier public : retirez-la"),
    Kind.PHONE: gettext_lazy("numéro de téléphone dans un fichier public : retirez-le"),
    Kind.ADDRESS: gettext_lazy("adresse postale dans un fichier public : retirez-la"),
}
Opened = Callable[[], AbstractContextManager[IO[bytes]]]


def look_for_personal_data(files: Iterable[tuple[str, Opened]]) -> Findings:
    """Refuse social security and bank account numbers; warn of addresses and telephones."""
    findings = Findings()
    for name, opened in files:
        with opened() as content:
            try:
                excerpts = personal_data.scan_file(content)
            except personal_data.Unread:
                message = _(
                    "ce fichier ne se lit pas : on ne peut y chercher de données personnelles"
                )
                findings.refuse(PERSONAL_DATA, message, file=name)
                continue
        for each in excerpts:
            place = {"file": name, "key": _("ligne %(n)s") % {"n": each.line}}
            if each.kind in personal_data.CERTAIN:
                message = _(
                    "numéro de sécurité sociale ou de compte bancaire dans un fichier public"
                )
                findings.refuse(PERSONAL_DATA, message, value=each.excerpt, **place)
            else:
                findings.warn(
                    PERSONAL_DATA_DOUBT, str(_DOUBTS[each.kind]), value=each.excerpt, **place
                )
    return findings
