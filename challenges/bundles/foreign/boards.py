"""Read the leaderboards of Codabench and of CodaLab: columns, computed columns, rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from challenges.bundles.foreign.blocks import MISSING, Block
from challenges.bundles.foreign.context import Reading
from challenges.bundles.foreign.values import Board, BoardColumn, Phase, Rule

RULES = {
    "Add": Rule.CHOSEN_ONE,
    "Add_And_Delete": Rule.CHOSEN_ONE,
    "Add_And_Delete_Multiple": Rule.CHOSEN_SEVERAL,
    "Force_Last": Rule.LAST,
    "Force_Latest_Multiple": Rule.ALL,
    "Force_Best": Rule.BEST,
}
OPERATIONS = ("avg", "sum", "min", "max")
SORTS = ("desc", "asc")
TITLE, KEY, MAX_DECIMALS = 64, 36, 10
UNKNOWN, TWICE = "E_COLUMN_UNKNOWN", "E_COLUMN_INDEX_DUPLICATE"


def renumbered(phases: Sequence[Phase]) -> list[Phase]:
    """Number phases from 0 in their order."""
    return [replace(phase, index=at) for at, phase in enumerate(phases)]


def codabench(top: Block, reading: Reading) -> tuple[Board, ...]:
    """Read `leaderboards`; all are kept, where Codabench uses the first."""
    if "leaderboards" not in top.values and top.has("leaderboard"):
        top.refuse(
            MISSING, "en version 2 cette clé s’écrit « leaderboards » et porte une liste",
            key="leaderboard",
        )  # fmt: skip
        return ()
    if not top.has("leaderboards"):
        top.refuse(MISSING, "au moins un classement est attendu", key="leaderboards")
    found = []
    for block in top.items("leaderboards"):
        columns = _columns(block, reading)
        rule = block.chosen("submission_rule", tuple(RULES), default="Add")
        found.append(
            Board(
                key=block.needed("key", longest=KEY),
                title=block.needed("title", longest=TITLE),
                columns=columns,
                primary=_primary(block, columns),
                rule=RULES[rule],
                written_rule=rule,
                hidden=block.flag("hidden", default=False),
            )
        )
        reading.close(block)
    return tuple(found)


def _primary(block: Block, columns: Sequence[BoardColumn]) -> str:
    index = block.whole("primary_index", default=0)
    found = next((column for column in columns if column.index == index), None)
    if found is None and columns:
        block.refuse(UNKNOWN, "aucune colonne de cet index", key="primary_index", value=index)
    return found.key if found else ""


def _columns(board: Block, reading: Reading) -> tuple[BoardColumn, ...]:
    found: list[BoardColumn] = []
    operands: dict[int, tuple[Block, tuple[int, ...]]] = {}
    if not board.has("columns"):
        board.refuse(MISSING, "au moins une colonne est attendue", key="columns")
    for at, block in enumerate(board.items("columns")):
        column = _column(block, at)
        if column.index in {one.index for one in found}:
            block.refuse(TWICE, "cet index sert deux fois", key="index", value=column.index)
        if column.key in {one.key for one in found}:
            block.refuse(TWICE, "cette clé sert deux fois", key="key", value=column.key)
        operands[column.index] = (block, block.numbers("computation_indexes"))
        found.append(column)
        reading.close(block)
    keys = {column.index: column.key for column in found}
    return tuple(
        replace(column, operands=_operands(column, *operands[column.index], keys))
        for column in sorted(found, key=lambda one: one.index)
    )


def _operands(
    column: BoardColumn, block: Block, indexes: tuple[int, ...], keys: dict[int, str]
) -> tuple[str, ...]:
    if not column.operation:
        return ()
    if not indexes:
        block.refuse(MISSING, "colonnes du calcul attendues", key="computation_indexes")
    for index in indexes:
        if index not in keys or index == column.index:
            block.refuse(
                UNKNOWN, "aucune autre colonne de cet index", key="computation_indexes", value=index
            )
    return tuple(keys[index] for index in indexes if index in keys)


def _column(block: Block, at: int) -> BoardColumn:
    index = block.whole("index", default=at)
    operation = block.text("computation")
    if operation and operation not in OPERATIONS:
        block.refuse(
            "E_KEY_TYPE", f"valeurs admises : {', '.join(OPERATIONS)}", key="computation",
            value=operation,
        )  # fmt: skip
    return BoardColumn(
        key=block.needed("key", longest=KEY),
        title=block.needed("title", longest=KEY),
        index=at if index is None else index,
        descending=block.chosen("sorting", SORTS, default="desc") == "desc",
        decimals=_decimals(block, "precision"),
        hidden=block.flag("hidden", default=False),
        operation=operation if operation in OPERATIONS else "",
    )


def _decimals(block: Block, key: str) -> int:
    found = block.whole(key, default=2)
    if found is not None and found > MAX_DECIMALS:
        block.refuse("E_KEY_TYPE", f"{MAX_DECIMALS} décimales au plus", key=key, value=found)
    return 2 if found is None else min(found, MAX_DECIMALS)


def codalab(top: Block, reading: Reading) -> tuple[Board, ...]:
    """Read `leaderboard`: boards, columns attached by the label of their board, groups."""
    block = top.mapping("leaderboard")
    labels = {}
    for name, one in block.entries("leaderboards"):
        labels[name] = (one.text("label", name), one.whole("rank", default=1) or 1)
        reading.close(one)
    if not labels:
        top.refuse(MISSING, "au moins un classement est attendu", key="leaderboard.leaderboards")
    block.raw("column_groups")
    columns = [(one, _old_column(one, name)) for name, one in block.entries("columns")]
    computed = _computed(columns)
    for one, _column in columns:
        reading.close(one)
    reading.close(block)
    found = []
    for name, (label, _rank) in sorted(labels.items(), key=lambda item: item[1][1]):
        own = tuple(
            sorted(
                (computed[column.key] for one, column in columns if _on(one, label, labels)),
                key=lambda column: column.index,
            )
        )
        if not own:
            top.refuse(MISSING, "aucune colonne", key=f"leaderboard.leaderboards.{name}")
            continue
        found.append(Board(name, label, own, own[0].key))
    return tuple(found)


def _on(block: Block, label: str, labels: dict[str, tuple[str, int]]) -> bool:
    """Say whether a column is on a board: by the label of the alias, whatever its case."""
    named = block.raw("leaderboard")
    if isinstance(named, dict):
        return str(named.get("label", "")).strip().lower() == label.lower()
    return len(labels) == 1 or str(named).strip().lower() == label.lower()


def _old_column(block: Block, name: str) -> BoardColumn:
    group = block.raw("column_group")
    block.raw("leaderboard")
    rank = block.whole("rank", default=1)
    return BoardColumn(
        key=name,
        title=block.text("label", name),
        index=1 if rank is None else rank,
        descending=block.chosen("sort", SORTS, default="desc") == "desc",
        decimals=_decimals(block, "numeric_format"),
        hidden=block.flag("hidden", default=False),
        group=str(group.get("label", "")) if isinstance(group, dict) else "",
    )


def _computed(columns: Sequence[tuple[Block, BoardColumn]]) -> dict[str, BoardColumn]:
    """Read `computed`, that Codabench drops: an operation over other columns."""
    keys = {column.key.lower(): column.key for _block, column in columns}
    found = {}
    for block, column in columns:
        said = block.mapping("computed")
        if not said.values:
            found[column.key] = column
            continue
        operation = said.text("operation").lower()
        if operation not in OPERATIONS:
            said.refuse(
                "E_KEY_TYPE", f"valeurs admises : {', '.join(OPERATIONS)}", key="operation",
                value=operation,
            )  # fmt: skip
        names = [one.strip() for one in ",".join(said.texts("fields")).split(",") if one.strip()]
        for name in names:
            if name.lower() not in keys:
                said.refuse(UNKNOWN, "aucune colonne de ce nom", key="fields", value=name)
        operands = tuple(keys[name.lower()] for name in names if name.lower() in keys)
        found[column.key] = replace(column, operation=operation, operands=operands)
    return found
