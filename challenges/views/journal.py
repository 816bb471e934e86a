"""Show and export the journal of a challenge to those who run it."""

import json
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from challenges import rules
from challenges.models import Challenge
from challenges.organising import queries as reads
from challenges.views.entries import csv_answer
from challenges.views.head import person
from challenges.views.journal_words import SYSTEMS, act, facts
from challenges.views.rooms import followed_by, room
from portal.audit.reading import Told

PER_PAGE = 50


@require_safe
def journal(request: HttpRequest, slug: str) -> HttpResponse:
    """List who did what, the last act first."""
    challenge = followed_by(request, slug)
    told = reads.journal_acts(challenge)
    page = Paginator(told, PER_PAGE).get_page(request.GET.get("page"))
    names = reads.journal_names(challenge, list(page))
    context = room(
        challenge,
        "journal",
        edits=rules.may_edit_challenge(person(request), challenge),
        page=page,
        rows=[(each, act(each), _named(each, names), facts(each)) for each in page],
    )
    return render(request, "challenges/organise/journal.html", context)


@require_safe
def journal_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the journal as CSV."""
    challenge = followed_by(request, slug)
    rows, names = _all(challenge)
    header = ["numero", "date", "acte", "objet", "auteur", "faits", "empreinte"]
    lines = [
        [
            each.seq,
            each.at.isoformat(),
            each.action,
            each.object_ref,
            _named(each, names),
            json.dumps(each.facts, ensure_ascii=False, sort_keys=True),
            each.hash,
        ]
        for each in rows
    ]
    return csv_answer(f"{slug}-journal.csv", [header, *lines])


@require_safe
def journal_json(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the journal as JSON, with what ties each act to the chain."""
    challenge = followed_by(request, slug)
    rows, names = _all(challenge)
    found: dict[str, Any] = {
        "challenge": challenge.slug,
        "events": [
            {
                "seq": each.seq,
                "at": each.at.isoformat(),
                "action": each.action,
                "object": each.object_ref,
                "actor": each.actor,
                "name": names.get(each.actor, ""),
                "facts": each.facts,
                "body_sha256": each.body_sha256,
                "prev": each.prev,
                "hash": each.hash,
            }
            for each in rows
        ],
    }
    return JsonResponse(found, json_dumps_params={"ensure_ascii": False})


def _all(challenge: Challenge) -> tuple[list[Told], dict[str, str]]:
    rows = list(reads.journal_acts(challenge))
    return rows, dict(reads.journal_names(challenge, rows))


def _named(told: Told, names: Any) -> str:
    """Name who acted: a person who runs it, the Region, the portal, or « une autre personne »."""
    if told.actor in names:
        return str(names[told.actor])
    system = told.actor.removeprefix("system:")
    if system == told.actor:
        return _("une autre personne") if told.actor else "–"
    return str(SYSTEMS.get(system, system))
