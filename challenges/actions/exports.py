"""Let a challenge leave: one zip that this portal, another one and Codabench read."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _

from challenges import rules
from challenges.actions import export_code, export_programs
from challenges.actions import export_documents as documents
from challenges.actions.export_documents import PAGE, TERMS
from challenges.actions.imports import held_out_fingerprint
from challenges.bundles import codabench_program, exporting
from challenges.bundles import competition as codabench
from challenges.bundles.folder import FileAbsent, Folder, PathRefused
from challenges.bundles.foreign.values import Format
from challenges.client import kit
from challenges.models import Challenge, Phase, PhaseTask, PublicFile
from challenges.organising.actions.texts import standard_terms
from challenges.scoring.answer import canonical
from challenges.scoring.contract import ScoringContract
from challenges.teams.queries import latest_terms
from datasets.models import SealedFile
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import objects, zipping
from portal.lib.files import safe_name
from portal.lib.refusals import Invalid
from portal.lib.zipping import Member


@dataclass
class Export:
    """An archive under way: its files in order, and what openemploi.yaml says of them."""

    challenge: Challenge
    reference: Path | None = None
    members: list[Member] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    source: export_programs.Source | None = None
    # What Codabench has no equal for, in French.
    lost: list[str] = field(default_factory=list)
    # What was corrected since the bundle was imported, by task.
    corrected: list[dict[str, Any]] = field(default_factory=list)

    def put(self, path: str, content: bytes | str | Callable[[], IO[bytes]]) -> str:
        """Add a file; returns its path."""
        given = content.encode() if isinstance(content, str) else content
        self.members.append(Member(path, given))
        return path

    @property
    def name(self) -> str:
        """Return the name of the archive."""
        return f"{self.challenge.slug}.zip"

    def stream(self) -> Iterator[bytes]:
        """Give the zip in pieces."""
        return zipping.streamed(self.members, sums=exporting.SUMS)


def export(*, challenge: Challenge, by: User, reference: Path | None = None) -> Export:
    """Prepare the export of a challenge; held-out data leave as ciphertext only.

    reference: a folder where the organiser has their own clear copy of the held-out files, put
    beside once its digest is that of what was imported. Side effect: event
    "challenge.exported". Raises NotAllowed; Invalid when the reference differs or lacks a file.
    """
    require(rules.may_export_challenge, by, challenge)
    made = Export(challenge, reference)
    files = {each.name: each for each in challenge.files.order_by("index")}
    document = documents.current(challenge) if _has_task(challenge) else {}
    _texts(made, document)
    if document:
        _own_files(made, document, files)
        if reference is not None:
            _check(made, document, reference)
    elif export_programs.is_program(challenge):
        _programs(made, reference)
    competition = _competition(made, document)
    made.put(exporting.COMPETITION, exporting.dump(codabench.document(competition)))
    made.put(exporting.DOCUMENT, exporting.dump(_openemploi(made, document)))
    record("challenge.exported", by=by, on=challenge, reference=reference is not None)
    return made


def _texts(made: Export, document: dict[str, Any]) -> None:
    """Put the presentation, the rules and the further pages."""
    challenge = made.challenge
    page = document.get("page")
    made.put("image.png", exporting.picture())
    made.put(PAGE, challenge.body_md or f"# {challenge.title}\n")
    if page:
        made.rows.append({"path": str(page), "at": PAGE})
    terms = latest_terms(challenge)
    made.put(TERMS, terms.text if terms else standard_terms(challenge.language))
    if str(document.get("terms", "")).endswith(".md"):
        made.rows.append({"path": str(document["terms"]), "at": TERMS})
    for each in challenge.pages.order_by("index"):
        made.put(documents.page_path(each), each.body_md)


def _own_files(made: Export, document: dict[str, Any], files: Mapping[str, PublicFile]) -> None:
    """Put the files that our portable form names: public ones, then those kept apart."""
    held = _sealed_files(made.challenge)
    for path in documents.paths(document):
        public = files.get(safe_name(path)[: documents.NAME_CHARACTERS])
        if public is not None and documents.is_public(document, path):
            at = made.put(f"{exporting.PUBLIC}/{path}", partial(objects.open, public.sha256))
            made.rows.append({"path": path, "at": at})
        elif made.reference is not None:
            place = _located(made.reference, path)
            at = made.put(f"{exporting.REFERENCE}/{path}", partial(_opened, place))
            made.rows.append({"path": path, "at": at})
        elif (sealed := held.get(safe_name(path))) is not None:
            made.rows.append({"path": path} | _sealed(made, sealed))


def _sealed(made: Export, file: SealedFile) -> dict[str, Any]:
    """Put one ciphertext, once, and say what it is."""
    at = f"{exporting.SEALED}/{file.ciphertext_sha256[:16]}-{safe_name(file.name)}.sealed"
    if all(member.path != at for member in made.members):
        made.put(at, partial(objects.open, file.ciphertext_sha256))
    return {"at": at, "sealed": True, "ciphertext_sha256": file.ciphertext_sha256}


def _programs(made: Export, reference: Path | None) -> None:
    """Put what an organiser's program needs: the source in clear, else all that is sealed."""
    if reference is not None:
        made.source = export_programs.source(made.challenge, reference)
        for name in made.source.files:
            made.put(f"{exporting.SOURCE}/{name}", partial(_opened, reference / name))
        if made.source.spec.format is Format.EVALAI:
            made.lost.append(_("Codabench ne lance pas le programme d’un challenge EvalAI."))
        return
    for each in made.challenge.files.order_by("index"):
        made.put(f"{exporting.PUBLIC}/{each.name}", partial(objects.open, each.sha256))
    for version in export_programs.versions(made.challenge):
        for file in version.files.filter(kind="source").order_by("pk"):
            made.rows.append({"path": f"{version.holdout.name}/{file.name}"} | _sealed(made, file))
    made.corrected = [
        {"phase": task.phase.index, "task": task.index, "part": file.name} | _sealed(made, file)
        for task, file in export_programs.corrected(made.challenge)
    ]


