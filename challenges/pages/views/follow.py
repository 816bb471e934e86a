"""Follow a challenge that runs: what waits for its organisers, entries a day, teams, dates."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Prefetch, Q, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from challenges.entries.enums import UNFINISHED, EntryStatus
from challenges.entries.models import Entry
from challenges.entries.queries import entries_sent
from challenges.evaluation import rules as evaluation_rules
from challenges.evaluation.enums import Split
from challenges.organising.enums import PhaseMoment
from challenges.organising.models.challenges import Challenge, Phase
from challenges.rescoring import queries as rescoring_queries
from challenges.rescoring.models import Rescoring
from challenges.results.models.boards import Standing
from challenges.results.views.boards import ends_of, text_of
from challenges.teams.enums import RegistrationState, TeamRole
from challenges.teams.models import TeamMember
from portal.accounts.authorization import Permission, has_permission
from portal.accounts.models import User
from portal.accounts.space import Item
from portal.discussions import queries as discussions
from portal.lib import clock

TEAMS = 10  # rows of a page
QUESTIONS = 5  # named one by one
DAYS = 30
FEWEST_DAYS = 3  # of a chart


def following(
    request: HttpRequest,
    challenge: Challenge,
    by: User,
    now: datetime,
    *,
    edits: bool,
    follows: bool,
) -> dict[str, Any]:
    """Prepare what one follows a challenge by.

    edits, follows: whether who reads organises it, or runs it as jury too; the Region, which only
    decides, sees no team.
    """
    counts = _counts(challenge, now)
    return {
        "waiting_for_you": [
            *_waiting(challenge, by, counts, edits=edits, follows=follows),
            *(_unclosed(challenge, now) if edits else ()),
        ],
        "counts": counts,
        "chart": _chart(challenge, now) if counts["total"] else None,
        "teams": _teams(request, challenge) if follows else None,
        "dates": [_dates(each, now) for each in challenge.phases.all()],
    }


def _counts(challenge: Challenge, now: datetime) -> dict[str, Any]:
    """Count the entries, those that wait and since when, those that failed, those of these days."""
    today = clock.paris_day(now)
    waiting = Q(status__in=UNFINISHED)
    return (
        entries_sent(challenge)
        .order_by()
        .aggregate(
            total=Count("pk"),
            refused=Count("pk", filter=Q(status=EntryStatus.REJECTED)),
            waiting=Count("pk", filter=waiting),
            attention=Count("pk", filter=Q(status=EntryStatus.NEEDS_ATTENTION)),
            today=Count("pk", filter=Q(quota_day=today)),
            yesterday=Count("pk", filter=Q(quota_day=today - timedelta(days=1))),
            oldest=Min("received_at", filter=waiting),
        )
    )


def _waiting(
    challenge: Challenge, by: User, counts: dict[str, Any], *, edits: bool, follows: bool
) -> Iterator[Item]:
    """List what waits for a person here, each with the page where it is done."""

    def page(name: str) -> str:
        return reverse(f"challenges:{name}", args=[challenge.slug])

    if edits:
        asking = challenge.registrations.filter(state=RegistrationState.PENDING).count()
        if asking:
            words = ngettext(
                "Répondre à %(n)s demande d’inscription",
                "Répondre à %(n)s demandes d’inscription",
                asking,
            )
            yield Item(words % {"n": asking}, page("registrations"), icon="users", tone="calanque")
        for each in discussions.waiting(challenge, by)[:QUESTIONS]:
            yield Item(
                _("Répondre à %(name)s") % {"name": each.by},
                each.path,
                detail=each.title,
                icon="message-square",
                tone="ocre",
                language=challenge.language,
            )
    changes = Rescoring.objects.open().filter(phase__challenge=challenge)
    for change in changes.select_related("phase").order_by("phase__index"):
        yield Item(
            _("Changement de notation : %(state)s") % {"state": change.get_state_display()},
            page("rescorings"),
            detail=change.phase.name,
            icon="refresh-cw",
            tone="ocre",
        )
    disqualified = challenge.disqualifications.undecided().count()
    if disqualified and (edits or has_permission(by, Permission.CHALLENGE_REVEAL)):
        words = ngettext(
            "%(n)s disqualification demandée attend la décision de la Région",
            "%(n)s disqualifications demandées attendent la décision de la Région",
            disqualified,
        )
        region = reverse("challenges:disqualifications")
        address = page("disqualification_proposals") if edits else region
        yield Item(words % {"n": disqualified}, address, icon="triangle-alert", tone="ocre")
    if follows and rescoring_queries.has_drifted(challenge):
        yield Item(
            _("La référence ne donne plus le même score"),
            page("rescorings"),
            detail=_("Une nuit de contrôle a donné un score différent, ou aucun score."),
            icon="triangle-alert",
            tone="garance",
        )
    if counts["attention"] and evaluation_rules.may_examine_entries(by):
        words = ngettext(
            "%(n)s soumission à examiner", "%(n)s soumissions à examiner", counts["attention"]
        )
        address = reverse("challenges:examinations")
        yield Item(
            words % {"n": counts["attention"]}, address, icon="triangle-alert", tone="garance"
        )


def _unclosed(challenge: Challenge, now: datetime) -> Iterator[Item]:
    """List the open phases that nobody knows the end of."""
    for phase in challenge.phases.all():
        if phase.moment(now) is PhaseMoment.OPEN and phase.closes_at is None:
            yield Item(
                _("Annoncer la date de clôture"),
                reverse("challenges:write_dates", args=[challenge.slug]),
                detail=phase.name,
                icon="calendar",
                tone="calanque",
            )


def _chart(challenge: Challenge, now: datetime) -> dict[str, Any]:
    """Lay out the entries of the last thirty days, a bar a day, in a box of 300 by 100.

    From the day it opened on; no bar in its first days, which would draw nothing.
    """
    today = clock.paris_day(now)
    opened = [each.opens_at for each in challenge.phases.all() if each.opens_at]
    age = (today - clock.paris_day(min(opened))).days + 1 if opened else DAYS
    if age < FEWEST_DAYS:
        return {"bars": []}
    days = [today - timedelta(days=back) for back in range(min(age, DAYS) - 1, -1, -1)]
    sent = dict(
        entries_sent(challenge)
        .order_by()
        .filter(quota_day__gte=days[0])
        .values_list("quota_day")
        .annotate(n=Count("pk"))
    )
    most, step = max(sent.values(), default=1), 300 // len(days)
    return {
        "first": days[0],
        "last": today,
        "most": most,
        "width": step - 3,
        "bars": [
            {"x": step * at, "y": 100 - height, "height": height, "is_today": day == today}
            for at, day in enumerate(days)
            if (height := round(100 * sent.get(day, 0) / most))
        ],
    }


def _teams(request: HttpRequest, challenge: Challenge) -> dict[str, Any]:
    """List the teams by rank, each with its captains, its public score; then the last to send."""
    captains = TeamMember.objects.filter(role=TeamRole.CAPTAIN, left_at=None)
    last = Entry.objects.filter(enrolment__team=OuterRef("pk")).order_by("-received_at", "-number")
    is_scored = Q(enrolments__entries__status=EntryStatus.SCORED)
    is_refused = Q(enrolments__entries__status=EntryStatus.REJECTED)
    ranked = Standing.objects.filter(
        leaderboard__challenge=challenge,
        leaderboard__hidden=False,
        leaderboard__anonymous=False,
        leaderboard__primary__hidden=False,
        split=Split.PUBLIC,
    ).order_by("-leaderboard", "position")
    teams = (
        challenge.teams.live()
        .annotate(
            scored=Count("enrolments__entries", filter=is_scored),
            refused=Count("enrolments__entries", filter=is_refused),
            last_sent=Max("enrolments__entries__received_at"),
            rank=Subquery(ranked.filter(team=OuterRef("pk")).values("rank")[:1]),
            place=Subquery(ranked.filter(team=OuterRef("pk")).values("position")[:1]),
            last_status=Subquery(last.values("status")[:1]),
        )
        .prefetch_related(Prefetch("members", captains.select_related("user"), to_attr="captains"))
        .order_by(
            F("rank").asc(nulls_last=True),
            F("place").asc(nulls_last=True),  # the best first of those that share a rank
            F("last_sent").desc(nulls_last=True),
            "name",
            "pk",
        )
    )
    page = Paginator(teams, TEAMS).get_page(request.GET.get("equipes"))
    others = ranked.order_by().filter(leaderboard=OuterRef("leaderboard"), rank=OuterRef("rank"))
    rows = ranked.filter(team__in=[each.pk for each in page]).annotate(
        tied=Exists(others.exclude(pk=OuterRef("pk")))
    )
    nowhere = {"rank": None, "tied": False, "score": "", "low": "", "high": ""}
    places: dict[int, dict[str, Any]] = {}
    measures = set()
    for row in rows.select_related("leaderboard__primary"):
        primary = row.leaderboard.primary
        if primary is not None and row.team_id not in places:
            cell = row.cells.get(primary.key, {})
            ends = ends_of({"low": row.interval_low, "high": row.interval_high}, primary)
            shown = {"rank": row.rank, "tied": row.tied, "score": text_of(cell, primary), **ends}
            places[row.team_id] = shown
            measures.add(primary)
    listed: list[Any] = list(page)
    states = [EntryStatus(each.last_status) if each.last_status else None for each in listed]
    told = [None if each is EntryStatus.SCORED else each for each in states]
    return {
        "page": page,
        "primary": measures.pop() if len(measures) == 1 else None,
        "rows": [
            (team, state, places.get(team.pk, nowhere))
            for team, state in zip(listed, told, strict=True)
        ],
    }


def _dates(phase: Phase, now: datetime) -> tuple[str, datetime | None, datetime | None, str]:
    """Give a phase as the timeline shows it: its name, its two ends, where it stands."""
    states = {PhaseMoment.OPEN: "now", PhaseMoment.CLOSED: "done"}
    moment = phase.moment(now)
    return (phase.name, phase.opens_at, phase.closes_at, states.get(moment, ""))
