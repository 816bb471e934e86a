"""Pages to write, send and follow a contribution, step by step and without script."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from catalogue.contributions import record_checks, rules
from catalogue.contributions.actions import checks, drafts
from catalogue.contributions.actions import files as draft_files
from catalogue.contributions.enums import ContributionStatus
from catalogue.contributions.forms import steps
from catalogue.contributions.forms.steps import KindForm, SendForm, Step, StepForm
from catalogue.contributions.models import Contribution
from catalogue.contributions.queries import descriptions, proposals, reviews
from catalogue.contributions.queries import files as named_files
from catalogue.contributions.queries.proposals import Clash
from catalogue.resources import rules as resource_rules
from catalogue.resources.actions import files as file_care
from catalogue.resources.enums import FileState, ResourceKind
from catalogue.resources.models import CardFile, Resource
from catalogue.resources.queries import detail, quality, relations
from catalogue.resources.queries import files as card_files
from catalogue.resources.queries import records as card_records
from catalogue.resources.views import edited, holders, public
from catalogue.search import words as known_words
from portal.accounts.actions import notifications
from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.models import Organisation, User
from portal.accounts.views import person
from portal.lib.prose import markdown
from portal.lib.refusals import Conflict, Invalid, Unavailable
from portal.lib.storage import objects
from portal.lib.visible import find
from portal.lib.web.form_pages import REFUSALS, sent
from portal.lib.web.requests import get_or_post, identifier


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
    by, form = (
        person(request),
        KindForm(sent(request), initial={"kind": request.GET.get("kind", "")}),
    )
    if not form.is_valid():
        context = {"form": form, "is_alone": not edited(by)}
        return render(request, "catalogue/contributions/kind.html", context)
    kind = ResourceKind(form.cleaned_data["kind"])
    contribution = drafts.start_blank(kind=kind, by=by, organisation=only_organisation(by))
    return redirect("catalogue:contribution_step", contribution.public_id, Step.ESSENTIAL)


def only_organisation(by: User) -> Organisation | None:
    """Give the organisation in whose name a person writes, when there is only one."""
    mine = edited(by)
    return mine[0] if len(mine) == 1 else None


@get_or_post
def propose(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what a change of a published card will be, then open its draft; the card stays online.

    A page of the card opens it at once. It is shown at the field that the address asks, if any.
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
    if not rules.may_edit(by, contribution):  # the one that they had already sent
        return redirect("catalogue:contribution", contribution.public_id)
    field = request.GET.get("champ", "")
    return redirect(place_of(contribution, field) or address(contribution, Step.ESSENTIAL))


@get_or_post
def become(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what an idea may become, then open the draft of a need or of a solution."""
    if request.method == "POST":
        kind = request.POST.get("kind", "")
        draft = drafts.become(resource=public(slug), kind=kind, by=person(request))
        return redirect("catalogue:contribution_step", draft.public_id, Step.ESSENTIAL)
    resource = get_object_or_404(Resource.objects.public(), slug=slug, kind=ResourceKind.IDEA)
    require(resource_rules.owns, person(request), resource)
    return render(request, "catalogue/contributions/become.html", {"resource": resource})


CARDS_PER_PAGE = 50


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List a person's contributions, each with its state, then what else they have online."""
    user = person(request)
    proposed = list(reviews.mine(user)[:200])
    told = [each.resource_id for each in proposed if each.status == ContributionStatus.PUBLISHED]
    online = relations.online_around(user).exclude(pk__in=told)
    page = Paginator(online, CARDS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"contributions": proposed if page.number == 1 else [], "page": page}
    return render(request, "catalogue/contributions/mine.html", context)


@require_safe
def follow(request: HttpRequest, contribution: UUID) -> HttpResponse:
    """Follow one contribution: its state, what was said, what can be done."""
    found = visible(request, contribution)
    user = person(request)
    if rules.may_answer_proposal(user, found):
        return redirect("catalogue:proposal_answer", found.public_id)
    notifications.mark_seen(path=request.path, by=user)
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
        "last_step": Step.SEND,
        **_asked_back(found),
    }
    return render(request, "catalogue/contributions/follow.html", context)