def _source(made: Export) -> dict[str, Any]:
    """Say how the imported bundle was read, and corrected; `kept`: what had no equal here."""
    kept = made.challenge.bundle
    said = {name: kept.get(name) or {} for name in ("format", "answers", "kept")}
    return said | ({"corrected": made.corrected} if made.corrected else {})


def _sealed_files(challenge: Challenge) -> dict[str, SealedFile]:
    """Give the sealed files of the answers in force, and of the inputs of code, by name.

    The document is that of the first task: another one never takes the place of its files.
    """
    tasks = PhaseTask.objects.filter(phase__challenge=challenge, current=True)
    ordered = tasks.order_by("phase__index", "index").values_list("holdout", "plan__inputs")
    place = {pk: at for at, pk in enumerate(dict.fromkeys(pk for pair in ordered for pk in pair))}
    files = SealedFile.objects.filter(version__in=[pk for pk in place if pk], kind="source")
    found: dict[str, SealedFile] = {}
    for each in sorted(files.order_by("pk"), key=lambda file: place[file.version_id]):
        found.setdefault(each.name, each)
    return found


def _located(folder: Path, path: str) -> Path:
    try:
        return Folder(folder).locate(path)
    except (FileAbsent, PathRefused) as error:
        raise Invalid(
            _("Il manque « %(path)s » dans le dossier des données.") % {"path": path},
            code="reference_missing",
            file=path,
        ) from error


def _opened(place: Path) -> IO[bytes]:
    return place.open("rb")


def _check(made: Export, document: dict[str, Any], folder: Path) -> None:
    """Refuse a clear copy that is not what was sealed."""
    contract = ScoringContract.from_json(_task(made.challenge).scorer_version.spec)
    found = held_out_fingerprint(documents.apart(document), folder, contract.digest)
    if found != made.challenge.held_out_fingerprint:
        raise Invalid(
            _("Ces données ne sont pas celles qui ont été scellées."), code="reference_differs"
        )


