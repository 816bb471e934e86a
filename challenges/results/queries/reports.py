"""What is told of a phase: what its reveal waits for, its fairness, report, certificates."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from statistics import median
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.evaluation.enums import EvaluationState, Split
from challenges.evaluation.models import Evaluation
from challenges.evaluation.queries import Pipeline, phase_pipelines
from challenges.organising.enums import BoardRule, ChallengeStatus, PhaseMoment
from challenges.organising.models.challenges import Challenge, Phase, Viewer
from challenges.organising.models.scorings import Column, PhaseTask, answer_text
from challenges.results import rules
from challenges.results.models.boards import Standing, is_waiting, ranks_of_teams
from challenges.results.models.certificates import Certificate, FairnessAudit
from challenges.results.queries import boards, takeovers
from challenges.results.queries.boards import Board, BoardRow
from challenges.scoring.verdict import ReasonCode
from challenges.teams.models import Enrolment, Team, TeamMember
from portal.accounts.models import User
from portal.lib import clock
from portal.lib.refusals import Hidden


@dataclass(frozen=True)
class Obstacle:
    """Say what must end first: a stable code, a French sentence, the facts of the refusal."""

    code: str
    sentence: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def obstacles(phase: Phase, now: datetime) -> Iterator[Obstacle]:
    """Yield what the results of a phase wait for, each looked for once it is asked for.

    The same for the page, which tells before the click, and for the act, which refuses.
    """
    yield from _time_obstacles(phase, now)
    if phase.rescorings.open().exists():
        yield Obstacle(
            "rescoring_open",
            _("Un changement de notation est à l’étude : il doit être décidé d’abord."),
        )
    asked = phase.challenge.disqualifications.undecided()
    if asked.about_results_of(phase).exists():
        yield Obstacle(
            "disqualification_open",
            _("Une disqualification est demandée : elle doit être décidée d’abord."),
        )
    if not takeovers.takeover_is_over(phase):
        yield Obstacle(
            "choices_not_taken_over",
            _("Les choix finals de la phase précédente ne sont pas encore tous repris."),
            {"teams": [team.name for team in takeovers.teams_left_behind(phase)]},
        )
    waiting = Entry.objects.filter(enrolment__phase=phase).without_outcome().count()
    if waiting:
        yield Obstacle(
            "entries_unfinished",
            _("%(count)d soumissions ne sont pas encore évaluées.") % {"count": waiting},
        )
    if is_waiting(phase):
        yield Obstacle(
            "scores_unsettled",
            _("Des scores publics restent à comparer : réessayez dans un moment."),
        )


def _time_obstacles(phase: Phase, now: datetime) -> Iterator[Obstacle]:
    if phase.challenge.status == ChallengeStatus.SUSPENDED:
        yield Obstacle(
            "challenge_suspended",
            _("Le challenge est suspendu : ses résultats attendent qu’il reprenne."),
        )
    if phase.moment(now) != PhaseMoment.CLOSED:
        yield Obstacle(
            "phase_open",
            _("La phase est encore ouverte : les résultats se publient après la clôture."),
            {"closes_at": phase.closes_at},
        )
    ends = phase.grace_ends_at
    if ends is not None and now < ends:  # accepted after the reveal: no private score
        yield Obstacle(
            "phase_in_grace",
            _("Des envois commencés avant la clôture peuvent encore arriver, jusqu’au %(date)s.")
            % {"date": clock.paris_text(ends)},
            {"grace_ends_at": ends},
        )


PUBLIC = "public"


@dataclass(frozen=True)
class Audited:
    """One audit to read: the entry's team, the record, the contract that declares it."""

    team: str
    entry_id: UUID
    record: dict[str, Any]
    contract: dict[str, Any]
    competes: bool = True


def _contract_in_force(phase: Phase | None) -> dict[str, Any]:
    tasks = PhaseTask.objects.filter(phase=phase, current=True).select_related("scorer_version")
    task = tasks.order_by("index").first()
    return dict(task.scorer_version.spec) if task else {}


