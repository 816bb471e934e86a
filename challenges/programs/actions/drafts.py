"""Write the draft of a challenge that its organiser's own program scores: tasks, boards, bounds.

Programs and data are sealed, each set of bytes once.
"""

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.html import escape
from django.utils.translation import gettext as _

from challenges.bundles import programs
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import bundle as foreign_bundle
from challenges.bundles.foreign import documents, forms, translation, values
from challenges.bundles.foreign.documents import Question
from challenges.bundles.foreign.values import (
    Board,
    BoardColumn,
    ForeignSpec,
    Format,
    Payload,
    PhaseSplit,
    Rule,
    Task,
    Text,
)
from challenges.bundles.foreign.values import Phase as ForeignPhase
from challenges.bundles.portable import MAX_SLUG, SLUG_FORM, is_slug
from challenges.bundles.programs import BOTH, PRIVATE, PUBLIC, Declared, Form, ProgramSpec, Protocol
from challenges.evaluation.actions import baselines
from challenges.organising.actions import folders, leaderboards
from challenges.organising.enums import (
    BoardRule,
    ChallengeKind,
    ColumnKind,
    Direction,
    LogAudience,
    OrganiserRole,
    PhaseKind,
    RegistrationMode,
    ReportAudience,
    ScorerKind,
)
from challenges.organising.models.challenges import (
    Challenge,
    ChallengeOrganiser,
    ChallengePage,
    Phase,
    PublicFile,
    Terms,
)
from challenges.organising.models.scorings import (
    Column,
    Leaderboard,
    PhaseTask,
    Scorer,
    ScorerVersion,
)
from challenges.scoring.fields import Findings, Problem
from datasets.holdouts import actions as holdouts
from datasets.holdouts.models import HoldoutVersion
from portal.accounts.models import Organisation, User
from portal.audit.record import record
from portal.lib import canonical, clock
from portal.lib.prose.markdown import render
from portal.lib.refusals import Invalid
from portal.lib.storage import objects
from portal.lib.storage.files import safe_name

KEY_CHARACTERS = 36
RULES: Mapping[Rule, BoardRule] = {
    Rule.CHOSEN_ONE: BoardRule.CHOSEN,
    Rule.CHOSEN_SEVERAL: BoardRule.CHOSEN,
    Rule.LAST: BoardRule.LAST,
    Rule.ALL: BoardRule.ALL,
    Rule.BEST: BoardRule.BEST,
}


@dataclass(frozen=True)
class Planned:
    """A board to make. keys: of the column that holds each label of the source board."""

    source: Board
    key: str
    title: str
    keys: Mapping[str, str]
    decimals: int | None = None


def declared_scores(
    spec: ForeignSpec, phase: ForeignPhase, answers: Mapping[str, str]
) -> tuple[Declared, ...]:
    """List the scores that the program of a phase must write, and where each is told.

    answers: by question key, those about the values of each score among them; any value is taken
    of a score without answer.

    Without a private part, what is public is also what the reveal confirms. A phase whose scores
    are hidden, and the splits of EvalAI that are not public, stay sealed until the reveal.
    """
    found = _named(spec, phase)
    return tuple(programs.bounds_answered(answers, each.name).on(each) for each in found)


def bound_questions(spec: ForeignSpec) -> tuple[Question, ...]:
    """Ask once of each score which values it may take."""
    names = dict.fromkeys(each.name for phase in spec.phases for each in _named(spec, phase))
    common = ", ".join(f"{each:g}" for each in programs.SENTINELS)
    return tuple(
        Question(
            programs.bounds_key(name),
            documents.BOUNDS,
            programs.ANY,
            documents.BOUNDS_HINT,
            facts={"name": name, "common": common},
        )
        for name in names
    )


def _named(spec: ForeignSpec, phase: ForeignPhase) -> tuple[Declared, ...]:
    if spec.format is Format.EVALAI:
        return _of_splits(spec, phase)
    parts: tuple[str, ...] = (PRIVATE,) if phase.scores_hidden else BOTH
    found: dict[str, Declared] = {}
    for board in spec.boards:
        for column in board.columns:
            if not column.operation:
                found.setdefault(column.key, Declared(column.key, _key(column.key), parts))
    return tuple(found.values())


