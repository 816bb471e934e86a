"""Show the fairness audits of a phase, and that of one entry: page, CSV and JSON."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from challenges.entries.views.pages import csv_answer
from challenges.organising.views.layout import find_challenge, scene
from challenges.queries import findings
from challenges.views.fairness_cards import cards, summary, table_rows
from challenges.views.fairness_words import FAMILIES, Words
from challenges.views.standings import phase_wanted

HEADER = [
    "attribut",
    "groupe",
    "effectif_arrondi",
    "mesure",
    "valeur",
    "bas",
    "haut",
    "ensemble",
    "verdict",
]


@login_not_required
@require_safe
def audits(request: HttpRequest, slug: str) -> HttpResponse:
    """List the audits of a phase; before the reveal, say what is audited."""
    context = scene(request, slug, "standings")
    phase = phase_wanted(request, context["challenge"], context["phase"])
    contract = findings.declared_audit(phase)
    listed = findings.audits(phase, request.user) if phase else []
    context |= {
        "revealed": phase is not None and phase.is_revealed,
        "declared": _declared(contract) if contract else None,
        "fairness": {} if contract else findings.declared_fairness(phase),
        "rows": [
            {"audited": each, "verdicts": summary(each), "column": each.record["column"]}
            for each in listed
        ],
    }
    return render(request, "challenges/audits.html", context)


@login_not_required
@require_safe
def audit(request: HttpRequest, slug: str, entry: UUID) -> HttpResponse:
    """Show the audit of one entry, a card an attribute."""
    context = scene(request, slug, "standings")
    found = findings.audit(context["challenge"], entry, request.user)
    context |= {"audited": found, "cards": cards(found), "column": found.record["column"]}
    return render(request, "challenges/audit.html", context)


@login_not_required
@require_safe
def audit_json(request: HttpRequest, slug: str, entry: UUID) -> HttpResponse:
    """Send the audit of one entry as JSON."""
    found = findings.audit(find_challenge(request, slug), entry, request.user)
    return JsonResponse({"challenge": slug, "team": found.team, **found.record})


@login_not_required
@require_safe
def audit_csv(request: HttpRequest, slug: str, entry: UUID) -> HttpResponse:
    """Send the audit of one entry as CSV, formulas neutralised."""
    found = findings.audit(find_challenge(request, slug), entry, request.user)
    return csv_answer(f"{slug}-equite.csv", [HEADER, *table_rows(found)])


def _declared(contract: dict[str, Any]) -> dict[str, Any]:
    """Put into words what a contract audits."""
    words, audit = Words.of(contract), contract["fairness"]["audit"]
    keys = audit.get("attributes") or [
        each["key"] for each in contract["fairness"]["attributes"] if each.get("type") != "number"
    ]
    wanted = set(audit.get("measures") or ())
    return {
        "attributes": [words.title([key]) for key in keys],
        "crossings": [words.title(pair) for pair in audit.get("crossings") or ()],
        "measures": [str(title) for name, title, _keys, _question in FAMILIES if name in wanted],
        "public": audit.get("shown", "public") == "public",
        "column": audit.get("column"),
    }
