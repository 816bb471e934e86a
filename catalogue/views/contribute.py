"""Pages to write, send and follow a contribution, step by step and without script."""

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View

from catalogue import rules
from catalogue.actions import archives, checks, contributions
from catalogue.enums import ContributionStatus, ResourceKind
from catalogue.forms import steps
from catalogue.forms.steps import KindForm, ReasonForm, SendForm, Step, StepForm
from catalogue.models import Contribution, Resource
from catalogue.queries import pasted, proposals, quality, reviews, suggestions
from catalogue.validators.checks import Check
from catalogue.validators.columns import COMMON_BY_NAME
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.lib import markdown
from portal.lib.refusals import Invalid
from portal.lib.visible import find


def person(request: HttpRequest) -> User:
    """Give the signed-in person: the middleware let nobody else in."""
    return cast(User, request.user)


def visible(request: HttpRequest, public_id: UUID) -> Contribution:
    """Find a contribution the person may see; for others it does not exist."""
    rows = Contribution.objects.visible_to(person(request)).select_related(
        "resource__organisation", "organisation", "author", "revision", "base_revision"
    )
    return find(rows, among=Contribution.objects.all(), public_id=public_id)


def editable(request: HttpRequest, public_id: UUID) -> Contribution:
    """Find a contribution the person may write; one that they only see is not allowed."""
    contribution = visible(request, public_id)
    require(rules.may_edit, person(request), contribution)
    return contribution


def holders(user: User) -> list[tuple[str, str]]:
    """List the organisations where a person writes, as choices."""
    rows = Organisation.objects.filter(pk__in=user.roles_by_organisation).order_by("name")
    return [(str(pk), name) for pk, name in rows.values_list("pk", "name")]


class Start(View):
    """Choose the kind of a new resource."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the nine kinds."""
        form = KindForm(initial={"kind": request.GET.get("kind", "")})
        return render(request, "catalogue/contribute/kind.html", {"form": form})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Open a draft and lead to its first step."""
        form = KindForm(request.POST)
        if not form.is_valid():
            return render(request, "catalogue/contribute/kind.html", {"form": form})
        kind = ResourceKind(form.cleaned_data["kind"])
        contribution = contributions.start(kind=kind, by=person(request))
        return redirect("catalogue:contribution_step", contribution.public_id, Step.IDENTIFY)


class Propose(View):
    """Begin a change of a published card."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Say what will happen."""
        resource = public(slug)
        context = {
            "resource": resource,
            "asks_owner": not rules.owns(person(request), resource),
            "days": settings.OWNER_ANSWER_DAYS,
        }
        return render(request, "catalogue/contribute/propose.html", context)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Open a draft of the change, the card staying online; at the field asked, if any."""
        resource = public(slug)
        contribution = contributions.propose(resource=resource, by=person(request))
        field = request.GET.get("champ", "")
        if field in COMMON_BY_NAME or field in resource.details_of_kind.by_name:
            step = steps.step_of(field, resource.kind)
            return redirect(f"{_address(contribution, step)}#id_{field}")
        return redirect("catalogue:contribution", contribution.public_id)


class Archive(View):
    """Archive a published card or bring it back."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Ask why, or for a confirmation."""
        resource = public(slug)
        require(rules.may_archive, person(request), resource)
        context = {"resource": resource, "form": ReasonForm()}
        return render(request, "catalogue/contribute/archive.html", context)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Archive with a reason, or restore what was archived."""
        resource, form = public(slug), ReasonForm(request.POST)
        require(rules.may_archive, person(request), resource)
        if resource.archived_at is not None:
            archives.restore(resource=resource, by=person(request))
        elif form.is_valid():
            reason = form.cleaned_data["reason"]
            archives.archive(resource=resource, reason=reason, by=person(request))
        else:
            context = {"resource": resource, "form": form}
            return render(request, "catalogue/contribute/archive.html", context, status=422)
        return redirect("catalogue:resource", resource.slug)


class Mine(View):
    """List a person's contributions."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show every contribution with its state."""
        context = {"contributions": reviews.mine(person(request))[:200]}
        return render(request, "catalogue/contribute/mine.html", context)


