"""Read a deposited bundle and make its draft; check a challenge written by form as a bundle.

A bundle is read in a child first, then with the programs it holds. A challenge written by form
takes the same path: the worker opens the sealed answers, writes the folder in memory and calls the
import. What it says back holds no value of a file.
"""

import csv
import hashlib
import io
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from challenges.bundles import examination, exporting, portable, programs, recorded
from challenges.bundles.exporting import Unseal
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import bundle as foreign_bundle
from challenges.bundles.foreign import documents, reading, translation
from challenges.bundles.foreign.documents import Question
from challenges.bundles.foreign.evalai import Evaluator, Names, Trial
from challenges.bundles.foreign.reading import ForeignReport
from challenges.bundles.foreign.values import ForeignSpec, Format, Solution, Task
from challenges.bundles.foreign.values import Phase as ForeignPhase
from challenges.bundles.programs import SENTINELS, Form, ProgramSpec, Protocol
from challenges.bundles.spec import Expected, PortableSpec
from challenges.evaluation import worker as evaluator
from challenges.evaluation.actions.evaluations import bury_subject
from challenges.evaluation.enums import Split
from challenges.evaluation.rehearsals import Rehearsal, sentence, try_measures
from challenges.exchange.actions import bundles as bundle_imports
from challenges.exchange.actions import imports
from challenges.exchange.actions.bundles import Overtaken, answers_asked, import_bundle
from challenges.exchange.actions.imports import (
    Imported,
    examine_folder,
    files_to_seal,
    held_out_fingerprint,
    import_folder,
)
from challenges.exchange.lent import given_rows, public_of
from challenges.exchange.models import BundleImport
from challenges.organising import queries as organising
from challenges.organising import tables
from challenges.organising.actions import drafts, phases
from challenges.organising.actions import phases as phase_acts
from challenges.organising.actions.phases import Built, Scoring
from challenges.organising.enums import ChallengeStatus
from challenges.organising.models.challenges import Challenge, ChallengeDraft, Phase
from challenges.organising.models.scorings import PhaseTask
from challenges.programs.actions import drafts as program_drafts
from challenges.programs.worker import Ran, run_program
from challenges.queue import actions as jobs
from challenges.queue import worker as queue_worker
from challenges.queue.actions import WORKER
from challenges.queue.enums import JobKind
from challenges.queue.models import Job
from challenges.queue.worker import Beating, acting_person
from challenges.sandbox import rooms
from challenges.sandbox.base import Limits, Sandbox
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.sandbox.evalai import Evaluation, SplitOutcome, run_evaluation
from challenges.sandbox.scores import Declared
from challenges.scoring.contract import ScoringContract, TruthFault
from challenges.scoring.fields import Findings, Problem
from datasets import gate
from datasets.gate import VaultBroken
from datasets.holdouts.models import HoldoutVersion, SealedFile
from datasets.releases import actions as releases
from portal.accounts.authorization import Permission, has_permission
from portal.accounts.models import User
from portal.lib import failpoints
from portal.lib.refusals import Hidden, Refusal, Unavailable
from portal.lib.storage import objects
from portal.lib.storage.files import safe_name

MOST_SECONDS = 120.0
MOST_SOLUTIONS = 5
NOT_DONE, DIFFERS = "W_DRY_RUN", "W_DRY_RUN_DIFFERS"
UNDECLARED, SENTINEL = "W_SCORE_UNDECLARED", "W_SCORE_SENTINEL"
TRIED = {Format.CODABENCH, Format.CODALAB}


