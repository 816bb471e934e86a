"""Pages to write, send and follow a contribution, step by step and without script."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalogue.contributions import rules
from catalogue.contributions.actions import checks, drafts
from catalogue.contributions.enums import ContributionStatus
from catalogue.contributions.forms import steps
from catalogue.contributions.forms.steps import KindForm, SendForm, Step, StepForm
from catalogue.contributions.models import Contribution
from catalogue.contributions.queries import descriptions, proposals, reviews
from catalogue.contributions.queries import files as named_files
from catalogue.contributions.queries.proposals import Clash
from catalogue.resources import rules as resource_rules
from catalogue.resources.enums import ResourceKind
from catalogue.resources.fields import COMMON_BY_NAME
from catalogue.resources.models import Resource
from catalogue.resources.queries import files as card_files
from catalogue.resources.queries import lists, quality
from catalogue.resources.queries import records as card_records
from catalogue.resources.views import holders, public
from catalogue.search import engine
from catalogue.search.query import MAX_Q, ResourceQuery
from portal.accounts.authorization import require
from portal.accounts.models import Organisation
from portal.accounts.views import person
from portal.lib.prose import markdown
from portal.lib.refusals import Conflict, Invalid
from portal.lib.visible import find
from portal.lib.web.form_pages import sent
from portal.lib.web.requests import get_or_post


def visible(request: HttpRequest, public_id: UUID) -> Contribution:
    """Find a contribution the person may see; for others it does not exist."""
    rows = Contribution.objects.visible_to(person(request)).select_related(
        "resource__organisation",
        "organisation",
        "author",
        "revision",
        "base_revision",
        "batch",
    )
    return find(rows, among=Contribution.objects.all(), public_id=public_id)


def editable(request: HttpRequest, public_id: UUID) -> Contribution:
    """Find a contribution the person may write; one that they only see is not allowed."""
    contribution = visible(request, public_id)
    require(rules.may_edit, person(request), contribution)
    return contribution


@get_or_post
def start(request: HttpRequest) -> HttpResponse:
    """Choose the kind of a new resource, then open its draft and lead to the first step."""
    form = KindForm(sent(request), initial={"kind": request.GET.get("kind", "")})
    if not form.is_valid():
        return render(request, "catalogue/contributions/kind.html", {"form": form})
    kind = ResourceKind(form.cleaned_data["kind"])
    contribution = drafts.start(kind=kind, by=person(request))
    return redirect("catalogue:contribution_step", contribution.public_id, Step.IDENTIFY)


@get_or_post
def propose(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what a change of a published card will be, then open its draft; the card stays online.

    The draft is shown at the field that the address asks, if any.
    """
    resource, by = public(slug), person(request)
    if request.method != "POST":
        context = {
            "resource": resource,
            "asks_owner": not resource_rules.owns(by, resource),
            "days": settings.OWNER_ANSWER_DAYS,
        }
        return render(request, "catalogue/contributions/propose.html", context)
    contribution = drafts.propose(resource=resource, by=by)
    field = request.GET.get("champ", "")
    if field in COMMON_BY_NAME or field in resource.details_of_kind.by_name:
        step = steps.step_of(field, resource.kind)
        return redirect(f"{address(contribution, step)}#id_{field}")
    return redirect("catalogue:contribution", contribution.public_id)


