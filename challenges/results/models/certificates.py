"""What the final board gives a team: certificates, fairness audits."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID, uuid4

from django.db import models

from catalogue.resources.models import Resource
from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.evaluation.enums import Split
from challenges.evaluation.models import Evaluation, ScoreReceipt
from challenges.organising.models.challenges import Phase
from challenges.results.models.boards import Standing, ranks_of_teams
from challenges.teams.models import Team
from portal.lib import clock
from portal.lib.immutable import Immutable


class Certificate(Immutable):
    """State once what a team obtained in a phase; a later one names this one."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="certificates")
    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="certificates")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="certificates")
    serial = models.PositiveIntegerField()
    # Canonical JSON, signed.
    text = models.TextField()
    sha256 = models.CharField(max_length=64, unique=True)
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    issued_at = models.DateTimeField()

    class Meta:
        ordering = ["team_id", "phase_id", "serial"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "phase", "serial"], name="certificate_serial_once"
            ),
            models.CheckConstraint(
                condition=models.Q(serial=1, replaces__isnull=True)
                | models.Q(serial__gt=1, replaces__isnull=False),
                name="certificate_names_the_former",
            ),
        ]


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


def stated(team: Team, phase: Phase) -> dict[str, Any] | None:
    """Return what a certificate of this team states, None when none is due.

    None is due before the reveal, to the reference, to a team that left, was
    disqualified, or whose entry was disqualified or is being rescored.
    """
    return statements([team.pk], phase).get(team.pk)


def statements(team_ids: Collection[int], phase: Phase) -> dict[int, dict[str, Any]]:
    """Return what a certificate of each of these teams states; as many queries for all as for one.

    A team to which none is due is absent.
    """
    standings = _standings(team_ids, phase)
    if not standings:
        return {}
    ranks = _ranks({each.leaderboard_id for each in standings})
    receipts: dict[UUID, ScoreReceipt] = {}
    scored = ScoreReceipt.objects.filter(entry__in=[each.entry_id for each in standings])
    for each in scored.defer("text").order_by("entry_id", "task", "-serial"):
        receipts.setdefault(each.entry_id, each)
    return {
        each.team_id: _statement(
            each, phase, ranks[each.leaderboard_id], receipts.get(each.entry_id)
        )
        for each in standings
    }


def _statement(
    standing: Standing, phase: Phase, ranks: Mapping[int, int], receipt: ScoreReceipt | None
) -> dict[str, Any]:
    """Write the members of a certificate; ranks: that of each team of the board."""
    challenge, team, entry = phase.challenge, standing.team, standing.entry
    board = standing.leaderboard
    primary, rank = board.primary, ranks.get(team.pk)
    # Between entries, which say nothing of the interval of a team.
    apart = board.lists_every_entry
    cell = standing.cells.get(primary.key, {}) if primary else {}
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
        "rank": rank,
        "tied_teams": Counter(ranks.values())[rank] if rank else 0,
        "rank_low": None if apart else standing.rank_low,
        "rank_high": None if apart else standing.rank_high,
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
    now = stated(certificate.team, certificate.phase) or {}
    return same(now, payload_of(certificate), STANDS_ON)


def same(one: Mapping[str, Any], other: Mapping[str, Any], keys: Iterable[str]) -> bool:
    """Compare two statements on these members."""
    return all(one.get(key) == other.get(key) for key in keys)


def _standings(team_ids: Collection[int], phase: Phase) -> list[Standing]:
    """Return where each team to which a certificate is due stands, on the first board it is on."""
    if not phase.is_revealed:
        return []
    rows = Standing.objects.filter(
        leaderboard__phase=phase,
        leaderboard__hidden=False,
        split=Split.PRIVATE,
        team__in=Team.objects.live().filter(pk__in=team_ids),
    )
    found: dict[int, Standing] = {}
    rows = rows.select_related("entry", "team", "leaderboard__primary")
    for row in rows.order_by("leaderboard_id", "position"):
        found.setdefault(row.team_id, row)
    return [
        row
        for row in found.values()
        if row.entry.status == EntryStatus.SCORED and row.entry.disqualified_at is None
    ]


def _ranks(board_ids: Collection[int]) -> dict[int, dict[int, int]]:
    """Return, for each board, the rank of each team of its final part."""
    rows: dict[int, list[tuple[int, int | None]]] = {board_id: [] for board_id in board_ids}
    ranked = Standing.objects.filter(leaderboard__in=board_ids, split=Split.PRIVATE)
    told = ranked.order_by("pk").values_list("leaderboard_id", "team_id", "rank")
    for board_id, team_id, rank in told:
        rows[board_id].append((team_id, rank))
    return {board_id: ranks_of_teams(found) for board_id, found in rows.items()}


def _interval(cell: Mapping[str, Any], decimals: int) -> list[str] | None:
    """Write both ends with the decimals of the figure: a receipt holds no decimal number."""
    low, high = cell.get("low"), cell.get("high")
    if low is None or high is None:
        return None
    return [f"{end:.{decimals}f}" for end in (low, high)]


def _second(at: Any) -> str:
    return str(at.astimezone(clock.PARIS).isoformat(timespec="seconds"))


class FairnessAudit(Immutable):
    """Hold the fairness audit of one evaluation, as it may be read."""

    evaluation = models.OneToOneField(
        Evaluation, on_delete=models.PROTECT, related_name="fairness_audit"
    )
    # See challenges.scoring.audit.run: rounded, without small cells.
    record = models.JSONField()
    released_at = models.DateTimeField()


def card_of(team: Team, phase: Phase) -> Resource | None:
    """Find the card of the catalogue that the winning entry of a team became."""
    return Resource.objects.filter(
        winning_entry__enrolment__team=team, winning_entry__enrolment__phase=phase
    ).first()
