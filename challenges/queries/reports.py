"""Everything a final report tells of a revealed phase, as plain values."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q, Sum

from challenges.enums import BoardRule, EntryStatus, EvaluationState, Split
from challenges.enums.rescorings import RescoringState
from challenges.models import (
    Challenge,
    Column,
    Disqualification,
    Entry,
    Evaluation,
    Phase,
    Standing,
    Team,
    TeamMember,
)
from challenges.models.board import ranks_of_teams, told_answer
from challenges.queries import boards, findings
from challenges.queries.boards import Board, Row
from challenges.queries.findings import Audited
from challenges.queries.statistics import causes_by_phase
from challenges.rescoring.queries import errata

# Everyone reads the same report: what only some may read is not in it.
READER = AnonymousUser()
MOST_ANSWER = 2_000
# Teams and references that a report lists; the standings have them all.
MOST_RANKED = 1_000


def reported_phase(challenge: Challenge, index: int | None = None) -> Phase | None:
    """Return the revealed phase asked for, by default the last one; None when none is."""
    found = (
        challenge.phases.filter(reveal__executed_at__isnull=False)
        .select_related("challenge__organiser", "reveal")
        .order_by("index")
    )
    return found.last() if index is None else found.filter(index=index).first()


def public_audits(phase: Phase) -> list[Audited]:
    """List the audits that the reveal made public."""
    return findings.audits(phase, READER)


def document(phase: Phase, audits: Sequence[Audited]) -> dict[str, Any]:
    """Return the report of a revealed phase; raises Hidden when no board shows it.

    Values are those of the boards: released, rounded once. The JSON of docs/api.md.
    """
    final, public = (boards.head(phase, split, READER) for split in (Split.PRIVATE, Split.PUBLIC))
    primary = next((c for c in final.columns if c.pk == final.leaderboard.primary_id), None)
    after = _places(final)
    rows = ranked(phase, final, public, primary, after)
    challenge = phase.challenge
    return {
        "version": 1,
        "challenge": challenge.slug,
        "title": challenge.title,
        "organiser": challenge.organiser.name,
        "phase": phase.index,
        "phase_name": phase.name,
        "opens_at": _instant(phase.opens_at),
        "closes_at": _instant(phase.closes_at),
        "published_at": _instant(phase.reveal.executed_at),
        "errata": [
            {"at": _instant(each.executed_at), "reason": each.reason} for each in errata(phase)
        ],
        "digest": final.digest,
        "board": final.leaderboard.key,
        "board_title": final.leaderboard.title,
        "metric": _metric(primary),
        "first": [row["team"] for row in rows if row["rank"] == 1 and not row["baseline"]],
        "few_units": bool(final.facts.get("few")),
        "ranking": rows,
        "left_out": len(after.order) - len(rows),
        "fairness": _fairness(phase, final, audits),
        "methods": _methods(final),
        "disqualified": disqualified(phase),
        "participation": participation(phase),
        "means": means(phase),
        "notices": [
            {"at": _instant(each.at), "kind": str(each.kind), "text": each.text}
            for each in challenge.notices.order_by("at", "pk")
        ],
        # The first one, and those that took its place: what was only tried or refused is not told.
        "scorer_versions": 1 + phase.rescorings.filter(state=RescoringState.IN_FORCE).count(),
    }


@dataclass(frozen=True)
class _Places:
    """The teams of a board, each once, in its order; the rank of each that has one."""

    order: list[int]
    ranks: dict[int, int]


def _places(board: Board) -> _Places:
    held = board.leaderboard.standings.filter(split=board.split).order_by("position")
    rows = list(held.values_list("team_id", "rank", "is_baseline"))
    order = dict.fromkeys(team for team, _rank, _is_baseline in rows)
    ranks = ranks_of_teams((team, rank) for team, rank, is_baseline in rows if not is_baseline)
    return _Places(list(order), ranks)


def ranked(
    phase: Phase, final: Board, public: Board, primary: Column | None, after: _Places
) -> list[dict[str, Any]]:
    """List the first teams of the final board, each once, beside what the public one announced."""
    listed = after.order[:MOST_RANKED]
    before = _firsts(public, listed)
    formerly: Mapping[int, int | None] = (
        _places(public).ranks
        if public.leaderboard.rule == BoardRule.ALL
        else {team: row.standing.rank for team, row in before.items()}
    )
    tied = Counter(after.ranks.values())
    found = []
    for team, row in _firsts(final, listed).items():
        former, rank = before.get(team), after.ranks.get(team)
        found.append(
            {
                "team": row.team_name,
                "baseline": row.is_baseline,
                "rank": rank,
                "tier": row.standing.tier,
                "tied": tied[rank] > 1 if rank else False,
                **_figure(final, row, primary),
                "public": None
                if former is None
                else {"rank": formerly.get(team), **_figure(public, former, primary)},
                **({"no_prize": row.is_barred(final.columns)} if final.has_limit else {}),
            }
        )
    return found


def _firsts(board: Board, teams: Sequence[int]) -> dict[int, Row]:
    """Read the best row of each of these teams, in the order of the board."""
    held = board.leaderboard.standings.filter(split=board.split, team__in=teams)
    found: dict[int, Row] = {}
    for row in boards.rows_of(board, held.select_related("team").order_by("position")):
        found.setdefault(row.standing.team_id, row)
    return found


def disqualified(phase: Phase) -> dict[str, int]:
    """Count what the Region put out of the results of a phase, naming nobody."""
    entered = Q(team__enrolments__phase=phase)
    found = Disqualification.objects.in_force().filter(challenge=phase.challenge_id)
    counts: dict[str, int] = found.aggregate(
        teams=Count("team", distinct=True, filter=entered & Q(entry__isnull=True)),
        entries=Count("pk", distinct=True, filter=Q(entry__enrolment__phase=phase)),
    )
    return counts


def participation(phase: Phase) -> dict[str, Any]:
    """Count teams, people, entries by their outcome and failures by their code.

    Teams are those of `TeamQuerySet.entered`. A cause that fewer than three of them met is under
    "other": told apart, it would tell who.
    """
    entries = Entry.objects.filter(
        enrolment__phase=phase, enrolment__team__is_baseline=False, is_bench=False
    )
    states = dict(entries.order_by().values_list("status").annotate(n=Count("pk")))
    causes = causes_by_phase(entries, always=()).get(phase.pk, [])
    teams = Team.objects.entered(phase=phase, entries__is_bench=False)
    people = (
        TeamMember.objects.filter(team__in=teams.values("pk")).order_by().values("user").distinct()
    )
    return {
        "teams": teams.count(),
        "people": people.count(),
        "entries": sum(states.values()),
        "scored": states.get(EntryStatus.SCORED, 0),
        "refused": states.get(EntryStatus.REJECTED, 0),
        "failed": states.get(EntryStatus.FAILED, 0),
        "withdrawn": states.get(EntryStatus.WITHDRAWN, 0),
        "causes": {code or "other": count for code, count in causes},
    }


def means(phase: Phase) -> dict[str, Any]:
    """Sum what the evaluations used."""
    done = Evaluation.objects.filter(entry__enrolment__phase=phase, state=EvaluationState.DONE)
    found = done.aggregate(
        n=Count("pk"),
        seconds=Sum("seconds"),
        cpu=Sum("cpu_seconds"),
    )
    return {
        "evaluations": found["n"],
        "seconds": round(found["seconds"] or 0.0),
        "cpu_seconds": None if found["cpu"] is None else round(found["cpu"]),
    }


def _metric(primary: Column | None) -> dict[str, Any] | None:
    if primary is None:
        return None
    return {
        "key": primary.key,
        "title": primary.title,
        "direction": str(primary.direction),
        "decimals": primary.decimals,
    }


def _figure(board: Board, row: Row, primary: Column | None) -> dict[str, Any]:
    cell = (row.cells[board.columns.index(primary)] if primary else None) or {}
    return {key: cell.get(key) for key in ("value", "low", "high")}


def _fairness(phase: Phase, final: Board, audits: Sequence[Audited]) -> dict[str, Any]:
    """Tell what the reveal made public of fairness: audits and figures of the board."""
    return {
        "declared": findings.declared_audit(phase) is not None,
        "audits": [
            {
                "team": each.team,
                "entry": str(each.entry_id),
                "baseline": each.is_baseline,
                "verdicts": [
                    {"attributes": part["attributes"], "verdict": part["verdict"]}
                    for part in each.record["slices"]
                ],
            }
            for each in audits
        ],
        "columns": [column.key for column in final.columns if column.at_closing],
    }


def _methods(final: Board) -> list[dict[str, Any]]:
    """Give the fact sheets of the listed entries of the teams that publish theirs."""
    questions = [
        (str(each["key"]), str(each.get("label") or each["key"]))
        for each in final.leaderboard.phase.challenge.fact_sheet
    ]
    listed = (
        Standing.objects.filter(
            leaderboard=final.leaderboard, split=Split.PRIVATE, team__show_method=True
        )
        .select_related("team", "entry")
        .order_by("position")[:MOST_RANKED]
    )
    firsts: dict[int, Standing] = {}
    for row in listed:
        firsts.setdefault(row.team_id, row)
    return [
        {
            "team": row.team.name,
            "answers": [
                {"question": label, "answer": told[:MOST_ANSWER]}
                for key, label in questions
                if (told := told_answer(row.entry.fact_sheet.get(key)))
            ],
        }
        for row in firsts.values()
        if row.entry.fact_sheet
    ]


def _instant(at: Any) -> str | None:
    return None if at is None else str(at.replace(microsecond=0).isoformat())