class Follow(View):
    """Follow one contribution: its state, what was said, what can be done."""

    def get(self, request: HttpRequest, contribution: UUID) -> HttpResponse:
        """Show the state and the history."""
        found = visible(request, contribution)
        user = person(request)
        if rules.may_answer_proposal(user, found):
            return redirect("catalogue:proposal_answer", found.public_id)
        record = proposals.proposed_record(found)
        context = {
            "may_appeal": rules.may_appeal(user, found),
            "contribution": found,
            "record": record,
            "language": proposals.written_in(record),
            "decisions": found.decisions.select_related("decided_by").order_by("-pk"),
            "may_edit": rules.may_edit(user, found),
            "may_withdraw": rules.may_withdraw(user, found),
            "is_stale": found.is_open and proposals.is_stale(found),
            "collisions": proposals.collisions(found) if found.is_open else [],
            "sent": proposals.changes({}, record) if found.first_submitted_at else [],
            "first_step": Step.IDENTIFY,
            "last_step": Step.SEND,
        }
        return render(request, "catalogue/contribute/follow.html", context)


class Withdraw(View):
    """Take a contribution back."""

    def get(self, request: HttpRequest, contribution: UUID) -> HttpResponse:
        """Ask for a confirmation."""
        found = visible(request, contribution)
        require(rules.may_withdraw, person(request), found)
        record = proposals.proposed_record(found)
        context = {"contribution": found, "record": record}
        return render(request, "catalogue/contribute/withdraw.html", context)

    def post(self, request: HttpRequest, contribution: UUID) -> HttpResponse:
        """Take it back."""
        found = visible(request, contribution)
        contributions.withdraw(contribution=found, by=person(request))
        return redirect("catalogue:contribution", found.public_id)


class CatchUp(View):
    """Carry a proposal over to the card now online."""

    def post(self, request: HttpRequest, contribution: UUID) -> HttpResponse:
        """Merge and lead back to the contribution."""
        found = visible(request, contribution)
        contributions.catch_up(contribution=found, by=person(request))
        return redirect("catalogue:contribution", found.public_id)


class Write(View):
    """One step of the form, saved each time."""

    def get(self, request: HttpRequest, contribution: UUID, step: str) -> HttpResponse:
        """Show the step with what is saved so far."""
        found = editable(request, contribution)
        wanted = _step(step, found)
        if wanted is Step.SEND:
            return _show_send(request, found, _send_form(found))
        return _show_step(request, found, wanted, _form(request, found, wanted))

    def post(self, request: HttpRequest, contribution: UUID, step: str) -> HttpResponse:
        """Save, then go where the button says; faults stay on the page, the rest is kept."""
        found = editable(request, contribution)
        wanted = _step(step, found)
        if wanted is Step.SEND:
            return _send(request, found)
        form = _form(request, found, wanted, request.POST)
        form.is_valid()
        found = contributions.save_draft(
            contribution=found, values=_accepted(request, form), by=person(request)
        )
        if form.errors or "HX-Request" in request.headers or "preview" in request.POST:
            return _show_step(request, found, wanted, form)
        return redirect(*_next(request, found, wanted))


def public(slug: str) -> Resource:
    return get_object_or_404(Resource.objects.public().with_organisation(), slug=slug)


def _step(name: str, contribution: Contribution) -> Step:
    shown = {str(link.step): link.step for link in steps.steps(contribution.resource.kind)}
    if name not in shown:
        raise Http404
    return shown[name]


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
    return StepForm(step, record, data, holders=asked, origins=pasted.origins(contribution))


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
    there = step if stays else steps.after(step, contribution.resource.kind)
    return ("catalogue:contribution_step", contribution.public_id, there)


def _show_step(
    request: HttpRequest, contribution: Contribution, step: Step, form: StepForm
) -> HttpResponse:
    record = proposals.proposed_record(contribution)
    context = around(contribution, step, record) | {
        "form": form,
        "preview": _preview(request, record),
        "suggested_tags": suggestions.tags(record) if step is Step.CLASSIFY else [],
        "previous": steps.before(step, contribution.resource.kind),
    }
    return render(request, "catalogue/contribute/step.html", context)


def _preview(request: HttpRequest, record: Mapping[str, Any]) -> str | None:
    if "preview" not in request.POST:
        return None
    try:
        return markdown.render(str(record.get("description") or ""))
    except Invalid as refusal:
        return str(refusal)


def _rendered(record: Mapping[str, Any]) -> str:
    """Give the description as its page will show it; as typed when it cannot be rendered."""
    try:
        return markdown.render(str(record.get("description") or ""))
    except Invalid:
        return ""  # the checks say why


def around(contribution: Contribution, step: Step, record: Mapping[str, Any]) -> dict[str, Any]:
    """Give what every step shows around its form: progress, quality, preview as a result."""
    resource = contribution.proposed
    kind = resource.kind
    assessment = quality.assess(resource, ())
    links = steps.steps(kind)
    number = next(link.number for link in links if link.step is step)
    return {
        "contribution": contribution,
        "record": record,
        "language": resource.written_in,
        "kind": ResourceKind(kind),
        "step": step,
        "step_label": steps.label(step, kind),
        "step_number": number,
        "step_count": len(links) + 1,
        "links": [
            (link.label, _progress(link.number, number), _address(contribution, link.step))
            for link in links
        ],
        "score": assessment.score,
        "gains": [
            (line, _address(contribution, steps.step_of(line.field, kind)))
            for line in quality.lines(assessment)
            if line.met is not None
        ],
    }


def _progress(number: int, current: int) -> str:
    return "now" if number == current else "done" if number < current else ""


def _address(contribution: Contribution, step: Step) -> str:
    return reverse("catalogue:contribution_step", args=(contribution.public_id, step))


def _send_form(contribution: Contribution, data: Mapping[str, Any] | None = None) -> SendForm:
    form = SendForm(data)
    if contribution.status == ContributionStatus.DRAFT:
        del form.fields["reply"]
    return form


def _show_send(request: HttpRequest, contribution: Contribution, form: SendForm) -> HttpResponse:
    record = proposals.proposed_record(contribution)
    found = checks.run(record, resource=contribution.resource)
    context = around(contribution, Step.SEND, record) | {
        "form": form,
        "checks": [check.to_json() for check in found],
        "faults": _faults(contribution, found),
        "summary": _summary(contribution, record),
        "description_html": _rendered(record),
        "may_send": rules.may_submit(person(request), contribution),
        "previous": steps.before(Step.SEND, contribution.resource.kind),
        "working_days": settings.REVIEW_WORKING_DAYS,
    }
    return render(request, "catalogue/contribute/send.html", context)


def _faults(contribution: Contribution, found: list[Check]) -> list[dict[str, Any]]:
    kind = contribution.resource.kind
    return [
        {
            "remark": {"code": r.code, "field": r.field, "facts": dict(r.facts)},
            "href": f"{_address(contribution, steps.step_of(r.field, kind))}#id_{r.field}",
        }
        for r in checks.blocking(found)
    ]


def _summary(contribution: Contribution, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Gather what is filled in, step by step, each with the way back to it."""
    kind = contribution.resource.kind
    said = {change.name: change for change in proposals.changes({}, record)}
    return [
        {
            "label": link.label,
            "href": _address(contribution, link.step),
            "rows": [said[own.name] for own in steps.asked(link.step, kind) if own.name in said]
            + ([said["licences"]] if link.step is Step.RIGHTS and "licences" in said else []),
        }
        for link in steps.steps(kind)
        if link.step is not Step.SEND
    ]


def _send(request: HttpRequest, contribution: Contribution) -> HttpResponse:
    form = _send_form(contribution, request.POST)
    if not form.is_valid():
        return _show_send(request, contribution, form)
    by, charter = person(request), settings.CHARTER_VERSION
    try:
        if contribution.status == ContributionStatus.DRAFT:
            contributions.submit(contribution=contribution, charter=charter, by=by)
        else:
            reply = form.cleaned_data["reply"]
            contributions.amend(contribution=contribution, charter=charter, reply=reply, by=by)
    except Invalid:
        # The page lists the blocking remarks with the way to each field.
        return _show_send(request, contribution, form)
    return redirect("catalogue:contribution", contribution.public_id)
