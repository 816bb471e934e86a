"""Make the boards of an imported challenge: one or more a phase, their columns, what is sealed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from challenges.bundles import programs
from challenges.bundles.foreign import questions
from challenges.bundles.foreign.questions import Question
from challenges.bundles.foreign.values import (
    Board,
    BoardColumn,
    ForeignSpec,
    Format,
    PhaseSplit,
    Rule,
)
from challenges.bundles.foreign.values import Phase as ForeignPhase
from challenges.bundles.programs import BOTH, PRIVATE, PUBLIC, Declared
from challenges.enums import BoardRule, ColumnKind, Direction
from challenges.models import Column, Leaderboard, Phase

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


def declared(
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


def asked(spec: ForeignSpec) -> tuple[Question, ...]:
    """Ask once of each score which values it may take."""
    names = dict.fromkeys(each.name for phase in spec.phases for each in _named(spec, phase))
    common = ", ".join(f"{each:g}" for each in programs.SENTINELS)
    return tuple(
        Question(
            programs.bounds_key(name),
            questions.BOUNDS,
            programs.ANY,
            questions.BOUNDS_HINT,
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


def planned(spec: ForeignSpec, phase: ForeignPhase) -> list[Planned]:
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


def write(phase: Phase, plans: Sequence[Planned]) -> None:
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
