"""Let a challenge leave: one zip that this portal, another one and Codabench read."""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.db.models import Prefetch
from django.utils.text import slugify
from django.utils.translation import gettext as _

from challenges.bundles import codabench_export, exporting
from challenges.bundles.code import FORMER, KEY, CodeRules
from challenges.bundles.folder import FileAbsent, Folder, PathRefused
from challenges.bundles.foreign import bundle as foreign_bundle
from challenges.bundles.foreign import reading, translation
from challenges.bundles.foreign.values import ForeignSpec, Format, Payload
from challenges.bundles.settings import ChallengeFields, PhaseFields
from challenges.bundles.spec import Role
from challenges.client import kit
from challenges.exchange import rules
from challenges.exchange.actions.imports import held_out_fingerprint
from challenges.organising.actions import texts
from challenges.organising.actions.texts import standard_terms
from challenges.organising.enums import ColumnKind, Direction, RegistrationMode
from challenges.organising.models.challenges import (
    Challenge,
    ChallengeDraft,
    ChallengePage,
    Phase,
    PublicFile,
)
from challenges.organising.models.scorings import Column, Leaderboard, PhaseTask
from challenges.programs.actions.drafts import Bundle, fingerprint_of
from challenges.scoring.archives import ArchiveRefused
from challenges.scoring.contract import ScoringContract, canonical
from challenges.teams.queries import latest_terms
from datasets.holdouts.models import HoldoutVersion, SealedFile
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib.refusals import Invalid
from portal.lib.storage import files, objects
from portal.lib.storage.files import Member, safe_name


@dataclass(frozen=True)
class Source:
    """The bundle that was imported, as its organiser still has it."""

    spec: ForeignSpec
    root: Path
    files: Sequence[str]


# Tasks as Codabench writes them, and the indexes of those of each phase, by its own.
Tasks = tuple[list[dict[str, Any]], dict[int, list[int]]]


def sealed_versions(challenge: Challenge) -> list[HoldoutVersion]:
    """List the sealed programs, data, inputs of code and source of a challenge, each once."""
    current = PhaseTask.objects.filter(phase__challenge=challenge, current=True)
    tasks = current.select_related("holdout", "plan__inputs", "scorer_version__programs")
    found = [challenge.source] if challenge.source else []
    for task in tasks.order_by("pk"):
        own = (task.scorer_version.programs, task.holdout, task.plan.inputs if task.plan else None)
        found += [one for one in own if one is not None]
    return list(dict.fromkeys(found))


def corrected_archives(challenge: Challenge) -> list[tuple[PhaseTask, SealedFile]]:
    """List the sealed archives in force that are not those of the import, by task."""
    tasks = PhaseTask.objects.filter(phase__challenge=challenge)
    tasks = tasks.select_related("phase", "holdout", "scorer_version__programs").order_by("pk")
    first: dict[tuple[int, int], set[HoldoutVersion | None]] = {}
    found = []
    for task in tasks:
        own = (task.scorer_version.programs, task.holdout)
        known = first.setdefault((task.phase_id, task.index), set(own))
        for version in own if task.current else ():
            if version is not None and version not in known:
                files = version.files.filter(kind="source").order_by("pk")
                found += [(task, file) for file in files if file.name in exporting.PARTS]
    return found


def read_source(challenge: Challenge, root: Path) -> Source:
    """Read the organiser's own copy of the imported bundle, unzipped.

    Raises Invalid when it is not what was imported, or no longer what is in force.
    """
    if corrected_archives(challenge):
        raise Invalid(
            _(
                "Le programme ou les données ont été corrigés depuis l’import, et ce dossier a les "
                "anciens : exportez sans vos données, l’archive scellée a ceux en vigueur."
            ),
            code="reference_former",
        )
    with _opened_folder(root):
        return _checked_source(challenge, root)


@contextmanager
def _opened_folder(place: Path) -> Iterator[Path]:
    """Judge the organiser's folder as an archive is, and read it in place."""
    try:
        with foreign_bundle.opened(place) as root:
            yield root
    except ArchiveRefused as refusal:
        raise Invalid(
            _("Ce dossier n’est pas lisible : %(why)s.") % {"why": refusal.reason},
            code="reference_missing",
        ) from refusal