def _of_splits(spec: ForeignSpec, phase: ForeignPhase) -> tuple[Declared, ...]:
    found = []
    for part, prefix in _prefixed(spec, phase):
        for label in part.labels:
            parts: tuple[str, ...] = (PUBLIC,) if part.is_public else (PRIVATE,)
            if part.is_public and (prefix or not _sealed(spec, phase)):
                parts = BOTH
            found.append(Declared(label, _key(prefix + label), parts, part.split))
    return tuple(found)


def _sealed(spec: ForeignSpec, phase: ForeignPhase) -> list[PhaseSplit]:
    return [one for one in spec.splits if one.phase == phase.codename and not one.is_public]


def _prefixed(spec: ForeignSpec, phase: ForeignPhase) -> list[tuple[PhaseSplit, str]]:
    """Pair the first public and the first sealed split on one board; each other has its own."""
    seen: set[bool] = set()
    found = []
    for part in spec.splits:
        if part.phase == phase.codename:
            found.append((part, f"{part.split}." if part.is_public in seen else ""))
            seen.add(part.is_public)
    return found


def planned_boards(spec: ForeignSpec, phase: ForeignPhase) -> list[Planned]:
    """List the boards of a phase; the first phase keeps the keys as they are written."""
    boards = {board.key: board for board in spec.boards}
    if spec.format is not Format.EVALAI:
        return [
            Planned(
                board,
                _board_key(board.key, phase.index),
                board.title,
                {column.key: _key(column.key) for column in board.columns},
            )
            for board in spec.boards
        ]
    made: dict[str, Planned] = {}
    for at, (part, prefix) in enumerate(_prefixed(spec, phase)):
        board = boards.get(part.board, spec.boards[0])
        name = f"{board.key}-{at}" if prefix else board.key
        title = f"{board.title} · {part.split}" if prefix else board.title
        keys = {label: _key(prefix + label) for label in part.labels}
        one = Planned(board, _board_key(name, phase.index), title, keys, part.decimals)
        made.setdefault(one.key, one)
    return list(made.values())


def write_boards(phase: Phase, plans: Sequence[Planned]) -> None:
    """Create the boards of a phase."""
    for plan in plans:
        board = Leaderboard.objects.create(
            challenge=phase.challenge,
            phase=phase,
            key=plan.key,
            title=plan.title[:64],
            rule=RULES[plan.source.rule],
            hidden=plan.source.hidden,
        )
        columns = [one for one in plan.source.columns if one.key in plan.keys]
        Column.objects.bulk_create(
            [_column(board, at, one, plan) for at, one in enumerate(columns)]
        )
        primary = plan.keys.get(plan.source.primary)
        board.primary = board.columns.filter(key=primary).first()
        board.save(update_fields=["primary"])


def _column(board: Leaderboard, at: int, column: BoardColumn, plan: Planned) -> Column:
    return Column(
        leaderboard=board,
        index=at,
        key=plan.keys[column.key],
        title=column.title[:120],
        kind=ColumnKind.COMPUTED if column.operation else ColumnKind.METRIC,
        direction=Direction.MAX if column.descending else Direction.MIN,
        decimals=min(12, column.decimals if plan.decimals is None else plan.decimals),
        hidden=column.hidden,
        operation=column.operation,
        operands=[plan.keys[one] for one in column.operands if one in plan.keys],
    )


def _key(name: str) -> str:
    return name[:KEY_CHARACTERS]


def _board_key(key: str, phase: int) -> str:
    return key[:KEY_CHARACTERS] if phase == 0 else f"{key[: KEY_CHARACTERS - 4]}-{phase}"


@dataclass(frozen=True)
class Bundle:
    """What is imported: what was read of it, where its files are, and its own bytes.

    root: the opened bundle. source: the zip that was given, or the folder. answers: the
    organiser's, by question. proposed: the forms, by task.
    """

    spec: ForeignSpec
    root: Path
    source: Path
    answers: Mapping[str, str]
    proposed: Mapping[int, forms.Proposal]


def slug_of(spec: ForeignSpec, answers: Mapping[str, str]) -> str:
    """Return the slug of the challenge to create."""
    return answers.get("slug", "").strip() or translation.slug_of(spec.title)


