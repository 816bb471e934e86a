"""The leaderboards of a challenge, and the questions whose answers they may show."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from challenges.organising.actions import drafts
from challenges.organising.enums import BoardRule, ColumnKind, Direction
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.models.scorings import Column, Leaderboard
from challenges.queue.actions import queue_standings
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib.refusals import Conflict, Invalid

MOST_BOARDS = 6  # of a phase
_LAST = 10_000


@dataclass(frozen=True)
class Place:
    """How a board shows a figure: its rank among the columns, whether it is shown, its limit.

    limit: what an entry must reach to win a prize, in the direction of the figure.
    """

    at: int
    shown: bool
    limit: float | None = None


def boards_of(phase: Phase) -> list[Leaderboard]:
    """List the boards of a phase, the main one first."""
    return list(phase.leaderboards.select_related("primary").order_by("pk"))


def main_of(phase: Phase) -> Leaderboard | None:
    """Return the board that the scoring of the phase makes; None before a scoring."""
    return phase.leaderboards.select_related("primary").order_by("pk").first()


@transaction.atomic
def add(*, phase: Phase, title: str, by: User) -> Leaderboard:
    """Add a board to a phase of a draft, with the columns and the rule of its main one.

    Event "phase.board_added". Raises NotAllowed; Conflict once it left the draft, or before a
    scoring.
    """
    challenge = drafts.locked_draft(phase.challenge, by)
    boards = boards_of(phase)
    if not boards:
        raise Conflict(_("Construisez d’abord la notation de cette phase."), code="board_first")
    if len(boards) >= MOST_BOARDS:
        raise Invalid(_("Six classements au plus par phase."), code="too_many")
    board = copy(phase, key=_free_key(challenge, phase), title=title)
    challenge.save_change("bundle")
    _recompute(board)
    record("phase.board_added", by=by, on=phase, title=title)
    return board


def copy(phase: Phase, *, key: str, title: str = "") -> Leaderboard:
    """Make a board of a phase like its main one, in the caller's transaction."""
    main = boards_of(phase)[0]
    board = Leaderboard.objects.create(
        challenge=phase.challenge,
        phase=phase,
        key=key,
        title=title or main.title,
        rule=main.rule,
        anonymous=main.anonymous,
    )
    follow_columns(
        board, main.columns.order_by("index"), primary=main.primary.key if main.primary else ""
    )
    return board


def _free_key(challenge: Challenge, phase: Phase) -> str:
    taken = set(challenge.leaderboards.order_by("pk").values_list("key", flat=True))
    return next(
        key for number in range(2, _LAST) if (key := f"phase-{phase.index}-{number}") not in taken
    )


@transaction.atomic
def remove(*, board: Leaderboard, by: User) -> None:
    """Remove a board of a draft, never the main one of its phase. Event "phase.board_removed".

    Raises NotAllowed, Conflict.
    """
    challenge = drafts.locked_draft(board.challenge, by)
    board = _locked(board)
    if is_main(board):
        raise Conflict(
            _("Le premier classement d’une phase vient de sa notation : cachez-le plutôt."),
            code="board_main",
        )
    Leaderboard.objects.filter(pk=board.pk).update(primary=None)
    Leaderboard.objects.filter(pk=board.pk).delete()
    challenge.save_change("bundle")
    record("phase.board_removed", by=by, on=board.phase, title=board.title)


@transaction.atomic
def arrange(
    *,
    board: Leaderboard,
    title: str,
    rule: BoardRule,
    primary: str,
    hidden: bool,
    places: Mapping[str, Place],
    by: User,
) -> Leaderboard:
    """Say what a board of a draft shows and how it ranks.

    places: by key of the columns; one that is absent stays as it is. primary: the key that ranks;
    the main board of a phase ranks by the figure of its scoring, whatever is asked. In order: the
    columns; the board; the document, for the main board of the first phase; event
    "phase.board_arranged". Raises NotAllowed, Conflict; Invalid where nothing would rank.
    """
    challenge = drafts.locked_draft(board.challenge, by)
    board = _locked(board)
    columns = list(board.columns.order_by("index"))
    if is_main(board) and board.primary is not None:
        primary = board.primary.key
    if primary not in {each.key for each in may_rank(columns)}:
        raise Invalid(_("Choisissez la colonne qui classe."), code="board_primary")
    for column in columns:
        place = places.get(column.key)
        if place is not None:
            column.hidden = not place.shown
            _limit(column, place.limit)
    board.title, board.rule, board.hidden = title, rule, hidden
    put_columns(board, sorted(columns, key=lambda each: _rank_of(each, places)), primary)
    _into_document(challenge, board)
    challenge.save_change("bundle")
    _recompute(board)
    facts = {"title": title, "rule": rule.value, "primary": primary}
    record("phase.board_arranged", by=by, on=board.phase, **facts)
    return board


