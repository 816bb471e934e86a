"""What a team may be certified for: its result in a revealed phase, as the final board has it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from challenges.enums import EntryStatus, Split, TeamState
from challenges.models.board import Standing
from challenges.models.certificate import Certificate
from challenges.models.challenge import Phase
from challenges.models.team import Team
from portal.audit.reading import events
from portal.audit.record import reference
from portal.lib import clock

# What a certificate stands on: when one of these moves, it is no longer what the portal says.
STANDS_ON = (
    "challenge",
    "phase",
    "team",
    "entry",
    "sha256",
    "metric",
    "value",
    "interval",
    "rank",
    "tied_teams",
    "teams",
)
LIVE = (TeamState.OPEN, TeamState.FULL)


def stated(team: Team, phase: Phase) -> dict[str, Any] | None:
    """Return what a certificate of this team states, None when none is due.

    None is due before the reveal, to the reference, to a team that left, was merged or
    disqualified, or whose entry was disqualified or is being rescored.
    """
    standing = _standing(team, phase)
    if standing is None:
        return None
    board, entry = standing.leaderboard, standing.entry
    ranks = [
        rank
        for rank in board.standings.filter(split=Split.PRIVATE, is_baseline=False)
        .order_by("position")
        .values_list("rank", flat=True)
        if rank is not None
    ]
    primary = board.primary
    cell = standing.cells.get(primary.key, {}) if primary else {}
    receipt = entry.score_receipts.order_by("task", "-serial").first()
    challenge = phase.challenge
    return {
        "challenge": challenge.slug,
        "challenge_title": challenge.title,
        "organiser": challenge.organiser.name,
        "phase": phase.index,
        "phase_name": phase.name,
        "team": team.slug,
        "team_name": team.name,
        "entry": str(entry.pk),
        "number": entry.number,
        "sha256": entry.sha256,
        "received_at": _second(entry.received_at),
        "metric": primary.key if primary else "",
        "metric_title": primary.title if primary else "",
        "value": str(cell.get("text", "")),
        "interval": _interval(cell, primary.decimals if primary else 0),
        "rank": standing.rank,
        "tied_teams": ranks.count(standing.rank) if standing.rank else 0,
        "rank_low": standing.rank_low,
        "rank_high": standing.rank_high,
        "teams": len(ranks),
        "held_apart": phase.public_share < 1,
        "revealed_at": _second(phase.reveal.executed_at),
        "score_receipt": {"serial": receipt.serial, "sha256": receipt.sha256} if receipt else None,
    }


def payload_of(certificate: Certificate) -> dict[str, Any]:
    """Return what a certificate of the register states."""
    found: dict[str, Any] = json.loads(certificate.text)["payload"]
    return found


def stands(certificate: Certificate) -> bool:
    """Say whether the final board still says what a certificate states."""
    now = stated(certificate.team, certificate.phase)
    return now is not None and same(now, payload_of(certificate), STANDS_ON)


def told_revoked(certificates: Sequence[Certificate]) -> set[UUID]:
    """Return the keys of those that the ledger says revoked, and not restored since."""
    by_reference = {reference(each): each.pk for each in certificates}
    last: dict[str, str] = {}
    for told in events(by_reference, families=("certificate",), apart=("certificate.issued",)):
        last.setdefault(told.object_ref, told.action)
    return {by_reference[ref] for ref, action in last.items() if action == "certificate.revoked"}


def same(one: Mapping[str, Any], other: Mapping[str, Any], keys: Iterable[str]) -> bool:
    """Compare two statements on these members."""
    return all(one.get(key) == other.get(key) for key in keys)


def _standing(team: Team, phase: Phase) -> Standing | None:
    if not phase.is_revealed or team.is_baseline or team.state not in LIVE:
        return None
    found = (
        Standing.objects.filter(
            leaderboard__phase=phase, leaderboard__hidden=False, split=Split.PRIVATE, team=team
        )
        .select_related("entry", "leaderboard__primary")
        .order_by("leaderboard__pk")
        .first()
    )
    if found is None or found.entry.status != EntryStatus.SCORED:
        return None
    return None if found.entry.disqualified_at is not None else found


def _interval(cell: Mapping[str, Any], decimals: int) -> list[str] | None:
    """Write both ends with the decimals of the figure: a receipt holds no decimal number."""
    low, high = cell.get("low"), cell.get("high")
    if low is None or high is None:
        return None
    return [f"{end:.{decimals}f}" for end in (low, high)]


def _second(at: Any) -> str:
    return str(at.astimezone(clock.PARIS).isoformat(timespec="seconds"))
