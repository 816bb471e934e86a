"""The final report of a phase, its queue and figures for who runs it: pages, JSON and CSV."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from challenges.entries.enums import REASON_SENTENCES
from challenges.evaluation import queries as evaluation_queries
from challenges.evaluation import rules as evaluation_rules
from challenges.evaluation.actions import interventions
from challenges.evaluation.forms import PauseForm
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.models.scorings import in_words
from challenges.organising.queries import phase_of
from challenges.organising.views.layout import (
    access_to,
    find_challenge,
    find_to_run,
    organiser_context,
)
from challenges.results.queries import reports
from challenges.results.queries.reports import TEAMS_LEAST, PhaseFigures
from challenges.results.views.boards import axis_decimals, from_to, round_axis
from challenges.results.views.fairness import summary
from challenges.results.views.standings import board_links, open_to_sites
from challenges.teams.views.head import challenge_context
from portal.accounts.authorization import require
from portal.accounts.views import person
from portal.lib.prose.numbers import number
from portal.lib.refusals import Hidden
from portal.lib.web.form_pages import tried
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
        "score": number(each["value"], decimals),
        "ends": _ends(each, decimals),
        "public_score": number(public.get("value"), decimals),
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


def _ends(figure: dict[str, Any], decimals: int) -> str:
    if figure.get("low") is None or figure.get("high") is None:
        return ""
    return from_to(number(figure["low"], decimals), number(figure["high"], decimals))


@require_safe
def pipeline(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what waits in each phase, how its entries ended, how long they took."""
    return _show_pipeline(request, find_to_run(request, slug))


@require_POST
def pause(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Hold the scoring of a phase, with a reason that teams read."""
    challenge = find_to_run(request, slug)
    phase = phase_of(challenge, index)
    require(evaluation_rules.may_pause_phase, person(request), phase)
    form = PauseForm(request.POST, phase=phase)
    status = tried(
        form,
        lambda: interventions.pause(
            phase=phase, reason=form.cleaned_data["reason"], by=person(request)
        ),
    )
    if status:
        return _show_pipeline(request, challenge, sent=form, status=status)
    messages.success(request, _("Notation en pause. Les soumissions arrivent et attendent."))
    return redirect("challenges:pipeline", slug)


@require_POST
def resume(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Let the scoring of a phase go on."""
    phase = phase_of(find_to_run(request, slug), index)
    interventions.resume(phase=phase, by=person(request))
    messages.success(request, _("La notation reprend."))
    return redirect("challenges:pipeline", slug)


@require_POST
def retry(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Try again the entries that broke down by the platform's fault."""
    phase = phase_of(find_to_run(request, slug), index)
    made = interventions.retry_phase(phase=phase, by=person(request))
    said = ngettext("%(n)s soumission relancée.", "%(n)s soumissions relancées.", made)
    messages.success(request, said % {"n": made})
    return redirect("challenges:pipeline", slug)


def _show_pipeline(
    request: HttpRequest, challenge: Challenge, *, sent: PauseForm | None = None, status: int = 200
) -> HttpResponse:
    access = access_to(person(request), challenge)
    figures = (
        reports.phase_figures(challenge)
        if access["follows"]
        else [PhaseFigures(each) for each in evaluation_queries.phase_pipelines(challenge)]
    )
    context: dict[str, Any] = {
        "rows": [_phase_row(each, sent) for each in figures],
        "wrong": sent is not None,
        "lede": _(
            "Ce qui attend dans chaque phase, et comment le reste a fini. Une pause garde les "
            "soumissions sans les noter, le temps de corriger une notation ; les équipes en lisent "
            "le motif."
        ),
        "teams_least": TEAMS_LEAST,
        **access,
    }
    return render(
        request,
        "challenges/results/organise/pipeline.html",
        organiser_context(challenge, "pipeline", **context),
        status=status,
    )


def _phase_row(figures: PhaseFigures, sent: PauseForm | None) -> dict[str, Any]:
    phase = figures.pipeline.phase
    same = sent is not None and sent.phase.pk == phase.pk
    return {
        "figures": figures,
        "pipeline": figures.pipeline,
        "phase": phase,
        "form": sent if same else PauseForm(phase=phase),
    }