def declared_audit(phase: Phase | None) -> dict[str, Any] | None:
    """Return the contract in force of a phase that declares an audit, else nothing."""
    spec = _contract_in_force(phase)
    return spec if (spec.get("fairness") or {}).get("audit") is not None else None


def declared_fairness(phase: Phase | None) -> dict[str, Any]:
    """Return what the contract in force of a phase declares of fairness; {} without any."""
    return dict(_contract_in_force(phase).get("fairness") or {})


def audits(phase: Phase, viewer: Viewer, entry_id: UUID | None = None) -> list[Audited]:
    """List the audits that a reader may open, in the order of the final board; none before it.

    Everybody reads the public ones of entries that it lists; a team its own, the organisers all.
    entry_id: of this entry alone, which the board may list no more.
    """
    if not phase.is_revealed:
        return []
    told = FairnessAudit.objects.filter(evaluation__entry__enrolment__phase=phase)
    if entry_id is not None:
        told = told.filter(evaluation__entry=entry_id)
    told = told.select_related("evaluation__scorer_version", "evaluation__entry__enrolment__team")
    found = {each.evaluation.entry_id: each for each in told.order_by("pk")}
    rows = Standing.objects.filter(
        leaderboard__hidden=False, split=Split.PRIVATE, entry__in=list(found)
    )
    listed = rows.order_by("leaderboard_id", "position").values_list("entry_id", flat=True)
    places = list(dict.fromkeys(listed))
    own = set(
        Entry.objects.visible_to(viewer).filter(pk__in=list(found)).values_list("pk", flat=True)
    )
    organiser = rules.may_read_audits(viewer, phase.challenge)
    return [
        Audited(
            team=found[pk].evaluation.entry.enrolment.team.name,
            entry_id=pk,
            record=found[pk].record,
            contract=found[pk].evaluation.scorer_version.spec,
            competes=found[pk].evaluation.entry.enrolment.team.is_live,
        )
        for pk in (places if entry_id is None else found)
        if organiser or pk in own or (found[pk].record["shown"] == PUBLIC and pk in places)
    ]


def audit(challenge: Challenge, entry_id: UUID, viewer: Viewer) -> Audited:
    """Return the audit of an entry; raises Hidden for who may not read it, as if unknown."""
    phases = challenge.phases.select_related("reveal", "challenge")
    phase = phases.filter(enrolments__entries=entry_id).first()
    found = audits(phase, viewer, entry_id) if phase else []
    if not found:
        raise Hidden
    return found[0]


def has_audit(entry: Entry) -> bool:
    """Say whether a reveal told an audit of an entry."""
    found = FairnessAudit.objects.filter(evaluation__entry=entry)
    return entry.enrolment.phase.is_revealed and found.exists()


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
    return audits(phase, READER)


def report_document(phase: Phase, audits: Sequence[Audited]) -> dict[str, Any]:
    """Return the report of a revealed phase; raises Hidden when no board shows it.

    Values are those of the boards: released, rounded once. The JSON of docs/api.md.
    """
    final, public = (
        boards.board_head(phase, split, READER) for split in (Split.PRIVATE, Split.PUBLIC)
    )
    primary = final.primary
    after = _places(final)
    rows = ranked(final, public, primary, after)
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
            {"at": _instant(each.executed_at), "reason": each.reason}
            for each in phase.rescorings.errata()
        ],
        "digest": final.digest,
        "board": final.leaderboard.key,
        "board_title": final.leaderboard.title,
        "metric": _metric(primary),
        "first": [row["team"] for row in rows if row["rank"] == 1],
        "few_units": bool(final.facts.get("few")),
        "ranking": rows,
        "left_out": len(after.order) - len(rows),
        "fairness": _fairness(phase, final, audits),
        "methods": _methods(final),
        "disqualified": challenge.disqualifications.in_force().counted(phase),
        "participation": participation(phase),
        "notices": [
            {"at": _instant(each.at), "kind": str(each.kind), "text": each.text}
            for each in challenge.notices.order_by("at", "pk")
        ],
        # The first one, and those that took its place: what was only tried or refused is not told.
        "scorer_versions": 1 + phase.rescorings.in_force().count(),
    }