def _checked_source(challenge: Challenge, root: Path) -> Source:
    spec = reading.read_folder(root).spec
    if spec is not None:
        bundle = Bundle(spec, root, root, challenge.bundle.get("answers", {}), {})
        if fingerprint_of(bundle) == challenge.bundle_fingerprint:
            return Source(spec, root, foreign_bundle.files_below(root))
    raise _differs()


def _differs() -> Invalid:
    said = _("Ces données ne sont pas celles qui ont été scellées.")
    return Invalid(said, code="reference_differs")


def program_tasks(challenge: Challenge, source: Source | None) -> Tasks:
    """Describe the tasks: with the files of the source, else by their names alone."""
    if source is None or not source.spec.tasks:
        return _tasks_of_rows(challenge)
    tasks = [
        _codabench_task(
            one.index,
            one.name,
            _payload_path(one.scoring_program),
            one.description,
            **_payload_paths(
                reference_data=one.reference_data,
                input_data=one.input_data,
                ingestion_program=one.ingestion_program,
            ),
        )
        for one in source.spec.tasks
    ]
    return tasks, {phase.index: list(phase.tasks) for phase in source.spec.phases}


def _tasks_of_rows(challenge: Challenge) -> Tasks:
    rows = PhaseTask.objects.filter(phase__challenge=challenge, current=True)
    made: dict[tuple[int, int, str], dict[str, Any]] = {}
    of_phase: dict[int, list[int]] = {}
    for row in rows.select_related("scorer_version", "phase").order_by("phase__index", "index"):
        key = (row.scorer_version_id, row.holdout_id, row.name)
        program = f"{exporting.PROGRAMS}/{row.scorer_version.spec.get('program', '')}"
        task = made.setdefault(key, _codabench_task(len(made), row.name, program))
        of_phase.setdefault(row.phase.index, []).append(task["index"])
    return list(made.values()), of_phase


def _codabench_task(
    index: int, name: str, program: str, description: str = "", **data: str
) -> dict[str, Any]:
    return {
        "index": index,
        "name": name,
        "description": description or name,
        "scoring_program": program,
        **data,
    }


def public_payloads(source: Source, index: int) -> dict[str, str]:
    """Name the public data and the starting kit of a phase."""
    for phase in source.spec.phases:
        if phase.index == index:
            return _payload_paths(public_data=phase.public_data, starting_kit=phase.starting_kit)
    return {}


def solutions(source: Source | None) -> list[dict[str, object]]:
    """List the organiser's solutions, where their files leave too."""
    return [
        {
            "index": one.index,
            "tasks": list(one.tasks),
            "path": _payload_path(one.payload),
            **({"name": one.name} if one.name else {}),
        }
        for one in (source.spec.solutions if source else ())
    ]


def _payload_path(payload: Payload | None) -> str:
    return f"{exporting.SOURCE}/{payload.path}" if payload else ""


def _payload_paths(**payloads: Payload | None) -> dict[str, str]:
    return {name: _payload_path(one) for name, one in payloads.items() if one is not None}


NAME_CHARACTERS = 120
PAGE, TERMS = f"{exporting.PAGES}/presentation.md", f"{exporting.PAGES}/reglement.md"
PARIS = ZoneInfo("Europe/Paris")
AUDIENCES = ("public", "held_out", "organiser")
TEXTS = ("title", "summary", "language")
LISTS = ("tags", "use_cases", "incompatible_with")


def portable_document(challenge: Challenge) -> dict[str, Any]:
    """Give our portable document as the challenge is today; {} when it never had one.

    What was imported stays word for word, unknown keys included; what was changed since replaces
    it.
    """
    kept = dict(challenge.bundle) if challenge.bundle.get("truth") else {}
    if not kept:
        return {}
    found = kept | {name: getattr(challenge, name) for name in TEXTS}
    found["slug"] = challenge.slug
    for name in LISTS:
        if list(kept.get(name) or []) != list(getattr(challenge, name)):
            found[name] = list(getattr(challenge, name))
    if bool(kept.get("prizes")) != challenge.has_prizes:
        found["prizes"] = challenge.has_prizes
    _texts_said(challenge, found)
    phase = challenge.phases.order_by("index").first()
    if phase is not None:
        _phase_said(phase, found)
    return found


