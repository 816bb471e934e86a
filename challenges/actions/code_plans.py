"""Say what the code of teams reads in a phase: hidden inputs, and a public sample of their form."""

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from challenges import rules
from challenges.enums import ChallengeStatus, JobKind, PhaseKind
from challenges.models import Challenge, Phase, RunPlan
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER
from challenges.scoring.inputs import InputFault, identifiers
from datasets.actions import holdouts
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock, objects
from portal.lib.files import safe_name
from portal.lib.refusals import Conflict, Invalid

SAMPLE_ROWS = (100, 1_000)
SAMPLE_MAX_BYTES = 50 << 20
# Of a zip whose date says nothing: the same files give the same object.
EPOCH = (1980, 1, 1, 0, 0, 0)
ENVIRONMENTS = ("systeme",)


@transaction.atomic
def make(
    *,
    challenge: Challenge,
    inputs: Mapping[str, bytes | Path],
    ids: str,
    sample: Mapping[str, bytes | Path],
    environment: str = ENVIRONMENTS[0],
    layouts: Sequence[str] = (),
    by: User,
) -> RunPlan:
    """Seal hidden inputs and keep a public sample of the same files.

    inputs, sample: {file name: content}, the same names. ids: the column of identifiers, that a
    CSV of each has; the hidden ones are those of the truth, which the worker compares. layouts:
    of packages, all where none is named. In order: sealed version "<slug>/inputs"; sample in the
    private store; plan; event "run_plan.made". Raises NotAllowed; Invalid, code "inputs", with a
    French sentence that holds no value.
    """
    require(rules.may_edit_challenge, by, challenge)
    if environment not in ENVIRONMENTS:
        raise Invalid(_("Cet environnement n’est pas dans la liste."), code="environment")
    given = {name: _bytes(content) for name, content in sample.items()}
    _refuse_unlike(inputs, given)
    rows = _rows(inputs, given, ids)
    version = holdouts.register(
        name=f"{challenge.slug}/inputs", owner=challenge.organiser, files=inputs, by=by
    )
    stored = objects.put(_zipped(given), limit_bytes=2 * SAMPLE_MAX_BYTES)
    plan = RunPlan.objects.create(
        challenge=challenge,
        inputs=version,
        ids=ids,
        environment=environment,
        layouts=list(layouts),
        sample_sha256=stored.sha256,
        sample_size=stored.size,
        sample_rows=rows,
        sample_files=[{"name": name, "size": len(given[name])} for name in sorted(given)],
        created_at=clock.now(),
    )
    record("run_plan.made", by=by, on=challenge, files=len(inputs), rows=rows)
    return plan


@transaction.atomic
def use(*, phase: Phase, plan: RunPlan, by: User) -> Phase:
    """Have a draft phase take code: its tasks in force read this plan, its kind is CODE.

    In order: tasks, with a job "compile" each; kind; event "run_plan.used". Raises NotAllowed;
    Conflict outside a draft, without a task, or where a program scores.
    """
    phase = Phase.objects.locked(phase)
    require(rules.may_edit_challenge, by, phase.challenge)
    if phase.challenge.status != ChallengeStatus.DRAFT:
        raise Conflict(_("Ceci ne se change que dans un brouillon."), code="not_a_draft")
    if plan.challenge_id != phase.challenge_id:
        raise Conflict(_("Ces entrées sont celles d’un autre challenge."), code="other_challenge")
    tasks = phase.tasks.filter(current=True)
    if not tasks.exists():
        raise Conflict(_("Cette phase n’a pas encore de notation."), code="no_task")
    if tasks.filter(scorer_version__programs__isnull=False).exists():
        raise Conflict(
            _("Un programme note cette phase : son propre protocole prend le code."),
            code="scorer_kind",
        )
    tasks.update(plan=plan)
    for task in tasks:  # the worker compares the inputs with the truth
        jobs.revive(kind=JobKind.COMPILE, subject_id=task.pk, dedup_key=f"{task.pk}:{plan.pk}")
    phase.kind = PhaseKind.CODE
    phase.save(update_fields=["kind"])
    record("run_plan.used", by=by, on=phase.challenge, phase=phase.index)
    return phase


@transaction.atomic
def note(*, plan: RunPlan, problem: InputFault | None) -> None:
    """Keep what the worker found of the inputs: None where they go with the truth."""
    plan.checked_at = clock.now()
    plan.problem = problem.sentence if problem else ""
    plan.problem_facts = dict(problem.facts) if problem else {}
    plan.save(update_fields=["checked_at", "problem", "problem_facts"])
    record("run_plan.checked", by=WORKER, on=plan.challenge, fits=problem is None)


def _refuse_unlike(inputs: Mapping[str, bytes | Path], sample: Mapping[str, bytes]) -> None:
    if set(inputs) != set(sample) or not inputs:
        raise Invalid(
            _("L’échantillon et les entrées cachées ont les mêmes noms de fichiers."),
            code="inputs",
        )
    if any(safe_name(name) != name for name in inputs):
        raise Invalid(_("Un nom de fichier ne convient pas."), code="inputs")
    if sum(len(each) for each in sample.values()) > SAMPLE_MAX_BYTES:
        raise Invalid(
            _("L’échantillon dépasse %(most)d Mo.") % {"most": SAMPLE_MAX_BYTES >> 20},
            code="inputs",
        )


def _rows(inputs: Mapping[str, bytes | Path], sample: Mapping[str, bytes], ids: str) -> int:
    """Return how many identifiers the sample has, once both are read."""
    try:
        rows = len(identifiers(sample, ids))
        identifiers({name: _bytes(content) for name, content in inputs.items()}, ids)
    except InputFault as fault:
        raise Invalid(_(fault.sentence) % fault.facts, code="inputs") from fault
    low, high = SAMPLE_ROWS
    if not low <= rows <= high:
        raise Invalid(
            _("L’échantillon compte %(rows)d lignes ; il en faut de %(low)d à %(high)d.")
            % {"rows": rows, "low": low, "high": high},
            code="inputs",
        )
    return rows


def _bytes(content: bytes | Path) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()