def _locked(board: Leaderboard) -> Leaderboard:
    """Hold a board of a draft, its challenge held before; Conflict once it was removed."""
    try:
        return Leaderboard.objects.locked(board)
    except Leaderboard.DoesNotExist:
        raise Conflict(_("Ce classement n’existe plus."), code="absent") from None


def is_main(board: Leaderboard) -> bool:
    """Say whether a board is the one that the scoring of its phase makes."""
    main = main_of(board.phase)
    return main is not None and main.pk == board.pk


def may_rank(columns: Iterable[Column]) -> list[Column]:
    """Keep the columns by which a board may rank."""
    return [each for each in columns if is_limitable(each) and not each.grouped]


def is_limitable(column: Column) -> bool:
    """Say whether a column is a figure of the whole part with a better end."""
    own = column.kind in {ColumnKind.METRIC, ColumnKind.COMPUTED}
    return own and column.direction != Direction.NONE


def _rank_of(column: Column, places: Mapping[str, Place]) -> tuple[int, int]:
    place = places.get(column.key)
    return (place.at if place else column.index + 1, column.index)


def _limit(column: Column, limit: float | None) -> None:
    """Give a figure of the whole part its limit; one by group has that of the fairness audit."""
    if not is_limitable(column):
        return
    column.valid_min = limit if column.direction == Direction.MAX else None
    column.valid_max = limit if column.direction == Direction.MIN else None


def _into_document(challenge: Challenge, board: Leaderboard) -> None:
    """Keep the document equal to the main board of the first phase: a later build reads it."""
    document = challenge.bundle
    if board.phase.index != 0 or not is_main(board) or not document.get("metrics"):
        return
    columns = {each.key: each for each in board.columns.order_by("index")}
    at = {key: index for index, key in enumerate(columns)}
    metrics = [dict(each) for each in document["metrics"]]
    metrics.sort(key=lambda each: at.get(_key(each), _LAST))
    for each in metrics:
        each.pop("hidden", None)
        column = columns.get(_key(each))
        if column is not None and column.hidden:
            each["hidden"] = True
    kept = {**(document.get("leaderboard") or {}), "kept": str(board.rule)}
    challenge.bundle = {**document, "metrics": metrics, "leaderboard": kept}


def _key(metric: Mapping[str, object]) -> str:
    return str(metric.get("key"))[:36]


@transaction.atomic
def mask(*, challenge: Challenge, anonymous: bool, by: User) -> Challenge:
    """Name the teams by their pseudonyms on every board of a draft, or by their names again.

    In order: boards; event "challenge.masked" or "challenge.unmasked". Twice changes nothing.
    Raises NotAllowed, Conflict.
    """
    challenge = drafts.locked_draft(challenge, by)
    if challenge.leaderboards.exclude(anonymous=anonymous).update(anonymous=anonymous):
        challenge.save_change("bundle")
        verb = "challenge.masked" if anonymous else "challenge.unmasked"
        record(verb, by=by, on=challenge)
    return challenge


def follow_columns(
    board: Leaderboard,
    fresh: Iterable[Column],
    *,
    primary: str,
    hides: Collection[str] | None = None,
) -> None:
    """Give a board the columns that a scoring makes, and keep how its organiser arranged them.

    Those of the questions shown on boards stand among them.
    fresh: columns, saved or not, in their usual order. primary: the key that ranks, where the
    board had none of its own. hides: what the document hides, for the board it describes: the
    order is then the document's too; None where both are the board's own choice. In the caller's
    transaction.
    """
    former = {each.key: each for each in board.columns.order_by("index")}
    kept = board.primary.key if board.primary and hides is None else primary
    columns = [
        _followed(each, former.get(each.key), hides)
        for each in fresh
        if each.kind != ColumnKind.FACT
    ]
    if hides is None:
        columns.sort(key=lambda each: former[each.key].index if each.key in former else _LAST)
    keys = {each.key for each in columns}
    put_columns(board, _with_facts(board, columns, former), kept if kept in keys else primary)