def rehearsed(report: ForeignReport, root: Path, answers: Mapping[str, str]) -> ForeignReport:
    """Add to a report without fault what its solutions score; nothing where programs cannot run.

    One sentence a solution and task; warnings W_DRY_RUN, W_DRY_RUN_DIFFERS, W_SCORE_UNDECLARED
    and W_SCORE_SENTINEL. The values are the organiser's own, for the organiser. answers: what is
    known already of the values of each score.
    """
    spec = report.spec
    if spec is None or spec.format not in TRIED or not spec.solutions:
        return report
    lacking = evaluator.missing_isolation()
    if lacking is not None:
        said = _("les solutions n’ont pas été essayées : %(why)s") % {"why": lacking.sentence}
        return replace(report, warnings=(*report.warnings, Problem(NOT_DONE, said)))
    told: list[str] = []
    warnings: list[Problem] = []
    for phase, task, solution in _pairs(spec):
        sentence, found = _rehearse(spec, Folder(root), phase, task, solution, answers)
        told.append(sentence)
        warnings += found
    return replace(
        report,
        dry_run=(*report.dry_run, *told),
        warnings=(*report.warnings, *dict.fromkeys(warnings)),
    )


def _pairs(spec: ForeignSpec) -> Iterator[tuple[ForeignPhase, Task, Solution]]:
    phases = {index: phase for phase in reversed(spec.phases) for index in phase.tasks}
    for solution in spec.solutions[:MOST_SOLUTIONS]:
        for task in spec.tasks:
            if task.index in solution.tasks and task.index in phases:
                yield phases[task.index], task, solution


def _rehearse(
    spec: ForeignSpec,
    folder: Folder,
    phase: ForeignPhase,
    task: Task,
    solution: Solution,
    answers: Mapping[str, str],
) -> tuple[str, list[Problem]]:
    place = _("tâche « %(task)s », solution « %(name)s »") % {
        "task": task.name,
        "name": solution.name or solution.payload.path,
    }
    scores = program_drafts.declared_scores(spec, phase, answers)
    contract = ProgramSpec(Protocol.CODABENCH, scores)
    first, second = (_run_solution(contract, folder, phase, task, solution) for _try in range(2))
    for ran in (first, second):
        if not ran.outcome.scored:
            why = f"{ran.outcome.reason} {ran.outcome.detail}".strip()
            said = _("%(place)s : sans score, %(why)s") % {"place": place, "why": why}
            return said, [Problem(NOT_DONE, said, solution.payload.path)]
    moved = sorted(key for key, value in first.exact.items() if second.exact[key] != value)
    written = ", ".join(f"{key} {value:.6g}" for key, value in first.exact.items())
    end = (
        _("deux essais égaux, sauf %(keys)s") % {"keys": ", ".join(moved)}
        if moved
        else _("deux essais égaux")
    )
    warnings = [*_odd(first, place, solution), *_scores_moved(moved, place, solution)]
    return f"{place} : {written} ; {end}", warnings


def _scores_moved(keys: list[str], place: str, solution: Solution) -> Iterator[Problem]:
    if keys:
        said = _("%(place)s : ces scores changent d’un essai à l’autre") % {"place": place}
        yield Problem(DIFFERS, said, solution.payload.path, value=", ".join(keys))


def _odd(ran: Ran, place: str, solution: Solution) -> Iterator[Problem]:
    if ran.outcome.undeclared:
        said = _("%(place)s : ces scores ne sont pas des colonnes, ils sont écartés") % {
            "place": place
        }
        value = ", ".join(ran.outcome.undeclared)
        yield Problem(UNDECLARED, said, solution.payload.path, value=value)
    odd = sorted(key for key, value in ran.exact.items() if value in SENTINELS)
    if odd:
        said = _("%(place)s : une valeur qui sert souvent à dire un échec") % {"place": place}
        yield Problem(SENTINEL, said, solution.payload.path, value=", ".join(odd))


def _run_solution(
    contract: ProgramSpec, folder: Folder, phase: ForeignPhase, task: Task, solution: Solution
) -> Ran:
    payloads = {
        programs.SCORING: task.scoring_program,
        programs.INGESTION: task.ingestion_program,
        programs.REFERENCE: task.reference_data,
        programs.INPUT: task.input_data,
    }
    files = {
        name: foreign_bundle.packed_payload(folder, each)
        for name, each in payloads.items()
        if each is not None
    }
    seconds = min(float(phase.time_limit_s), MOST_SECONDS)
    with evaluator.room() as room:
        sent = room / "solution.zip"
        sent.write_bytes(foreign_bundle.packed_payload(folder, solution.payload))
        limits = Limits(wall_seconds=seconds, cpu_seconds=seconds, grace_seconds=2.0)
        return run_program(contract, files, sent, room, limits=limits, form=Form())


