"""Turn what was read into the values that endpoints send: default deny, one shape an audience."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from challenges.entries.actions.deposits import offered_answers
from challenges.entries.queries import ShownFigures
from challenges.enums import EntryStatus, PhaseKind
from challenges.models import Challenge, Entry, Leaderboard, Phase, Team
from challenges.models.told import faults_told
from challenges.organising.queries import Listed
from challenges.programs import queries as program_queries
from challenges.results.queries import boards as reads
from challenges.results.queries.boards import Board
from challenges.teams.queries import Quota, latest_terms


def listed_json(request: HttpRequest, listed: Listed) -> dict[str, Any]:
    """Describe a challenge in a list."""
    challenge, phase = listed.challenge, listed.phase
    page = reverse("challenges:presentation", args=[challenge.slug])
    return {
        "slug": challenge.slug,
        "title": challenge.title,
        "summary": challenge.summary,
        "language": challenge.language,
        "organiser": challenge.organiser.name,
        "task": challenge.task,
        "status": challenge.status,
        "moment": listed.moment.value,
        "phase": phase.index if phase else None,
        "closes_at": phase.closes_at if phase else None,
        "teams": listed.teams,
        "entries": listed.entries,
        "page": request.build_absolute_uri(page),
    }


def challenge_json(request: HttpRequest, listed: Listed, now: datetime) -> dict[str, Any]:
    """Describe one challenge in full, as its pages do."""
    challenge = listed.challenge
    terms = latest_terms(challenge)
    boards = Leaderboard.objects.filter(challenge=challenge, hidden=False)
    return listed_json(request, listed) | {
        "registration": challenge.registration,
        "team_min": challenge.team_min,
        "team_max": challenge.team_max,
        "terms": terms.number if terms else None,
        "fact_sheet": _questions(challenge),
        "phases": [phase_json(each, now) for each in challenge.phases.all()],
        "leaderboards": [
            {"key": each.key, "title": each.title, "phase": each.phase.index}
            for each in boards.select_related("phase").order_by("phase__index", "pk")
        ],
        "files": _files(request, challenge),
        "kit": request.build_absolute_uri(reverse("challenges:kit", args=[challenge.slug])),
    }


def phase_json(phase: Phase, now: datetime) -> dict[str, Any]:
    """Describe a phase: dates, quotas, limits."""
    return {
        "index": phase.index,
        "name": phase.name,
        "kind": phase.kind,
        "moment": phase.moment(now).value,
        "opens_at": phase.opens_at,
        "closes_at": phase.closes_at,
        "max_per_day": phase.max_per_day,
        "max_total": phase.max_total,
        "max_parallel": phase.max_parallel,
        "max_bytes": phase.max_bytes,
        "final_choices": phase.final_choices,
        "revealed": phase.is_revealed,
        "paused_at": phase.paused_at,
        "pause_reason": phase.pause_reason,
    }


def board_json(slug: str, board: Board) -> dict[str, Any]:
    """Describe a leaderboard: its columns, then its rows in order."""
    return {
        "challenge": slug,
        "key": board.leaderboard.key,
        "title": board.leaderboard.title,
        "phase": board.leaderboard.phase.index,
        "split": board.split.value,
        "computed_at": reads.computed_minute(board),
        "page": board.window.page if board.window else 1,
        "pages": board.window.pages if board.window else 1,
        "columns": [
            {
                "key": each.key,
                "title": each.title,
                "direction": each.direction,
                "decimals": each.decimals,
            }
            for each in board.columns
            if board.revealed or not each.at_closing
        ],
        "rows": reads.as_record(board),
    }


def entry_json(entry: Entry, shown: ShownFigures) -> dict[str, Any]:
    """Describe an entry to its team."""
    phase = entry.enrolment.phase
    return {
        "id": entry.pk,
        "challenge": phase.challenge.slug,
        "phase": phase.index,
        "team": entry.enrolment.team.slug,
        "number": entry.number,
        "status": entry.status,
        "status_word": entry.status_word,
        "status_since": entry.status_since,
        "reason": entry.reason_code,
        "reason_sentence": entry.reason_sentence,
        "finished": not entry.is_unfinished and entry.status != EntryStatus.NEEDS_ATTENTION,
        "received_at": entry.received_at,
        "grace": entry.grace,
        "file": entry.original_name,
        "sha256": entry.sha256,
        "size": entry.size,
        "file_deleted_at": entry.file_deleted_at,
        "note": entry.note,
        "final_choice": entry.final_choice,
        "disqualified": entry.is_disqualified,
        "errors": faults_told(entry.verdict),
        "warnings": [each["code"] for each in entry.verdict.get("warnings", [])],
        "scores": shown.scores,
        "score_of": shown.score_of,
        "message": shown.message,
    }


def runs_json(entry: Entry) -> list[dict[str, Any]]:
    """Describe the runs of the code of an entry to its team."""
    if entry.enrolment.phase.kind != PhaseKind.CODE:
        return []
    return [
        {
            "state": each.run.state,
            "reason": each.run.reason_code,
            "minutes": each.run.minutes,
            "half_gib": each.run.half_gib,
        }
        for each in program_queries.evaluations_run(entry)
        if each.run is not None
    ]


def quota_json(phase: Phase, quota: Quota) -> dict[str, Any]:
    """Describe what a team may still send in a phase; None where there is no limit."""
    return {
        "phase": phase.index,
        "day": {"used": quota.day_used, "limit": quota.day_limit, "left": quota.day_left},
        "total": {"used": quota.total_used, "limit": quota.total_limit, "left": quota.total_left},
        "left": quota.left,
        "bytes": {"left": quota.bytes_left, "limit": quota.bytes_limit},
        "next_opening": quota.next_opening,
    }


def team_json(team: Team, members: Sequence[Any]) -> dict[str, Any]:
    """Describe a team to its members: names as they chose them, no address."""
    return {
        "id": team.public_id,
        "challenge": team.challenge.slug,
        "name": team.name,
        "slug": team.slug,
        "state": team.state,
        "members": [{"name": str(each.user), "role": each.role} for each in members],
    }


def _questions(challenge: Challenge) -> list[dict[str, Any]]:
    return [
        {
            "key": str(each["key"]),
            "label": str(each.get("label") or each["key"]),
            "type": str(each.get("type") or "text"),
            "options": offered_answers(each),
            "required": bool(each.get("required")),
        }
        for each in challenge.fact_sheet
    ]


def _files(request: HttpRequest, challenge: Challenge) -> list[dict[str, Any]]:
    return [
        {
            "name": each.name,
            "role": each.role,
            "size": each.size,
            "sha256": each.sha256,
            "rows": each.rows,
            "address": request.build_absolute_uri(
                reverse("challenges:file", args=[challenge.slug, each.name])
            ),
        }
        for each in challenge.files.all()
    ]
