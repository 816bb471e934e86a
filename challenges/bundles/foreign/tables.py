"""Write a CSV challenge in our form: its tables as they are, ignored rows left out."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Sequence

from challenges.bundles.folder import Folder
from challenges.bundles.foreign.menu import EVERY, Choice
from challenges.bundles.foreign.values import Rows, TruthTable
from challenges.bundles.foreign.writing import (
    MAX_BYTES,
    SAMPLE,
    TEST,
    TRUTH,
    Portable,
    entry,
    metric,
    written,
)

TRAIN, LABEL, MEAN = "train.csv", "reponse", "moyenne"
MAX_KEY = 24
FORMULA_CHARACTERS = 280


def write(truth: TruthTable, folder: Folder, name: str) -> Portable:
    """Write the challenge; name: a metric of the menu of its rows."""
    chosen, direction = EVERY[name].choice, EVERY[name].direction
    kept = _kept_ids(truth, folder)
    files = {
        TRUTH: _truth(truth, folder, kept),
        TEST: _test(truth, folder, kept),
        SAMPLE: _sample(truth, folder, kept),
    }
    public = [entry(TEST, "test"), entry(SAMPLE, "sample_submission")]
    if truth.train:
        files[TRAIN] = folder.read(truth.train, limit_bytes=MAX_BYTES)
        public.append(entry(TRAIN, "train"))
    document: dict[str, object] = {
        "task": chosen.task,
        "files": {"public": public, "held_out": [entry(TRUTH, "truth")]},
        "submission": {"formats": ["csv", "parquet", "zip"], **_submission(truth, chosen)},
        "truth": {
            "file": TRUTH,
            "split": {"column": truth.column, "public": truth.public, "private": truth.private},
            **_answers(truth),
        },
        "metrics": _figures(truth, name, chosen, direction),
    }
    return Portable(document, files)


def _submission(truth: TruthTable, chosen: Choice) -> dict[str, object]:
    key = {"name": truth.id, "role": "id", "type": "string"}
    if truth.rows is Rows.CANDIDATES:
        return {
            "layout": "candidate_scores",
            "policy": "complete",
            "columns": [
                key | {"role": "query"},
                {"name": truth.item, "role": "item", "type": "category"},
                {"name": truth.target, "role": "score", "type": "float"},
            ],
        }
    if truth.rows is Rows.ONE:
        target = {"name": truth.target, "role": "target", **_type(chosen.answer)}
        return {"layout": "one_row_per_id", "columns": [key, target]}
    classes = truth.rows is Rows.CLASSES
    return {
        "layout": "numbers_per_id",
        "form": "probabilities" if classes else "targets",
        "columns": [
            key,
            *(
                {
                    "name": name,
                    "role": "target",
                    **_type("probability" if classes else chosen.answer),
                }
                for name in (truth.classes if classes else truth.targets)
            ),
        ],
    }


def _type(answer: str) -> dict[str, object]:
    if answer == "probability":
        return {"type": "float", "min": 0, "max": 1}
    return {"type": "category" if answer == "label" else "float"}


def _answers(truth: TruthTable) -> dict[str, object]:
    if truth.rows is Rows.CANDIDATES:
        names = {"query": truth.id, "item": truth.item, "gain": truth.target}
        return {**names, "cluster": truth.id}
    return {"id": truth.id, "target": _label(truth)}


def _label(truth: TruthTable) -> str:
    """Name the column of right answers: one is added where columns are one class each."""
    return LABEL if truth.rows is Rows.CLASSES and len(truth.targets) > 1 else truth.target


def _figures(
    truth: TruthTable, name: str, chosen: Choice, direction: str
) -> list[dict[str, object]]:
    """Write the figure that ranks; of several targets, one each, then their mean, which ranks."""
    params = dict(chosen.params)
    if truth.rows is not Rows.TARGETS:
        return [metric(name, name, chosen.label, direction, params, primary=True)]
    keys = _keys(truth.targets)
    each = [
        metric(
            key, name, f"{chosen.label}, {target}", direction, params | {"target": target},
            primary=False,
        )
        for key, target in zip(keys, truth.targets, strict=True)
    ]  # fmt: skip
    formula = f"({' + '.join(keys)}) / {len(keys)}"
    label = f"{chosen.label}, moyenne des {len(keys)} cibles"
    mean = metric(MEAN, "formula", label, direction, {"formula": formula}, primary=True)
    return [mean, *each]


def _keys(targets: Sequence[str]) -> list[str]:
    """Name the figures after their targets, or by their numbers where a formula could not."""
    names = [re.sub(r"[^A-Za-z0-9]+", "_", one).strip("_").lower() for one in targets]
    reserved = {MEAN, "min", "max", *keyword.kwlist}
    plain = all(
        one.isidentifier() and one.isascii() and len(one) <= MAX_KEY and one not in reserved
        for one in names
    )
    if (
        plain
        and len(set(names)) == len(names)
        and sum(map(len, names)) <= FORMULA_CHARACTERS - 3 * len(names)
    ):
        return names
    return [f"c{at}" for at in range(1, len(names) + 1)]


def _kept_ids(truth: TruthTable, folder: Folder) -> set[str] | None:
    """Give the ids of the two parts; None when no row is ignored."""
    if not truth.ignored:
        return None
    pairs = zip(
        folder.column(truth.file, truth.id), folder.column(truth.file, truth.column), strict=True
    )
    return {one for one, part in pairs if part in {truth.public, truth.private}}


def _truth(truth: TruthTable, folder: Folder, kept: set[str] | None) -> bytes:
    if _label(truth) == truth.target:
        return _without(folder, truth.file, truth.id, kept)
    columns = [folder.column(truth.file, name) for name in (truth.id, truth.column)]
    cells = zip(*(folder.column(truth.file, name) for name in truth.targets), strict=True)
    rows = (
        [key, part, truth.targets[[float(one) for one in row].index(1)]]
        for key, part, row in zip(*columns, cells, strict=True)
        if kept is None or key in kept
    )
    return written([[truth.id, truth.column, LABEL], *rows])


def _test(truth: TruthTable, folder: Folder, kept: set[str] | None) -> bytes:
    if truth.test:
        return _without(folder, truth.test, truth.id, kept)
    if truth.rows is Rows.CANDIDATES:
        return written([[truth.id, truth.item], *sorted(_pairs(truth, folder, kept))])
    return written([[truth.id], *([one] for one in sorted(_ids(truth, folder, kept)))])


def _sample(truth: TruthTable, folder: Folder, kept: set[str] | None) -> bytes:
    """Copy the sample; of classes it is written, since probabilities must add up to 1."""
    if truth.sample and truth.rows is not Rows.CLASSES:
        return _without(folder, truth.sample, truth.id, kept)
    if truth.rows is Rows.CANDIDATES:
        rows = ([query, item, 0] for query, item in sorted(_pairs(truth, folder, kept)))
        return written([[truth.id, truth.item, truth.target], *rows])
    columns = truth.classes or truth.targets
    cell: object = truth.answers[0]
    if truth.rows is not Rows.ONE:
        cell = f"{1 / len(columns):.6f}" if truth.rows is Rows.CLASSES else 0
    ids = sorted(_ids(truth, folder, kept))
    return written([[truth.id, *columns], *([one, *([cell] * len(columns))] for one in ids)])


def _ids(truth: TruthTable, folder: Folder, kept: set[str] | None) -> Iterator[str]:
    for one in folder.column(truth.file, truth.id):
        if kept is None or one in kept:
            yield one


def _pairs(truth: TruthTable, folder: Folder, kept: set[str] | None) -> Iterator[tuple[str, str]]:
    columns = (folder.column(truth.file, name) for name in (truth.id, truth.item))
    for query, item in zip(*columns, strict=True):
        if kept is None or query in kept:
            yield query, item


def _without(folder: Folder, path: str, key: str, kept: set[str] | None) -> bytes:
    """Copy a table, or its kept rows."""
    if kept is None:
        return folder.read(path, limit_bytes=MAX_BYTES)
    header = folder.header(path)
    columns = [folder.column(path, name) for name in header]
    at = header.index(key)
    rows = (list(row) for row in zip(*columns, strict=True) if row[at] in kept)
    return written([header, *rows])
