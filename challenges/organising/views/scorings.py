"""Choose how answers are measured, and show what the measures give before anything is public."""

import math
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from challenges.bundles.spec import Role
from challenges.organising import queries as organising
from challenges.organising.actions import drafts
from challenges.organising.enums import BuildState
from challenges.organising.forms.fairness import likely_groups
from challenges.organising.forms.scorings import MeasuresForm, figure_of, shape_of
from challenges.organising.models.challenges import Challenge, ChallengeDraft
from challenges.organising.views.layout import find_organised, form_page
from challenges.organising.words import metric_direction, metric_scale
from challenges.scoring import registry
from challenges.scoring.audit.declared import SMALLEST
from challenges.scoring.contract import Layout
from portal.accounts.views import person
from portal.lib.prose.numbers import number
from portal.lib.refusals import Invalid
from portal.lib.web.form_pages import sent
from portal.lib.web.requests import get_or_post

ENOUGH_FOR_TWO = 1  # decimals, from more than this on: no bounded measure
ROUND = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)


@get_or_post
def write_scoring(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose the figures, then have the worker check the whole, and try them."""
    challenge = find_organised(request, slug)
    document = challenge.bundle
    form: MeasuresForm | None = None
    if document.get("submission") and document.get("truth") and shape_of(document):
        form = MeasuresForm(sent(request), document=document)
    elif request.method == "POST":
        raise Invalid(_("Déposez d’abord les fichiers."), code="files_first")
    shown = _tried(challenge, _unsaved(form, document))
    fairness = document.get("fairness") or {}
    attributes = fairness.get("attributes") or []
    held = (drafts.entry_of(challenge, Role.TRUTH) or {}).get("columns") or []
    if "X-Fragment" in request.headers:
        return render(request, "challenges/organising/tried.html", shown | {"challenge": challenge})

    @transaction.atomic
    def act() -> None:
        written = ChallengeDraft.objects.filter(challenge=challenge).first()
        is_known = written is not None and written.state in (BuildState.QUEUED, BuildState.DONE)
        if form is None or (is_known and form.metrics == document.get("metrics")):
            return
        by = person(request)
        drafts.measure(
            challenge=challenge,
            submission=document["submission"],
            truth=document["truth"],
            metrics=form.metrics,
            public_share=drafts.drawn_share(challenge),
            by=by,
        )
        challenge.refresh_from_db()
        if not organising.missing_to_check(challenge):
            drafts.ask_build(challenge=challenge, by=by)

    return form_page(
        request,
        challenge,
        "write_scoring",
        form,
        act,
        template="challenges/organising/scoring.html",
        onward="write_scoring" if "essayer" in request.POST else "",
        other=bool(document.get("submission")),
        compared=[each.get("label") or each["key"] for each in attributes],
        least=fairness.get("n_min_group") or SMALLEST,
        likely=[] if "fairness" in document else likely_groups(document, held),
        **shown,
    )


def _unsaved(form: MeasuresForm | None, document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the figures that a form shows where they are not those of the document."""
    if form is None or not (form.is_bound or form.is_redrawn):
        return []
    typed = form.as_typed
    return [] if typed == MeasuresForm(document=document).as_typed else typed


def _tried(challenge: Challenge, typed: list[dict[str, Any]]) -> dict[str, Any]:
    """Say what the measures of a draft gave two answers, and what the teams will see of them.

    typed: those that the form shows, where they are others: they are not tried yet.
    """
    written = ChallengeDraft.objects.filter(challenge=challenge).first()
    # An import may leave out a label, which is then the key, and the number of decimals.
    metrics = [
        figure_of(**{"label": each["key"]} | each) for each in challenge.bundle.get("metrics") or []
    ]
    metrics.sort(key=lambda each: not each.get("primary"))
    told: dict[str, Any] = {
        "written": written,
        "is_typed": bool(typed),
        "seen": _seen(challenge, typed),
    }
    if not metrics:
        return told
    trial = {} if written is None else written.trial
    rows = [
        [_cell(each, trial.get(name) or {}) for name in ("sample", "constant")] for each in metrics
    ]
    sample, constant = rows[0]
    told |= {
        "lacking": organising.missing_to_check(challenge),
        "fault": (trial.get("sample") or {}).get("fault", ""),
        "seen": told["seen"] or _seen(challenge, metrics, constant["text"]),
    }
    if not sample["text"] or not constant["text"]:
        return told
    low, high = _scale(metrics[0], rows[0])
    given = drafts.entry_of(challenge, Role.SAMPLE_SUBMISSION) or {}
    is_made = given.get("generated", False)
    return told | {
        # What the portal made says one thing everywhere too: it teaches nothing beside the other.
        "answers": rows[0][1:] if is_made else rows[0],
        "is_made": is_made,
        "measured": metrics[0]["label"],
        "apart": _apart(metrics[0], sample, constant),
        "n": trial["sample"]["n"],
        "is_listed": Layout(challenge.bundle["submission"]["layout"]).is_listed,
        "low": low,
        "high": high,
        "ends": (_end(low, metrics[0]), _end(high, metrics[0])),
        "decimals": metrics[0]["decimals"],
        "others": list(zip(metrics, rows, strict=True))[1:],
    }


def _cell(metric: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Write what an answer got by a measure, nothing where it was not tried."""
    figure = (answer.get("figures") or {}).get(metric["key"]) or {}
    decimals, texts = metric["decimals"], {}
    if abs(figure.get("value") or 0) > ENOUGH_FOR_TWO:
        decimals = min(decimals, 2)
    for name, end in (("text", "value"), ("low_text", "low"), ("high_text", "high")):
        value = figure.get(end)
        texts[name] = "" if value is None else number(value, decimals)
    return figure | texts


def _scale(metric: dict[str, Any], cells: list[dict[str, Any]]) -> tuple[float, float]:
    """Choose the ends of a drawing: those of the measure, else those of what it gave."""
    known = registry.metric(metric["metric"])
    ends = [
        each[end] for each in cells for end in ("low", "value", "high") if each.get(end) is not None
    ]
    low = known.low if math.isfinite(known.low) else -_round(-min([0.0, *ends]))
    high = known.high if math.isfinite(known.high) else _round(max([0.0, *ends]))
    return low, high


def _round(value: float) -> float:
    """Return the next round number: 12 for 10.5."""
    power = 10 ** math.floor(math.log10(value)) if value > 0 else 0
    return next(step for each in ROUND if (step := each * power) >= value)


def _end(value: float, metric: dict[str, Any]) -> str:
    """Write an end of a drawing, whole where it is."""
    return number(value, 0 if value == int(value) else metric["decimals"])


def _apart(metric: dict[str, Any], sample: dict[str, Any], constant: dict[str, Any]) -> str:
    """Say whether the example does better than one answer for all.

    "better", "same" or "worse"; "close" where their intervals overlap.
    """
    if sample["value"] == constant["value"]:
        return "same"
    if sample["low_text"] and constant["low_text"]:
        below, above = sorted((sample, constant), key=lambda each: float(each["value"]))
        if below["high"] >= above["low"]:
            return "close"
    is_better = (sample["value"] > constant["value"]) is (metric["direction"] == "max")
    return "better" if is_better else "worse"


def _seen(
    challenge: Challenge, metrics: list[dict[str, Any]], floor: str = ""
) -> list[tuple[str, str]]:
    """List what the teams will read of the measures, nothing without one."""
    if not metrics:
        return []
    first, cut = metrics[0], (metrics[0].get("params") or {}).get("k")
    beside = [str(each["label"]) for each in metrics[1:] if not each.get("hidden")]
    if (challenge.bundle.get("fairness") or {}).get("attributes"):
        beside.append(_("équité"))
    if registry.metric(first["metric"]).interval:
        beside.append(_("intervalle à 95 %"))
    told = [
        (_("Rang selon"), f"{first['label']}, k = {cut}" if cut else str(first["label"])),
        (_("Échelle"), f"{metric_scale(first)}, {metric_direction(first).lower()}"),
        (_("Plancher"), floor),
        (_("À côté"), capfirst(", ".join(beside))),
    ]
    return [(words, value) for words, value in told if value]