class Tasks:
    """Make the tasks of one challenge, sharing what several of them name."""

    def __init__(self, bundle: Bundle, organisation: Organisation, by: User) -> None:
        self.bundle, self.spec = bundle, bundle.spec
        self.folder = Folder(bundle.root)
        self.organisation, self.by = organisation, by
        self._sealed: dict[str, HoldoutVersion] = {}

    def register(self, part: str, files: Mapping[str, bytes | Path]) -> HoldoutVersion:
        """Seal files under a name of the challenge."""
        name = f"{slug_of(self.spec, self.bundle.answers)}/{part}"
        return holdouts.register(name=name, owner=self.organisation, files=files, by=self.by)

    def codabench(self, phase: Phase, foreign: ForeignPhase, at: int, task: Task) -> None:
        """Tie a task of Codabench or CodaLab to a phase."""
        if task.scoring_program is None:
            raise AssertionError("the reader requires a scoring program")
        own = {programs.SCORING: task.scoring_program, programs.INGESTION: task.ingestion_program}
        spec = ProgramSpec(
            Protocol.CODABENCH,
            declared_scores(self.spec, foreign, self.bundle.answers),
            program=task.scoring_program.path,
            takes_code=_takes_code(task, foreign),
            has_ingestion=task.ingestion_program is not None,
            beside_truth=task.ingestion_only_during_scoring,
        )
        version = self._version(phase, spec, _there(own))
        held = _there({programs.REFERENCE: task.reference_data, programs.INPUT: task.input_data})
        files = {
            one: foreign_bundle.packed_payload(self.folder, each) for one, each in held.items()
        }
        key = canonical.digest({one: each.digest for one, each in held.items()})
        self._put(phase, at, task.name, version, self._data(key, files, task.index), task.index)

    def evalai(self, phase: Phase, foreign: ForeignPhase) -> None:
        """Tie the evaluation script of EvalAI to a phase, with the annotations of that phase."""
        script = self.spec.evaluation_script
        if script is None:
            raise AssertionError("the reader requires an evaluation script")
        spec = ProgramSpec(
            Protocol.EVALAI,
            declared_scores(self.spec, foreign, self.bundle.answers),
            program=script.path,
            codename=foreign.codename,
        )
        version = self._version(phase, spec, {programs.SCORING: script})
        content = self.folder.read(foreign.annotation, limit_bytes=foreign_bundle.MAX_FILE_BYTES)
        zipped = foreign_bundle.zipped(iter([(Path(foreign.annotation).name, content)]))
        held = self._data(foreign.annotation, {programs.REFERENCE: zipped}, foreign.index)
        self._put(phase, 0, foreign.name, version, held, foreign.index)

    def _version(
        self, phase: Phase, spec: ProgramSpec, payloads: Mapping[str, Payload]
    ) -> ScorerVersion:
        """Give the version of these programs that writes these scores, made once."""
        program = canonical.digest({name: each.digest for name, each in payloads.items()})
        digest = canonical.digest({"spec": spec.to_json(), "program": program})
        scorer, _created = Scorer.objects.get_or_create(
            challenge=phase.challenge,
            key=f"programme-{program[:12]}",
            defaults={"kind": ScorerKind.PROGRAM},
        )
        known = scorer.versions.filter(digest=digest).first()
        if known is not None:
            return known
        if program not in self._sealed:
            files = {name: self._zip(each) for name, each in payloads.items()}
            self._sealed[program] = self.register(f"programme-{program[:12]}", files)
        return scorer.version_of(
            spec.to_json(),
            digest,
            program_sha256=program,
            programs=self._sealed[program],
        )

    def _zip(self, payload: Payload) -> bytes:
        if self.spec.format is Format.EVALAI:
            return foreign_bundle.zipped(foreign_bundle.one_root(self.folder, payload))
        return foreign_bundle.packed_payload(self.folder, payload)

    def _data(self, key: str, files: Mapping[str, bytes], index: int) -> HoldoutVersion:
        if key not in self._sealed:
            sealed: Mapping[str, bytes] = files or {programs.NOTHING: b"-"}
            self._sealed[key] = self.register(f"donnees-{index}", dict(sealed))
        return self._sealed[key]

    def _put(
        self,
        phase: Phase,
        at: int,
        name: str,
        version: ScorerVersion,
        holdout: HoldoutVersion,
        index: int,
    ) -> None:
        form = self._form(index)
        task = PhaseTask.objects.create(
            phase=phase,
            index=at,
            name=name[:120],
            scorer_version=version,
            holdout=holdout,
            form=form.to_json(),
        )
        if form.answer is not None:
            phase.answer_spec = dict(form.answer)
            phase.save(update_fields=["answer_spec"])
        folders.queue_compile(task)

    def _form(self, index: int) -> Form:
        """Keep the proposed form, unless the organiser wants no check."""
        proposal = self.bundle.proposed.get(index)
        if proposal is None:
            return Form()
        if self.bundle.answers.get(forms.key_of(index), documents.CHECK) == documents.CHECK:
            return proposal.form
        return Form(is_archive=proposal.form.is_archive, types=proposal.form.types)


