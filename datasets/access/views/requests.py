"""Pages of who asks: begin a request, write it step by step, send it, follow it."""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from datasets.access import forms, queries, rules
from datasets.access.actions import drafts, review
from datasets.access.enums import RequestStatus
from datasets.access.forms import STEP_FORMS, STEP_LABELS, NeedForm, Step, StepForm
from datasets.access.models import AccessRequest, asked_by
from datasets.access.views.projects import read_by
from datasets.releases import queries as released
from datasets.releases.models import Dataset
from portal.accounts.authorization import require
from portal.accounts.models import Organisation
from portal.accounts.views import person
from portal.lib.refusals import Conflict, Invalid
from portal.lib.visible import find
from portal.lib.web.requests import get_or_post, identifier


def visible(request: HttpRequest, public_id: UUID) -> AccessRequest:
    """Find a request that this person may see; for others it does not exist."""
    rows = AccessRequest.objects.visible_to(person(request)).select_related(
        "organisation", "requester", "officer", "approver", "grant"
    )
    rows = rows.prefetch_related("named_users", "opinions")
    return find(rows, among=AccessRequest.objects.all(), public_id=public_id)


@get_or_post
def begin(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what a request takes, then open its draft; or lead to one that is being written."""
    by = person(request)
    dataset = released.restricted(by).filter(resource__slug=slug).first()
    if dataset is None:
        raise Http404
    organisations = list(Organisation.objects.filter(pk__in=by.roles_by_organisation))
    drafted = AccessRequest.objects.filter(requester=by, status=RequestStatus.DRAFT)
    if request.method == "POST" and organisations:
        organisation = organisations[0] if len(organisations) == 1 else None
        draft = drafts.start(datasets=[dataset], organisation=organisation, by=by)
        return redirect("datasets:request_step", draft.public_id, Step.STRUCTURE)
    context = {
        "section": "donnees",
        "dataset": dataset,
        "has_organisation": bool(organisations),
        "drafts": drafted.order_by("-edited_at")[:5],
        "steps": STEP_LABELS.values(),
    }
    return render(request, "datasets/access/begin.html", context)


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List what a person asks for, what they may read, what waits for them."""
    by = person(request)
    rows = AccessRequest.objects.filter(asked_by(by)).select_related(
        "organisation", "grant", "requester"
    )
    files, named = queries.readable_extracts(by), queries.named_in(by)
    own = {each.request_id: each for each in named}
    asked = [
        read_by(by, each, own.get(each.pk), files)
        for each in rows.prefetch_related("opinions", "datasets", "returns")[:100]
    ]
    context = {
        "section": "donnees",
        "going": [each for each in asked if not each.is_over],
        "over": [each for each in asked if each.is_over],
        "named": [
            read_by(by, each.request, each, files)
            for each in named
            if not rules.answers_for(by, each.request)
        ],
    }
    return render(request, "datasets/access/mine.html", context)


@get_or_post
def write(request: HttpRequest, asked: UUID, step: str) -> HttpResponse:
    """Show a step with what is kept so far; or keep what is typed, then do what the button says."""
    found, by = visible(request, asked), person(request)
    require(rules.may_write_request, by, found)
    if step not in list(Step):
        raise Http404
    wanted = Step(step)
    if not found.is_writable:
        return redirect(found)
    made = STEP_FORMS[wanted](
        request.POST if request.method == "POST" else None, request=found, by=by
    )
    if request.method != "POST":
        return _show(request, found, wanted, made)
    made.is_valid()
    try:
        found = drafts.save(request=found, values=_values(request, made), by=by)
    except Invalid as refusal:
        made.add_error(None, str(refusal))
    if wanted is Step.SEND and "next" in request.POST:
        return _send(request, found, made)
    if "next" in request.POST:
        made.refuse(drafts.faults_of(found))
    if made.errors or "HX-Request" in request.headers:
        return _show(request, found, wanted, made)
    return redirect(_after(request, found, wanted))


def _values(request: HttpRequest, made: StepForm) -> dict[str, Any]:
    taken = request.POST.get("remove", "")
    return (
        made.without(identifier(taken)) if isinstance(made, NeedForm) and taken else made.values()
    )


def _after(request: HttpRequest, found: AccessRequest, step: Step) -> str:
    """Say where a button of a step leads: on, out, or back to the same for its rows."""
    if "draft" in request.POST:
        return reverse("datasets:access_request", args=(found.public_id,))
    order = list(Step)
    following = order[order.index(step) + 1] if "next" in request.POST else step
    return reverse("datasets:request_step", args=(found.public_id, following))


def _send(request: HttpRequest, found: AccessRequest, made: StepForm) -> HttpResponse:
    sent_back = found.status == RequestStatus.CHANGES_REQUESTED
    confirmed = found.answer or request.POST.get("next") == "unchanged"
    if sent_back and not confirmed and queries.is_unchanged(found):
        return _show(request, found, Step.SEND, made, status=422, unchanged=True)
    try:
        drafts.submit(request=found, by=person(request))
    except Invalid as refusal:
        made.refuse(refusal.faults)
        return _show(request, found, Step.SEND, made)
    except Conflict as refusal:
        made.add_error(None, str(refusal))
        return _show(request, found, Step.SEND, made, status=409)
    told = _("Demande déposée. Vous recevez un accusé avec son calendrier.")
    messages.success(request, _("Corrections renvoyées.") if sent_back else told)
    return redirect(found)


def _show(
    request: HttpRequest,
    found: AccessRequest,
    step: Step,
    made: StepForm,
    *,
    status: int = 0,
    unchanged: bool = False,
) -> HttpResponse:
    faults = [
        (STEP_LABELS[at], _address(found, at, fault["field"]), fault["message"])
        for fault in drafts.faults_of(found)
        if (at := forms.step_of(fault["field"])) is not step or "pledges" not in made.errors
    ]
    order, aimed = list(Step), forms.steps_of(found.changes_fields if found.changes_asked else [])
    context = {
        "section": "donnees",
        "asked": found,
        "form": made,
        "step": step,
        "number": order.index(step) + 1,
        "label": STEP_LABELS[step],
        "steps": [
            (STEP_LABELS[each], _state(each, step, aimed), _address(found, each)) for each in order
        ],
        "aimed": [STEP_LABELS[each] for each in aimed],
        "previous": _address(found, order[order.index(step) - 1]) if step is not order[0] else "",
        "faults": faults if step is Step.SEND else [],
        "unchanged": unchanged,
        "whole": True,
        "opposed": set(),
        "summary": content(found),
        "lasts": found.months,
        "forbidden": forms.ForbiddenUse.labels,
    }
    status = status or (422 if made.errors else 200)
    return render(request, f"datasets/access/{step}.html", context, status=status)


def _address(found: AccessRequest, step: Step, field: str = "") -> str:
    address = reverse("datasets:request_step", args=(found.public_id, step))
    named = "return-0" if field == "returns" else field
    return f"{address}#id_{named}" if named else address


def _state(each: Step, now: Step, aimed: Sequence[Step] = ()) -> str:
    order = list(Step)
    if each is now:
        return "now"
    if each in aimed:
        return "again"
    return "done" if order.index(each) < order.index(now) else ""


def said(found: AccessRequest, sent: Mapping[str, Any] | None) -> AccessRequest:
    """Read the texts of a request as they were sent, or as they stand."""
    read = copy(found)
    for name in drafts.TEXTS:
        setattr(read, name, sent[name] if sent else getattr(found, name))
    return read


def content(found: AccessRequest, sent: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Gather what a request says, as its pages show it: as it was sent, or as it stands."""
    if sent is None:
        rows = found.datasets.select_related("dataset__resource__organisation")
        wanted = [(row.dataset, row.columns) for row in rows]
        persons, returns = found.named_users.filter(removed_at=None), found.returns.all()
    else:
        asked = {each["dataset"]: each["columns"] for each in sent["datasets"]}
        datasets = Dataset.objects.with_card().filter(public_id__in=asked).order_by("pk")
        wanted = [(each, asked[str(each.public_id)]) for each in datasets]
        persons, returns = sent["persons"], sent["returns"]
    columns = released.columns_of([dataset.pk for dataset, _asked in wanted])
    keys = {str(getattr(each, "public_id", each)) for each in persons}
    named = [each.email for each in found.named_users.all() if str(each.public_id) in keys]
    return {
        "organisation": sent["organisation"] if sent else found.organisation,
        "addresses": sorted(filter(None, named)),
        "datasets": [
            {
                "dataset": dataset,
                "columns": [
                    (each, why[each.name]) for each in columns[dataset.pk] if each.name in why
                ],
                "all": len(columns[dataset.pk]),
            }
            for dataset, why in wanted
        ],
        "persons": list(persons),
        "returns": list(returns),
    }


@get_or_post
def discard(request: HttpRequest, asked: UUID) -> HttpResponse:
    """Ask for a confirmation, then delete a draft or take a request back."""
    found, by = visible(request, asked), person(request)
    require(rules.may_write_request, by, found)
    if request.method == "POST":
        if found.status == RequestStatus.DRAFT:
            drafts.discard(request=found, by=by)
            messages.success(request, _("Brouillon supprimé."))
            return redirect("datasets:requests")
        drafts.withdraw(request=found, by=by)
        messages.success(request, _("Demande retirée."))
        return redirect(found)
    return render(request, "datasets/access/discard.html", {"section": "donnees", "asked": found})


@get_or_post
def ask_review(request: HttpRequest, asked: UUID) -> HttpResponse:
    """Ask for a confirmation, then that another person examines a refusal again."""
    found, by = visible(request, asked), person(request)
    require(rules.may_write_request, by, found)
    form = forms.ReviewForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        review.ask_review(request=found, argument=form.cleaned_data["argument"], by=by)
        messages.success(request, _("Une autre personne de la Région réexaminera votre demande."))
    elif found.review_until:
        context = {"section": "donnees", "asked": found, "form": form}
        status = 422 if form.errors else 200
        return render(request, "datasets/access/again.html", context, status=status)
    return redirect(cast(Any, found))
