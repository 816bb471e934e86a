"""Propose what is checked of a team's file before a program reads it, from the bundle alone.

A refusal of form uses no attempt, so it must read nothing that is hidden: a table is checked by
its identifiers only when the bundle itself publishes all of them (starting kit, public data,
solution). Otherwise counts of rows or lines are compared, and messages give counts.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from challenges.bundles.folder import Folder
from challenges.bundles.foreign import bundle as foreign_bundle
from challenges.bundles.foreign import documents
from challenges.bundles.foreign.documents import Question
from challenges.bundles.foreign.values import ForeignSpec, Format, Phase, Task
from challenges.bundles.programs import Form, FormKind
from challenges.scoring.contract import Layout, written_shape

NAMED = re.compile(r"""["']([\w-]+\.(?:csv|tsv|txt|json|jsonl|parquet))["']""")
# A name without extension is one only where a file is opened by it, last of its path.
OPENED = re.compile(
    r"""(?:open|loadtxt|genfromtxt|read_csv|load)\s*\(\s*(?:"""
    r"""["'](?P<alone>[A-Za-z][\w-]{2,})["']\s*[,)]|"""
    r"""(?:[^()"']*/\s*|(?:os\.path\.)?join\s*\([^()]*,\s*)["'](?P<last>[A-Za-z][\w-]{2,})["']\s*\))"""
)
WRITTEN = {"scores.json", "scores.txt", "metadata.json"}
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
MOST_LABELS = 50
Table = list[list[str]]


@dataclass(frozen=True)
class Proposal:
    """A form for one task, and how it is said to the organiser."""

    form: Form
    said: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


def proposals(spec: ForeignSpec, folder: Folder) -> dict[int, Proposal]:
    """Propose a form for each task, by its index (for EvalAI, by that of its phase)."""
    if spec.format is Format.EVALAI:
        return {phase.index: Proposal(_file(phase)) for phase in spec.phases}
    return {task.index: _of(spec, folder, task) for task in spec.tasks}


def asked(found: Mapping[int, Proposal]) -> tuple[Question, ...]:
    """Ask about each form that checks something."""
    return tuple(
        Question(
            key_of(index),
            documents.FORM,
            documents.CHECK,
            each.said,
            documents.FORM_CHOICES,
            each.facts,
        )
        for index, each in sorted(found.items())
        if each.said
    )


def key_of(index: int) -> str:
    """Return the key of the question about a task."""
    return f"tasks.{index}.form"


def _file(phase: Phase) -> Form:
    types = tuple(one.lower() for one in phase.file_types)
    return Form(types=types, is_archive=False)


def _of(spec: ForeignSpec, folder: Folder, task: Task) -> "Proposal":
    phases = [phase for phase in spec.phases if task.index in phase.tasks]
    if task.ingestion_program is not None or any(len(phase.tasks) > 1 for phase in phases):
        return Proposal(Form())
    name = _expected_name(folder, task)
    if not name:
        return Proposal(Form())
    if task.reference_data is None:
        return _file_of(name)
    return _like_the_reference(spec, folder, task, name)


def _expected_name(folder: Folder, task: Task) -> str:
    """Read in the scoring program which one file it opens, "" unless there is exactly one."""
    if task.scoring_program is None:
        return ""
    hidden = task.reference_data.files if task.reference_data else ()
    own = list(foreign_bundle.payload_files(folder, task.scoring_program))
    known = (*hidden, *(path for path, _content in own))
    others = {PurePosixPath(name).name for name in known} | WRITTEN
    found = {
        name
        for path, content in own
        if path.endswith(".py")
        for name in _names(content.decode(errors="replace"))
        if name not in others
    }
    return found.pop() if len(found) == 1 else ""


def _names(program: str) -> list[str]:
    bare = (found["alone"] or found["last"] for found in OPENED.finditer(program))
    return [*NAMED.findall(program), *bare]


def _like_the_reference(spec: ForeignSpec, folder: Folder, task: Task, name: str) -> "Proposal":
    reference = list(foreign_bundle.payload_tables(folder, task.reference_data))
    if len(reference) != 1:
        return _file_of(name)
    file, truth = reference[0]
    rows = len(truth) - 1
    if not name.endswith(".csv"):
        form = Form(FormKind.LINES, name, rows)
        return Proposal(form, documents.FORM_OF_LINES, {"name": name, "rows": str(rows)})
    key = truth[0][0]
    ids = {row[0] for row in truth[1:]}
    public = list(_public(spec, folder))
    if len(ids) == rows and any(_ids(table) == ids for table in public if table[0][0] == key):
        answer = _answer(spec, folder, task, truth, public)
        if answer is not None:
            facts = {"name": name, "key": key, "column": str(answer["name"]), "rows": str(rows)}
            form = Form(FormKind.TABLE, name, rows, _spec(key, answer), (file, key))
            return Proposal(form, documents.FORM_OF_TABLE, facts)
    form = Form(FormKind.ROWS, name, rows)
    return Proposal(form, documents.FORM_OF_ROWS, {"name": name, "rows": str(rows)})


def _file_of(name: str) -> "Proposal":
    return Proposal(Form(name=name), documents.FORM_OF_FILE, {"name": name})


def _ids(table: Table) -> set[str]:
    return {row[0] for row in table[1:]}


def _public(spec: ForeignSpec, folder: Folder) -> Iterator[Table]:
    """Give every table that the bundle lets everybody read, or that its solution shows."""
    for phase in spec.phases:
        for payload in (phase.starting_kit, phase.public_data):
            for _name, table in foreign_bundle.payload_tables(folder, payload):
                yield table


def _answer(
    spec: ForeignSpec, folder: Folder, task: Task, truth: Table, public: list[Table]
) -> dict[str, object] | None:
    """Find the one column of answers: shown by a sample, else the reference's only other one."""
    head = truth[0]
    shown = {
        tuple(table[0][1:])
        for phase in spec.phases
        for _name, table in foreign_bundle.payload_tables(folder, phase.starting_kit)
        if table[0][0] == head[0]
    }
    columns = shown.pop() if len(shown) == 1 else tuple(head[1:])
    if len(columns) != 1 or columns[0] not in head:
        return None
    column = columns[0]
    values = {row[head.index(column)] for row in truth[1:]}
    if all(NUMBER.fullmatch(value) for value in values):
        return {"name": column, "role": "target", "type": "float"}
    told = {
        row[table[0].index(column)]
        for table in public
        if column in table[0][1:]
        for row in table[1:]
    }
    closed = values <= told and len(told) <= MOST_LABELS
    return {
        "name": column,
        "role": "target",
        "type": "category" if closed else "string",
        **({"domain": sorted(told)} if closed else {}),
    }


def _spec(key: str, answer: Mapping[str, object]) -> dict[str, object]:
    shape = written_shape(Layout.ONE_ROW_PER_ID, {"id": key}, formats=["csv"])
    shape["columns"].append(dict(answer))
    return shape