SCRIPT_LIMITS = Limits(wall_seconds=120.0, cpu_seconds=120.0)


def local_evaluator() -> Evaluator | None:
    """Give the evaluator of this host, None where it cannot isolate programs."""
    sandbox = Bubblewrap()
    return None if sandbox.available() else evaluator_in(sandbox)


def evaluator_in(sandbox: Sandbox) -> Evaluator:
    """Give the function that the import calls; it raises ValueError, in French, at any failure.

    A script is run twice: first for its splits, then for the labels of each.
    """

    def evaluate(trial: Trial) -> Names:
        with sandbox.room(Path(tempfile.gettempdir())) as room:
            script = _lay_script(trial.script, room / "script")
            splits = _run_script(sandbox, trial, script, room / "splits", ()).outcome.undeclared
            found = _run_script(sandbox, trial, script, room / "labels", splits).outcome.undeclared
        return {
            split: frozenset(
                one.removeprefix(f"{split}/") for one in found if one.startswith(f"{split}/")
            )
            for split in splits
        }

    return evaluate


def _run_script(
    sandbox: Sandbox, trial: Trial, script: Path, room: Path, splits: tuple[str, ...]
) -> SplitOutcome:
    room.mkdir(mode=0o755)
    room.chmod(0o755)
    none: tuple[Declared, ...] = ()
    asked = Evaluation(
        script, trial.annotation, trial.codename, dict.fromkeys(splits, none), SCRIPT_LIMITS
    )
    found = run_evaluation(asked, trial.submission, sandbox=sandbox, room=room)
    if found.outcome.reason is not None:
        raise ValueError(f"{found.outcome.reason} : {found.outcome.detail}")
    return found


def _lay_script(script: Path, folder: Path) -> Path:
    """Copy a script into the room, readable by the program's user; no link is followed."""
    shutil.copytree(script, folder, symlinks=True)
    folder.chmod(0o755)
    for place in folder.rglob("*"):
        if not place.is_symlink():
            place.chmod(0o755 if place.is_dir() else 0o644)
    return folder


def can_open() -> bool:
    """Say whether this process has the key; in embedded mode a command takes it."""
    gate.act_as_worker()
    return gate.can_open()


def unsealer(by: User) -> Unseal:
    """Give what opens the ciphertexts of an export, for this person, where the key is.

    A ciphertext that this portal already holds opens only for who organises challenges for its
    owner: others must not score against it. Any other portal takes the export with its reference.
    """

    def unseal(place: Path) -> bytes:
        with place.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        known = SealedFile.objects.filter(ciphertext_sha256=digest).order_by("pk")
        file = known.select_related("version__holdout__owner").prefetch_related("keys").first()
        if file is None:
            raise ValueError(_("aucune clé de ce portail n’ouvre ce fichier"))
        owner = file.version.holdout.owner
        if not has_permission(by, Permission.CHALLENGE_ORGANISE, organisation=owner):
            raise ValueError(_("ces données tenues à l’écart sont à une autre organisation"))
        keys = gate.wrapped_keys(file)
        try:
            with place.open("rb") as stream:
                return gate.open_ciphertext(stream, keys, reason=f"import {digest}", by=WORKER)
        except (gate.VaultBroken, gate.VaultSealed) as error:
            raise ValueError(_("aucune clé de ce portail n’ouvre ce fichier")) from error

    return unseal


MAX_BYTES = 500 << 20
Opener = Callable[[str, str], bytes]