@get_or_post
def withdraw(request: HttpRequest, contribution: UUID) -> HttpResponse:
    """Ask for a confirmation, then take a contribution back."""
    found, by = visible(request, contribution), person(request)
    if request.method == "POST":
        drafts.withdraw(contribution=found, by=by)
        if found.first_submitted_at:
            return redirect("catalogue:contribution", found.public_id)
        messages.success(request, _("Le brouillon est abandonné."))
        return redirect("catalogue:contributions")
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


FILE_SAID = {
    FileState.SOUND: gettext_lazy("Le fichier est ajouté au brouillon."),
    FileState.WAITING: gettext_lazy("Le fichier est reçu : il sera donné une fois examiné."),
    FileState.REFUSED: gettext_lazy(
        "Ce fichier ne peut pas être donné : la raison est sur sa ligne."
    ),
}
FILE_BUTTONS = {"bring", "remove"}
MOST_NEAR = 10
# More than the prints of the fields of a step ever make.
SEEN_CHARACTERS = 20_000


@get_or_post
def write(request: HttpRequest, contribution: UUID, step: str) -> HttpResponse:
    """Show a step with what is saved so far; or save it, then do what the button says.

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
    read = seen_by(request)
    try:
        values = _accepted(request, form)
        contribution, found = drafts.merge(
            contribution=contribution,
            values=values,
            seen=read,
            read_over=form.read_over(),
            by=by,
        )
    except Conflict:
        again = visible(request, contribution.public_id)
        return _stopped(request, again, step, form)
    shown: dict[str, str] = {}
    fault = ""
    if FILE_BUTTONS & set(request.POST):
        # The rows that the page gives back are those from before the file.
        shown = _prints(contribution, form)
        fault = _change_files(request, contribution)
        contribution = visible(request, contribution.public_id)
    kept = {*form.errors, *found.untouched}
    if {"next", "asked"} & set(request.POST):  # a page that asked once goes on
        record = proposals.proposed_record(contribution)
        form.require(proposals.with_files(record, contribution))
    stays = form.errors or found.clashes or fault
    if stays or _is_alone(request) or "preview" in request.POST:
        if _is_alone(request):
            kept |= {clash.name for clash in found.clashes}
        seen = shown | {name: mark for name, mark in read.items() if name in kept}
        return _show_step(
            request, contribution, step, form, seen=seen, clashes=found.clashes, fault=fault
        )
    return redirect(_next(request, contribution, step))


def _change_files(request: HttpRequest, contribution: Contribution) -> str:
    """Bring a file to a draft, or take one out, as the button says; return what was wrong."""
    by, taken = person(request), identifier(request.POST.get("remove", ""))
    if taken:
        rows = CardFile.objects.filter(resource=contribution.resource)
        file = find(rows, among=CardFile.objects.all(), public_id=taken)
        draft_files.remove(contribution=contribution, file=file, by=by)
        messages.success(request, _("Le fichier est retiré du brouillon."))
        return ""
    brought = request.FILES.get("file")
    if brought is None:
        return _("Choisissez un fichier.")
    try:
        file = draft_files.add(
            contribution=contribution,
            name=brought.name or "",
            content=objects.pieces(brought),
            size=brought.size or 0,
            by=by,
        )
    except (*REFUSALS, Unavailable) as refusal:
        return str(refusal)
    file = file_care.begin_examination(file)
    tell = messages.error if file.state == FileState.REFUSED else messages.success
    tell(request, FILE_SAID[FileState(file.state)])
    return ""


def _stopped(
    request: HttpRequest, contribution: Contribution, step: Step, form: StepForm
) -> HttpResponse:
    """Give back what was typed when it may not be kept: it was sent meanwhile."""
    over = not rules.may_edit(person(request), contribution)
    seen = seen_by(request)
    return _show_step(request, contribution, step, form, seen=seen, is_stopped=True, is_over=over)


def _is_alone(request: HttpRequest) -> bool:
    """Say whether the page saves by itself: only its marks are shown, not the form again."""
    return "HX-Request" in request.headers


def seen_by(request: HttpRequest) -> dict[str, str]:
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
    return StepForm(
        step,
        record,
        data,
        holders=holders(person(request)) if contribution.is_new else None,
        origins=descriptions.origins(contribution),
        at=_at(request),
    )


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


def _at(request: HttpRequest) -> str:
    """Name the field where the person is writing: one more row, or one more tag."""
    if "tag" in request.POST:
        return "tags"
    return request.POST.get("rows") or request.GET.get("champ", "")


def _next(request: HttpRequest, contribution: Contribution, step: Step) -> str:
    """Give the address where the button leads: the next step, the last, or here again."""
    if {"rows", "tag"} & set(request.POST):
        field = _at(request)
        return f"{address(contribution, step)}?{urlencode({'champ': field})}#id_{field}"
    if FILE_BUTTONS & set(request.POST):
        return f"{address(contribution, step)}#fichiers"
    if "send" in request.POST:
        return address(contribution, Step.SEND)
    following = steps.beside(step, contribution.resource.kind, 1) or step
    return address(contribution, step if "draft" in request.POST else following)


def _show_step(
    request: HttpRequest,
    contribution: Contribution,
    step: Step,
    form: StepForm,
    *,
    seen: Mapping[str, str] | None = None,
    clashes: Sequence[Clash] = (),
    fault: str = "",
    is_stopped: bool = False,
    is_over: bool = False,
) -> HttpResponse:
    """Show a step. seen: prints that stay those of what the writer had read; fault: of a file."""
    record = proposals.proposed_record(contribution)
    context = around_step(contribution, step, record, person(request)) | {
        "form": form,
        "seen": _seen_by(contribution, form, seen),
        "file_fault": fault,
        "clashes": clashes,
        "is_stopped": is_stopped,
        "is_over": is_over,
        "preview": _preview(request, record),
        **_around_essentials(request, step, record, contribution.resource),
        "previous": steps.beside(step, contribution.resource.kind, -1),
        **_files(contribution, step, form),
        "may_publish": _may_publish(person(request), contribution.resource.organisation),
    }
    refused = (is_stopped or clashes) and not _is_alone(request)
    status = 409 if refused else 422 if fault else 200
    return render(request, "catalogue/contributions/step.html", context, status=status)


def _may_publish(user: User, owner: Organisation | None) -> bool:
    return owner is not None and has_permission(user, Permission.DATASET_WRITE, organisation=owner)


def _seen_by(
    contribution: Contribution, form: StepForm, seen: Mapping[str, str] | None = None
) -> str:
    return json.dumps(_prints(contribution, form) | dict(seen or {}), sort_keys=True)


def _prints(contribution: Contribution, form: StepForm) -> dict[str, str]:
    """Give the prints of what a draft holds of the fields of a form."""
    names = {"licences", "licence_status"} if "licence" in form.fields else set()
    record = proposals.proposed_record(contribution)
    return proposals.prints(record, {*form.fields, *names} - {"licence", "licence_other"})


def _files(contribution: Contribution, step: Step, form: StepForm) -> dict[str, Any]:
    """Give the files kept for this draft, each with its row, on the step that asks for them."""
    field = card_files.field_of(contribution.resource.kind)
    if not field or step is not Step.ESSENTIAL:
        return {"files_field": ""}
    stored, rows = named_files.files_shown_in_draft(contribution), form[field].value() or []
    widget: Any = form.fields[field].widget
    widget.apart = {each["file"].public_id for each in stored}
    by_file = {row.file: row for row in widget.rows(field, rows)}
    return {
        "files_field": field,
        "stored": [each | {"row": by_file.get(each["file"].public_id)} for each in stored],
        "deposit_page": named_files.deposit_page(contribution),
        "has_others": bool(widget.others(field, rows)),
        "most_bytes": min(settings.CARD_FILE_MAX_BYTES, settings.BUNDLE_MAX_BYTES),
    }


def _around_essentials(
    request: HttpRequest, step: Step, record: Mapping[str, Any], but: Resource
) -> dict[str, Any]:
    """Give what is proposed beside the fields, unless the page only saves by itself."""
    if step is not Step.ESSENTIAL or _is_alone(request):
        return {}
    return {"suggested_tags": reviews.tags(record), "near_cards": _near(record, but)}


def _near(record: Mapping[str, Any], but: Resource) -> list[Resource]:
    """Propose cards to tie this one to: those whose titles share its rare words."""
    near = known_words.candidates(str(record.get("title") or ""))
    return list(Resource.objects.public().filter(pk__in=near).exclude(pk=but.pk)[:MOST_NEAR])


def _preview(request: HttpRequest, record: Mapping[str, Any]) -> str | None:
    if not request.POST.get("preview"):
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
    contribution: Contribution, step: Step, record: Mapping[str, Any], by: User
) -> dict[str, Any]:
    """Give what every step shows around its form: progress, quality, preview as a result."""
    resource = contribution.proposed
    if contribution.is_new:
        resource.organisation, resource.author = contribution.organisation, contribution.author
    kind = resource.kind
    assessment = quality.assess(resource, ())
    shown, missing = steps.steps(kind), steps.missing(proposals.with_files(record, contribution))
    place = shown.index(step)
    found = checks.run(record, contribution=contribution)
    lines = quality.criterion_lines(assessment)
    gains = [(line, place_of(contribution, line.field)) for line in lines]
    # What comes from elsewhere is after what one can do.
    gains.sort(key=lambda each: (each[0].met, not each[1], -each[0].gain))
    return {
        "contribution": contribution,
        "is_stopped": False,
        "clashes": (),
        "record": record,
        "holder": resource.holder_name,
        "to_verify": [
            (record_checks.label_of(name), place_of(contribution, name))
            for name in descriptions.guesses(contribution)
        ],
        "language": resource.written_in,
        "kind": ResourceKind(kind),
        "step": step,
        "step_label": steps.LABELS[step],
        # The choice of the kind was the first.
        "step_number": place + 2,
        "step_count": len(shown) + 1,
        "links": [
            (
                steps.LABELS[each],
                "now" if at == place else "done" if at < place else "",
                address(contribution, each),
                missing[each],
            )
            for at, each in enumerate(shown)
        ],
        "checks": [check.to_json() for check in found],
        "faults": [(each, place_of(contribution, each.field)) for each in checks.blocking(found)],
        "twins": next(check.remarks for check in found if check.code == "duplicate"),
        "asks_owner": not contribution.is_new and not resource_rules.owns(by, resource),
        "days": settings.OWNER_ANSWER_DAYS,
        **_asked_back(contribution),
        "score": assessment.score,
        "gains": gains,
    }


def _asked_back(contribution: Contribution) -> dict[str, Any]:
    """Give the corrections asked for, with the address of each field that they speak of."""
    asks = contribution.status == ContributionStatus.CHANGES_REQUESTED
    decision = contribution.decisions.order_by("-pk").first() if asks else None
    named = decision.fields if decision else []
    places = [(record_checks.label_of(name), place_of(contribution, name)) for name in named]
    first = next((href for _label, href in places if href), "")
    return {
        "asked_back": decision,
        "asked_back_fields": places,
        "first_href": first or address(contribution, Step.ESSENTIAL),
        "reply_href": f"{address(contribution, Step.SEND)}#id_reply",
    }


def place_of(contribution: Contribution, field: str) -> str:
    """Give the address of a field on its step; "" where no step asks for it."""
    if not steps.is_asked(field, contribution.resource.kind):
        return ""
    step = steps.step_of(field, contribution.resource.kind)
    return f"{address(contribution, step)}?{urlencode({'champ': field})}#{steps.anchor(field)}"


def _send_form(contribution: Contribution, data: Mapping[str, Any] | None = None) -> SendForm:
    form = SendForm(data)
    if contribution.status == ContributionStatus.DRAFT:
        del form.fields["reply"]
    return form


def _show_send(request: HttpRequest, contribution: Contribution, form: SendForm) -> HttpResponse:
    record, resource = proposals.proposed_record(contribution), contribution.proposed
    resource.description_html = rendered(record)
    context = (
        detail.preview_card(resource)
        | around_step(contribution, Step.SEND, record, person(request))
        | {
            "form": form,
            "use": None,
            "owns": resource_rules.owns(person(request), contribution.resource),
            "may_send": rules.may_submit(person(request), contribution),
            "previous": steps.beside(Step.SEND, contribution.resource.kind, -1),
        }
    )
    return render(request, "catalogue/contributions/send.html", context)


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
