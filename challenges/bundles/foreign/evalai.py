"""Read an EvalAI package, and compare the names its script returns with those it declares.

Source: Cloud-CV/EvalAI 0f04039, apps/challenges/challenge_config_utils.py and its documentation.

The script is run by a function that the caller gives, since it has the sandbox. EvalAI packages
hold no sample: the annotations themselves are tried as an answer, then, when they are a map of
maps in JSON, their parts merged, which is a perfect answer where teams send one map."""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from challenges.bundles.folder import FileAbsent, PathRefused
from challenges.bundles.foreign.bundle import Reading, one_root, orders, plain
from challenges.bundles.foreign.documents import Block, Instant, instant
from challenges.bundles.foreign.values import (
    Attribute,
    Board,
    BoardColumn,
    ForeignSpec,
    Format,
    Holding,
    Payload,
    Phase,
    PhaseSplit,
    Rule,
    Text,
)
from challenges.scoring.archives import is_relative
from challenges.scoring.fields import MISSING

MAX_TAGS, MAX_DECIMALS = 4, 10
KINDS = ("text", "radio", "checkbox", "boolean")
VISIBILITIES = (1, 2, 3)
TWICE, UNKNOWN = "E_ID_TWICE", "E_SPLIT_UNKNOWN"
PAGES = (
    ("description", "Présentation"),
    ("evaluation_details", "Évaluation"),
    ("submission_guidelines", "Consignes"),
)
DROPPED = (
    "published", "is_docker_based", "is_static_dataset_code_upload", "leaderboard_description",
    "cli_version", "use_host_credentials", "forum_url", "list_tag", "has_prize", "has_sponsors",
    "prizes", "sponsors", "slug",
)  # fmt: skip
PHASE_DROPPED = (
    "leaderboard_public", "is_public", "is_active", "is_submission_public", "allowed_email_ids",
    "is_partial_submission_evaluation_enabled", "environment_image", "slug", "config_id",
    "max_submission_size", "default_submission_meta_attributes",
)  # fmt: skip


def read_evalai(top: Block, reading: Reading) -> ForeignSpec:
    """Read the YAML file and what it names; every fault goes to reading.findings."""
    if top.flag("remote_evaluation", default=False):
        top.refuse(
            "E_REMOTE_EVALUATION",
            "une évaluation à distance ne peut pas être reprise ici",
            key="remote_evaluation",
            value=True,
        )
    tags = top.texts("tags")
    if len(tags) > MAX_TAGS:
        top.warn("W_KEY_NOT_MAPPED", f"{MAX_TAGS} mots-clés au plus", key="tags", value=len(tags))
    start, end = (_instant(top, key, reading) for key in ("start_date", "end_date"))
    phases, splits, boards = _phases(top, reading), _splits(top, reading), _boards(top, reading)
    parts = _parts(top, reading, phases, splits, boards)
    spec = ForeignSpec(
        format=Format.EVALAI,
        title=top.needed("title"),
        description=top.text("short_description"),
        image=reading.payloads.image(top, "image"),
        terms=reading.payloads.terms(top, "terms_and_conditions"),
        pages=_pages(top, reading),
        phases=tuple(phases.values()),
        boards=tuple(_precise(board, parts) for board in boards.values()),
        start=start,
        end=end,
        tags=tags[:MAX_TAGS],
        domain=top.text("domain"),
        domains=(top.texts("allowed_email_domains"), top.texts("blocked_email_domains")),
        evaluation_script=_script(top, reading),
        splits=parts,
        kept=reading.kept,
    )
    reading.close(top, drop=DROPPED)
    return spec


def _instant(block: Block, key: str, reading: Reading) -> Instant | None:
    return instant(block, key, ask=reading.ask, codabench=False)


def _script(top: Block, reading: Reading) -> Payload | None:
    """Read the script, a folder or the zip of one: the file may be written without its .zip."""
    key = "evaluation_script"
    path = top.text(key)
    if is_relative(path) and not reading.payloads.holds(path) and not path.endswith(".zip"):
        try:
            return reading.payloads.payload(f"{path}.zip")
        except (FileAbsent, PathRefused):
            pass
    return reading.payloads.named(top, key, required=True)


def _pages(top: Block, reading: Reading) -> tuple[Text, ...]:
    found = [
        reading.payloads.page(top, key, title=title, name=key)
        for key, title in PAGES
        if top.has(key)
    ]
    return tuple(page for page in found if page is not None)


def _id(block: Block, at: int, taken: Mapping[object, object]) -> object:
    found = block.raw("id")
    if found is None or isinstance(found, dict | list):
        block.refuse(MISSING, "cette clé est obligatoire", key="id", value=found)
        return f"sans id {at}"
    if found in taken:
        block.refuse(TWICE, "cet id sert deux fois", key="id", value=found)
    return found


