"""Leaderboards, their columns, their stored rows, and the reveal."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from challenges.enums import BoardRule, ColumnKind, Direction, Split
from challenges.models.entry import Entry
from challenges.models.words import within, word
from challenges.organising.models import Challenge, Phase
from challenges.teams.models import Team

FACT_CHARACTERS = 120


class LeaderboardQuerySet(models.QuerySet["Leaderboard"]):
    """Leaderboards."""

    def locked(self, board: "Leaderboard") -> "Leaderboard":
        """Return the fresh row, held until the end of the transaction."""
        return self.select_for_update().get(pk=board.pk)


class Leaderboard(models.Model):
    """Rank the teams of a phase."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="leaderboards")
    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="leaderboards")
    key = models.CharField(max_length=36)
    title = models.CharField(max_length=64)
    rule = word(BoardRule, default=BoardRule.BEST)
    primary = models.ForeignKey(
        "Column", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    hidden = models.BooleanField(default=False)
    anonymous = models.BooleanField(default=False)
    # Per split: {"digest", "computed_at", "rows", "few", "tested", "axis"}.
    facts = models.JSONField(default=dict, blank=True)

    objects = LeaderboardQuerySet.as_manager()

    class Meta:
        ordering = ["phase_id", "pk"]
        constraints = [
            within("rule", BoardRule, name="leaderboard_rule_known"),
            models.UniqueConstraint(fields=["challenge", "key"], name="leaderboard_key_once"),
        ]

    @property
    def lists_every_entry(self) -> bool:
        """Say whether it has a row for each entry, not one for each team."""
        return self.rule == BoardRule.ALL


class Column(models.Model):
    """Describe one figure of a leaderboard."""

    leaderboard = models.ForeignKey(Leaderboard, on_delete=models.CASCADE, related_name="columns")
    index = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=36)
    title = models.CharField(max_length=120)
    kind = word(ColumnKind, default=ColumnKind.METRIC)
    direction = word(Direction, default=Direction.MAX)
    decimals = models.PositiveSmallIntegerField(default=3)
    # The cell holds one figure per group.
    grouped = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False)
    operation = models.CharField(max_length=8, blank=True)
    operands = models.JSONField(default=list, blank=True)
    valid_min = models.FloatField(null=True, blank=True)
    valid_max = models.FloatField(null=True, blank=True)
    sentinels = models.JSONField(default=list, blank=True)
    groups = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["leaderboard_id", "index"]
        constraints = [
            within("kind", ColumnKind, name="column_kind_known"),
            within("direction", Direction, name="column_direction_known"),
            models.UniqueConstraint(fields=["leaderboard", "key"], name="column_key_once"),
            models.UniqueConstraint(fields=["leaderboard", "index"], name="column_index_once"),
            models.CheckConstraint(condition=Q(decimals__lte=12), name="column_decimals_bounded"),
        ]

    @property
    def is_limited(self) -> bool:
        """Say whether a limit bars from prizes what is beyond it."""
        return self.valid_min is not None or self.valid_max is not None

    def passes(self, value: float) -> bool:
        """Say whether a released value is within the limits."""
        low = self.valid_min is None or value >= self.valid_min
        return low and (self.valid_max is None or value <= self.valid_max)

    @property
    def is_fact(self) -> bool:
        """Say whether it shows what teams answer of their method: operands name the question."""
        return self.kind == ColumnKind.FACT

    def told_by(self, answers: Mapping[str, Any]) -> str:
        """Write the answer of an entry to its question, shortened; nothing without one."""
        found = answers.get(self.operands[0]) if self.operands else None
        return " ".join(told_answer(found).split())[:FACT_CHARACTERS]

    @property
    def at_closing(self) -> bool:
        """Say whether its figures stay sealed until the reveal."""
        return self.kind == ColumnKind.FAIRNESS


def told_answer(found: object) -> str:
    """Write an answer of a fact sheet: a list as its words, yes or no as "true" or "false"."""
    if isinstance(found, list):
        return ", ".join(map(str, found))
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found or "")


def in_words(told: str) -> str:
    """Say a told answer to a reader, in their language: yes or no in words, others as they are."""
    return {"true": _("Oui"), "false": _("Non")}.get(told, told)


class Standing(models.Model):
    """Hold one row of a leaderboard, computed by the worker and recomputable."""

    leaderboard = models.ForeignKey(Leaderboard, on_delete=models.CASCADE, related_name="standings")
    split = word(Split)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="standings")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="standings")
    position = models.PositiveIntegerField()
    rank = models.PositiveIntegerField(null=True, blank=True)
    tier = models.PositiveIntegerField(null=True, blank=True)
    rank_low = models.PositiveIntegerField(null=True, blank=True)
    rank_high = models.PositiveIntegerField(null=True, blank=True)
    is_baseline = models.BooleanField(default=False)
    # {key: {"value", "text", "low", "high"}} or, for a figure per group, {"groups": {…}}.
    cells = models.JSONField(default=dict)
    interval_low = models.FloatField(null=True, blank=True)
    interval_high = models.FloatField(null=True, blank=True)
    entries_count = models.PositiveIntegerField(default=1)
    computed_at = models.DateTimeField()
    source_digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["leaderboard_id", "split", "position"]
        constraints = [
            within("split", Split, name="standing_split_known"),
            models.UniqueConstraint(
                fields=["leaderboard", "split", "team", "entry"], name="standing_once"
            ),
            models.UniqueConstraint(
                fields=["leaderboard", "split", "position"], name="standing_position_once"
            ),
        ]
        # References are few and a page of a long board needs them all.
        indexes = [
            models.Index(
                fields=["leaderboard", "split", "position"],
                condition=Q(is_baseline=True),
                name="standing_references",
            )
        ]


def ranks_of_teams(rows: Iterable[tuple[int, int | None]]) -> dict[int, int]:
    """Rank teams by their best row: a board of all entries has several of one team.

    rows: (team, rank) of one split. Returns 1 + the number of teams whose best rank is better,
    shared by equal ones; a team without a rank is absent. Where each team has one row, the ranks
    of the board.
    """
    best: dict[int, int] = {}
    for team, rank in rows:
        if rank is not None:
            best[team] = min(rank, best.get(team, rank))
    ordered = sorted(best.values())
    return {team: 1 + bisect_left(ordered, rank) for team, rank in best.items()}


class Reveal(models.Model):
    """Record who proposed and who confirmed the reveal of a phase's private part."""

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    phase = models.OneToOneField(Phase, on_delete=models.PROTECT, related_name="reveal")
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # What the confirmation was given on: entries, their sealed results, the public boards.
    inputs_digest = models.CharField(max_length=64, blank=True)
    executed_at = models.DateTimeField(null=True, blank=True)
    # Why a confirmation could not be followed, while it waits for another: "suspended", "changed".
    set_back = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("proposed_by")),
                name="reveal_takes_two_people",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="reveal_confirmed_has_author",
            ),
            models.CheckConstraint(
                condition=Q(executed_at__isnull=True) | Q(confirmed_at__isnull=False),
                name="reveal_executed_was_confirmed",
            ),
        ]
