"""Challenges ready to be shown: a scoring contract, a board with teams, a reveal."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Max, Min
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from challenges.evaluation.enums import Split
from challenges.models import (
    Challenge,
    Column,
    Entry,
    Leaderboard,
    PhaseTask,
    Reveal,
    Scorer,
    ScorerVersion,
    Standing,
)
from challenges.organising.enums import ChallengeStatus, ColumnKind, Direction
from challenges.scoring.truth import keys_of
from datasets.holdouts.models import HoldoutVersion
from portal.accounts.enums import RegionRole
from portal.lib import immutable
from portal.lib.storage import objects
from tests.factories.challenges import (
    ANSWER,
    EnrolmentFactory,
    EntryFactory,
    StandingFactory,
    TeamFactory,
    holdout_of,
    region_person,
    reveal_of,
    score,
)

Costs = DjangoAssertNumQueries


def clocked(queries: int, *, reads: int = 1) -> int:
    """Count the queries that ask PostgreSQL the time; SQLite is not asked."""
    return queries + (reads if connection.vendor == "postgresql" else 0)


def url_of(challenge: Challenge, name: str, *ids: object) -> str:
    """Return the address of a page of a challenge."""
    return reverse(f"challenges:{name}", args=[challenge.slug, *ids])


def plain(text: str) -> str:
    """Write a text with ordinary spaces, one at a time."""
    return " ".join(text.split())


CANARY_PRIVATE = 0.7777
CONTRACT: dict[str, Any] = {
    "task": "regression",
    "submission": ANSWER,
    "truth": {"file": "truth.csv", "id": "id", "target": "y", "cluster": "bassin"},
    "metrics": [
        {
            "key": "mae",
            "metric": "mae",
            "label": "Erreur absolue moyenne",
            "direction": "min",
            "decimals": 4,
            "primary": True,
            "params": {},
        },
        {
            "key": "rmse",
            "metric": "rmse",
            "label": "Racine de l’erreur quadratique",
            "direction": "min",
            "decimals": 4,
            "params": {},
        },
    ],
    "fairness": {
        "min_rows": 30,
        "attributes": [{"key": "zone", "label": "Zone", "source": "truth", "column": "zone"}],
        "metrics": [
            {
                "key": "equite",
                "metric": "mae",
                "label": "Pire zone",
                "direction": "min",
                "decimals": 4,
                "by": "zone",
                "aggregate": "worst",
                "params": {},
            },
        ],
    },
}


def with_contract(challenge: Challenge, **changes: Any) -> ScorerVersion:
    """Give a challenge the contract that scores it."""
    scorer, _ = Scorer.objects.get_or_create(challenge=challenge, key="metriques")
    version, _ = ScorerVersion.objects.get_or_create(
        scorer=scorer,
        number=1,
        defaults={"spec": CONTRACT | changes, "digest": "0" * 64, "created_at": timezone.now()},
    )
    PhaseTask.objects.create(
        phase=challenge.phases.first(),
        name="mesure",
        scorer_version=version,
        holdout=holdout_of(challenge),
    )
    return version


def compile_keys(challenge: Challenge, ids: list[str]) -> None:
    """Give a challenge its compiled public identifiers."""
    version = holdout_of(challenge)
    version.compiled_keys_sha256 = objects.put(keys_of(ids)).sha256
    version.compiled_at = timezone.now()
    with immutable.writes(HoldoutVersion):
        version.save()


def board_of(challenge: Challenge) -> Leaderboard:
    """Return the board of a challenge, with a secondary figure and one by group."""
    board = challenge.leaderboards.get()
    Column.objects.get_or_create(
        leaderboard=board,
        key="rmse",
        defaults={
            "index": 2,
            "title": "RMSE",
            "direction": Direction.MIN,
            "decimals": 4,
        },
    )
    Column.objects.get_or_create(
        leaderboard=board,
        key="par_zone",
        defaults={
            "index": 3,
            "title": "Par zone",
            "kind": ColumnKind.FAIRNESS,
            "direction": Direction.NONE,
            "decimals": 4,
            "grouped": True,
            "groups": {"nord": "Nord", "sud": "Sud"},
        },
    )
    return board


def listed(
    challenge: Challenge,
    name: str,
    value: float,
    *,
    rank: int,
    split: Split = Split.PUBLIC,
    entry: Entry | None = None,
    baseline: bool = False,
) -> Standing:
    """List a team on the board with a primary value, a secondary one, and groups if private."""
    board = board_of(challenge)
    if entry is None:
        team = TeamFactory(
            challenge=challenge, name=name, state="reference" if baseline else "open"
        )
        entry = EntryFactory(
            enrolment=EnrolmentFactory(team=team, phase=board.phase), status="scored"
        )
        score(entry, value)
    cells: dict[str, Any] = {
        "mae": {
            "value": value,
            "text": f"{value:.4f}",
            "low": value - 0.05,
            "high": value + 0.05,
        },
        "rmse": {"value": 1 - value, "text": f"{1 - value:.4f}", "low": None, "high": None},
    }
    if split == Split.PRIVATE:
        cells |= group_cells(value)
    row: Standing = StandingFactory(
        leaderboard=board,
        split=split,
        entry=entry,
        position=board.standings.filter(split=split).count() + 1,
        competes=entry.enrolment.team.is_live,
        rank=None if baseline else rank,
        tier=rank,
        rank_low=rank,
        rank_high=rank + 1,
        cells=cells,
        interval_low=value - 0.05,
        interval_high=value + 0.05,
    )
    measure(board, split)
    return row


def measure(board: Leaderboard, split: Split) -> None:
    """Keep of a whole board what its pages need: its rows, its references, its axis."""
    rows = board.standings.filter(split=split)
    references = rows.filter(competes=False).order_by("position")
    first = references.first()
    axis = rows.aggregate(low=Min("interval_low"), high=Max("interval_high"))
    axis |= {
        "reference": first.cells["mae"]["value"] if first else None,
        "intervals": axis["low"] is not None,
    }
    kept = {
        "rows": rows.count(),
        "references": list(references.values_list("position", flat=True)),
        "axis": axis,
    }
    board.facts[split.value] = board.facts.get(split.value, {}) | kept
    board.save(update_fields=["facts"])


def group_cells(value: float) -> dict[str, Any]:
    """Make the figures by group of a row."""
    return {
        "equite": {"value": value + 0.01, "text": f"{value + 0.01:.4f}", "low": None, "high": None},
        "par_zone": {
            "groups": {
                "nord": {"value": value + 0.01, "text": f"{value + 0.01:.4f}", "n": 110},
                "sud": {"value": value - 0.01, "text": f"{value - 0.01:.4f}", "n": 88},
            }
        },
    }


def reveal(challenge: Challenge, rows: dict[str, float]) -> Reveal:
    """Reveal a closed challenge: private rows, groups on both parts, two people."""
    phase = challenge.phases.get()
    for rank, (name, value) in enumerate(rows.items(), start=1):
        public = Standing.objects.get(team__name=name, team__challenge=challenge)
        public.cells |= group_cells(public.cells["mae"]["value"])
        public.save()
        listed(challenge, name, value, rank=rank, split=Split.PRIVATE, entry=public.entry)
        score(public.entry, value, split=Split.PRIVATE)
    phase.opens_at = timezone.now() - timedelta(days=3)
    phase.closes_at = timezone.now() - timedelta(days=1)
    phase.save()
    challenge.status = ChallengeStatus.REVEALED
    challenge.save()
    asked_by = region_person(RegionRole.ADMINISTRATOR)
    return reveal_of(phase, proposed_by=asked_by, decided_by=region_person())
