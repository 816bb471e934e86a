"""The page of one request, for each who has a say: who asks, producers, the Region."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from datasets.access import queries, rules
from datasets.access.actions import review
from datasets.access.enums import WAITING, RefusalReason, RequestStatus, Verdict
from datasets.access.forms import (
    STEP_LABELS,
    ApprovalForm,
    ChangesForm,
    OpinionForm,
    RefusalForm,
    Step,
    steps_of,
)
from datasets.access.models import AccessRequest, Opinion
from datasets.access.views.projects import project
from datasets.access.views.requests import content, said, visible
from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.sessions import step_up_required
from portal.accounts.views import person
from portal.lib.visible import find
from portal.lib.web.form_pages import tried
from portal.lib.web.requests import natural

PER_PAGE = 25
# Who acts next on what is in hand, as `Project.awaits` names them; the Region stands first.
AWAITED = {
    "": gettext_lazy("Toutes"),
    "region": gettext_lazy("Attend la Région"),
    "avis": gettext_lazy("Attend les avis"),
    "organisme": gettext_lazy("Attend l’organisme"),
}


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """List what was sent to the Region: what waits first, then what was decided."""
    by = person(request)
    require(lambda actor: has_permission(actor, Permission.ACCESS_READ), by)
    rows = AccessRequest.objects.visible_to(by).exclude(status=RequestStatus.DRAFT)
    rows = rows.select_related("organisation", "grant")
    rows = rows.prefetch_related("opinions", "datasets", "returns")
    order = list(AWAITED)
    waiting = [project(each) for each in queries.in_hand(rows)]
    waiting.sort(key=lambda each: order.index(each.awaits))
    decided = rows.exclude(pk__in=[each.asked.pk for each in waiting])
    page = Paginator(decided.order_by("-edited_at", "-pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    who = request.GET.get("attend", "")
    shown = {key: [each for each in waiting if key in ("", each.awaits)] for key in AWAITED}
    labels = {key: f"{label} ({len(shown[key])})" for key, label in AWAITED.items()}
    context = {
        "section": "donnees",
        "waiting": shown.get(who, []),
        "ways": [(label, f"?attend={key}" if key else "?") for key, label in labels.items()],
        "way": labels.get(who, ""),
        "page": page,
        "closed": map(project, page),
    }
    return render(request, "datasets/access/queue.html", context)


@require_safe
def show(request: HttpRequest, asked: UUID) -> HttpResponse:
    """Show a request: where it stands, what it says, what each thinks, what one may do."""
    return page_of(request, visible(request, asked))


def page_of(
    request: HttpRequest,
    found: AccessRequest,
    *,
    status: int = 200,
    **made: Any,
) -> HttpResponse:
    """Draw the page of a request; made: forms that come back with their faults."""
    by = person(request)
    opinions, terms = queries.opinions_of(found), queries.terms_of(found)
    parts = queries.parts_of(found, opinions, by)
    in_review = found.status == RequestStatus.IN_REVIEW
    grant = getattr(found, "grant", None)
    prepares = rules.may_prepare(by, found)
    decides = rules.may_decide(by, found) and in_review
    asks = in_review and not decides and (prepares or has_permission(by, Permission.ACCESS_READ))
    nobody = asks and not queries.deciders(found)
    own = next((each for each in opinions if not each.verdict and rules.may_advise(by, each)), None)
    aimed = [(step, STEP_LABELS[step]) for step in steps_of(found.changes_fields)]
    context: dict[str, Any] = {
        "section": "donnees",
        "asked": found,
        "whole": parts.whole,
        "said": said(found, parts.sent),
        "summary": content(found, parts.sent),
        "opposed": queries.kept_back(parts.opinions),
        "opinions": parts.opinions,
        "terms": terms,
        "lasts": grant.months if grant else terms.months if parts.whole else None,
        "aimed": aimed,
        "first_aimed": aimed[0][0] if aimed else Step.STRUCTURE,
        "stage": _stage(found, terms.awaited),
        "steps": queries.life_of(found, parts.opinions),
        "rounds": parts.rounds,
        "is_own": rules.may_write_request(by, found),
        "again_at": found.datasets.select_related("dataset__resource").first()
        if found.status in (RequestStatus.REFUSED, RequestStatus.LAPSED, RequestStatus.WITHDRAWN)
        else None,
        "may_admit": prepares and found.status == RequestStatus.SUBMITTED,
        "may_ask_changes": prepares
        and not nobody
        and found.status in (RequestStatus.SUBMITTED, RequestStatus.IN_REVIEW),
        "barred": has_permission(by, Permission.ACCESS_DECIDE) and in_review and not decides,
        "nobody_decides": nobody and has_permission(by, Permission.ACCESS_READ),
        "gives_roles": has_permission(by, Permission.ROLE_GIVE),
        "own_opinion": own if in_review else None,
        "changes_form": ChangesForm(auto_id="changes_%s"),
        "refusal_form": RefusalForm(auto_id="refusal_%s") if decides else None,
        "approval_form": ApprovalForm(
            months=terms.months, dpo_refuses=terms.dpo_refuses, auto_id="approval_%s"
        )
        if decides
        else None,
        "opinion_form": OpinionForm(is_dpo=own.is_dpo, auto_id="opinion_%s") if own else None,
    }
    return render(request, "datasets/access/request.html", context | made, status=status)


def _stage(found: AccessRequest, awaited: int) -> int | None:
    """Say which step of « Ce qui se passe ensuite » is the present one, None once none follows."""
    match found.status:
        case RequestStatus.SUBMITTED:
            return 1
        case RequestStatus.IN_REVIEW:
            return 2 if awaited else 3
        case _:
            return None


def _act(
    request: HttpRequest,
    found: AccessRequest,
    name: str,
    form: Any,
    act: Callable[[], object],
    done: str,
) -> HttpResponse:
    """Do what a form of the page asks, then show the page again; its faults stay at the field."""
    status = tried(form, act, {"months": "months", "override_missing": "override"})
    if status:
        fresh = visible(request, found.public_id)
        if status == 409 and fresh.status not in WAITING:  # its forms are shown no more
            for fault in form.non_field_errors():
                messages.error(request, fault)
            return page_of(request, fresh, status=status)
        return page_of(request, fresh, status=status, **{name: form})
    messages.success(request, done)
    return redirect(found)


def _edits(request: HttpRequest) -> int:
    return natural(request.POST.get("edits", ""))


@require_POST
def admit(request: HttpRequest, asked: UUID) -> HttpResponse:
    """Say that a request is complete: the opinions are asked."""
    found = visible(request, asked)
    review.admit(request=found, edits=_edits(request), by=person(request))
    messages.success(request, _("Demande recevable : les avis sont demandés, tous à la fois."))
    return redirect(found)


@require_POST
def request_changes(request: HttpRequest, asked: UUID) -> HttpResponse:
    """Ask who wrote it for changes."""
    found, form = visible(request, asked), ChangesForm(request.POST, auto_id="changes_%s")
    return _act(
        request,
        found,
        "changes_form",
        form,
        lambda: review.request_changes(
            request=found,
            text=form.cleaned_data["text"],
            fields=form.cleaned_data["fields_aimed"],
            edits=_edits(request),
            by=person(request),
        ),
        _("Corrections demandées : l’horloge est arrêtée."),
    )


@require_POST
def give_opinion(request: HttpRequest, asked: UUID, opinion: UUID) -> HttpResponse:
    """Say what a producer, or the data protection officer, thinks."""
    found = visible(request, asked)
    mine = find(found.opinions.all(), among=Opinion.objects.all(), public_id=opinion)
    form = OpinionForm(request.POST, is_dpo=mine.is_dpo, auto_id="opinion_%s")
    return _act(
        request,
        found,
        "opinion_form",
        form,
        lambda: review.give_opinion(
            opinion=mine,
            verdict=Verdict(form.cleaned_data["verdict"]),
            text=form.cleaned_data["text"],
            months=form.cleaned_data.get("months"),
            by=person(request),
        ),
        _("Avis rendu : il est envoyé à la Région et à qui demande."),
    )


@require_POST
@step_up_required
def approve(request: HttpRequest, asked: UUID) -> HttpResponse:
    """Grant access."""
    found = visible(request, asked)
    terms = queries.terms_of(found)
    form = ApprovalForm(
        request.POST, months=terms.months, dpo_refuses=terms.dpo_refuses, auto_id="approval_%s"
    )
    return _act(
        request,
        found,
        "approval_form",
        form,
        lambda: review.approve(
            request=found,
            months=form.cleaned_data["months"],
            text=form.cleaned_data["text"],
            override=form.cleaned_data.get("override", ""),
            edits=_edits(request),
            by=person(request),
        ),
        _("Accès accordé : chaque personne nommée va signer."),
    )


@require_POST
@step_up_required
def refuse(request: HttpRequest, asked: UUID) -> HttpResponse:
    """Refuse access."""
    found, form = visible(request, asked), RefusalForm(request.POST, auto_id="refusal_%s")
    return _act(
        request,
        found,
        "refusal_form",
        form,
        lambda: review.refuse(
            request=found,
            reason=RefusalReason(form.cleaned_data["reason"]),
            text=form.cleaned_data["text"],
            edits=_edits(request),
            by=person(request),
        ),
        _("Demande refusée : le motif et votre texte sont envoyés."),
    )