def check_scorings(
    written: ChallengeDraft,
    document: Mapping[str, Any],
    contents: Mapping[str, bytes],
    opened: Opener,
    place: Path,
) -> tuple[list[Built], list[Problem]]:
    """Check each scoring of its own; return those that hold, and every fault of the others.

    document, contents: of the first phase. opened: the content of sealed answers, by the id of
    their version and their path. place: where to work, a private folder removed at the end.
    """
    built: list[Built] = []
    faults: list[Problem] = []
    ordered = sorted(written.scorings, key=lambda each: (each["phase"], each["task"]))
    phases: dict[int, tuple[Mapping[str, Any], Mapping[str, bytes]]] = {}
    refused: set[int] = set()
    for scoring in ordered:
        base, files = phases.get(scoring["phase"], (document, contents))
        said = phase_acts.document_of(base, scoring)
        # Two phases may name their answers alike: each folder has those of its own scoring only.
        read = {**contents, **_answers(written, scoring, said["truth"], opened)}
        if scoring["task"] == 0:
            phases[scoring["phase"]] = (said, read)
        with tempfile.TemporaryDirectory(prefix=rooms.prefix("scoring"), dir=place) as scratch:
            folder = Path(scratch) / "challenge"
            exporting.write_folder(folder, said, read)
            found, wrong = _check_scoring(scoring, folder)
            if found is not None and scoring["task"] and scoring["phase"] not in refused:
                name, beside = str(base["truth"]["file"]), Path(scratch) / "phase"
                exporting.write_folder(beside, base, {name: files[name]})
                wrong = _other_ids(found.spec, folder, Folder(beside), name)
        if wrong and scoring["task"] == 0:
            refused.add(scoring["phase"])
        faults += [_place_named(each, scoring) for each in wrong]
        if found is not None and not wrong:
            built.append(found)
    return built, faults


def _answers(
    written: ChallengeDraft, scoring: Scoring, truth: Mapping[str, Any], opened: Opener
) -> dict[str, bytes]:
    """Open the answers that a scoring has of its own; their parts are drawn as those of the first.

    truth: how they are read.
    """
    own = scoring["truth"]
    if own is None:
        return {}
    content, share = opened(own["sealed"], own["path"]), drafts.drawn_share(written.challenge)
    # Without the column that is drawn by, the reading tells that it is missing.
    can_draw = tables.group_column(truth) in own["columns"]
    if share is not None and can_draw and truth["split"]["column"] not in own["columns"]:
        seed = str(written.challenge.public_id)
        content = tables.draw(content, truth, share=share, seed=seed)
    return {own["path"]: content}


def _check_scoring(scoring: Scoring, folder: Path) -> tuple[Built | None, Sequence[Problem]]:
    report = portable.read_challenge(folder)
    if report.spec is None:
        return None, report.errors
    read = report.spec
    contract = read.scoring_contract(folder)
    parsed = ScoringContract.from_json(contract)
    try:
        Rehearsal().compiled(parsed, contract, folder)
    except TruthFault as fault:
        return None, (Problem(fault.code, sentence(fault), read.contract.truth.file, "truth"),)
    place = Folder(folder)
    apart = [each.path for each in files_to_seal(read)]
    files = {safe_name(path): place.read(path, limit_bytes=MAX_BYTES) for path in apart}
    fingerprint = held_out_fingerprint(apart, folder, parsed.digest)
    return Built(scoring, read, contract, parsed.digest, files, fingerprint), ()


def _other_ids(read: PortableSpec, folder: Path, phase: Folder, first: str) -> Sequence[Problem]:
    """Note a task whose answers are about other identifiers: the teams send one file for all.

    phase, first: the folder and the name of the answers of its phase.
    """
    key = str(read.contract.truth.key)
    if set(Folder(folder).column(read.contract.truth.file, key)) == set(phase.column(first, key)):
        return ()
    said = _("les réponses d’une tâche portent sur les mêmes identifiants que celles de la phase")
    return (Problem("E_IDS", said, read.contract.truth.file, "truth.id"),)


def _place_named(problem: Problem, scoring: Scoring) -> Problem:
    """Say in which phase, or task, a fault was found; never its value."""
    where = _("phase %(number)d") % {"number": scoring["phase"] + 1}
    if scoring["task"]:
        where = f"{where}, {scoring['name']}"
    return replace(problem, message=f"{where} : {problem.message}", value="")


REFERENCE, EXPECTED = "reference", ".expected.json"