def _takes_code(task: Task, phase: ForeignPhase) -> bool:
    """Say whether teams send programs: there is something for them to read, or to be run by."""
    if phase.results_only:
        return False
    return task.ingestion_program is not None or task.input_data is not None


def _there(payloads: Mapping[str, Payload | None]) -> dict[str, Payload]:
    return {name: each for name, each in payloads.items() if each is not None}


ANSWER_BYTES, CODE_BYTES = 50_000_000, 200_000_000
MAX_PUBLIC_BYTES = 2 << 30
REPORTS = {
    documents.NOBODY: ReportAudience.NONE,
    documents.ORGANISER: ReportAudience.ORGANISER,
    documents.TEAM: ReportAudience.TEAM,
}
DETAILED = "detailed_results"


def program_questions(
    spec: ForeignSpec, proposed: Mapping[int, forms.Proposal]
) -> tuple[Question, ...]:
    """Ask what only programs raise: forms to check, values of scores, who reads the reports."""
    found = (*forms.asked(proposed), *bound_questions(spec))
    if spec.options.get("enable_detailed_results"):
        choices = documents.REPORT_CHOICES
        found += (
            Question(
                DETAILED, documents.REPORT, documents.ORGANISER, documents.REPORT_HINT, choices
            ),
        )
    return found


def problems(bundle: Bundle) -> tuple[Problem, ...]:
    """List the answers to these questions that are not read, and a name that cannot be one."""
    choices: dict[str, tuple[str, ...]] = {
        forms.key_of(index): (documents.CHECK, documents.LEAVE) for index in bundle.proposed
    }
    choices[DETAILED] = tuple(REPORTS)
    found = [
        Problem("E_ANSWER", f"réponses : {', '.join(choices[key])}", key=key, value=value[:64])
        for key, value in sorted(bundle.answers.items())
        if key in choices and value not in choices[key]
    ]
    found += _unread_bounds(bundle)
    slug = slug_of(bundle.spec, bundle.answers)
    if not is_slug(slug):
        said = f"{SLUG_FORM}, {MAX_SLUG} caractères au plus, un nom que le portail n’emploie pas"
        found.append(Problem("E_SLUG", said, key="slug", value=slug[:64]))
    return tuple(found)


def personal(bundle: Bundle) -> Findings:
    """Look for personal data in the public data and the starting kits."""
    folder = Folder(bundle.root)
    return folders.look_for_personal_data(
        (path, partial(io.BytesIO, content))
        for _role, payload in _public_payloads(bundle.spec)
        for path, content in foreign_bundle.payload_files(folder, payload)
    )


def _public_payloads(spec: ForeignSpec) -> Iterator[tuple[str, Payload]]:
    seen: set[str] = set()
    for phase in spec.phases:
        for role, payload in (("extra", phase.public_data), ("starter", phase.starting_kit)):
            if payload is not None and payload.digest not in seen:
                seen.add(payload.digest)
                yield role, payload


def _unread_bounds(bundle: Bundle) -> list[Problem]:
    found = []
    for question in bound_questions(bundle.spec):
        answer = bundle.answers.get(question.key, "")
        try:
            programs.read_bounds(answer)
        except ValueError as refusal:
            found.append(Problem("E_ANSWER", str(refusal), key=question.key, value=answer[:64]))
    return found