def _competition(made: Export, document: dict[str, Any]) -> codabench.Competition:
    """Describe the challenge as Codabench does, and put the program and data of its task."""
    challenge = made.challenge
    found = _tasks(made, document)
    spec = made.source.spec if made.source else None
    return codabench.Competition(
        title=challenge.title,
        description=challenge.summary,
        image="image.png",
        terms=TERMS,
        is_open=documents.is_open(challenge),
        kind=str(challenge.kind),
        contact=challenge.contact,
        reward=challenge.prizes_md[:200],
        environment=(spec.environment if spec else "") or codabench_program.ENVIRONMENT,
        options=spec.options if spec else {},
        solutions=export_programs.solutions(made.source),
        pages=[
            codabench.Text(_("Présentation"), PAGE),
            *(
                codabench.Text(each.title, documents.page_path(each))
                for each in challenge.pages.order_by("index")
            ),
        ],
        tasks=found.tasks,
        phases=[
            _phase(made, phase, found.of_phase.get(phase.index, []))
            for phase in challenge.phases.order_by("index")
        ],
        boards=documents.boards(challenge),
        fact_sheet=challenge.fact_sheet,
    )


def _program(made: Export, document: dict[str, Any]) -> str:
    """Put our engine as a scoring program of Codabench; returns its path."""
    at = f"{exporting.PROGRAMS}/notation"
    contract = ScoringContract.from_json(_task(made.challenge).scorer_version.spec)
    truth = {"truth": str(document["truth"]["file"])}
    made.put(f"{at}/{codabench_program.METADATA_NAME}", codabench_program.METADATA)
    made.put(f"{at}/{codabench_program.TASK_NAME}", json.dumps(truth))
    made.put(f"{at}/{codabench_program.SCORE_NAME}", codabench_program.SCORE)
    made.put(f"{at}/{kit.CONTRACT_NAME}", canonical(contract.to_json()))
    made.put(f"{at}/{kit.PROGRAM_NAME}", kit.program())
    return at


def _tasks(made: Export, document: dict[str, Any]) -> export_programs.Tasks:
    """Describe the tasks; one that our metrics score has our own engine as its program."""
    if not document:
        return export_programs.tasks(made.challenge, made.source)
    data = {"reference_data": exporting.REFERENCE} if made.reference is not None else {}
    said = export_code.description(document)
    made.lost += [said] if said else []
    hidden = export_code.inputs(document)
    if made.reference is not None and hidden:
        made.put(f"{exporting.INPUTS}/{hidden}", partial(_opened, _located(made.reference, hidden)))
        data["input_data"] = exporting.INPUTS
    task = codabench.Task(0, made.challenge.title, _program(made, document), data, said)
    indexes = made.challenge.phases.values_list("index", flat=True)
    return export_programs.Tasks([task], {index: [0] for index in indexes})


def _phase(made: Export, phase: Phase, tasks: list[int]) -> codabench.Phase:
    public = any(member.path.startswith(f"{exporting.PUBLIC}/") for member in made.members)
    data = {"public_data": exporting.PUBLIC} if public else {}
    if made.source is not None:
        data = export_programs.public(made.source, phase.index)
    return codabench.Phase(
        index=phase.index,
        name=phase.name,
        starts=phase.opens_at,
        ends=phase.closes_at,
        tasks=tasks,
        per_day=phase.max_per_day,
        total=phase.max_total,
        seconds=phase.time_limit_s,
        migrates=phase.migrate_from_id is not None,
        data=data,
    )


def _openemploi(made: Export, document: dict[str, Any]) -> dict[str, Any]:
    """Write all that Codabench has no word for."""
    return {
        "format": exporting.FORMAT,
        "format_version": exporting.VERSION,
        "challenge": document or None,
        **({} if document else {"source": _source(made)}),
        "settings": documents.settings(made.challenge),
        "files": made.rows,
        **({"lost_in_codabench": list(made.lost)} if made.lost else {}),
    }


def _has_task(challenge: Challenge) -> bool:
    return PhaseTask.objects.filter(phase__challenge=challenge, current=True).exists()


def _task(challenge: Challenge) -> PhaseTask:
    found = PhaseTask.objects.filter(phase__challenge=challenge, current=True)
    return found.select_related("scorer_version").order_by("phase__index", "index")[:1].get()
