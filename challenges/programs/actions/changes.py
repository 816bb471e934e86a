"""Propose other programs or data for a task that a program scores; keep what it reported."""

import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from django.db import transaction
from django.utils.translation import gettext as _

from challenges.bundles import programs
from challenges.bundles.exporting import Correction
from challenges.bundles.folder import FileAbsent, Folder, PathRefused
from challenges.bundles.foreign import bundle as foreign_bundle
from challenges.bundles.foreign.bundle import Payloads
from challenges.bundles.foreign.values import Holding, Payload
from challenges.bundles.programs import ProgramSpec, Protocol
from challenges.evaluation.models import Evaluation
from challenges.organising.actions import folders
from challenges.organising.enums import ScorerKind
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.models.scorings import PhaseTask, Scorer, ScorerVersion
from challenges.programs.models import ProgramReport
from challenges.rescoring.actions import rescorings
from challenges.rescoring.models import Rescoring
from challenges.scoring.archives import ArchiveRefused
from datasets.holdouts import actions as holdouts
from datasets.holdouts.models import HoldoutVersion
from portal.accounts.models import User
from portal.lib import canonical, clock
from portal.lib.refusals import Invalid, TooLarge
from portal.lib.storage import objects
from portal.lib.storage.files import safe_name

MAX_BYTES = 200 << 20
# What may be sent, and the sealed archive that it takes the place of.
PARTS: Mapping[str, str] = {
    "program": programs.SCORING,
    "ingestion": programs.INGESTION,
    "reference": programs.REFERENCE,
    "input": programs.INPUT,
}
OWN = ("program", "ingestion")


@dataclass(frozen=True)
class Sent:
    """A file as it came: its name, its bytes from the first one."""

    name: str
    content: IO[bytes]


@dataclass(frozen=True)
class _Packed:
    """An archive as it will be sealed, and the digest of its names and contents."""

    content: bytes
    digest: str


def parts_of(task: PhaseTask) -> list[str]:
    """List what may be sent for a task: what it is made of already."""
    version = task.scorer_version
    if version.programs is None:
        return []
    sealed = set(version.programs.files.values_list("name", flat=True))
    sealed |= set(task.holdout.files.values_list("name", flat=True))
    return [part for part, name in PARTS.items() if name in sealed]


def propose_program(
    *, phase: Phase, index: int = 0, files: Mapping[str, Sent], reason: str, by: User
) -> Rescoring:
    """Propose other programs, other data, or both, for a task that a program scores.

    files: by part, a key of PARTS; a program is a zip, data a zip or one file. In order: files
    judged; then in one transaction: archives sealed, as the next edition of the programs, of the
    data, or of both; scorer version; as `rescorings.propose`. Raises as
    `propose`; Invalid for a file that is not opened, with `part`; TooLarge.
    """
    task = rescorings.task_to_change(phase, index, by)
    if task.scorer_version.scorer.kind != ScorerKind.PROGRAM:
        raise Invalid(
            _("Cette phase est notée par une mesure : elle n’a pas de programme."),
            code="scorer_kind",
        )
    _refuse_other_parts(task, files)
    spec = ProgramSpec.from_json(task.scorer_version.spec)
    packed = {part: _packed(part, sent, spec) for part, sent in files.items()}
    return _proposed(task, packed, reason=reason, by=by)


def _refuse_other_parts(task: PhaseTask, files: Mapping[str, Sent]) -> None:
    known = parts_of(task)
    for part in files:
        if part not in known:
            raise Invalid(
                _("Cette notation n’a pas de fichier de cette sorte : il n’y a rien à remplacer."),
                code="program_part",
                part=part,
            )


@transaction.atomic
def _proposed(
    task: PhaseTask, packed: Mapping[str, _Packed], *, reason: str, by: User
) -> Rescoring:
    own = {part: each for part, each in packed.items() if part in OWN}
    data = {PARTS[part]: each.content for part, each in packed.items() if part not in OWN}
    return rescorings.propose(
        phase=task.phase,
        index=task.index,
        version=_next_version(task, own, by) if own else None,
        holdout=holdouts.correct(version=task.holdout, files=data, by=by) if data else None,
        reason=reason,
        by=by,
    )


def take_up(*, challenge: Challenge, corrections: Sequence[Correction], by: User) -> None:
    """Put in force, in a draft that an export was just imported into, what was corrected since.

    In the caller's transaction, once each task has the programs and data of its bundle. In order,
    for each task: the next edition of its programs, of its data; the task of both, in force; job
    "compile". The editions that tasks share are made once; a task that has another edition already
    stays. Raises Invalid for an archive that is not opened, or that no task takes.
    """
    made: dict[tuple[int, tuple[str, ...]], HoldoutVersion] = {}
    by_task: dict[tuple[int, int], dict[str, bytes]] = {}
    for each in corrections:
        by_task.setdefault((each.phase, each.task), {})[each.part] = each.content
    parts = {name: part for part, name in PARTS.items()}
    for (phase, index), files in sorted(by_task.items()):
        tasks = PhaseTask.objects.filter(phase__challenge=challenge, phase__index=phase)
        former = (
            tasks.filter(index=index, current=True)
            .select_related(
                "phase", "scorer_version__scorer", "scorer_version__programs", "holdout"
            )
            .first()
        )
        if former is None:
            raise _unread(", ".join(sorted(files)), _("aucune tâche ne le prend"), "E_EXPORT")
        if former.phase.tasks.filter(index=index, pk__lt=former.pk).exists():
            continue  # a second import of the same export
        own = {parts[name]: each for name, each in files.items() if parts[name] in OWN}
        data = {name: each for name, each in files.items() if parts[name] not in OWN}
        version, holdout = former.scorer_version, former.holdout
        if own:
            packed = {part: _Packed(each, _digest(each)) for part, each in own.items()}
            version = _next_version(former, packed, by)
        if data:
            key = (holdout.pk, tuple(_digest(each) for _name, each in sorted(data.items())))
            if key not in made:
                made[key] = holdouts.correct(version=holdout, files=data, by=by)
            holdout = made[key]
        PhaseTask.objects.filter(pk=former.pk).update(current=False)
        task = PhaseTask.objects.create(
            phase_id=former.phase_id,
            index=former.index,
            name=former.name,
            scorer_version=version,
            holdout=holdout,
            plan_id=former.plan_id,
            form=former.form,
        )
        folders.queue_compile(task)


