"""Make the next version of a scorer, the edition of its data, the columns of boards."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from challenges.evaluation.rehearsals import sentence
from challenges.organising.enums import ColumnKind, ScorerKind
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import (
    Column,
    Leaderboard,
    PhaseTask,
    Scorer,
    ScorerVersion,
)
from challenges.rescoring import rules
from challenges.scoring import registry
from challenges.scoring.compilation import CompiledTruth, compile_truth, metric_columns
from challenges.scoring.contract import MetricSpec, ScoringContract, TruthFault
from challenges.scoring.fields import ContractFault
from challenges.scoring.truth import load_keys
from datasets.holdouts import actions as holdouts
from datasets.holdouts.models import HoldoutVersion
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.lib.refusals import Invalid
from portal.lib.storage import objects
from portal.lib.storage.files import safe_name

READ_HERE_MAX_BYTES = 20 << 20


@transaction.atomic
def next_version(*, task: PhaseTask, spec: Mapping[str, Any], by: User) -> ScorerVersion:
    """Keep another contract for a task in force as a version of its scorer; the same one once.

    spec: the whole contract, as a scorer version holds it. Raises NotAllowed; Invalid for a
    contract that cannot be read, that asks for other files than the teams sent, or without
    which a board would have nothing to rank by.
    """
    require(rules.may_propose_rescoring, by, task.phase)
    former = task.scorer_version
    scorer = Scorer.objects.select_for_update().get(pk=former.scorer_id)
    refuse_program(scorer)
    new, old = _readable_contract(spec), ScoringContract.from_json(former.spec)
    if new.answer != old.answer:
        raise Invalid(
            _("Le fichier demandé aux équipes ne change pas : les leurs ne se liraient plus."),
            code="answer_changed",
        )
    lost = boards_left_without_figure(task.phase, old, new)
    if lost:
        raise Invalid(
            _("Le classement « %(title)s » n’aurait plus de mesure qui classe.")
            % {"title": lost[0]},
            code="board_without_primary",
        )
    return scorer.version_of(spec, new.digest)


def refuse_program(scorer: Scorer) -> None:
    """Raise Invalid where a program scores: it has neither figures nor one file of answers."""
    if scorer.kind != ScorerKind.METRIC:
        raise Invalid(
            _(
                "Cette phase est notée par un programme : ni ses mesures ni ses réponses ne se "
                "changent ici."
            ),
            code="scorer_kind",
        )


def _readable_contract(spec: Mapping[str, Any]) -> ScoringContract:
    try:
        contract = ScoringContract.from_json(spec)
        faults = registry.problems(contract)
    except (ContractFault, KeyError, ValueError, TypeError) as fault:
        raise Invalid(
            _("Cette notation ne se lit pas : il y manque une clé, ou une valeur ne convient pas."),
            code="contract",
        ) from fault
    if faults:
        raise Invalid(
            _(
                "« %(key)s » ne convient pas à ce challenge : vérifiez le nom de la mesure, ses "
                "paramètres et la forme des réponses."
            )
            % {"key": faults[0][0]},
            code="contract",
        )
    return contract


def holdout_edition(
    *,
    task: PhaseTask,
    version: ScorerVersion | None,
    files: Mapping[str, bytes | Path],
    by: User,
) -> HoldoutVersion | None:
    """Return the edition of the held-out data that a change needs; None where it has it already.

    files: corrected ones, by name. A contract that reads other columns asks for the same files
    compiled once more. Raises as `holdouts.correct`.
    """
    if files:
        return holdouts.correct(version=task.holdout, files=files, by=by)
    if version is None or version.scorer.kind != ScorerKind.METRIC:
        return None
    old = ScoringContract.from_json(task.scorer_version.spec)
    new = ScoringContract.from_json(version.spec)
    if _compiled_from(old) == _compiled_from(new):
        return None
    return holdouts.correct(version=task.holdout, files={}, by=by)


def truth_file(task: PhaseTask) -> str:
    """Return the name under which the answers of a task are sealed."""
    return safe_name(str(task.scorer_version.spec["truth"]["file"]))


def refuse_unreadable(task: PhaseTask, version: ScorerVersion, truth: bytes) -> None:
    """Raise Invalid for answers that the contract of a version cannot read.

    task: in force. Or that are not about the same identifiers as those in force, which everybody
    may read. Where the column of the parts is not there, they keep those in force, which the
    worker alone reads. Answers that need other sealed files, or are long to read, are left to it.
    """
    former, contract = task.holdout, ScoringContract.from_json(version.spec)
    apart = any(each.source not in {"truth", ""} for each in contract.attributes)
    if apart or len(truth) > READ_HERE_MAX_BYTES:
        return
    try:
        found = _compiled_here(contract, truth, task)
    except TruthFault as fault:
        raise Invalid(sentence(fault), code="truth") from fault
    if former.is_compiled:
        wanted = set(load_keys(objects.read(str(former.compiled_keys_sha256))).ids)
        given = set(load_keys(found.keys).ids)
        if wanted != given:
            facts = {
                "missing": len(wanted - given),
                "all": len(wanted),
                "more": len(given - wanted),
            }
            said = _(
                "Il manque %(missing)s des %(all)s identifiants des réponses en vigueur, et "
                "%(more)s n’y étaient pas : les réponses corrigées portent sur les mêmes."
            )
            raise Invalid(said % facts, code="truth")


def _compiled_here(contract: ScoringContract, truth: bytes, task: PhaseTask) -> CompiledTruth:
    try:
        return compile_truth(contract, truth, {})
    except TruthFault as fault:
        split = ScoringContract.from_json(task.scorer_version.spec).truth.split_column
        if not fault.is_missing(split):
            raise
        whole = replace(contract, truth=replace(contract.truth, split_column=None))
        return compile_truth(whole, truth, {})


def _compiled_from(contract: ScoringContract) -> Any:
    """Return what the compilation of a truth reads of a contract."""
    said = contract.to_json()
    return (
        contract.answer,
        contract.truth,
        contract.attributes,
        sorted(metric_columns(contract)),
        said["interval"],
    )


_SCORED = (ColumnKind.METRIC, ColumnKind.FAIRNESS)


def follow_contract(phase: Phase, former: ScoringContract, new: ScoringContract) -> None:
    """Follow a change of contract on each board of a phase, in the caller's transaction.

    A figure that the new contract lacks is hidden; one that it adds comes last on the boards
    that ranked by the former primary figure, which rank by the new one.
    """
    before = {each.key: each for each in former.figures}
    after = {each.key: each for each in new.figures}
    if list(before.values()) == list(after.values()):
        return
    for board in phase.leaderboards.select_related("primary").order_by("pk"):
        _follow_on_board(board, former, new)


def _follow_on_board(board: Leaderboard, former: ScoringContract, new: ScoringContract) -> None:
    after = {each.key[:36]: each for each in new.figures}
    columns = {each.key: each for each in board.columns.order_by("index")}
    was_main = board.primary is not None and board.primary.key == former.primary.key[:36]
    gone = {each.key[:36] for each in former.figures} - set(after)
    for key, column in columns.items():
        if key in gone and column.kind in _SCORED:
            column.hidden = True
            column.save(update_fields=["hidden"])
        elif key in after and column.kind in _SCORED:
            _retitle(column, after[key])
    if was_main:
        _add_columns(board, [each for key, each in after.items() if key not in columns], new)
        board.primary = board.columns.get(key=new.primary.key[:36])
        board.save(update_fields=["primary"])


def _retitle(column: Column, metric: MetricSpec) -> None:
    column.title = (metric.label or metric.key)[:120]
    column.direction, column.decimals = metric.direction, metric.decimals
    column.save(update_fields=["title", "direction", "decimals"])


def _add_columns(board: Leaderboard, metrics: Sequence[MetricSpec], new: ScoringContract) -> None:
    grouped = {each.key: dict(each.groups) for each in new.attributes}
    last = board.columns.order_by("-index").values_list("index", flat=True).first()
    own = {each.key for each in new.metrics}
    for index, metric in enumerate(metrics, 0 if last is None else last + 1):
        Column.objects.create(
            leaderboard=board,
            index=index,
            key=metric.key[:36],
            title=(metric.label or metric.key)[:120],
            kind=ColumnKind.METRIC if metric.key in own else ColumnKind.FAIRNESS,
            direction=metric.direction,
            decimals=metric.decimals,
            grouped=metric.aggregate == "table",
            groups=grouped.get(metric.by or "", {}),
        )


def boards_left_without_figure(
    phase: Phase, former: ScoringContract, new: ScoringContract
) -> list[str]:
    """List the boards that would rank by a figure that the new contract lacks."""
    kept = {each.key[:36] for each in new.figures}
    return [
        board.title
        for board in phase.leaderboards.select_related("primary").order_by("pk")
        if board.primary is not None
        and board.primary.kind in _SCORED
        and board.primary.key not in kept
        and board.primary.key != former.primary.key[:36]
    ]