def draft_job(job: Job, truths: evaluator.Truths, beating: Beating) -> None:
    """Check the draft that a job names by the import of its folder, on behalf of who asked.

    A request that was replaced meanwhile changes nothing, and a draft that somebody writes to
    meanwhile is read again. Raises Unavailable, for another attempt: an outage of the store or
    the evaluator is no fault of the draft.
    """
    written = ChallengeDraft.objects.select_related("challenge").get(pk=job.subject_id)
    if drafts.is_replaced(written, job):
        with transaction.atomic():
            jobs.complete(job)
        return
    try:
        found = _compared(written) if written.challenge.source_id else _imported(written)
        drafts.finish_build(
            job=job,
            version=found.version or written.challenge.version,
            errors=found.errors,
            warnings=found.warnings,
            trial=found.trial,
        )
    except drafts.Rewritten:
        if not beating.lost.is_set():
            draft_job(job, truths, beating)


@dataclass(frozen=True)
class Checked:
    """What the check of a draft found, and what its measures gave on two answers.

    version: that of the draft once imported; None where nothing was written.
    """

    errors: list[dict[str, str]]
    warnings: list[dict[str, str]] = field(default_factory=list)
    trial: dict[str, Any] = field(default_factory=dict)
    version: int | None = None


def _imported(written: ChallengeDraft) -> Checked:
    challenge = written.challenge
    if written.asked_by_id is None:
        raise AssertionError("a build that runs was asked by somebody")
    by = acting_person(written.asked_by_id)
    if challenge.status != ChallengeStatus.DRAFT:
        reason = _("Ceci ne se change que dans un brouillon.")
        return Checked([{"code": "not_a_draft", "message": reason, "file": "", "key": ""}])
    if lacking := organising.missing_to_check(challenge):  # since the check was asked
        what = ", ".join(each.sentence for each in lacking)
        return Checked(
            _said([Problem("not_buildable", _("il manque encore : %(what)s") % {"what": what})])
        )
    phase = challenge.phases.filter(index=0).first()
    try:
        with rooms.private("draft") as scratch:
            folder = scratch / "challenge"
            document, contents = _document(challenge), _contents(written)
            if given := _given(challenge, public_of(written, contents)):
                return Checked(_said(given))
            exporting.write_folder(folder, document, contents)
            read, rehearsal = portable.read_challenge(folder).spec, Rehearsal()
            trial = try_measures(read, folder, rehearsal) if read else {}
            built, faults = _check_draft(written, document, contents, folder, read, rehearsal)
            if faults:
                return Checked(_said(faults), trial=trial)
            made: Imported = import_folder(
                folder=folder,
                by=by,
                opens_at=phase.opens_at if phase else None,
                closes_at=phase.closes_at if phase else None,
                version=challenge.version,
            )
    except gate.VaultBroken as broken:  # for good: no other attempt would open it
        return _refused_draft(broken)
    except Unavailable:
        raise
    except Refusal as refusal:
        return _refused_draft(refusal)
    if not made.errors:
        first = [each for each in built if each.scoring["phase"] == 0]
        phases.put_scorings(challenge=challenge, built=first, by=by)
        phases.follow_first(challenge=challenge)
        others = [each for each in built if each.scoring["phase"] != 0]
        phases.put_scorings(challenge=challenge, built=others, by=by)
    warnings = [*made.warnings, *_small_groups(document, contents), *_refused_sample(trial)]
    written_as = made.challenge.version if made.challenge and made.changed else None
    return Checked(_said(made.errors), _said(warnings), trial, written_as)


def _compared(written: ChallengeDraft) -> Checked:
    """Compare the public files of what programs score: the rest was read as it came."""
    files = written.challenge.files.all()
    try:
        given = _given(written.challenge, {each.name: objects.read(each.sha256) for each in files})
    except Hidden as refusal:  # the grant ended meanwhile
        return _refused_draft(refusal)
    return Checked(_said(given))


def _given(challenge: Challenge, public: Mapping[str, bytes]) -> list[Problem]:
    lent = partial(gate.open_lent, reason=f"draft {challenge.slug}", by=WORKER)
    return list(given_rows(challenge, public, lent))


def _refused_sample(trial: Mapping[str, Any]) -> Iterator[Problem]:
    """Warn that teams who start from the example of an answer would be refused."""
    fault = (trial.get("sample") or {}).get("fault")
    if fault:
        said = _("l’exemple de réponse serait refusé : %(fault)s")
        yield Problem("W_SAMPLE_REFUSED", said % {"fault": fault}, key="submission")


def _small_groups(document: Mapping[str, Any], contents: Mapping[str, bytes]) -> Iterable[Problem]:
    """Warn of an attribute of which nothing will be compared: its groups are too small.

    Of the private part, whose figures by group are published; no group is named.
    """
    fairness, truth = document.get("fairness") or {}, document.get("truth") or {}
    own = [each for each in fairness.get("attributes") or [] if each.get("source") == "truth"]
    if not own:
        return
    rows = list(csv.DictReader(io.StringIO(contents[truth["file"]].decode("utf-8-sig"))))
    split, least = truth["split"], int(fairness.get("min_rows") or 30)
    private = [each for each in rows if each.get(split["column"]) == split["private"]]
    for attribute in own:
        sizes = Counter(each.get(attribute["column"]) or "" for each in private)
        if len([each for each, count in sizes.items() if each and count >= least]) < 2:
            said = _(
                "« %(name)s » ne sera pas comparé : il faut au moins deux groupes de %(least)s "
                "lignes dans la partie privée. Regroupez des valeurs, ou retirez cet attribut."
            )
            facts = {"name": attribute.get("label") or attribute["column"], "least": least}
            yield Problem("W_GROUPS_SMALL", said % facts, key="fairness")


def _check_draft(
    written: ChallengeDraft,
    document: Mapping[str, object],
    contents: Mapping[str, bytes],
    folder: Path,
    read: PortableSpec | None,
    rehearsal: Rehearsal,
) -> tuple[Sequence[Built], Sequence[Problem]]:
    """Check what the import does not: the expected score, the scorings of further phases."""
    if read is None:
        return (), ()  # the import tells the faults
    surprises = _unexpected(written.challenge, read, folder, rehearsal)
    if surprises or not written.scorings:
        return (), surprises
    sealed = _Sealed(written.challenge)
    return check_scorings(written, document, contents, sealed.of, folder.parent)


def _unexpected(
    challenge: Challenge, read: PortableSpec, folder: Path, rehearsal: Rehearsal
) -> Sequence[Problem]:
    """Compare the public score of the reference with what its organiser expects, where said."""
    wanted = next(
        (
            each["expected_score"]
            for each in drafts.all_files(challenge)
            if each.get("expected_score") is not None
        ),
        None,
    )
    if wanted is None:
        return ()
    scores = {REFERENCE: {Split.PUBLIC.value: {read.contract.primary.key: wanted}}}
    (folder / EXPECTED).write_text(json.dumps(scores), encoding="utf-8")
    findings = Findings()
    expected = replace(read, expected=Expected(EXPECTED, baseline=REFERENCE))
    recorded.check(expected, Folder(folder), rehearsal, findings)
    # The file that was compared was written here: nobody knows it by name.
    return [replace(each, file="", key="") for each in findings.errors]


def _refused_draft(refusal: Refusal) -> Checked:
    return Checked([{"code": refusal.code, "message": str(refusal.message), "file": "", "key": ""}])


def _said(problems: Sequence[Problem]) -> list[dict[str, str]]:
    """Write each fault without its value, which could come from the answers."""
    return [
        {"code": each.code, "message": each.message, "file": each.file, "key": each.key}
        for each in problems
    ]


def _document(challenge: Challenge) -> Mapping[str, object]:
    """Write the document of a draft: what its forms wrote, its texts beside it."""
    document: dict[str, Any] = dict(challenge.bundle)
    # Scores recorded for another scoring prove nothing of this one.
    for key in ("page", "terms", "schedule", "expected"):
        document.pop(key, None)
    if challenge.body_md.strip():
        document["page"] = drafts.PAGE
    if challenge.terms.exists():
        document["terms"] = drafts.TERMS
    return document