def _phases(top: Block, reading: Reading) -> dict[object, Phase]:
    found: dict[object, Phase] = {}
    if not top.has("challenge_phases"):
        top.refuse(MISSING, "au moins une phase est attendue", key="challenge_phases")
    monthly = []
    for at, block in enumerate(top.items("challenge_phases")):
        phase = _phase(block, at, reading)
        (phase,) = orders([(block, phase)], start="start_date", end="end_date")
        found[_id(block, at, found)] = phase
        month = block.raw("max_submissions_per_month")
        if month is not None:
            monthly.append(str(month))
            reading.kept[block.at("max_submissions_per_month")] = plain(month)
        reading.close(block, drop=PHASE_DROPPED)
    if monthly:
        top.warn(
            "W_KEY_NOT_MAPPED",
            "sans équivalent ici (quotas par jour et au total), gardé pour l’export",
            key="max_submissions_per_month",
            value=", ".join(monthly),
        )
    return found


def _phase(block: Block, at: int, reading: Reading) -> Phase:
    annotation = reading.payloads.named(block, "test_annotation_file", required=True)
    restricted = block.flag("is_restricted_to_select_one_submission", default=False)
    files = ",".join(block.texts("allowed_submission_file_types"))
    return Phase(
        index=at,
        codename=block.needed("codename"),
        name=block.needed("name"),
        description=_described(block, reading),
        start=_instant(block, "start_date", reading),
        end=_instant(block, "end_date", reading),
        max_per_day=reading.quota(block, "max_submissions_per_day", default=None),
        max_total=reading.quota(block, "max_submissions", default=None),
        max_parallel=block.whole("max_concurrent_submissions_allowed", default=None),
        hidden=("logs",) if block.flag("disable_logs", default=False) else (),
        annotation=annotation.path if annotation else "",
        file_types=tuple(one.strip() for one in files.split(",") if one.strip()),
        questions=tuple(
            _question(one, reading) for one in block.items("submission_meta_attributes")
        ),
        final_choices=1 if restricted else None,
        place=block.place,
    )


def _described(block: Block, reading: Reading) -> str:
    page = reading.payloads.page(block, "description") if block.has("description") else None
    return page.text if page else ""


def _question(block: Block, reading: Reading) -> Attribute:
    name = block.needed("name")
    block.text("description")
    found = Attribute(
        key=name,
        title=name,
        type=block.chosen("type", KINDS, default="text"),
        options=block.texts("options"),
        required=block.flag("required", default=False),
    )
    reading.close(block)
    return found


def _splits(top: Block, reading: Reading) -> dict[object, str]:
    found: dict[object, str] = {}
    for at, block in enumerate(top.items("dataset_splits")):
        found[_id(block, at, found)] = block.needed("codename")
        block.text("name")
        reading.close(block)
    return found


def _boards(top: Block, reading: Reading) -> dict[object, Board]:
    found: dict[object, Board] = {}
    if not top.has("leaderboard"):
        top.refuse(MISSING, "au moins un classement est attendu", key="leaderboard")
    for at, block in enumerate(top.items("leaderboard")):
        found[_id(block, at, found)] = _board(block, at, reading)
        reading.close(block)
    return found


def _board(block: Block, at: int, reading: Reading) -> Board:
    schema = block.mapping("schema")
    labels, primary = schema.texts("labels"), schema.text("default_order_by")
    if primary not in labels:
        schema.refuse(
            "E_COLUMN_UNKNOWN",
            f"colonnes déclarées : {', '.join(labels) or 'aucune'}",
            key="default_order_by",
            value=primary,
        )
    metadata = schema.mapping("metadata")
    columns = []
    for index, label in enumerate(labels):
        said = metadata.mapping(label)
        ascending = said.flag("sort_ascending", default=False)
        said.text("description")
        columns.append(BoardColumn(label, label, index, descending=not ascending))
        reading.close(said)
    reading.close(metadata, schema)
    return Board(f"classement-{at + 1}", "Classement", tuple(columns), primary, Rule.BEST)


def _parts(
    top: Block,
    reading: Reading,
    phases: Mapping[object, Phase],
    splits: Mapping[object, str],
    boards: Mapping[object, Board],
) -> tuple[PhaseSplit, ...]:
    """Read which splits each phase has, and set the decimals of the boards."""
    found = []
    if not top.has("challenge_phase_splits"):
        top.refuse(MISSING, "au moins une partie est attendue", key="challenge_phase_splits")
    for block in top.items("challenge_phase_splits"):
        phase = _of(block, "challenge_phase_id", phases)
        split = _of(block, "dataset_split_id", splits)
        board = _of(block, "leaderboard_id", boards)
        visibility = block.whole("visibility", default=3)
        if visibility not in VISIBILITIES:
            block.refuse("E_KEY_TYPE", "1, 2 ou 3 attendu", key="visibility", value=visibility)
        found.append(
            PhaseSplit(
                phase.codename if isinstance(phase, Phase) else "",
                str(split or ""),
                board.key if isinstance(board, Board) else "",
                visibility or 1,
                tuple(one.key for one in board.columns) if isinstance(board, Board) else (),
                _decimals(block),
            )
        )
        _shown(block)
        reading.close(block)
    return tuple(found)


def _precise(board: Board, parts: Sequence[PhaseSplit]) -> Board:
    """Set the decimals of a board: the most that one of its parts asks for."""
    decimals = max((part.decimals for part in parts if part.board == board.key), default=2)
    columns = tuple(replace(column, decimals=decimals) for column in board.columns)
    return replace(board, columns=columns)