def _texts_said(challenge: Challenge, found: dict[str, Any]) -> None:
    if challenge.body_md:
        found.setdefault("page", "presentation.md")
    terms = latest_terms(challenge)
    said = str(found.get("terms") or "")
    if terms is None or said == terms.text:
        return
    if said or terms.number > 1:
        found["terms"] = said if _is_file(said) else "reglement.md"


def _is_file(said: str) -> bool:
    return said.endswith(".md") and "\n" not in said


def _phase_said(phase: Phase, found: dict[str, Any]) -> None:
    found["schedule"] = {"opens": _iso(phase.opens_at), "closes": _iso(phase.closes_at)}
    quotas = dict(found.get("quotas") or {})
    for name, value in (
        ("per_day", phase.max_per_day),
        ("total", phase.max_total),
        ("final_selections", phase.final_choices),
    ):
        if name not in quotas or quotas[name] != value:
            quotas[name] = value
    found["quotas"] = quotas
    board = dict(found.get("leaderboard") or {})
    if bool(board.get("ladder")) != phase.ladder:
        board["ladder"] = phase.ladder
    if found.get("code"):
        found["code"] = _code_said(phase, found["code"])
    if board:
        found["leaderboard"] = board


def _code_said(phase: Phase, said: dict[str, Any]) -> dict[str, Any]:
    """Bring what the document says of code to the limits of its phase today."""
    usual = asdict(CodeRules())
    now = {name: getattr(phase, name) for name in ("time_limit_s", "memory_mb", "max_bytes")}
    changed = {
        name: value
        for name, value in (now | {"logs": str(phase.logs)}).items()
        if said.get(name, usual[name]) != value
    }
    return {key: each for key, each in said.items() if key != FORMER} | changed


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(PARIS).isoformat() if at else None


def declared_files(document: Mapping[str, Any]) -> dict[str, set[str]]:
    """Give each file that our portable document names, with who reads it.

    A table that joins to the truth is held out, even where it is public too.
    """
    found: dict[str, set[str]] = {}
    files, fairness = document.get("files") or {}, document.get("fairness") or {}
    for audience in AUDIENCES:
        for row in files.get(audience) or []:
            found.setdefault(str(row["path"]), set()).add(audience)
    for attribute in fairness.get("attributes") or []:
        path = str(attribute.get("source", ""))
        if path not in {"", "truth"}:
            found.setdefault(path, set()).add("held_out")
    return found


def sealed_paths(document: Mapping[str, Any]) -> list[str]:
    """List the files that were sealed."""
    return [path for path, readers in declared_files(document).items() if readers != {"public"}]


def page_path(page: ChallengePage) -> str:
    """Name the file of a further page."""
    return f"{exporting.PAGES}/{page.index:02}-{slugify(page.title)[:60] or 'page'}.md"


def _plain(row: object, names: Iterable[str]) -> dict[str, Any]:
    """Give fields of a row as plain values: dates as text, words without their labels."""
    found: dict[str, Any] = {}
    for name in names:
        value = getattr(row, name)
        if isinstance(value, datetime):
            value = _iso(value)
        found[name] = str(value) if isinstance(value, str) else value
    return found


def settings_of(challenge: Challenge) -> dict[str, Any]:
    """Give what our portable document does not say: see `challenges.bundles.settings`."""
    written = ChallengeDraft.objects.filter(challenge=challenge).first()
    apart = {each["phase"] for each in written.scorings} if written else set()
    cards = {texts.CARDS: named} if (named := texts.named_cards(challenge)) else {}
    return {
        **cards,
        **_plain(challenge, ChallengeFields.model_fields),
        "terms": TERMS,
        "fact_sheet": [dict(each) for each in challenge.fact_sheet],
        "pages": [
            {"title": each.title, "file": page_path(each)}
            for each in challenge.pages.order_by("index")
        ],
        "phases": [
            {
                **_plain(phase, ("index", *PhaseFields.model_fields, "ladder", "max_bytes")),
                "follows": phase.migrate_from.index if phase.migrate_from else None,
                "apart": phase.index in apart,
            }
            for phase in challenge.phases.select_related("migrate_from").order_by("index")
        ],
        "boards": [
            _board_settings(board)
            for board in challenge.leaderboards.select_related("phase", "primary").order_by(
                "phase__index", "pk"
            )
        ],
    }


