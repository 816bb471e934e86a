"""The Region’s review: what waits, what changes, what the checks say, decisions by one or many."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from catalogue.contributions import record_checks, rules
from catalogue.contributions.actions import checks, review
from catalogue.contributions.enums import ContributionStatus, DecisionReason
from catalogue.contributions.forms.decisions import (
    DECLINE,
    PUBLISH,
    REFUSE,
    REQUEST_CHANGES,
    DecisionForm,
    OrderForm,
    OwnerAnswerForm,
)
from catalogue.contributions.models import Contribution
from catalogue.contributions.queries import descriptions, proposals, reviews
from catalogue.contributions.views.drafts import visible
from catalogue.resources import rules as resource_rules
from catalogue.resources.enums import ResourceKind
from catalogue.resources.models import CardTransfer
from catalogue.resources.queries import records as card_records
from portal.accounts.authorization import require
from portal.accounts.views import person
from portal.lib.web.form_pages import sent
from portal.lib.web.requests import get_or_post, identifier


@get_or_post
def answer(request: HttpRequest, contribution: UUID) -> HttpResponse:
    """Show what would change of a card to who answers for it, and keep their answer.

    A fault of the form stays on the page with what was typed.
    """
    found, by = visible(request, contribution), person(request)
    require(rules.may_answer_proposal, by, found)
    form = OwnerAnswerForm(sent(request))
    if not form.is_valid():
        return _show_answer(request, found, form)
    reason = form.cleaned_data["reason"]
    decline = form.cleaned_data["answer"] == DECLINE
    verb = review.decline_change if decline else review.accept_change
    verb(contribution=found, reason=reason, by=by)
    messages.success(request, _("Votre avis est enregistré. L’auteur de la proposition le lit."))
    return redirect("catalogue:proposal_answer", found.public_id)


def _show_answer(
    request: HttpRequest, contribution: Contribution, form: OwnerAnswerForm
) -> HttpResponse:
    after = proposals.proposed_record(contribution)
    # What came back to its author is being written again: it is theirs until it is sent.
    is_sent = contribution.status not in rules.UNSENT
    context = {
        "contribution": contribution,
        "resource": contribution.resource,
        "language": card_records.written_in(after),
        "changes": card_records.changes(proposals.base_record(contribution), after),
        "shows_changes": is_sent,
        "answers_earlier": is_sent and proposals.answers_earlier(contribution),
        "waits": contribution.status == ContributionStatus.OFFERED,
        "form": form,
    }
    status = 422 if form.is_bound else 200
    return render(request, "catalogue/contributions/answer.html", context, status=status)


DECISIONS_PER_PAGE = 30
QUEUE_PER_PAGE = 50


@require_safe
def queue(request: HttpRequest, *, answered: bool) -> HttpResponse:
    """List what waits for a moderator, filtered and sorted; answered: what came back."""
    require(resource_rules.may_moderate, person(request))
    context = _queue(request, answered=answered)
    return render(request, "catalogue/contributions/review/queue.html", context)


@require_safe
def decisions(request: HttpRequest) -> HttpResponse:
    """List what was decided, the latest first."""
    require(resource_rules.may_moderate, person(request))
    pages = Paginator(reviews.decisions(), DECISIONS_PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {"page": page, **head(current=_("Décisions"))}
    return render(request, "catalogue/contributions/review/decisions.html", context)


@get_or_post
def item(request: HttpRequest, contribution: UUID) -> HttpResponse:
    """Show one contribution to be judged; or take the decision, then lead to the next."""
    require(resource_rules.may_moderate, person(request))
    found = visible(request, contribution)
    if "insert" in request.POST:
        return _show(request, found, _form(found, initial=_with_sentence(request.POST)))
    form = _form(found, sent(request))
    if not form.is_valid():
        return _show(request, found, form)
    found.version = form.cleaned_data["version"]  # what the moderator had read
    rows = _rows(request, answered=reviews.waiting([found])[0].was_answered)
    following = _following(request, found, list(rows.values_list("public_id", flat=True)))
    _decide(found, form, request)
    messages.success(request, _said(found))
    return redirect(following)


@require_POST
def claim(request: HttpRequest, contribution: UUID) -> HttpResponse:
    """Say that one is reading a contribution, or no longer."""
    found, by = visible(request, contribution), person(request)
    verb = review.release if "release" in request.POST else review.claim
    verb(contribution=found, by=by)
    return redirect("catalogue:moderation_item", found.public_id)


def _form(
    contribution: Contribution, data: Any = None, initial: dict[str, Any] | None = None
) -> DecisionForm:
    """Build the form of the decision on the state of the contribution being read.

    A decision may name what is told, and what the checks miss.
    """
    record = proposals.proposed_record(contribution)
    named = {change.name: change.label for change in card_records.changes({}, record)}
    for remark in (each for check in contribution.checks for each in check["remarks"]):
        for name in filter(None, (remark["field"], *remark["facts"].get("names", ()))):
            named.setdefault(name, record_checks.label_of(name))
    values = {"version": str(contribution.version)} | (initial or {})
    return DecisionForm(data, concerned=list(named.items()), initial=values)


def _with_sentence(typed: QueryDict) -> dict[str, Any]:
    """Add the words of a check to the message being written; preselect why, if nothing is."""
    message = f"{typed.get('message', '')}\n{typed['insert']}".strip()
    said = {"outcome": REQUEST_CHANGES} | typed.dict() | {"message": message}
    reason = said.get("reason") or DecisionReason.INSUFFICIENT
    return said | {"reason": reason, "concerned": typed.getlist("concerned")}


def _decide(contribution: Contribution, form: DecisionForm, request: HttpRequest) -> None:
    by, said = person(request), form.cleaned_data
    outcome, message = said["outcome"], said["message"]
    if outcome == PUBLISH:
        review.publish(contribution=contribution, message=message, by=by)
        return
    reason = DecisionReason(said["reason"])
    if outcome == REFUSE:
        review.refuse(contribution=contribution, reason=reason, message=message, by=by)
        return
    fields = said["concerned"]
    review.request_changes(
        contribution=contribution, reason=reason, message=message, fields=fields, by=by
    )


def _said(contribution: Contribution) -> str:
    """Say what was decided, and on what."""
    contribution.refresh_from_db(fields=["status"])
    title = contribution.content.get("title") or contribution.resource.title
    said = {"title": title, "decision": contribution.get_status_display()}
    return _("Décision enregistrée pour « %(title)s » : %(decision)s.") % said


def _following(request: HttpRequest, contribution: Contribution, ids: list[UUID]) -> str:
    """Give the address of what is below in the queue as it is read; after the last, its first."""
    here = contribution.public_id
    at = ids.index(here) if here in ids else 0
    for each in (*ids[at:], *ids[:at]):
        if each != here:
            return f"{reverse('catalogue:moderation_item', args=(each,))}{_asked(request)}"
    return reverse("catalogue:moderation")


def _order(request: HttpRequest) -> str:
    return "recent" if request.GET.get("order") == "recent" else ""


def _asked(request: HttpRequest) -> str:
    """Write the filters and the order of the queue for an address."""
    kept, order = sieve_of(request).kept(), _order(request)
    asked = urlencode(kept | ({"order": order} if order else {}))
    return f"?{asked}" if asked else ""


def _rows(request: HttpRequest, *, answered: bool) -> QuerySet[Contribution]:
    """List the queue as it is asked; what was imported together is folded unless looked for."""
    sieve = sieve_of(request)
    rows = reviews.queue(sieve, answered=answered, viewer=person(request))
    rows = rows.filter(batch=None) if sieve.is_open else rows
    return rows.reverse() if _order(request) else rows


def _queue(request: HttpRequest, *, answered: bool) -> dict[str, Any]:
    sieve, order = sieve_of(request), _order(request)
    rows = _rows(request, answered=answered)
    lots = reviews.lots() if not answered else []
    page = Paginator(rows, QUEUE_PER_PAGE).get_page(request.GET.get("page"))
    return {
        "page": page,
        "rows": reviews.waiting(page),
        "sieve": sieve,
        "lots": lots,
        "kept": urlencode(sieve.kept()),
        "asked": _asked(request),
        "order": order,
        "kinds": ResourceKind.choices,
        "organisations": reviews.holders_waiting(),
        "check_names": list(record_checks.NAMES.items()),
        "filter_href": reverse(f"catalogue:moderation{'_answers' if answered else ''}"),
        **head(current=_("Réponses reçues") if answered else _("À relire")),
    }


def sieve_of(request: HttpRequest) -> reviews.Sieve:
    """Read the filters of an address."""
    asked = request.GET
    kind, check = asked.get("kind", ""), asked.get("controle", "")
    return reviews.Sieve(
        kind if kind in ResourceKind.values else "",
        asked.get("organisation", "")[:140],
        check if check in record_checks.NAMES else "",
        asked.get("confiee", ""),
        identifier(asked.get("lot", "")),
    )


TRANSFERS_PER_PAGE = 30


@require_safe
def transfers(request: HttpRequest) -> HttpResponse:
    """List the transfers that wait, the oldest first."""
    require(resource_rules.may_moderate, person(request))
    rows = CardTransfer.objects.whole().open()
    context = {
        "page": Paginator(rows, TRANSFERS_PER_PAGE).get_page(request.GET.get("page")),
        **head(current=_("Transferts")),
    }
    return render(request, "catalogue/contributions/review/transfers.html", context)


# What else moderators look after: its words, the name of its address, how many wait or "".
more_tabs: list[tuple[Promise, str, Callable[[], int | str]]] = []


def head(*, current: str) -> dict[str, Any]:
    """Give the figures and the tabs above every page of the review."""
    delays = reviews.delays()
    return {
        "delays": delays,
        "current_tab": current,
        "tab_items": [
            (_("À relire"), reverse("catalogue:moderation"), delays.waiting - delays.answered),
            (_("Réponses reçues"), reverse("catalogue:moderation_answers"), delays.answered),
            *((str(label), reverse(name), waiting()) for label, name, waiting in more_tabs),
            (_("Transferts"), reverse("catalogue:moderation_transfers"), ""),
            (_("Décisions"), reverse("catalogue:moderation_decisions"), ""),
        ],
    }


def _show(request: HttpRequest, contribution: Contribution, form: DecisionForm) -> HttpResponse:
    user = person(request)
    item = reviews.waiting([contribution])[0]
    decisions = list(contribution.decisions.select_related("decided_by").order_by("-pk"))
    queue = _queue(request, answered=item.was_answered)
    ids = [row.contribution.public_id for row in queue["rows"]]
    context = queue | {
        "contribution": contribution,
        "item": item,
        "following": _following(request, contribution, ids) if len(ids) > 1 else "",
        "answers_earlier": proposals.answers_earlier(contribution),
        "form": form,
        "decisions": decisions,
        "may_decide": rules.may_decide(user, contribution),
        "waits": contribution.status == ContributionStatus.SUBMITTED,
        "claim_minutes": settings.CLAIM_MINUTES,
        "is_stale": contribution.status == ContributionStatus.SUBMITTED
        and proposals.is_stale(contribution),
        **_content(request, contribution, decisions),
    }
    if context["is_stale"]:
        context["collisions"] = proposals.collisions(contribution)
    return render(request, "catalogue/contributions/review/item.html", context)


def _checked(contribution: Contribution, record: dict[str, Any]) -> list[dict[str, Any]]:
    """Check now what was never sent through the form: an import."""
    return [check.to_json() for check in checks.run(record, contribution=contribution)]


def _content(
    request: HttpRequest, contribution: Contribution, decisions: list[Any]
) -> dict[str, Any]:
    """Give the proposal under the view that was asked for: changes, since, before and after."""
    after = proposals.proposed_record(contribution)
    before = proposals.base_record(contribution)
    earlier = next((d for d in decisions if d.revision_id != contribution.revision_id), None)
    view = request.GET.get("vue", "depuis" if earlier else "")
    if view == "depuis" and earlier is not None:
        before = card_records.content_record(earlier.revision.content, contribution.resource.kind)
    changes = card_records.changes(before, after)
    origins = descriptions.origins(contribution)
    labels = {
        "": _("Modifications"),
        "depuis": _("Depuis la décision"),
        "apres": _("Avant / après"),
    }
    if contribution.is_new and not before:
        labels[""] = _("Proposition")
    views = [("", True), ("depuis", earlier is not None), ("apres", not contribution.is_new)]
    return {
        "record": after,
        "language": card_records.written_in(after),
        "checks": contribution.checks or _checked(contribution, after),
        "unverified": ", ".join(proposals.unverified(contribution)),
        "changes": changes,
        "whole": [] if before else [(each, origins.get(each.name)) for each in changes],
        "side_by_side": view == "apres",
        "description_html": contribution.content.get("description_html", ""),
        "views": [(labels[code], f"?vue={code}") for code, shown in views if shown],
        "view_label": labels.get(view, labels[""]),
    }


MOST_SHOWN = 50
MOST = 500
MOST_SECONDS = 15  # of one answer: what is left is done by the next


@get_or_post
def bulk(request: HttpRequest) -> HttpResponse:
    """Show the choice; then what would be done to each; then do it."""
    by = person(request)
    require(resource_rules.may_moderate, by)
    given = request.POST if request.method == "POST" else None
    form = OrderForm(given, moderators=list(reviews.moderators()))
    sieve = sieve_of(request)
    found = reviews.queue(sieve, viewer=by)
    chosen = _chosen(request, found) if given is not None else []
    faulty = given is not None and not (form.is_valid() and chosen)
    context: dict[str, Any] = {
        "form": form,
        "chosen": {each.public_id for each in chosen},
        "nothing": given is not None and not chosen,
        **head(current=_("À relire")),
    }
    if given is None or faulty or "change" in given:
        context |= _choice(found)
        return render(
            request,
            "catalogue/contributions/review/bulk.html",
            context,
            status=422 if faulty else 200,
        )
    order = form.order()
    if "confirm" not in given:
        plan = review.plan_order(contributions=chosen, order=order, by=by)
        kept = sum(not line.skipped for line in plan)
        context |= {"order": order, "plan": plan, "kept": kept, "left": len(plan) - kept}
        return render(request, "catalogue/contributions/review/bulk_confirm.html", context)
    done = review.carry_out_order(contributions=chosen, order=order, by=by, seconds=MOST_SECONDS)
    before = _named(request.POST.getlist("left"))
    if len(chosen) > MOST_SHOWN or len(done) < len(chosen) or "treated" in given:
        context |= _report(request, done, chosen[len(done) :], before, order)
        return render(request, "catalogue/contributions/review/bulk_report.html", context)
    _say(request, done)
    return redirect("catalogue:moderation")


def _choice(found: QuerySet[Contribution]) -> dict[str, Any]:
    """Give the first of what waits, to be ticked, and how many all of it is."""
    total = found.count()
    shown = found.select_related("resource__organisation", "revision")[:MOST_SHOWN]
    return {
        "rows": reviews.waiting(shown),
        "total": total,
        "whole": min(total, MOST),
        "shown": MOST_SHOWN,
    }


def _chosen(request: HttpRequest, found: QuerySet[Contribution]) -> list[Contribution]:
    """Read what was ticked, or all that waits under the filters, the oldest first."""
    if "all" in request.POST and "confirm" not in request.POST:
        whole = found.select_related("resource__organisation", "revision")
        return list(whole[:MOST])
    return _named(request.POST.getlist("item"))


def _named(texts: list[str]) -> list[Contribution]:
    """Read contributions as they were when they were chosen: `identifier:version`."""
    versions: dict[UUID, int] = {}
    for text in texts[:MOST]:
        name, _colon, version = text.partition(":")
        try:
            versions[UUID(name)] = int(version)
        except ValueError:
            continue
    rows = reviews.titled(
        Contribution.objects.exclude(status=ContributionStatus.DRAFT).select_related(
            "resource__organisation", "organisation", "author", "revision", "assignee"
        )
    ).filter(public_id__in=versions)
    found = list(rows.order_by("first_submitted_at", "pk"))
    for each in found:
        each.version = versions[each.public_id]
    return found


def _report(
    request: HttpRequest,
    done: list[review.OrderLine],
    rest: list[Contribution],
    before: list[Contribution],
    order: review.Order,
) -> dict[str, Any]:
    """Tell what became of each so far: what was left aside before says why anew."""
    told = request.POST.get("treated", "")
    earlier = int(told) if told.isascii() and told.isdigit() and len(told) < 5 else 0
    plan = review.plan_order(contributions=before, order=order, by=person(request))
    return {
        "order": order,
        "treated": earlier + sum(not line.skipped for line in done),
        "aside": [*plan, *(line for line in done if line.skipped)],
        "rest": rest,
    }


def _say(request: HttpRequest, done: list[review.OrderLine]) -> None:
    kept = [line for line in done if not line.skipped]
    said = ngettext("%(n)s fiche traitée.", "%(n)s fiches traitées.", len(kept))
    messages.success(request, said % {"n": len(kept)})
    for line in done:
        if line.skipped:
            title = getattr(line.contribution, "proposed_title", "") or _("Sans titre")
            facts = {"title": title, "why": line.skipped}
            messages.warning(request, _("Laissée de côté, « %(title)s » : %(why)s") % facts)