def fingerprint_of(bundle: Bundle) -> str:
    """Digest, under a key, each file of a bundle and the answers: a zip is as its folder."""
    folder = Folder(bundle.root)
    found = {name: folder.sha256(name) for name in foreign_bundle.files_below(bundle.root)}
    said = canonical.dumps({"files": found, "answers": dict(bundle.answers)})
    return salted_hmac("challenges.foreign_bundle", said, algorithm="sha256").hexdigest()


@transaction.atomic
def create(
    *,
    bundle: Bundle,
    fingerprint: str,
    dates: tuple[datetime | None, datetime | None],
    organisation: Organisation,
    by: User,
) -> Challenge:
    """Create the draft, in one transaction.

    In order: challenge, owner, rules, pages; source sealed; public files; for each phase: its
    tasks with their sealed programs and data, its boards, the job "compile" of each task; the
    solutions as reference entries; event "challenge.imported". The permission is the caller's
    to require. fingerprint: of `fingerprint_of`.
    """
    made = _Draft(bundle, organisation, by)
    challenge = made.challenge(fingerprint)
    record("challenge.imported", by=by, on=challenge, slug=challenge.slug, programs=True)
    made.files()
    for phase in bundle.spec.phases:
        made.phase(phase, dates)
    made.solutions()
    return challenge


