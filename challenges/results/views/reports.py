"""The final report of a phase, the statistics of a challenge: pages, JSON and CSV."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from challenges.entries.enums import REASON_SENTENCES, EntryStatus
from challenges.organising import rules
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.models.scorings import in_words
from challenges.organising.views.layout import find_challenge, find_followed, organiser_context
from challenges.results.queries import reports
from challenges.results.queries import reports as reads
from challenges.results.queries.reports import TEAMS_LEAST
from challenges.results.views.boards import axis_decimals, from_to, round_axis
from challenges.results.views.fairness import summary
from challenges.results.views.standings import board_links, open_to_sites
from challenges.teams.views.head import challenge_context
from portal.accounts.views import person
from portal.lib.refusals import Hidden
from portal.lib.storage.files import csv_answer
from portal.lib.web.responses import tagged

MOST_DRAWN = 20
MOST_LISTED = 100


@login_not_required
@require_safe
def report(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the final report; before the reveal, say when it comes."""
    context = challenge_context(request, slug, "standings")
    phase = reported(request, context["challenge"])
    if phase is None:
        return render(request, "challenges/results/report_awaited.html", context)
    audits = reports.public_audits(phase)
    told = reports.report_document(phase, audits)
    context |= {"shown_phase": phase, "report": told, **_drawn(told)}
    context["audits"] = [
        {"audited": each, "verdicts": summary(each)} for each in audits[:MOST_LISTED]
    ]
    context["phase_links"] = [
        (each.name, f"?phase={each.index}") for each in context["phases"] if each.is_revealed
    ]
    context["notices"] = [
        each | {"at": datetime.fromisoformat(each["at"])} for each in told["notices"]
    ]
    context["errata"] = [
        each | {"executed_at": datetime.fromisoformat(each["at"])} for each in told["errata"]
    ]
    context["methods"] = [
        each | {"answers": [one | {"answer": in_words(one["answer"])} for one in each["answers"]]}
        for each in told["methods"]
    ]
    context["other_boards"] = [
        link for link in board_links(phase) if link[0] != told["board_title"]
    ]
    return render(request, "challenges/results/report.html", context)


@login_not_required
@require_safe
def report_json(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the final report as JSON, with an ETag; its members are described in docs/api.md."""
    phase = reported(request, find_challenge(request, slug))
    if phase is None:
        raise Hidden
    told = reports.report_document(phase, reports.public_audits(phase))
    return tagged(request, open_to_sites(JsonResponse(told)), digest=told["digest"])


def reported(request: HttpRequest, challenge: Challenge) -> Phase | None:
    """Return the revealed phase asked for by number, by default the last one; else Hidden."""
    index = request.GET.get("phase", "")
    if not index:
        return reports.reported_phase(challenge)
    found = reports.reported_phase(challenge, int(index[:6])) if index.isdecimal() else None
    if found is None:
        raise Hidden
    return found


def _drawn(told: dict[str, Any]) -> dict[str, Any]:
    """Prepare the rows in words, and the drawing that says the same."""
    metric = told["metric"]
    decimals = metric["decimals"] if metric else 0
    ranking = told["ranking"]
    rows = [_row(each, decimals) for each in ranking[:MOST_LISTED]]
    teams = [each for each in ranking if not each["baseline"] and each["value"] is not None]
    reference = next((each["value"] for each in ranking if each["baseline"]), None)
    best = next((row for row in rows if row["rank"] == 1 and not row["baseline"]), None)
    rare = _("Autres, chacune chez moins de %(teams_least)s équipes") % {"teams_least": TEAMS_LEAST}
    return {
        "rows": rows,
        "left_out": max(0, len(ranking) + told["left_out"] - MOST_LISTED),
        "best": best,
        "baselines": [row for row in rows if row["baseline"]],
        "final_plot": _final_plot(teams[:MOST_DRAWN], reference),
        "causes": [
            (str(REASON_SENTENCES.get(code, rare if code == "other" else code)), count)
            for code, count in told["participation"]["causes"].items()
        ],
    }


def _row(each: dict[str, Any], decimals: int) -> dict[str, Any]:
    public = each["public"] or {}
    return each | {
        "score": _number(each["value"], decimals),
        "ends": _ends(each, decimals),
        "public_score": _number(public.get("value"), decimals),
        "public_ends": _ends(public, decimals),
        "public_rank": public.get("rank"),
    }


def _final_plot(teams: list[dict[str, Any]], reference: float | None) -> dict[str, Any] | None:
    ends = [reference, *(each[key] for each in teams for key in ("value", "low", "high"))]
    known = [end for end in ends if end is not None]
    if not teams:
        return None
    low, high = round_axis(min(known), max(known))
    return {
        "key": "plot-final",
        "title": _("Scores définitifs et leurs intervalles à 95 %"),
        "description": _(
            "Un point par équipe, du premier rang au dernier ; le tableau donne les mêmes valeurs."
        ),
        "rows": [
            {
                "label": f"{each['rank'] or '–'} · {each['team']}",
                **{key: each[key] for key in ("value", "low", "high")},
            }
            for each in teams
        ],
        "scale": (low, high),
        "reference": reference,
        "decimals": axis_decimals(low, high, ticks=3),
    }


def _number(value: float | None, decimals: int) -> str:
    return "–" if value is None else str(number_format(value, decimals, use_l10n=True))


def _ends(figure: dict[str, Any], decimals: int) -> str:
    if figure.get("low") is None or figure.get("high") is None:
        return ""
    return from_to(_number(figure["low"], decimals), _number(figure["high"], decimals))


@require_safe
def statistics(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how a challenge goes: entries, causes, times, days."""
    challenge = find_followed(request, slug)
    found = reads.challenge_statistics(challenge)
    context = organiser_context(
        challenge,
        "statistics",
        edits=rules.may_edit_challenge(person(request), challenge),
        statistics=found,
        phases=[{"figures": each, "statuses": _words(each)} for each in found.phases],
        teams_least=reads.TEAMS_LEAST,
        times_least=reads.TIMES_LEAST,
    )
    return render(request, "challenges/results/organise/statistics.html", context)


def _words(figures: reads.PhaseFigures) -> list[tuple[str, int]]:
    return [(str(EntryStatus(status).label), n) for status, n in sorted(figures.statuses.items())]


@require_safe
def statistics_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the statistics as CSV: one figure a line."""
    challenge = find_followed(request, slug)
    found = reads.challenge_statistics(challenge)
    rows: list[list[Any]] = [
        ["phase", "figure", "valeur"],
        ["", "inscrits", found.registered],
        ["", "equipes", found.teams],
    ]
    for each in found.phases:
        rows += [[each.index, f"etat:{status}", n] for status, n in sorted(each.statuses.items())]
        rows += [[each.index, f"cause:{code or 'autres'}", n] for code, n in each.causes]
        rows += [
            [each.index, "soumissions", each.entries],
            [each.index, "equipes_ayant_soumis", each.teams],
            [each.index, "secondes_mediane", _rounded(each.median_seconds)],
            [each.index, "secondes_p95", _rounded(each.p95_seconds)],
            [each.index, "evaluations", each.evaluations],
            [each.index, "secondes_processeur", _rounded(each.cpu_seconds)],
        ]
    rows += [["", f"jour:{day.isoformat()}", n] for day, n in found.days]
    return csv_answer(rows, f"{slug}-statistiques.csv")


def _rounded(value: float | None) -> float | str:
    return "" if value is None else round(value, 3)