def _board_settings(board: Leaderboard) -> dict[str, Any]:
    return {
        **_plain(board, ("key", "title", "hidden", "anonymous", "rule")),
        "phase": board.phase.index,
        "primary": board.primary.key if board.primary else "",
        "columns": [
            _plain(each, ("key", "hidden", "valid_min", "valid_max"))
            for each in board.columns.order_by("index")
        ],
    }


def codabench_boards(challenge: Challenge) -> list[dict[str, object]]:
    """Describe the boards of the first phase, as Codabench has them for all."""
    figures = Column.objects.exclude(kind=ColumnKind.FACT).order_by("index")
    boards = Leaderboard.objects.filter(challenge=challenge, phase__index=0)
    boards = boards.select_related("primary").prefetch_related(Prefetch("columns", figures))
    return [_codabench_board(board) for board in boards.order_by("pk")]


def _codabench_board(board: Leaderboard) -> dict[str, object]:
    columns = list(board.columns.all())
    places = {column.key: at for at, column in enumerate(columns)}
    return {
        "title": board.title,
        "key": board.key,
        "submission_rule": codabench_export.RULES[board.rule],
        "hidden": board.hidden,
        "primary_index": places.get(board.primary.key, 0) if board.primary else 0,
        "columns": [_codabench_column(column, places) for column in columns],
    }


def _codabench_column(column: Column, places: Mapping[str, int]) -> dict[str, object]:
    computed: dict[str, object] = {}
    if column.operation in codabench_export.OPERATIONS:
        indexes = [places[one] for one in column.operands if one in places]
        computed = {"computation": column.operation, "computation_indexes": indexes}
    return {
        "title": column.title[: codabench_export.TITLE],
        "key": column.key,
        "index": places[column.key],
        "sorting": "desc" if column.direction == Direction.MAX else "asc",
        "precision": column.decimals,
        "hidden": column.hidden or column.grouped,
        **computed,
    }


def hidden_inputs(document: Mapping[str, Any]) -> str:
    """Name the held-out inputs of code; empty where teams send predictions."""
    files = document.get("files") or {}
    rows = (files.get("held_out") or []) if KEY in document else []
    found = [str(row["path"]) for row in rows if row.get("role") == Role.HIDDEN_INPUTS.value]
    return found[0] if found else ""


def code_description(document: Mapping[str, Any]) -> str:
    """Say what Codabench does not do for code; empty where teams send predictions."""
    if KEY not in document:
        return ""
    return _(
        "Codabench ne lance que des archives CodaLab (metadata), sur input_data ; la mémoire n’y "
        "est pas limitée et le réseau y est ouvert."
    )


@dataclass
class Export:
    """An archive under way: its files in order, and what openemploi.yaml says of them."""

    challenge: Challenge
    reference: Path | None = None
    # Files of the reference that are written from another platform's, by path.
    translated: Mapping[str, bytes] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    source: Source | None = None
    # What Codabench has no equal for, in French.
    lost: list[str] = field(default_factory=list)
    # What was corrected since the bundle was imported, by task.
    corrected: list[dict[str, Any]] = field(default_factory=list)

    def put(self, path: str, content: bytes | str | Callable[[], IO[bytes]]) -> str:
        """Add a file; returns its path."""
        given = content.encode() if isinstance(content, str) else content
        self.members.append(Member(path, given))
        return path

    def put_reference(self, at: str, path: str, reference: Path) -> str:
        """Add a file of the organiser's own copy at `at`, which is returned."""
        if path in self.translated:
            return self.put(at, self.translated[path])
        return self.put(at, partial(_opened, _located(reference, path)))

    @property
    def name(self) -> str:
        """Return the name of the archive."""
        return f"{self.challenge.slug}.zip"

    def stream(self) -> Iterator[bytes]:
        """Give the zip in pieces."""
        return files.streamed_zip(self.members, sums=exporting.SUMS)