def _contents(written: ChallengeDraft) -> dict[str, bytes]:
    challenge = written.challenge
    found: dict[str, bytes] = {}
    if challenge.body_md.strip():
        found[drafts.PAGE] = challenge.body_md.encode()
    terms = challenge.terms.first()
    if terms is not None:
        found[drafts.TERMS] = terms.text.encode()
    public = {each.name: each.sha256 for each in challenge.files.all()}
    sealed = _Sealed(challenge)
    for entry in drafts.all_files(challenge):
        path = str(entry["path"])
        kept = written.kept.get(path, {})
        if "sealed" in kept:
            found[path] = sealed.of(kept["sealed"], path)
            if "drawn" in kept:
                seed, truth = str(challenge.public_id), challenge.bundle["truth"]
                found[path] = tables.draw(found[path], truth, share=kept["drawn"], seed=seed)
        elif "sha256" in kept:
            found[path] = objects.read(kept["sha256"])
        elif safe_name(path) in public:
            found[path] = objects.read(public[safe_name(path)])
        else:
            found[path] = sealed.in_force(path)
    return found


class _Sealed:
    """The sealed files of a challenge, each version opened once."""

    def __init__(self, challenge: Challenge) -> None:
        self._challenge = challenge
        self._opened: dict[str, dict[str, bytes]] = {}

    def of(self, public_id: str, path: str) -> bytes:
        """Return a file deposited by form, sealed under the name of this challenge."""
        version = HoldoutVersion.objects.get(
            public_id=public_id,
            holdout__owner=self._challenge.organiser,
            holdout__name__startswith=f"{self._challenge.slug}/",
        )
        return self._files(version)[safe_name(path)]

    def in_force(self, path: str) -> bytes:
        """Return a file of the version that scores now: the challenge was imported before."""
        phase = Phase.objects.get(challenge=self._challenge, index=0)
        task = PhaseTask.objects.get(phase=phase, current=True, index=0)
        return self._files(HoldoutVersion.objects.get(pk=task.holdout_id))[safe_name(path)]

    def _files(self, version: HoldoutVersion) -> dict[str, bytes]:
        key = str(version.public_id)
        if key not in self._opened:
            self._opened[key] = gate.open_holdout(
                version=version, reason=f"draft {self._challenge.slug}", by=WORKER
            )
        return self._opened[key]


def create_draft(job: Job, made: BundleImport, beating: Beating) -> None:
    """Make the draft of a bundle, on behalf of who asked; or say why there is none.

    A job that is done again after its worker was killed finds what was written, or nothing of it.
    Raises Unavailable, for another attempt: an outage is no fault of the bundle.
    """
    problems = _import_for(job, made, acting_person(made.by_id))
    if problems and not beating.lost.is_set():
        bundle_imports.refuse_creation(job=job, made=made, problems=problems)


def _import_for(job: Job, made: BundleImport, by: User) -> Sequence[Problem]:
    """Import the bundle; return why it makes no draft, () once it is made."""
    then = partial(bundle_imports.finish_creation, job=job, made=made, by=by)
    try:
        with releases.opened(releases.Deposit(made.sealed, made.keys), made.filename) as path:
            failpoints.hit("creation.opened")
            found = import_bundle(
                path=path,
                by=by,
                answers=made.answers,
                unseal=unsealer(by),
                then=lambda challenge: then(challenge=challenge),
            )
    except Overtaken:
        return ()
    except releases.Unreadable:  # for good: no other attempt would open it
        said = _("le dépôt n’est plus lisible : abandonnez-le, puis déposez l’archive de nouveau")
        return (Problem("E_ZIP_CORRUPT", said),)
    except Unavailable:
        raise
    except Refusal as refusal:
        return (Problem(refusal.code, str(refusal.message)),)
    except IntegrityError as error:
        if "slug" not in str(error):
            raise
        return (imports.slug_taken(str(made.answers.get("slug", "")), by),)  # at the same moment
    return found.imported.errors


LIMITS = "E_BUNDLE_LIMITS"
Report = dict[str, Any]