def _digest(archive: bytes) -> str:
    """Digest the names and contents of a sealed archive, as those of a file that is sent."""
    with _laid("", Sent("archive.zip", io.BytesIO(archive))) as (root, name):
        try:
            return Payloads(root).payload(name).digest
        except ArchiveRefused as refusal:
            raise _unread("", refusal.reason, refusal.code) from refusal


def _next_version(task: PhaseTask, own: Mapping[str, _Packed], by: User) -> ScorerVersion:
    """Keep other programs as a version of the scorer of a task; the same ones once."""
    former = task.scorer_version
    scorer = Scorer.objects.select_for_update().get(pk=former.scorer_id)
    digests = {PARTS[part]: each.digest for part, each in own.items()}
    if former.programs is None:
        raise AssertionError("a program has its sealed archives")
    kept = set(former.programs.files.values_list("name", flat=True)) - set(digests)
    # As an import writes it when nothing is kept, so that the same programs are known again.
    told = digests | ({"kept": sorted(kept), "of": former.program_sha256} if kept else {})
    program = canonical.digest(told)
    digest = canonical.digest({"spec": former.spec, "program": program})
    known = scorer.versions.filter(digest=digest).first()
    if known is not None:
        return known
    sealed = holdouts.correct(
        version=former.programs,
        files={PARTS[part]: each.content for part, each in own.items()},
        by=by,
    )
    return scorer.version_of(
        former.spec,
        digest,
        program_sha256=program,
        programs=sealed,
        seed=former.seed,
    )


def _packed(part: str, sent: Sent, spec: ProgramSpec) -> _Packed:
    """Judge a file and write it as an import does."""
    with _laid(part, sent) as (root, name):
        try:
            payload = Payloads(root).payload(name)
        except ArchiveRefused as refusal:
            why = f"{refusal.reason} {refusal.member}".strip()
            raise _unread(part, why, refusal.code) from refusal
        except (FileAbsent, PathRefused) as refusal:
            raise _unread(part, _("fichier vide ou illisible"), "E_FILE_EMPTY") from refusal
        if not payload.files:
            raise _unread(part, _("archive vide"), "E_ZIP_EMPTY")
        if part in OWN and payload.holding is not Holding.ZIP:
            raise _unread(part, _("une archive zip est attendue"), "E_BUNDLE_FORMAT")
        return _Packed(_written(Folder(root), payload, part, spec), payload.digest)


def _written(folder: Folder, payload: Payload, part: str, spec: ProgramSpec) -> bytes:
    if spec.protocol is Protocol.EVALAI and part in OWN:
        return foreign_bundle.zipped(foreign_bundle.one_root(folder, payload))
    if spec.protocol is Protocol.EVALAI:  # the annotations are the one file that came
        content = folder.read(payload.path, limit_bytes=MAX_BYTES)
        return foreign_bundle.zipped(iter([(payload.path, content)]))
    return foreign_bundle.packed_payload(folder, payload)


@contextmanager
def _laid(part: str, sent: Sent) -> Iterator[tuple[Path, str]]:
    name, size = safe_name(sent.name), 0
    with tempfile.TemporaryDirectory(prefix="program-") as scratch:
        with (Path(scratch) / name).open("wb") as target:
            for piece in objects.pieces(sent.content):
                size += len(piece)
                if size > MAX_BYTES:
                    raise TooLarge(limit_bytes=MAX_BYTES, part=part)
                target.write(piece)
        yield Path(scratch), name


def _unread(part: str, why: str, cause: str) -> Invalid:
    return Invalid(
        _("Ce fichier n’est pas pris : %(why)s. Corrigez-le et déposez-le de nouveau.")
        % {"why": why},
        code="program_file",
        part=part,
        cause=cause,
    )


MOST_LOG = 20_000


@dataclass(frozen=True)
class Report:
    """What the organiser may read of one run; the fields are those of ProgramReport."""

    undeclared: list[str] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)
    detail: str = ""
    log: str = ""
    html: str = ""


def write_report(*, evaluation: Evaluation, told: Report) -> None:
    """Keep the report of an evaluation, in place of that of an earlier try."""
    ProgramReport.objects.update_or_create(
        evaluation=evaluation,
        defaults={
            "undeclared": told.undeclared,
            "faults": told.faults,
            "detail": _plain(told.detail),
            "log": _plain(told.log)[-MOST_LOG:],
            "html": _plain(told.html),
            "written_at": clock.now(),
        },
    )


def _plain(text: str) -> str:
    """Drop null characters, which PostgreSQL refuses."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
