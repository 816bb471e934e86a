"""The combined boards of a draft, and the rows that the ranks of their boards make."""

from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from challenges.actions import authoring
from challenges.actions.evaluations import queue_standings
from challenges.enums import Split
from challenges.enums.combined import Combination
from challenges.models import Challenge, CombinedBoard, CombinedPart, CombinedStanding, Leaderboard
from challenges.models.combined import combined
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid

MOST = 6  # of a challenge
LEAST_BOARDS, MOST_BOARDS = 2, 12
_LAST = 10_000


@transaction.atomic
def add(
    *,
    challenge: Challenge,
    title: str,
    combination: Combination,
    boards: Sequence[Leaderboard],
    by: User,
) -> CombinedBoard:
    """Add to a draft a board that ranks by the mean or the median of the ranks of others.

    In order: board, its parts; the version; jobs "standings"; event "challenge.board_combined".
    Raises NotAllowed; Conflict once it left the draft; Invalid for too few or hidden boards.
    """
    challenge = authoring.draft(challenge, by)
    if challenge.combined_boards.count() >= MOST:
        raise Invalid(_("Six classements combinés au plus."), code="too_many")
    check(boards)
    made = make(challenge, _free_key(challenge), title, combination, boards)
    challenge.version += 1
    challenge.save(update_fields=["version"])
    for phase in sorted({each.phase_id for each in boards}):
        queue_standings(phase, cause=f"combined:{made.pk}")
    record(
        "challenge.board_combined",
        by=by,
        on=challenge,
        title=title,
        combination=combination.value,
        boards=[each.key for each in boards],
    )
    return made


def check(boards: Sequence[Leaderboard]) -> None:
    """Raise Invalid unless these boards may be combined."""
    if not LEAST_BOARDS <= len({each.pk for each in boards}) <= MOST_BOARDS:
        raise Invalid(_("Choisissez de deux à douze classements."), code="combined_boards")
    if any(each.hidden for each in boards):
        raise Invalid(
            _("Un classement caché ne se combine pas : ses rangs se liraient dans les autres."),
            code="combined_boards",
        )


def make(
    challenge: Challenge,
    key: str,
    title: str,
    combination: Combination,
    boards: Sequence[Leaderboard],
) -> CombinedBoard:
    """Write a combined board and its parts, in the caller's transaction."""
    made = CombinedBoard.objects.create(
        challenge=challenge, key=key, title=title, combination=combination
    )
    CombinedPart.objects.bulk_create(
        [
            CombinedPart(board=made, leaderboard=each, index=index)
            for index, each in enumerate(boards)
        ]
    )
    return made


def _free_key(challenge: Challenge) -> str:
    taken = set(challenge.combined_boards.order_by("pk").values_list("key", flat=True))
    return next(key for number in range(1, _LAST) if (key := f"ensemble-{number}") not in taken)


@transaction.atomic
def remove(*, board: CombinedBoard, by: User) -> None:
    """Remove a combined board of a draft. Event "challenge.board_uncombined".

    Raises NotAllowed, Conflict.
    """
    challenge = authoring.draft(board.challenge, by)
    if not CombinedBoard.objects.filter(pk=board.pk).delete()[0]:
        raise Conflict(_("Ce classement n’est plus là."), code="absent")
    challenge.version += 1
    challenge.save(update_fields=["version"])
    record("challenge.board_uncombined", by=by, on=challenge, title=board.title)


def refresh(phase_id: int) -> None:
    """Make again the combined boards that read a board of a phase, in the caller's transaction.

    Whoever writes the boards of another phase meanwhile waits here, then reads these.
    """
    for board in CombinedBoard.objects.of_phase(phase_id).order_by("pk"):
        locked = CombinedBoard.objects.locked(board)
        for split in Split:
            _write(locked, split)
        locked.save(update_fields=["facts"])


def _write(board: CombinedBoard, split: Split) -> None:
    found = combined(board, split)
    rows = board.standings.filter(split=split)
    known = board.facts.get(split.value, {})
    if known.get("digest") == found.digest and rows.count() == len(found.rows):
        return
    rows.delete()
    CombinedStanding.objects.bulk_create(
        [
            CombinedStanding(
                board=board,
                split=split,
                team_id=row.team_id,
                position=position,
                rank=row.rank,
                value=None if row.hundredths is None else Decimal(row.hundredths) / 100,
                ranks=row.ranks,
            )
            for position, row in enumerate(found.rows, 1)
        ]
    )
    board.facts[split.value] = {
        "digest": found.digest,
        "computed_at": clock.now().isoformat(),
        "rows": len(found.rows),
    }
