"""Make the tasks of an imported challenge: programs and data sealed, each set of bytes once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from challenges.actions import program_boards
from challenges.bundles import programs
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import forms, payloads, questions, translation
from challenges.bundles.foreign.values import ForeignSpec, Format, Payload, Task
from challenges.bundles.foreign.values import Phase as ForeignPhase
from challenges.bundles.programs import Form, ProgramSpec, Protocol
from challenges.enums import ScorerKind
from challenges.models import Phase, PhaseTask, Scorer, ScorerVersion
from challenges.organising.actions import folders
from datasets.actions import holdouts
from datasets.models import HoldoutVersion
from portal.accounts.models import Organisation, User
from portal.lib import canonical, clock


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
            program_boards.declared(self.spec, foreign, self.bundle.answers),
            program=task.scoring_program.path,
            takes_code=_takes_code(task, foreign),
            has_ingestion=task.ingestion_program is not None,
            beside_truth=task.ingestion_only_during_scoring,
        )
        version = self._version(phase, spec, _there(own))
        held = _there({programs.REFERENCE: task.reference_data, programs.INPUT: task.input_data})
        files = {one: payloads.packed_payload(self.folder, each) for one, each in held.items()}
        key = canonical.digest({one: each.digest for one, each in held.items()})
        self._put(phase, at, task.name, version, self._data(key, files, task.index), task.index)

    def evalai(self, phase: Phase, foreign: ForeignPhase) -> None:
        """Tie the evaluation script of EvalAI to a phase, with the annotations of that phase."""
        script = self.spec.evaluation_script
        if script is None:
            raise AssertionError("the reader requires an evaluation script")
        spec = ProgramSpec(
            Protocol.EVALAI,
            program_boards.declared(self.spec, foreign, self.bundle.answers),
            program=script.path,
            codename=foreign.codename,
        )
        version = self._version(phase, spec, {programs.SCORING: script})
        content = self.folder.read(foreign.annotation, limit_bytes=payloads.MAX_FILE_BYTES)
        zipped = payloads.zipped(iter([(Path(foreign.annotation).name, content)]))
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
        found = scorer.versions.filter(digest=digest).first()
        if found is not None:
            return found
        if program not in self._sealed:
            files = {name: self._zip(each) for name, each in payloads.items()}
            self._sealed[program] = self.register(f"programme-{program[:12]}", files)
        return ScorerVersion.objects.create(
            scorer=scorer,
            number=scorer.versions.count() + 1,
            spec=spec.to_json(),
            program_sha256=program,
            programs=self._sealed[program],
            environment=spec.environment,
            digest=digest,
            created_at=clock.now(),
        )

    def _zip(self, payload: Payload) -> bytes:
        if self.spec.format is Format.EVALAI:
            return payloads.zipped(payloads.one_root(self.folder, payload))
        return payloads.packed_payload(self.folder, payload)

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
        if self.bundle.answers.get(forms.key_of(index), questions.CHECK) == questions.CHECK:
            return proposal.form
        return Form(is_archive=proposal.form.is_archive, types=proposal.form.types)


def _takes_code(task: Task, phase: ForeignPhase) -> bool:
    """Say whether teams send programs: there is something for them to read, or to be run by."""
    if phase.results_only:
        return False
    return task.ingestion_program is not None or task.input_data is not None


def _there(payloads: Mapping[str, Payload | None]) -> dict[str, Payload]:
    return {name: each for name, each in payloads.items() if each is not None}
