"""Paste a description of another standard and get a draft, then see what was read."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext

from catalogue.contributions import pasting, rules
from catalogue.contributions.actions import drafts
from catalogue.contributions.forms.documents import (
    MOST_CHOICES,
    TEXT_CHARACTERS,
    PasteForm,
    RecordForm,
)
from catalogue.contributions.forms.steps import KindForm, Step
from catalogue.contributions.queries import descriptions, proposals
from catalogue.contributions.views.drafts import (
    around_step,
    editable,
    only_organisation,
    place_of,
    rendered,
    seen_by,
)
from catalogue.resources.enums import ResourceKind
from catalogue.standards.readers.record import Record
from portal.accounts.authorization import require
from portal.accounts.views import person
from portal.lib.refusals import QuotaSpent
from portal.lib.web.form_pages import sent
from portal.lib.web.http import NotFetched
from portal.lib.web.requests import get_or_post

TEMPLATE = "catalogue/contributions/paste.html"


@get_or_post
def paste(request: HttpRequest) -> HttpResponse:
    """Ask for an address, a text or a file; read it into a draft and show what was read.

    Says why nothing could be, or asks which record.
    """
    by = person(request)
    require(rules.may_contribute, by)
    form = PasteForm(sent(request), request.FILES or None)
    if not form.is_valid():
        return render(request, TEMPLATE, {"form": form}, status=422 if form.is_bound else 200)
    pasting.spend(request, by=by)
    try:
        with pasting.reading(by.pk):
            found = _read(form)
    except QuotaSpent as refusal:
        form.add_error(None, str(refusal))
        return render(request, TEMPLATE, {"form": form}, status=429)
    except NotFetched as refusal:
        form.add_error("url", str(refusal))
        return render(request, TEMPLATE, {"form": form}, status=422)
    if not found.usable:
        context = {"form": _again(form), "faults": found.faults}
        return render(request, TEMPLATE, context, status=422)
    record = _chosen(request, found)
    if record is None:
        return _ask_which(request, form, found)
    contribution = drafts.begin(
        described=record,
        kind=form.cleaned_data["kind"],
        reading=descriptions.kept(found.name, found.reading, record),
        by=by,
        organisation=only_organisation(by),
    )
    return redirect("catalogue:contribution_reading", contribution.public_id)


@get_or_post
def read(request: HttpRequest, contribution: UUID) -> HttpResponse:
    """Show what was read of a description, what is to be verified, wrong or missing in it.

    Sent back, the guesses that it showed whole are verified, unless they changed since.
    """
    found = editable(request, contribution)
    record = proposals.proposed_record(found)
    marks = proposals.prints(record, descriptions.doubtful(found))
    if request.method == "POST":
        seen, stored = seen_by(request), proposals.flat(record)
        kept = {name: stored[name] for name, mark in marks.items() if seen.get(name) == mark}
        drafts.merge(contribution=found, values=kept, seen=seen, read_over=kept, by=person(request))
        if kept:
            said = ngettext("Une valeur confirmée.", "%(n)s valeurs confirmées.", len(kept))
            messages.success(request, said % {"n": len(kept)})
        return redirect("catalogue:contribution_step", found.public_id, Step.ESSENTIAL)
    context = around_step(found, Step.ESSENTIAL, record, person(request))
    context["read"] = shown = descriptions.reading_shown(found, record)
    for fault in shown["faults"]:
        fault["href"] = place_of(found, fault["field"])
    context["seen"] = json.dumps(marks)
    context["description_html"] = rendered(record)
    return render(request, "catalogue/contributions/reading.html", context)


@get_or_post
def change_kind(request: HttpRequest, contribution: UUID) -> HttpResponse:
    """Say anew the kind of a resource never published; lead back to what was read, if anything."""
    found = editable(request, contribution)
    form = KindForm(sent(request), initial={"kind": found.resource.kind})
    if not form.is_valid():
        context = {"form": form, "contribution": found}
        return render(request, "catalogue/contributions/change_kind.html", context)
    kind = ResourceKind(form.cleaned_data["kind"])
    found = drafts.change_kind(contribution=found, kind=kind, by=person(request))
    if found.reading.get("format"):
        return redirect("catalogue:contribution_reading", found.public_id)
    return redirect("catalogue:contribution_step", found.public_id, Step.ESSENTIAL)


def _read(form: PasteForm) -> pasting.Pasted:
    given = form.cleaned_data
    if given.get("file") is not None:
        file = given["file"]
        return pasting.from_file(file.read(), file.name, file.content_type or "")
    if str(given.get("url") or "").strip():
        return pasting.from_address(str(given["url"]).strip())
    return pasting.from_text(str(given["text"]))


def _chosen(request: HttpRequest, found: pasting.Pasted) -> Record | None:
    """Give the only record, or the one that the person chose."""
    if len(found.usable) == 1:
        return found.usable[0]
    form = RecordForm(_titles(found), request.POST)
    return found.usable[int(form.cleaned_data["record"])] if form.is_valid() else None


def _titles(found: pasting.Pasted) -> list[str]:
    return [
        f"{record.title} – {ResourceKind(record.kind).label}"
        for record in found.usable[:MOST_CHOICES]
    ]


def _ask_which(request: HttpRequest, form: PasteForm, found: pasting.Pasted) -> HttpResponse:
    asked = "record" in request.POST or "which" in request.POST
    which = RecordForm(_titles(found), request.POST if asked else None)
    context = {
        "form": _again(form),
        "which": which,
        "count": len(found.usable),
        "more": max(0, len(found.usable) - MOST_CHOICES),
        "faults": found.faults,
    }
    return render(request, TEMPLATE, context, status=422 if which.errors else 200)


def _again(form: PasteForm) -> PasteForm:
    """Show what was given once more; a file becomes the text it holds, as a page cannot keep it."""
    given: dict[str, Any] = {name: form.cleaned_data.get(name) for name in ("url", "text", "kind")}
    file = form.cleaned_data.get("file")
    if file is not None:
        file.seek(0)
        text = file.read().decode("utf-8", "replace").replace("\x00", "")
        given["text"] = text if len(text) <= TEXT_CHARACTERS else ""
    return PasteForm(initial=given)