def export(*, challenge: Challenge, by: User, reference: Path | None = None) -> Export:
    """Prepare the export of a challenge; held-out data leave as ciphertext only, lent ones not.

    reference: a folder where the organiser has their own clear copy of the held-out files, or the
    folder of another platform that was imported, put beside once its digest is that of what was
    imported. Side effect: event
    "challenge.exported". Raises NotAllowed; Invalid when the reference differs or lacks a file.
    """
    require(rules.may_export_challenge, by, challenge)
    made = Export(challenge, reference)
    files = {each.name: each for each in challenge.files.order_by("index")}
    document = portable_document(challenge) if _has_task(challenge) else {}
    _texts(made, document)
    if document:
        if reference is not None:
            made.translated = _translated(document, reference)
        _own_files(made, document, files)
        if reference is not None:
            _check(made, document, reference)
    elif sealed_versions(challenge):  # of another platform: what it brought leaves as it came
        _programs(made, reference)
    made.put(exporting.COMPETITION, exporting.dump(_competition(made, document)))
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
        made.put(page_path(each), each.body_md)


def _own_files(made: Export, document: dict[str, Any], files: Mapping[str, PublicFile]) -> None:
    """Put the files that our portable form names: public ones, then those kept apart."""
    held = {} if made.challenge.restricted else _sealed_files(made.challenge)
    for path, readers in declared_files(document).items():
        public = files.get(safe_name(path)[:NAME_CHARACTERS])
        if public is not None and "public" in readers:
            at = made.put(f"{exporting.PUBLIC}/{path}", partial(objects.open, public.sha256))
            made.rows.append({"path": path, "at": at})
        elif made.reference is not None:
            at = made.put_reference(f"{exporting.REFERENCE}/{path}", path, made.reference)
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
        made.source = read_source(made.challenge, reference)
        for name in made.source.files:
            made.put(f"{exporting.SOURCE}/{name}", partial(_opened, reference / name))
        if made.source.spec.format is Format.EVALAI:
            made.lost.append(_("Codabench ne lance pas le programme d’un challenge EvalAI."))
        return
    for each in made.challenge.files.order_by("index"):
        made.put(f"{exporting.PUBLIC}/{each.name}", partial(objects.open, each.sha256))
    if made.challenge.restricted:
        return
    for version in sealed_versions(made.challenge):
        for file in version.files.filter(kind="source").order_by("pk"):
            made.rows.append({"path": f"{version.holdout.name}/{file.name}"} | _sealed(made, file))
    made.corrected = [
        {"phase": task.phase.index, "task": task.index, "part": file.name} | _sealed(made, file)
        for task, file in corrected_archives(made.challenge)
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


def _translated(document: Mapping[str, Any], reference: Path) -> Mapping[str, bytes]:
    """Write our files again from the imported folder of tables; {} for a folder of our files."""
    imported = document.get("imported")
    if not isinstance(imported, Mapping) or (reference / str(document["truth"]["file"])).is_file():
        return {}
    with _opened_folder(reference) as root:
        report = reading.read_folder(root)
        if report.spec is None or report.spec.format != imported.get("format"):
            return {}
        answers = imported.get("answers") or {}
        try:
            written = translation.portable(report.spec, Folder(root), report.questions, answers)
        except translation.AnswerRefused as refusal:
            raise _differs() from refusal
    return written.files


def _check(made: Export, document: dict[str, Any], folder: Path) -> None:
    """Refuse a clear copy that is not what was sealed."""
    contract = ScoringContract.from_json(_task(made.challenge).scorer_version.spec)
    paths = sealed_paths(document)
    if made.translated:
        with tempfile.TemporaryDirectory(prefix="export-") as scratch:
            exporting.write_folder(Path(scratch), {}, made.translated)
            found = held_out_fingerprint(paths, Path(scratch), contract.digest)
    else:
        found = held_out_fingerprint(paths, folder, contract.digest)
    if found != made.challenge.held_out_fingerprint:
        raise _differs()


def _competition(made: Export, document: dict[str, Any]) -> dict[str, object]:
    """Describe the challenge as Codabench does, and put the program and data of its task."""
    challenge = made.challenge
    tasks, of_phase = _tasks(made, document)
    spec = made.source.spec if made.source else None
    optional = {
        "contact_email": challenge.contact,
        "reward": challenge.prizes_md[:200],
        "fact_sheet": codabench_export.fact_sheet(challenge.fact_sheet),
        "solutions": solutions(made.source),
    }
    pages = [(_("Présentation"), PAGE)]
    pages += [(each.title, page_path(each)) for each in challenge.pages.order_by("index")]
    return {
        "version": 2,
        "title": challenge.title,
        "description": challenge.summary,
        "image": "image.png",
        "terms": TERMS,
        "registration_auto_approve": challenge.registration == RegistrationMode.OPEN,
        "docker_image": (spec.environment if spec else "") or codabench_export.ENVIRONMENT,
        "competition_type": str(challenge.kind),
        **(spec.options if spec else {}),
        "pages": [{"title": title, "file": file} for title, file in pages],
        **{key: value for key, value in optional.items() if value},
        "tasks": tasks,
        "phases": [
            _codabench_phase(made, phase, of_phase.get(phase.index, []))
            for phase in challenge.phases.order_by("index")
        ],
        "leaderboards": codabench_boards(challenge),
    }


def _program(made: Export, document: dict[str, Any]) -> str:
    """Put our engine as a scoring program of Codabench; returns its path."""
    at = f"{exporting.PROGRAMS}/notation"
    contract = ScoringContract.from_json(_task(made.challenge).scorer_version.spec)
    truth = {"truth": str(document["truth"]["file"])}
    made.put(f"{at}/{codabench_export.METADATA_NAME}", codabench_export.METADATA)
    made.put(f"{at}/{codabench_export.TASK_NAME}", json.dumps(truth))
    made.put(f"{at}/{codabench_export.SCORE_NAME}", codabench_export.PORTAL_SCORE)
    made.put(f"{at}/{kit.CONTRACT_NAME}", canonical(contract.to_json()))
    made.put(f"{at}/{kit.PROGRAM_NAME}", kit.kit_program())
    return at


def _tasks(made: Export, document: dict[str, Any]) -> Tasks:
    """Describe the tasks; one that our metrics score has our own engine as its program."""
    if not document:
        return program_tasks(made.challenge, made.source)
    data = {"reference_data": exporting.REFERENCE} if made.reference is not None else {}
    said = code_description(document)
    made.lost += [said] if said else []
    hidden = hidden_inputs(document)
    if made.reference is not None and hidden:
        made.put_reference(f"{exporting.INPUTS}/{hidden}", hidden, made.reference)
        data["input_data"] = exporting.INPUTS
    task = _codabench_task(0, made.challenge.title, _program(made, document), said, **data)
    indexes = made.challenge.phases.values_list("index", flat=True)
    return [task], {index: [0] for index in indexes}


def _codabench_phase(made: Export, phase: Phase, tasks: list[int]) -> dict[str, object]:
    public = any(member.path.startswith(f"{exporting.PUBLIC}/") for member in made.members)
    data = {"public_data": exporting.PUBLIC} if public else {}
    if made.source is not None:
        data = public_payloads(made.source, phase.index)
    return {
        "index": phase.index,
        "name": phase.name,
        "start": codabench_export.written(phase.opens_at),
        **({"end": codabench_export.written(phase.closes_at)} if phase.closes_at else {}),
        "tasks": tasks,
        "max_submissions_per_day": phase.max_per_day,
        "max_submissions": phase.max_total,
        "execution_time_limit": phase.time_limit_s,
        "auto_migrate_to_this_phase": phase.migrate_from_id is not None,
        **data,
    }


def _openemploi(made: Export, document: dict[str, Any]) -> dict[str, Any]:
    """Write all that Codabench has no word for."""
    return {
        "format": exporting.FORMAT,
        "format_version": exporting.VERSION,
        "challenge": document or None,
        **({} if document else {"source": _source(made)}),
        "settings": settings_of(made.challenge),
        **({"access": made.challenge.grant.number} if made.challenge.grant else {}),
        "files": made.rows,
        **({"lost_in_codabench": list(made.lost)} if made.lost else {}),
    }


def _has_task(challenge: Challenge) -> bool:
    return PhaseTask.objects.filter(phase__challenge=challenge, current=True).exists()


def _task(challenge: Challenge) -> PhaseTask:
    found = PhaseTask.objects.filter(phase__challenge=challenge, current=True)
    return found.select_related("scorer_version").order_by("phase__index", "index")[:1].get()