@get_or_post
def become(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what an idea may become, then open the draft of a need or of a solution."""
    if request.method == "POST":
        kind = request.POST.get("kind", "")
        draft = drafts.become(resource=public(slug), kind=kind, by=person(request))
        return redirect("catalogue:contribution_step", draft.public_id, Step.IDENTIFY)
    resource = get_object_or_404(Resource.objects.public(), slug=slug, kind=ResourceKind.IDEA)
    require(resource_rules.owns, person(request), resource)
    return render(request, "catalogue/contributions/become.html", {"resource": resource})


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List a person's contributions, each with its state."""
    context = {"contributions": reviews.mine(person(request))[:200]}
    return render(request, "catalogue/contributions/mine.html", context)


@require_safe
def follow(request: HttpRequest, contribution: UUID) -> HttpResponse:
    """Follow one contribution: its state, what was said, what can be done."""
    found = visible(request, contribution)
    user = person(request)
    if rules.may_answer_proposal(user, found):
        return redirect("catalogue:proposal_answer", found.public_id)
    record = proposals.proposed_record(found)
    context = {
        "contribution": found,
        "answers_earlier": proposals.answers_earlier(found),
        "record": record,
        "language": card_records.written_in(record),
        "decisions": found.decisions.select_related("decided_by").order_by("-pk"),
        "may_edit": rules.may_edit(user, found),
        "may_withdraw": rules.may_withdraw(user, found),
        "is_stale": found.is_open and proposals.is_stale(found),
        "collisions": proposals.collisions(found) if found.is_open else [],
        "sent": card_records.changes({}, record) if found.first_submitted_at else [],
        "first_step": Step.IDENTIFY,
        "last_step": Step.SEND,
    }
    return render(request, "catalogue/contributions/follow.html", context)


@get_or_post
def withdraw(request: HttpRequest, contribution: UUID) -> HttpResponse:
    """Ask for a confirmation, then take a contribution back."""
    found, by = visible(request, contribution), person(request)
    if request.method == "POST":
        drafts.withdraw(contribution=found, by=by)
        return redirect("catalogue:contribution", found.public_id)
    require(rules.may_withdraw, by, found)
    context = {"contribution": found, "record": proposals.proposed_record(found)}
    return render(request, "catalogue/contributions/withdraw.html", context)


@require_POST
def catch_up(request: HttpRequest, contribution: UUID) -> HttpResponse:
    """Carry a proposal over to the card now online, and lead back to it."""
    found = visible(request, contribution)
    drafts.catch_up(contribution=found, by=person(request))
    return redirect("catalogue:contribution", found.public_id)


def address(contribution: Contribution, step: Step) -> str:
    """Give the address of a step."""
    return reverse("catalogue:contribution_step", args=(contribution.public_id, step))


# More than the prints of the fields of a step ever make.
SEEN_CHARACTERS = 20_000


@get_or_post
def write(request: HttpRequest, contribution: UUID, step: str) -> HttpResponse:
    """Show a step with what is saved so far; or save it, then go where the button says.

    Faults stay on the page, the rest is kept.
    """
    if request.method != "POST":
        found = editable(request, contribution)
        wanted = _step(step, found)
        if wanted is Step.SEND:
            return _show_send(request, found, _send_form(found))
        return _show_step(request, found, wanted, _form(request, found, wanted))
    found = visible(request, contribution)
    require(rules.writes, person(request), found)
    wanted = _step(step, found)
    if wanted is Step.SEND:
        return _send(request, found)
    if found.status not in rules.EDITABLE:
        return _stopped(request, found, wanted, _form(request, found, wanted, request.POST))
    return _save(request, found, wanted)


def _save(request: HttpRequest, contribution: Contribution, step: Step) -> HttpResponse:
    """Keep what is typed; what cannot be kept comes back on the page with the reason."""
    by, form = person(request), _form(request, contribution, step, request.POST)
    form.is_valid()
    read = _seen(request)
    try:
        values = _accepted(request, form)
        contribution, found = drafts.merge(
            contribution=contribution, values=values, seen=read, by=by
        )
    except Conflict:
        again = visible(request, contribution.public_id)
        return _stopped(request, again, step, form)
    if form.errors or found.clashes or _is_alone(request) or "preview" in request.POST:
        kept = {*form.errors, *found.untouched}
        if _is_alone(request):
            kept |= {clash.name for clash in found.clashes}
        seen = {name: mark for name, mark in read.items() if name in kept}
        return _show_step(request, contribution, step, form, seen=seen, clashes=found.clashes)
    return redirect(*_next(request, contribution, step))


def _stopped(
    request: HttpRequest, contribution: Contribution, step: Step, form: StepForm
) -> HttpResponse:
    """Give back what was typed when it may not be kept: it was sent meanwhile."""
    over = not rules.may_edit(person(request), contribution)
    seen = _seen(request)
    return _show_step(request, contribution, step, form, seen=seen, is_stopped=True, is_over=over)


def _is_alone(request: HttpRequest) -> bool:
    """Say whether the page saves by itself: only its marks are shown, not the form again."""
    return "HX-Request" in request.headers


def _seen(request: HttpRequest) -> dict[str, str]:
    """Read the prints of what the page had shown; what is not one is left."""
    try:
        read = json.loads(request.POST.get("seen", "")[:SEEN_CHARACTERS])
    except ValueError:
        return {}
    return {str(n): str(mark) for n, mark in read.items()} if isinstance(read, dict) else {}


def _step(name: str, contribution: Contribution) -> Step:
    if name not in steps.steps(contribution.resource.kind):
        raise Http404
    return Step(name)


def _form(
    request: HttpRequest,
    contribution: Contribution,
    step: Step,
    data: Mapping[str, Any] | None = None,
) -> StepForm:
    record = proposals.proposed_record(contribution)
    record["organisation"] = contribution.organisation_id
    if data is not None and "deposit" in data:
        record["deposit"] = data["deposit"]
    asked = holders(person(request)) if contribution.is_new else None
    return StepForm(step, record, data, holders=asked, origins=descriptions.origins(contribution))


def _accepted(request: HttpRequest, form: StepForm) -> dict[str, Any]:
    """Give the values to keep, the organisation as a row and a suggested tag added."""
    values = form.accepted()
    if "organisation" in values:
        chosen = values["organisation"]
        values["organisation"] = Organisation.objects.get(pk=chosen) if chosen else None
    tag = request.POST.get("tag", "")
    if tag and "tags" in values:
        values["tags"] = list(dict.fromkeys([*values["tags"], tag[:60].lower()]))
    return values


def _next(request: HttpRequest, contribution: Contribution, step: Step) -> tuple[Any, ...]:
    stays = {"draft", "tag", "rows"} & set(request.POST)
    there = step if stays else steps.beside(step, contribution.resource.kind, 1)
    return ("catalogue:contribution_step", contribution.public_id, there)


def _show_step(
    request: HttpRequest,
    contribution: Contribution,
    step: Step,
    form: StepForm,
    *,
    seen: Mapping[str, str] | None = None,
    clashes: Sequence[Clash] = (),
    is_stopped: bool = False,
    is_over: bool = False,
) -> HttpResponse:
    """Show a step. seen: prints that stay those of what the writer had read."""
    record = proposals.proposed_record(contribution)
    names = {"licences", "licence_status"} if "licence" in form.fields else set()
    marks = proposals.prints(record, {*form.fields, *names} - {"licence", "licence_other"})
    context = around_step(contribution, step, record) | {
        "form": form,
        "seen": json.dumps(marks | dict(seen or {}), sort_keys=True),
        "clashes": clashes,
        "is_stopped": is_stopped,
        "is_over": is_over,
        "preview": _preview(request, record),
        "suggested_tags": reviews.tags(record) if step is Step.CLASSIFY else [],
        "near_cards": _near(record) if step is Step.CLASSIFY else [],
        "previous": steps.beside(step, contribution.resource.kind, -1),
        **_files(contribution, step),
    }
    refused = (is_stopped or clashes) and not _is_alone(request)
    status = 409 if refused else 200
    return render(request, "catalogue/contributions/step.html", context, status=status)


def _files(contribution: Contribution, step: Step) -> dict[str, Any]:
    """Give the files kept for this draft, on the step that asks for them."""
    field = card_files.field_of(contribution.resource.kind)
    if not field or step is not Step.RIGHTS:
        return {"files_field": ""}
    return {
        "files_field": field,
        "stored": named_files.files_shown_in_draft(contribution),
        "most_bytes": min(settings.CARD_FILE_MAX_BYTES, settings.BUNDLE_MAX_BYTES),
    }


def _near(record: Mapping[str, Any]) -> list[Resource]:
    """Propose cards to tie this one to: those that its title and summary find."""
    words = f"{record.get('title') or ''} {record.get('summary') or ''}"[:MAX_Q].strip()
    return lists.in_order(engine().search(ResourceQuery(q=words)).ids) if words else []


def _preview(request: HttpRequest, record: Mapping[str, Any]) -> str | None:
    if "preview" not in request.POST:
        return None
    try:
        return markdown.render(str(record.get("description") or ""))
    except Invalid as refusal:
        return str(refusal)


def rendered(record: Mapping[str, Any]) -> str:
    """Give the description as its page will show it; as typed when it cannot be rendered."""
    try:
        return markdown.render(str(record.get("description") or ""))
    except Invalid:
        return ""  # the checks say why


def around_step(
    contribution: Contribution, step: Step, record: Mapping[str, Any]
) -> dict[str, Any]:
    """Give what every step shows around its form: progress, quality, preview as a result."""
    resource = contribution.proposed
    kind = resource.kind
    assessment = quality.assess(resource, ())
    shown, missing = steps.steps(kind), steps.missing(proposals.with_files(record, contribution))
    place = shown.index(step)
    return {
        "contribution": contribution,
        "is_stopped": False,
        "clashes": (),
        "record": record,
        "language": resource.written_in,
        "kind": ResourceKind(kind),
        "step": step,
        "step_label": steps.label(step, kind),
        # The choice of the kind was the first.
        "step_number": place + 2,
        "step_count": len(shown) + 1,
        "links": [
            (
                steps.label(each, kind),
                "now" if at == place else "done" if at < place else "",
                address(contribution, each),
                missing[each],
            )
            for at, each in enumerate(shown)
        ],
        "score": assessment.score,
        "gains": [
            (line, _place(contribution, line.field))
            for line in quality.criterion_lines(assessment)
            if line.met is not None
        ],
    }


def _place(contribution: Contribution, field: str) -> str:
    """Give the address of a field on its step; "" where no step asks for it."""
    if not steps.is_asked(field, contribution.resource.kind):
        return ""
    step = steps.step_of(field, contribution.resource.kind)
    return f"{address(contribution, step)}#{steps.anchor(field)}"


def _send_form(contribution: Contribution, data: Mapping[str, Any] | None = None) -> SendForm:
    form = SendForm(data)
    if contribution.status == ContributionStatus.DRAFT:
        del form.fields["reply"]
    return form


def _show_send(request: HttpRequest, contribution: Contribution, form: SendForm) -> HttpResponse:
    record = proposals.proposed_record(contribution)
    found = checks.run(record, contribution=contribution)
    context = around_step(contribution, Step.SEND, record) | {
        "form": form,
        "checks": [check.to_json() for check in found],
        "faults": [(each, _place(contribution, each.field)) for each in checks.blocking(found)],
        "summary": _summary(contribution, record),
        "description_html": rendered(record),
        "may_send": rules.may_submit(person(request), contribution),
        "previous": steps.beside(Step.SEND, contribution.resource.kind, -1),
        "working_days": settings.REVIEW_WORKING_DAYS,
    }
    return render(request, "catalogue/contributions/send.html", context)


def _summary(contribution: Contribution, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Gather what is filled in, step by step, each with the way back to it."""
    kind = contribution.resource.kind
    said = {change.name: change for change in card_records.changes({}, record)}
    return [
        {
            "label": steps.label(step, kind),
            "href": address(contribution, step),
            "rows": [said[own.name] for own in steps.asked(step, kind) if own.name in said]
            + ([said["licences"]] if step is Step.RIGHTS and "licences" in said else []),
        }
        for step in steps.steps(kind)
        if step is not Step.SEND
    ]


def _send(request: HttpRequest, contribution: Contribution) -> HttpResponse:
    form = _send_form(contribution, request.POST)
    if not form.is_valid():
        return _show_send(request, contribution, form)
    by, charter = person(request), settings.CHARTER_VERSION
    try:
        if contribution.status == ContributionStatus.DRAFT:
            drafts.submit(contribution=contribution, charter=charter, by=by)
        else:
            reply = form.cleaned_data["reply"]
            drafts.amend(contribution=contribution, charter=charter, reply=reply, by=by)
    except Invalid:
        # The page lists the blocking remarks with the way to each field.
        return _show_send(request, contribution, form)
    return redirect("catalogue:contribution", contribution.public_id)