def import_job(job: Job, truths: evaluator.Truths, beating: Beating) -> None:
    """Read one deposited bundle and keep its report; make its draft once that is asked."""
    made = BundleImport.objects.get(pk=job.subject_id)
    if made.is_being_created:
        create_draft(job, made, beating)
        return
    report = _read_bundle(made) if made.is_waiting else {}
    if not beating.lost.is_set():
        bundle_imports.finish_reading(job=job, made=made, report=report)


def _read_bundle(made: BundleImport) -> Report:
    try:
        with releases.opened(releases.Deposit(made.sealed, made.keys), made.filename) as path:
            return examine_bundle(path, unsealer(acting_person(made.by_id)))
    except VaultBroken:
        said = _("le dépôt n’est plus lisible : déposez-le de nouveau")
        return reading.refused(Problem("E_ZIP_CORRUPT", said)).to_json()


def examine_bundle(path: Path, unseal: exporting.Unseal | None = None) -> Report:
    """Report on a bundle: what the child found; without fault, what its programs and scores say.

    unseal: opens the ciphertexts of an export of ours, once the child has read the rest of it.
    """
    try:
        report = examination.examine(path)
    except examination.BundleTooCostly as lost:
        said = _("sa lecture dépasse le temps ou la mémoire permis (%(code)s)")
        return reading.refused(Problem(LIMITS, said % {"code": lost.code})).to_json()
    if unseal is not None and _is_sealed(report):
        return _unsealed(path, unseal)
    if report["errors"]:
        return report
    if report["format"] == examination.OWN:
        return _examine_own(path, report)
    with foreign_bundle.opened(path) as root:
        source = root / exporting.SOURCE if exporting.is_export(root) else root
        read = rehearsed(reading.read_folder(source, evaluator=local_evaluator), source, {})
        found, _forms = answers_asked(read, source)
        return _with_slug_question(found).to_json()


def _is_sealed(report: Report) -> bool:
    """Say whether only a key is missing to read an export."""
    codes = {one["code"] for one in report["errors"]}
    return codes == {exporting.SEALED_CODE}


def _unsealed(path: Path, unseal: exporting.Unseal) -> Report:
    """Open what an export seals, here where the key is; a child without it reads the result."""
    with (
        foreign_bundle.opened(path) as root,
        rooms.private("import") as scratch,
    ):
        folder = scratch / "challenge"
        found = exporting.restore(root, folder, unseal)
        if found.errors:
            return reading.refused(*found.errors).to_json()
        if found.source is None:
            return examine_bundle(folder)
        archive, answers = found.source
        report = examine_bundle(archive)
        for each in report["questions"]:  # answered once, where it was exported
            each["proposal"] = answers.get(each["key"], each["proposal"])
        return report


def _with_slug_question(found: reading.ForeignReport) -> reading.ForeignReport:
    """Ask for the name of the challenge in its address: another may have it already."""
    title = found.spec.title if found.spec else ""
    slug = translation.slug_of(title)
    question = Question("slug", documents.SLUG, slug, documents.SLUG_HINT)
    return replace(found, questions=(*found.questions, question))


def _examine_own(path: Path, report: Report) -> Report:
    """Compile the truth of our own form and reproduce its recorded scores."""
    with (
        foreign_bundle.opened(path) as root,
        tempfile.TemporaryDirectory(prefix=rooms.prefix("import")) as scratch,
    ):
        folder = root
        if exporting.is_export(root):
            folder = Path(scratch) / "challenge"
            exporting.restore(root, folder)
        found = examine_folder(folder)
    return report | {
        "errors": [one.to_json() for one in found.errors],
        "warnings": [one.to_json() for one in found.warnings],
        "dry_run": [] if found.errors else [_("réponses prêtes, scores enregistrés retrouvés")],
    }


def bury_import(job: Job) -> None:
    """End the reading or the creation whose job is dead, by our fault."""
    bundle_imports.end_broken_import(job)
    bury_subject(job)


queue_worker.register(JobKind.IMPORT, import_job, bury=bury_import)
queue_worker.register(JobKind.DRY_RUN, draft_job, bury=drafts.abandon)