class _Draft:
    """Write one draft, keeping what several tasks share."""

    def __init__(self, bundle: Bundle, organisation: Organisation, by: User) -> None:
        self.bundle, self.spec = bundle, bundle.spec
        self.folder = Folder(bundle.root)
        self.organisation, self.by, self.now = organisation, by, clock.now()
        self.phases: dict[int, Phase] = {}
        self.names: set[str] = set()
        self.made: Challenge
        self.tasks = Tasks(bundle, organisation, by)

    def challenge(self, fingerprint: str) -> Challenge:
        """Create the challenge with its owner, texts and rules."""
        spec, answers = self.spec, self.bundle.answers
        allowed, blocked = spec.domains
        is_open = spec.auto_approve or spec.format is Format.EVALAI
        self.made = Challenge.objects.create(
            slug=slug_of(spec, answers),
            title=spec.title[:200],
            summary=spec.description or spec.title,
            body_md="",
            tags=list(spec.tags),
            licence={"name": _("À confirmer"), "spdx": "", "holder": "", "status": "to_confirm"},
            organiser=self.organisation,
            kind=ChallengeKind.BENCHMARK if spec.kind == "benchmark" else ChallengeKind.COMPETITION,
            registration=RegistrationMode.OPEN if is_open else RegistrationMode.APPROVAL,
            allowed_domains=list(allowed),
            blocked_domains=list(blocked),
            has_prizes=bool(spec.reward),
            prizes_md=spec.reward,
            contact=spec.contact,
            fact_sheet=_fact_sheet(spec),
            detailed_results=REPORTS[answers.get(DETAILED, "organisateur")],
            bundle={
                "format": spec.format.value,
                "kept": dict(spec.kept),
                "facts": values.facts_of(spec),
                "answers": dict(answers),
                "source": {"name": self.bundle.source.name, "sha256": self._source_sha256()},
            },
            bundle_fingerprint=fingerprint,
            source=self.tasks.register("source", {"source.zip": self._source_bytes()}),
            status_since=self.now,
            created_at=self.now,
        )
        ChallengeOrganiser.objects.create(
            challenge=self.made, user=self.by, role=OrganiserRole.OWNER
        )
        self._texts()
        return self.made

    def _texts(self) -> None:
        if self.spec.terms is not None:
            Terms.objects.put(self.made, text=self.spec.terms.text, html=_html(self.spec.terms))
        ChallengePage.objects.bulk_create(
            [
                ChallengePage(
                    challenge=self.made,
                    index=at,
                    title=(page.title or page.key or page.file)[:120],
                    body_md=page.text,
                    body_html=_html(page),
                )
                for at, page in enumerate(self.spec.pages)
            ]
        )

    def _source_bytes(self) -> bytes | Path:
        if self.bundle.source.is_file():
            return self.bundle.source
        names = foreign_bundle.files_below(self.bundle.root)
        return foreign_bundle.zipped(
            (name, self.folder.read(name, limit_bytes=MAX_PUBLIC_BYTES)) for name in names
        )

    def _source_sha256(self) -> str:
        found = self._source_bytes()
        if isinstance(found, bytes):
            return hashlib.sha256(found).hexdigest()
        with found.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def files(self) -> None:
        """Store the public data and the starting kits, each once."""
        for role, payload in _public_payloads(self.spec):
            self._public(role, payload)

    def _public(self, role: str, payload: Payload) -> None:
        for path, content in foreign_bundle.payload_files(self.folder, payload):
            stored = objects.put(content, limit_bytes=MAX_PUBLIC_BYTES)
            PublicFile.objects.create(
                challenge=self.made,
                index=len(self.names),
                name=self._name(path),
                role=role,
                sha256=stored.sha256,
                size=stored.size,
            )

    def _name(self, path: str) -> str:
        """Give a file a name of its own: two folders may hold a README."""
        name = safe_name(path.replace("/", "_"))[-110:]
        while name in self.names:
            name = f"{len(self.names)}_{name}"
        self.names.add(name)
        return name

    def phase(self, foreign: ForeignPhase, dates: tuple[datetime | None, datetime | None]) -> None:
        """Create a phase with its tasks and boards."""
        spec = self.spec
        last = foreign.index == spec.phases[-1].index
        tasks = [task for task in spec.tasks if task.index in foreign.tasks]
        takes_code = any(task.ingestion_program is not None for task in tasks)
        opens = foreign.start.at if foreign.start else None
        closes = foreign.end.at if foreign.end else None
        phase = Phase.objects.create(
            challenge=self.made,
            index=foreign.index,
            name=foreign.name[:120],
            kind=PhaseKind.CODE if takes_code else PhaseKind.PUBLIC,
            opens_at=(dates[0] if foreign.index == 0 and dates[0] else opens),
            closes_at=clock.last_second(dates[1] if last and dates[1] else closes),
            max_per_day=foreign.max_per_day,
            max_total=foreign.max_total,
            max_parallel=foreign.max_parallel,
            max_bytes=CODE_BYTES if takes_code else ANSWER_BYTES,
            time_limit_s=foreign.time_limit_s,
            migrate_from=self.phases.get(foreign.index - 1) if foreign.migrates else None,
            # What is kept apart is a matter of its program: the pages say it in words.
            public_share=1.0,
            final_choices=foreign.final_choices or 1,
            logs=LogAudience.ORGANISER,
        )
        self.phases[foreign.index] = phase
        if spec.format is Format.EVALAI:
            self.tasks.evalai(phase, foreign)
        for at, task in enumerate(tasks):
            self.tasks.codabench(phase, foreign, at, task)
        write_boards(phase, planned_boards(spec, foreign))
        leaderboards.show_facts(phase.challenge)

    def solutions(self) -> None:
        """Enter the organiser's solutions, in each phase that has one of their tasks."""
        for solution in self.spec.solutions:
            stored = objects.put(foreign_bundle.packed_payload(self.folder, solution.payload))
            for foreign in self.spec.phases:
                if set(foreign.tasks) & set(solution.tasks):
                    baselines.enter_baseline(
                        phase=self.phases[foreign.index],
                        name="solution.zip",
                        stored=stored,
                        by=self.by,
                    )


def _fact_sheet(spec: ForeignSpec) -> list[dict[str, Any]]:
    """List the questions of the challenge, and those of its phases, each key once."""
    found = {one.key: one for one in spec.fact_sheet}
    for phase in spec.phases:
        for one in phase.questions:
            found.setdefault(one.key, one)
    return [
        {
            "key": one.key,
            "label": one.title,
            "type": one.type,
            "options": list(one.options),
            "required": one.required,
            "on_leaderboard": one.on_leaderboard,
        }
        for one in found.values()
    ]


def _html(text: Text) -> str:
    """Render a text; one that our renderer refuses is shown as plain text."""
    try:
        return render(text.text)
    except Invalid:
        return f"<pre>{escape(text.text)}</pre>"