@dataclass(frozen=True)
class _Places:
    """The teams of a board, each once, in its order; the rank of each that has one."""

    order: list[int]
    ranks: dict[int, int]


def _places(board: Board) -> _Places:
    held = board.leaderboard.standings.filter(split=board.split).order_by("position")
    rows = list(held.values_list("team_id", "rank"))  # a reference has no rank
    return _Places(list(dict(rows)), ranks_of_teams(rows))


def ranked(
    final: Board, public: Board, primary: Column | None, after: _Places
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
                "baseline": not row.standing.competes,
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


def _firsts(board: Board, teams: Sequence[int]) -> dict[int, BoardRow]:
    """Read the best row of each of these teams, in the order of the board."""
    held = board.leaderboard.standings.filter(split=board.split, team__in=teams)
    found: dict[int, BoardRow] = {}
    for row in boards.rows_of(board, held.select_related("team").order_by("position")):
        found.setdefault(row.standing.team_id, row)
    return found


def participation(phase: Phase) -> dict[str, Any]:
    """Count teams, people, entries by their outcome and failures by their code.

    Teams are those of `TeamQuerySet.entered`. A cause that fewer than three of them met is under
    "other": told apart, it would tell who.
    """
    entries = Entry.objects.of_teams().filter(enrolment__phase=phase, counts=True)
    states = dict(entries.order_by().values_list("status").annotate(n=Count("pk")))
    causes = causes_by_phase(entries, always=()).get(phase.pk, [])
    teams = Team.objects.entered(phase=phase, entries__counts=True)
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


def _metric(primary: Column | None) -> dict[str, Any] | None:
    if primary is None:
        return None
    return {
        "key": primary.key,
        "title": primary.title,
        "direction": str(primary.direction),
        "decimals": primary.decimals,
    }


def _figure(board: Board, row: BoardRow, primary: Column | None) -> dict[str, Any]:
    cell = (row.cells[board.columns.index(primary)] if primary else None) or {}
    return {key: cell.get(key) for key in ("value", "low", "high")}


def _fairness(phase: Phase, final: Board, audits: Sequence[Audited]) -> dict[str, Any]:
    """Tell what the reveal made public of fairness: audits and figures of the board."""
    return {
        "declared": declared_audit(phase) is not None,
        "audits": [
            {
                "team": each.team,
                "entry": str(each.entry_id),
                "baseline": not each.competes,
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
                if (told := answer_text(row.entry.fact_sheet.get(key)))
            ],
        }
        for row in firsts.values()
        if row.entry.fact_sheet
    ]


def _instant(at: Any) -> str | None:
    return None if at is None else str(at.replace(microsecond=0).isoformat())


TEAMS_LEAST = 3
TIMES_LEAST = 5
TIMES_MOST = 1_000
OURS = frozenset(ReasonCode)
OTHER = ""


@dataclass(frozen=True)
class PhaseFigures:
    """The queue and figures of one phase; times in seconds, None under five evaluations.

    causes: (code, entries), the rare ones under "" at the end.
    """

    pipeline: Pipeline
    teams: int = 0
    causes: Sequence[tuple[str, int]] = ()
    median_seconds: float | None = None
    p95_seconds: float | None = None
    cpu_seconds: float | None = None


def phase_figures(challenge: Challenge) -> list[PhaseFigures]:
    """Count the entries of each phase: where they stand, how they ended, how long it took."""
    entries = Entry.objects.of_teams().filter(enrolment__phase__challenge=challenge)
    teams, causes = _teams(challenge), causes_by_phase(entries)
    done = _done(challenge)
    times, cpu = _times(done), _processor(done)
    return [
        PhaseFigures(
            each,
            teams=teams.get(each.phase.pk, 0),
            causes=causes.get(each.phase.pk, []),
            cpu_seconds=cpu.get(each.phase.pk),
            **_durations(times.get(each.phase.pk, [])),
        )
        for each in phase_pipelines(challenge)
    ]


def _durations(times: Sequence[float]) -> dict[str, Any]:
    """Give the median and the 95th percentile; nothing of too few."""
    if len(times) < TIMES_LEAST:
        return {}
    seconds = sorted(times)
    return {
        "median_seconds": median(seconds),
        "p95_seconds": seconds[ceil(0.95 * len(seconds)) - 1],
    }


def _teams(challenge: Challenge) -> dict[int, int]:
    rows = Enrolment.objects.filter(phase__challenge=challenge).entered().order_by()
    counted = rows.values("phase_id").annotate(n=Count("team", distinct=True))
    return {row["phase_id"]: row["n"] for row in counted}


def causes_by_phase(
    entries: QuerySet[Entry], *, always: Collection[str] = OURS
) -> dict[int, list[tuple[str, int]]]:
    """Count what ended without a score, by phase and cause; a rare cause is not told apart.

    always: the codes that are told however few teams met them. Returns {phase: [(code,
    entries)]}, the rare ones under OTHER, at the end.
    """
    ended = [EntryStatus.REJECTED, EntryStatus.FAILED, EntryStatus.NEEDS_ATTENTION]
    rows = (
        entries.filter(status__in=ended)
        .exclude(reason_code="")
        .order_by()
        .values("enrolment__phase_id", "reason_code")
        .annotate(n=Count("pk"), teams=Count("enrolment__team", distinct=True))
    )
    found: dict[int, dict[str, int]] = {}
    for row in rows:
        code = row["reason_code"]
        told = code in always or row["teams"] >= TEAMS_LEAST
        counts = found.setdefault(row["enrolment__phase_id"], {})
        key = code if told else OTHER
        counts[key] = counts.get(key, 0) + row["n"]
    return {
        phase: sorted(counts.items(), key=lambda each: (each[0] == OTHER, -each[1], each[0]))
        for phase, counts in found.items()
    }


def _done(challenge: Challenge) -> QuerySet[Evaluation]:
    return Evaluation.objects.filter(
        entry__enrolment__phase__challenge=challenge,
        entry__in=Entry.objects.of_teams(),
        state__in=[EvaluationState.DONE, EvaluationState.FAILED],
        seconds__isnull=False,
    )


def _processor(done: QuerySet[Evaluation]) -> dict[int, float]:
    """Sum the processor time by phase; the elapsed time where no program ran isolated."""
    used = done.order_by().values_list("entry__enrolment__phase_id")
    return dict(used.annotate(used=Sum(Coalesce("cpu_seconds", "seconds"))))


def _times(done: QuerySet[Evaluation]) -> dict[int, list[float]]:
    """Read how long the last evaluations took, by phase."""
    found: dict[int, list[float]] = {}
    rows = done.order_by("-finished_at").values_list("entry__enrolment__phase_id", "seconds")
    for phase, seconds in rows[:TIMES_MOST]:
        found.setdefault(phase, []).append(float(seconds or 0))
    return found


MOST_NAMES = 20


def certificate_in_force(team: Team, phase: Phase) -> Certificate | None:
    """Return the certificate in force of a team in a phase, if one was issued."""
    return Certificate.objects.filter(team=team, phase=phase).order_by("-serial").first()


def cards_to_propose(phase: Phase, by: User) -> list[Team]:
    """List the winning teams of a phase for which this person may propose a card."""
    if not phase.is_revealed:
        return []
    winners = Standing.objects.filter(
        leaderboard__phase=phase, leaderboard__hidden=False, split=Split.PRIVATE, rank=1
    )
    teams = Team.objects.filter(pk__in=winners.values("team_id"), allow_card=True)
    return [team for team in teams if rules.may_propose_card(by, team)]


def members_named(team: Team) -> list[str]:
    """Name the members when the team shows them, the first ones.

    Not in what is signed and kept for ever: an account may be erased.
    """
    if not team.show_members:
        return []
    people = team.members.filter(left_at__isnull=True).select_related("user")
    return [each.user.display_name for each in people.order_by("joined_at", "pk")[:MOST_NAMES]]
