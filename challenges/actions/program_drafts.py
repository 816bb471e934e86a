"""Write the draft of a challenge that its organiser's own program scores.

Where each thing is kept:

- texts, rules, dates, quotas, questions: the rows of Challenge, Phase, Terms, ChallengePage;
- public data and starting kits: PublicFile, in the private store, served as attachments;
- the programs of a task, scoring and ingestion: two zips sealed in ScorerVersion.programs, once
  for all tasks that name the same bytes; their digest is ScorerVersion.program_sha256, what they
  must write is ScorerVersion.spec (`challenges.bundles.programs.ProgramSpec`);
- reference data and input data: two zips sealed in PhaseTask.holdout;
- what is checked of a file before a program reads it: PhaseTask.form
  (`challenges.bundles.programs.Form`);
- the bytes that were imported, whole: Challenge.source, sealed, since they hold the truth; an
  export reads them as the worker does, through the gate, under audit (a folder is kept as a zip);
- what had no equal here: Challenge.bundle = {"format", "kept": {place: value}, "facts" (as in the
  import report), "answers", "source": {"name", "sha256"}}; never shown to a participant.
"""

import hashlib
import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.html import escape
from django.utils.translation import gettext as _

from challenges.actions import program_boards
from challenges.actions.program_tasks import Bundle, Tasks, slug_of
from challenges.bundles import programs
from challenges.bundles.document import MAX_SLUG, SLUG_FORM, is_slug
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import archives, forms, payloads, values
from challenges.bundles.foreign import questions as asked
from challenges.bundles.foreign.questions import Question
from challenges.bundles.foreign.values import ForeignSpec, Format, Payload, Text
from challenges.bundles.foreign.values import Phase as ForeignPhase
from challenges.bundles.report import Findings, Problem
from challenges.enums import (
    ChallengeKind,
    LogAudience,
    OrganiserRole,
    PhaseKind,
    RegistrationMode,
    ReportAudience,
)
from challenges.evaluation.actions import evaluations
from challenges.models import (
    Challenge,
    ChallengeOrganiser,
    ChallengePage,
    Phase,
    PublicFile,
    Terms,
)
from challenges.organising.actions import folders, leaderboards
from datasets.models import HoldoutVersion
from portal.accounts.models import Organisation, User
from portal.audit.record import record
from portal.lib import canonical, clock, objects
from portal.lib.files import safe_name
from portal.lib.markdown import render
from portal.lib.refusals import Invalid

ANSWER_BYTES, CODE_BYTES = 50_000_000, 200_000_000
MAX_PUBLIC_BYTES = 2 << 30
REPORTS = {
    asked.NOBODY: ReportAudience.NONE,
    asked.ORGANISER: ReportAudience.ORGANISER,
    asked.TEAM: ReportAudience.TEAM,
}
DETAILED = "detailed_results"


def questions(spec: ForeignSpec, proposed: Mapping[int, forms.Proposal]) -> tuple[Question, ...]:
    """Ask what only programs raise: forms to check, values of scores, who reads the reports."""
    found = (*forms.asked(proposed), *program_boards.asked(spec))
    if spec.options.get("enable_detailed_results"):
        choices = asked.REPORT_CHOICES
        found += (Question(DETAILED, asked.REPORT, asked.ORGANISER, asked.REPORT_HINT, choices),)
    return found


def problems(bundle: Bundle) -> tuple[Problem, ...]:
    """List the answers to these questions that are not read, and a name that cannot be one."""
    choices: dict[str, tuple[str, ...]] = {
        forms.key_of(index): (asked.CHECK, asked.LEAVE) for index in bundle.proposed
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
        for path, content in payloads.payload_files(folder, payload)
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
    for question in program_boards.asked(bundle.spec):
        answer = bundle.answers.get(question.key, "")
        try:
            programs.read_bounds(answer)
        except ValueError as refusal:
            found.append(Problem("E_ANSWER", str(refusal), key=question.key, value=answer[:64]))
    return found


def fingerprint_of(bundle: Bundle) -> str:
    """Digest, under a key, each file of a bundle and the answers: a zip is as its folder."""
    folder = Folder(bundle.root)
    found = {name: folder.sha256(name) for name in archives.paths(bundle.root)}
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
        self.made = Challenge.objects.create(
            slug=slug_of(spec, answers),
            title=spec.title[:200],
            summary=spec.description or spec.title,
            body_md="",
            tags=list(spec.tags),
            licence={"name": _("À confirmer"), "spdx": "", "holder": "", "status": "to_confirm"},
            organiser=self.organisation,
            kind=ChallengeKind.BENCHMARK if spec.kind == "benchmark" else ChallengeKind.COMPETITION,
            registration=RegistrationMode.OPEN if self._is_open() else RegistrationMode.APPROVAL,
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
            source=self._source(),
            status_since=self.now,
            created_at=self.now,
        )
        ChallengeOrganiser.objects.create(
            challenge=self.made, user=self.by, role=OrganiserRole.OWNER
        )
        self._texts()
        return self.made

    def _is_open(self) -> bool:
        return self.spec.auto_approve or self.spec.format is Format.EVALAI

    def _texts(self) -> None:
        if self.spec.terms is not None:
            text = self.spec.terms.text
            Terms.objects.create(
                challenge=self.made,
                number=1,
                text=text,
                html=_html(self.spec.terms),
                sha256=hashlib.sha256(text.encode()).hexdigest(),
                created_at=self.now,
            )
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
        names = archives.paths(self.bundle.root)
        return payloads.zipped(
            (name, self.folder.read(name, limit_bytes=MAX_PUBLIC_BYTES)) for name in names
        )

    def _source_sha256(self) -> str:
        found = self._source_bytes()
        if isinstance(found, bytes):
            return hashlib.sha256(found).hexdigest()
        with found.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def _source(self) -> HoldoutVersion:
        return self.tasks.register("source", {"source.zip": self._source_bytes()})

    def files(self) -> None:
        """Store the public data and the starting kits, each once."""
        for role, payload in _public_payloads(self.spec):
            self._public(role, payload)

    def _public(self, role: str, payload: Payload) -> None:
        for path, content in payloads.payload_files(self.folder, payload):
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
            closes_at=(dates[1] if last and dates[1] else closes),
            max_per_day=foreign.max_per_day,
            max_total=foreign.max_total,
            max_parallel=foreign.max_parallel,
            max_bytes=CODE_BYTES if takes_code else ANSWER_BYTES,
            time_limit_s=foreign.time_limit_s,
            migrate_from=self._migrated(foreign),
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
        program_boards.write(phase, program_boards.planned(spec, foreign))
        leaderboards.show_facts(phase.challenge)

    def _migrated(self, foreign: ForeignPhase) -> Phase | None:
        return self.phases.get(foreign.index - 1) if foreign.migrates else None

    def solutions(self) -> None:
        """Enter the organiser's solutions, in each phase that has one of their tasks."""
        for solution in self.spec.solutions:
            stored = objects.put(payloads.packed_payload(self.folder, solution.payload))
            for foreign in self.spec.phases:
                if set(foreign.tasks) & set(solution.tasks):
                    evaluations.enter_baseline(
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