def _of(block: Block, key: str, known: Mapping[object, object]) -> object:
    found = block.raw(key)
    if isinstance(found, dict | list) or found not in known:
        said = ", ".join(str(one) for one in known) or "aucun"
        block.refuse(UNKNOWN, f"ids déclarés : {said}", key=key, value=found)
        return None
    return known[found]


def _decimals(block: Block) -> int:
    found = block.whole("leaderboard_decimal_precision", default=2)
    return min(2 if found is None else found, MAX_DECIMALS)


def _shown(block: Block) -> None:
    """Read how the part is listed; the columns already say their own order."""
    block.flag("is_leaderboard_order_descending", default=True)
    block.flag("show_execution_time", default=False)
    block.flag("show_leaderboard_by_latest_submission", default=False)


MAX_JSON_BYTES = 50 << 20
CODE, NOT_DONE = "E_SPLIT_MISMATCH", "W_DRY_RUN"


@dataclass(frozen=True)
class Trial:
    """One call of an evaluation script. script: its folder; the rest are files and the phase."""

    script: Path
    annotation: Path
    submission: Path
    codename: str


Names = Mapping[str, frozenset[str]]  # labels by split
# Gives the names that a script returned, or says in French why it did not (a ValueError).
Evaluator = Callable[[Trial], Names]


def compare(spec: ForeignSpec, reading: Reading, evaluate: Evaluator | None) -> tuple[str, ...]:
    """Run each phase's script and refuse names that differ: E_SPLIT_MISMATCH.

    Returns one sentence a phase. Without evaluator, or when no trial ends well: W_DRY_RUN.
    """
    if evaluate is None:
        _not_done(reading, "aucun programme n’a été exécuté : isolement absent ou non demandé")
        return ()
    told = []
    with tempfile.TemporaryDirectory(prefix="essai-") as scratch:
        script = _unpacked(spec, reading, Path(scratch))
        for phase in spec.phases:
            annotation = reading.root / phase.annotation
            answers = _answers(annotation, Path(scratch) / f"{phase.index}.json")
            told.append(_compare_phase(spec, reading, phase, script, answers, evaluate))
    return tuple(told)


def _compare_phase(
    spec: ForeignSpec,
    reading: Reading,
    phase: Phase,
    script: Path,
    answers: list[Path],
    evaluate: Evaluator,
) -> str:
    reason = ""
    for answer in answers:
        trial = Trial(script, reading.root / phase.annotation, answer, phase.codename)
        try:
            found, again = evaluate(trial), evaluate(trial)
        except ValueError as failure:
            reason = str(failure)
            continue
        if found != again:
            _not_done(
                reading, f"phase {phase.codename} : deux essais ne rendent pas les mêmes noms"
            )
        _mismatch(spec, reading, phase, found)
        return f"phase {phase.codename} : {said(found)}"
    _not_done(reading, f"phase {phase.codename} : {reason}")
    return f"phase {phase.codename} : essai sans résultat"


def _mismatch(spec: ForeignSpec, reading: Reading, phase: Phase, found: Names) -> None:
    declared = {
        part.split: frozenset(part.labels) for part in spec.splits if part.phase == phase.codename
    }
    if declared != found:
        reading.findings.refuse(
            CODE,
            f"phase {phase.codename} : déclarés {said(declared)} ; rendus par evaluate() "
            f"{said(found)}",
            file=spec.evaluation_script.path if spec.evaluation_script else "",
            key="challenge_phase_splits",
            value=", ".join(sorted(set(declared) ^ set(found))) or "colonnes",
        )


def said(names: Names) -> str:
    """Write names for people: splits, each with its labels."""
    parts = [f"{split} ({', '.join(sorted(names[split]))})" for split in sorted(names)]
    return ", ".join(parts) or "aucun"


def _not_done(reading: Reading, why: str) -> None:
    reading.findings.warn(
        NOT_DONE,
        f"noms des parties et des colonnes non comparés : {why}",
        key="evaluation_script",
    )


def _answers(annotation: Path, merged: Path) -> list[Path]:
    """List the files to try as an answer."""
    found = [annotation]
    if annotation.stat().st_size > MAX_JSON_BYTES:
        return found
    try:
        parts = json.loads(annotation.read_bytes())
    except (ValueError, RecursionError):
        return found
    if isinstance(parts, dict) and all(isinstance(one, dict) for one in parts.values()):
        flat = {key: one for part in parts.values() for key, one in part.items()}
        merged.write_text(json.dumps(flat), encoding="utf-8")
        found.insert(0, merged)
    return found


def _unpacked(spec: ForeignSpec, reading: Reading, scratch: Path) -> Path:
    """Give the folder of the script, written out of its judged zip, without its only folder."""
    payload = spec.evaluation_script
    if payload is None:
        raise ValueError("no script")
    place = reading.root / payload.path
    if payload.holding is not Holding.ZIP:
        return place
    folder = scratch / "script"
    for name, content in one_root(reading.payloads.folder, payload):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder
