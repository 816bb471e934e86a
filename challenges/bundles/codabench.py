"""Write a challenge for Codabench: `competition.yaml`, version 2, and what scores there.

Source: codalab/codabench c7dbc75, src/apps/competitions/unpackers/v2.py. Dates are texts between
quotes, UTC: Codabench truncates those that YAML reads by itself to midnight."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

TITLE, KEY = 36, 36
UNDATED = "2100-01-01 00:00:00"  # Codabench requires a start; nothing opens by accident
RULES = {
    "best": "Force_Best",
    "last": "Force_Last",
    "chosen": "Add_And_Delete",
    "all": "Force_Latest_Multiple",
}
OPERATIONS = ("avg", "sum", "min", "max")


@dataclass(frozen=True)
class Text:
    """A page: its title and its file in the export."""

    title: str
    file: str


@dataclass(frozen=True)
class Task:
    """One task. program: its path in the export, or what it would be; data: other keys."""

    index: int
    name: str
    program: str
    data: Mapping[str, str]
    description: str = ""


@dataclass(frozen=True)
class Phase:
    """One phase. data: public_data and starting_kit, by key."""

    index: int
    name: str
    starts: datetime | None
    ends: datetime | None
    tasks: Sequence[int]
    per_day: int | None
    total: int | None
    seconds: int
    migrates: bool = False
    data: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Column:
    """One column of a leaderboard."""

    key: str
    title: str
    is_descending: bool
    decimals: int
    is_hidden: bool
    operation: str = ""
    operands: Sequence[str] = ()


@dataclass(frozen=True)
class Board:
    """One leaderboard. rule: as the portal names it."""

    key: str
    title: str
    rule: str
    is_hidden: bool
    primary: str
    columns: Sequence[Column]


@dataclass(frozen=True)
class Competition:
    """What Codabench knows of a challenge."""

    title: str
    description: str
    image: str
    terms: str
    is_open: bool
    kind: str
    contact: str
    reward: str
    environment: str
    pages: Sequence[Text]
    tasks: Sequence[Task]
    phases: Sequence[Phase]
    boards: Sequence[Board]
    fact_sheet: Sequence[Mapping[str, object]] = ()
    solutions: Sequence[Mapping[str, object]] = ()
    options: Mapping[str, bool] | None = None


def competition_document(found: Competition) -> dict[str, object]:
    """Give the document, keys in the order of Codabench's own examples."""
    return {
        "version": 2,
        "title": found.title,
        "description": found.description,
        "image": found.image,
        "terms": found.terms,
        "registration_auto_approve": found.is_open,
        "docker_image": found.environment,
        "competition_type": found.kind,
        **({"contact_email": found.contact} if found.contact else {}),
        **({"reward": found.reward} if found.reward else {}),
        **(found.options or {}),
        "pages": [{"title": one.title, "file": one.file} for one in found.pages],
        **({"fact_sheet": _fact_sheet(found.fact_sheet)} if found.fact_sheet else {}),
        "tasks": [_task(one) for one in found.tasks],
        **({"solutions": [dict(one) for one in found.solutions]} if found.solutions else {}),
        "phases": [_phase(one) for one in found.phases],
        "leaderboards": [_board(one) for one in found.boards],
    }


def written(at: datetime | None) -> str:
    """Write an instant as Codabench reads it: UTC, no offset."""
    return UNDATED if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _task(task: Task) -> dict[str, object]:
    return {
        "index": task.index,
        "name": task.name,
        "description": task.description or task.name,
        "scoring_program": task.program,
        **task.data,
    }


def _phase(phase: Phase) -> dict[str, object]:
    return {
        "index": phase.index,
        "name": phase.name,
        "start": written(phase.starts),
        **({"end": written(phase.ends)} if phase.ends else {}),
        "tasks": list(phase.tasks),
        "max_submissions_per_day": phase.per_day,
        "max_submissions": phase.total,
        "execution_time_limit": phase.seconds,
        "auto_migrate_to_this_phase": phase.migrates,
        **(phase.data or {}),
    }


def _board(board: Board) -> dict[str, object]:
    places = {column.key: at for at, column in enumerate(board.columns)}
    return {
        "title": board.title[:64],
        "key": board.key[:KEY],
        "submission_rule": RULES[board.rule],
        "hidden": board.is_hidden,
        "primary_index": places.get(board.primary, 0),
        "columns": [_column(at, column, places) for at, column in enumerate(board.columns)],
    }


def _column(at: int, column: Column, places: Mapping[str, int]) -> dict[str, object]:
    computed: dict[str, object] = {}
    if column.operation in OPERATIONS:
        indexes = [places[one] for one in column.operands if one in places]
        computed = {"computation": column.operation, "computation_indexes": indexes}
    return {
        "title": column.title[:TITLE],
        "key": column.key[:KEY],
        "index": at,
        "sorting": "desc" if column.is_descending else "asc",
        "precision": column.decimals,
        "hidden": column.is_hidden,
        **computed,
    }


def _fact_sheet(questions: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Write the questions: their flags are texts there, « true » or « false »."""
    return {
        str(one["key"]): {
            "key": one["key"],
            "title": one.get("label") or one["key"],
            "type": one.get("type") if one.get("type") in {"checkbox", "select"} else "text",
            "selection": _selection(one),
            "is_required": str(bool(one.get("required"))).lower(),
            "is_on_leaderboard": str(bool(one.get("on_leaderboard"))).lower(),
        }
        for one in questions
    }


def _selection(question: Mapping[str, object]) -> object:
    match question.get("type"):
        case "select":
            return question.get("options") or []
        case "checkbox":
            return [True, False]
        case _:
            return ""


# Run there as `python3 score.py INPUT OUTPUT`, beside openemploi.pyz and contrat.json.
PORTAL_SCORE = '''\
"""Score one submission with the engine of Open Emploi; writes scores.json."""
import json, os, subprocess, sys
here = os.path.dirname(os.path.abspath(__file__))
given, output = sys.argv[1], sys.argv[2]
with open(os.path.join(here, "tache.json"), encoding="utf-8") as file:
    task = json.load(file)
truth = os.path.join(given, "ref", task["truth"])
sent = os.path.join(given, "res")
names = sorted(
    name for name in os.listdir(sent)
    if name.lower().endswith((".csv", ".parquet")) and not name.startswith(".")
)
if len(names) != 1:
    sys.exit("un seul fichier .csv ou .parquet est attendu / one .csv or .parquet is expected")
command = [sys.executable, os.path.join(here, "openemploi.pyz"), "score", truth]
command += [os.path.join(sent, names[0]), "--json"]
command += ["--contract", os.path.join(here, "contrat.json")]
done = subprocess.run(command, stdout=subprocess.PIPE)
answer = json.loads(done.stdout or b"{}")
if done.returncode != 0:
    for fault in answer.get("errors", []):
        sys.stderr.write("%s %s\\n" % (fault.get("code"), fault.get("message")))
    sys.exit("format refusé / format refused")
values = answer["values"].get("public") or answer["values"]["all"]
scores = {k: v for k, v in values.items() if isinstance(v, (int, float)) and k != "n"}
with open(os.path.join(output, "scores.json"), "w", encoding="utf-8") as file:
    json.dump(scores, file)
'''
METADATA = "command: python3 $program/score.py $input $output\n"
SCORE_NAME, METADATA_NAME, TASK_NAME = "score.py", "metadata.yaml", "tache.json"
# Python 3.11 and NumPy.
ENVIRONMENT = "codalab/codalab-legacy:py312"
