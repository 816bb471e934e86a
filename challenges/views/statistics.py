"""Show and export the statistics of a challenge to those who run it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from challenges import rules
from challenges.entries.views.pages import csv_answer
from challenges.models.words import entry_word
from challenges.organising.views.layout import followed_by, person, room
from challenges.queries import statistics as reads


@require_safe
def statistics(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how a challenge goes: entries, causes, times, days."""
    challenge = followed_by(request, slug)
    found = reads.of(challenge)
    context = room(
        challenge,
        "statistics",
        edits=rules.may_edit_challenge(person(request), challenge),
        statistics=found,
        phases=[{"figures": each, "statuses": _words(each)} for each in found.phases],
        teams_least=reads.TEAMS_LEAST,
        times_least=reads.TIMES_LEAST,
    )
    return render(request, "challenges/organise/statistics.html", context)


def _words(figures: reads.PhaseFigures) -> list[tuple[str, int]]:
    return [(str(entry_word(status)), n) for status, n in sorted(figures.statuses.items())]


@require_safe
def statistics_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the statistics as CSV: one figure a line."""
    challenge = followed_by(request, slug)
    found = reads.of(challenge)
    rows: list[list[Any]] = [
        ["phase", "figure", "valeur"],
        ["", "inscrits", found.registered],
        ["", "equipes", found.teams],
    ]
    for each in found.phases:
        used = each.used
        rows += [[each.index, f"etat:{status}", n] for status, n in sorted(each.statuses.items())]
        rows += [[each.index, f"cause:{code or 'autres'}", n] for code, n in each.causes]
        rows += [
            [each.index, "soumissions", each.entries],
            [each.index, "equipes_ayant_soumis", each.teams],
            [each.index, "secondes_mediane", _rounded(each.median_seconds)],
            [each.index, "secondes_p95", _rounded(each.p95_seconds)],
            [each.index, "evaluations", used.evaluations if used else 0],
            [each.index, "secondes_processeur", _rounded(used.cpu_seconds if used else 0.0)],
        ]
    rows += [["", f"jour:{day.isoformat()}", n] for day, n in found.days]
    return csv_answer(f"{slug}-statistiques.csv", rows)


def _rounded(value: float | None) -> float | str:
    return "" if value is None else round(value, 3)