def show_facts(challenge: Challenge) -> None:
    """Give each board a column for each question that is shown on it, in the caller's transaction.

    A column whose question is gone goes; the others keep their place.
    """
    for board in challenge.leaderboards.select_related("challenge", "primary").order_by("pk"):
        former = {each.key: each for each in board.columns.order_by("index")}
        figures = [each for each in former.values() if not each.is_fact]
        wanted = _with_facts(board, figures, former)
        titles = [(each.key, each.title) for each in wanted]
        if titles != [(each.key, each.title) for each in former.values()]:
            put_columns(board, wanted, board.primary.key if board.primary else "")


def _with_facts(
    board: Leaderboard, figures: Sequence[Column], former: Mapping[str, Column]
) -> list[Column]:
    """Put the columns of the questions that are shown among the figures, at their former place."""
    columns, taken = list(figures), {each.key for each in figures}
    known = {str(each.operands[0]): each for each in former.values() if each.is_fact}
    for at, question in enumerate(board.challenge.fact_sheet):
        if not question.get("on_leaderboard"):
            continue
        name, title = str(question["key"]), str(question.get("label") or question["key"])
        column = known.get(name) or Column(
            key=_fact_key(name, at, taken),
            kind=ColumnKind.FACT,
            direction=Direction.NONE,
            decimals=0,
            operands=[name],
            index=_LAST,
        )
        column.title = title[:120]
        columns.insert(min(column.index, len(columns)), column)
        taken.add(column.key)
    return columns


def _fact_key(name: str, at: int, taken: Collection[str]) -> str:
    key = f"fiche.{name}"[:36]
    return key if key not in taken else f"fiche.{at}"


def _followed(column: Column, former: Column | None, hides: Collection[str] | None) -> Column:
    column.pk = None
    if hides is not None:
        column.hidden = column.key in hides
    if former is None:
        return column
    if hides is None:
        column.hidden = former.hidden
    if former.direction == column.direction and column.kind == ColumnKind.METRIC:
        column.valid_min, column.valid_max = former.valid_min, former.valid_max
    return column


def put_columns(board: Leaderboard, columns: Sequence[Column], primary: str) -> None:
    """Replace the columns of a board by these, in this order, ranked by the one of this key.

    The rows that it had are made anew: no score that comes would call for it.
    """
    Leaderboard.objects.filter(pk=board.pk).update(primary=None)
    board.columns.all().delete()
    for index, each in enumerate(columns):
        each.pk, each.leaderboard, each.index = None, board, index
        each.hidden = each.hidden and each.key != primary
    Column.objects.bulk_create(columns)
    board.primary = board.columns.filter(key=primary).first()
    board.save(update_fields=["primary", "title", "rule", "hidden"])
    if board.standings.exists():
        queue_standings(board.phase_id, cause=f"columns:{board.pk}:{board.primary_id}")


def _recompute(board: Leaderboard) -> None:
    """Bring the stored rows of the reference to the new columns."""
    version = Challenge.objects.values_list("version", flat=True).get(pk=board.challenge_id)
    queue_standings(board.phase_id, cause=f"board:{board.pk}:{version}")


MOST_QUESTIONS = 8


@transaction.atomic
def ask_questions(
    *, challenge: Challenge, questions: Sequence[Mapping[str, Any]], by: User
) -> Challenge:
    """Replace the questions of the fact sheet of a draft.

    questions: as `fact_sheets.refuse_wrong` reads them, with on_leaderboard. In order: questions;
    the columns that boards show of them; event "challenge.questions_asked". Raises NotAllowed,
    Conflict.
    """
    challenge = drafts.locked_draft(challenge, by)
    challenge.fact_sheet = [dict(each) for each in questions]
    challenge.save_change("fact_sheet")
    show_facts(challenge)
    keys = [str(each["key"]) for each in questions]
    record("challenge.questions_asked", by=by, on=challenge, questions=keys)
    return challenge
