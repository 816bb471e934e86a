"""What a team may be certified for: its result in a revealed phase, as the final board has it."""

import json
from collections.abc import Mapping
from typing import Any

from challenges import rules
from challenges.enums import EntryStatus, Split, TeamState
from challenges.models import Certificate, Phase, Standing, Team
from portal.accounts.models import User
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
MOST_NAMES = 20


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


def same(one: Mapping[str, Any], other: Mapping[str, Any], keys: Any) -> bool:
    """Compare two statements on these members."""
    return all(one.get(key) == other.get(key) for key in keys)


def head(team: Team, phase: Phase) -> Certificate | None:
    """Return the certificate in force of a team in a phase, if one was issued."""
    return Certificate.objects.filter(team=team, phase=phase).order_by("-serial").first()


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


def cards_to_propose(phase: Phase, by: User) -> list[Team]:
    """List the winning teams of a phase for which this person may propose a card."""
    if not phase.is_revealed:
        return []
    winners = Standing.objects.filter(
        leaderboard__phase=phase, leaderboard__hidden=False, split=Split.PRIVATE, rank=1
    )
    teams = Team.objects.filter(
        pk__in=winners.values("team_id"), is_baseline=False, allow_card=True
    )
    return [team for team in teams if rules.may_propose_card(by, team)]


def members(team: Team) -> list[str]:
    """Name the members when the team shows them, the first ones.

    Not in what is signed and kept for ever: an account may be erased.
    """
    if not team.show_members:
        return []
    people = team.members.filter(left_at__isnull=True).select_related("user")
    return [each.user.display_name for each in people.order_by("joined_at", "pk")[:MOST_NAMES]]


def _interval(cell: Mapping[str, Any], decimals: int) -> list[str] | None:
    """Write both ends with the decimals of the figure: a receipt holds no decimal number."""
    low, high = cell.get("low"), cell.get("high")
    if low is None or high is None:
        return None
    return [f"{end:.{decimals}f}" for end in (low, high)]


def _second(at: Any) -> str:
    return str(at.astimezone(clock.PARIS).isoformat(timespec="seconds"))
