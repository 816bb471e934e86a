"""Pages of a grant: sign, read, suspend, revoke, give back, destroy; its agreement in PDF."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from datasets.access import agreement as agreement_of
from datasets.access import queries, rules
from datasets.access.actions import grants
from datasets.access.enums import GrantState, ReturnState
from datasets.access.forms import DeliveryForm, DestructionForm, ReasonForm, RevocationForm
from datasets.access.models import AccessRequest, Grant, NamedUser, PromisedReturn
from datasets.access.views.projects import project
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.accounts.sessions import step_up_required
from portal.accounts.views import person
from portal.lib import clock
from portal.lib.storage import objects
from portal.lib.storage.files import attachment
from portal.lib.visible import find
from portal.lib.web.form_pages import tried
from portal.lib.web.requests import get_or_post

OPEN = (GrantState.PENDING, GrantState.ACTIVE)


@require_safe
def lent(request: HttpRequest) -> HttpResponse:
    """List the projects granted data of a person's organisations: who reads them, then the rest."""
    rows = queries.lending(person(request)).select_related("request__organisation")
    shown = [project(each.request) for each in rows.prefetch_related("request__returns")[:100]]
    context = {
        "section": "donnees",
        "reading": [each for each in shown if each.state is GrantState.ACTIVE],
        "others": [each for each in shown if each.state is not GrantState.ACTIVE],
    }
    return render(request, "datasets/access/lent.html", context)


def visible(request: HttpRequest, public_id: UUID) -> Grant:
    """Find a grant that this person may see; for others it does not exist."""
    rows = Grant.objects.visible_to(person(request)).select_related(
        *("request__organisation", "request__requester"),
        *("suspended_by", "revoked_by", "closed_by"),
    )
    return find(rows, among=Grant.objects.all(), public_id=public_id)


@require_safe
def show(request: HttpRequest, grant: UUID) -> HttpResponse:
    """Show a grant: its state, what it covers, who signed, every read, what one may do."""
    return page_of(request, visible(request, grant))


def page_of(request: HttpRequest, found: Grant, *, status: int = 200, **made: Any) -> HttpResponse:
    """Draw the page of a grant; made: forms that come back with their faults."""
    by, state = person(request), found.state(clock.now())
    named = queries.persons_of(found, by)
    own = next((each for each in named if rules.may_sign(by, each)), None)
    is_requester, whole = rules.is_requester(by, found), rules.sees_whole(by, found.request)
    to_sign = is_requester and found.starts_at is None
    to_sign |= own is not None and own.signed_at is None and found.starts_at is not None
    ends = rules.may_end(by, found)
    reads_now = own is not None and own.signed_at is not None and state is GrantState.ACTIVE
    files = queries.readable_extracts(by, granted__grant=found) if reads_now else []
    context: dict[str, Any] = {
        "section": "donnees",
        "grant": found,
        "state": state,
        "named": named,
        "datasets": [
            (each, [file for file in files if file.granted_id == each.pk])
            for each in found.datasets.select_related("dataset__resource__organisation")
        ],
        "reads_now": reads_now,
        "readable": files,
        "waits_for_region": state is GrantState.SUSPENDED and (is_requester or not whole),
        "coming": queries.coming(found) if reads_now else set(),
        "given_up": queries.given_up(found) if reads_now else set(),
        "returns": _returns(found, made.pop("delivering", {})),
        "reads": queries.reads_of(found, by)[:50],
        "asked": AccessRequest.objects.visible_to(by).filter(pk=found.request_id).first(),
        "whole": whole,
        "is_requester": is_requester,
        "goes_on": state in (*OPEN, GrantState.SUSPENDED),
        "may_sign": to_sign and state in OPEN,
        "waits": own is not None and not is_requester and state is GrantState.PENDING,
        "may_suspend": state in OPEN and rules.may_suspend(by, found, queries.producers_of(found)),
        "may_resume": ends and state is GrantState.SUSPENDED,
        "may_revoke": ends and state in (*OPEN, GrantState.SUSPENDED),
        "may_attest": is_requester and state in (GrantState.EXPIRED, GrantState.REVOKED),
        "suspend_form": ReasonForm(auto_id="suspend_%s"),
        "resume_form": ReasonForm(auto_id="resume_%s"),
        "revoke_form": RevocationForm(auto_id="revoke_%s"),
        "attest_form": DestructionForm(auto_id="attest_%s"),
        "acts": _acts(found, whole=whole),
    }
    return render(request, "datasets/access/grant.html", context | made, status=status)


def _acts(grant: Grant, *, whole: bool) -> list[tuple[Any, ...]]:
    """List what was done of a grant, as (what, tone, when, by whom, why); the last is in force.

    Who did it is named to who sees it whole alone.
    """
    suspended, lifted = _("Suspendue"), _("Suspension levée")
    acts: list[tuple[Any, ...]] = []
    for past in grant.suspensions.select_related("suspended_by", "resumed_by"):
        acts.append((suspended, "ocre", past.suspended_at, past.suspended_by, past.suspension))
        acts.append((lifted, "calanque", past.resumed_at, past.resumed_by, past.resumption))
    acts += [
        (suspended, "ocre", grant.suspended_at, grant.suspended_by, grant.suspension),
        (_("Révoquée"), "garance", grant.revoked_at, grant.revoked_by, grant.revocation),
        (_("Destruction attestée"), "pin", grant.closed_at, grant.closed_by, _destroyed(grant)),
    ]
    done: list[tuple[Any, ...]] = [
        (what, tone, at, by if whole else None, why) for what, tone, at, by, why in acts if at
    ]
    return [(what, "calanque", *how) for what, _tone, *how in done[:-1]] + done[-1:]


def _destroyed(grant: Grant) -> str:
    """Give what was attested, and what the portal keeps all the same."""
    kept = grants.sealed_copies(grant) if grant.closed_at else []
    said = _(
        "%(said)s Le portail garde, scellés et sans les rendre à personne, les fichiers du "
        "challenge archivé « %(title)s »."
    )
    names = ", ".join(title for title, _is_archived in kept)
    return said % {"said": grant.destruction, "title": names} if kept else grant.destruction


def _returns(
    grant: Grant, delivering: Mapping[int, DeliveryForm]
) -> list[tuple[PromisedReturn, ReturnState, DeliveryForm]]:
    """Give what was promised, its state and its own form; delivering: the one with its faults."""
    now, revoked = clock.now(), grant.revoked_at is not None
    return [
        (
            each,
            each.state(now, revoked=revoked),
            delivering.get(each.pk)
            or DeliveryForm(initial={"link": each.link}, auto_id=f"rendu{each.pk}_%s"),
        )
        for each in grant.request.returns.all()
    ]


@require_safe
def agreement(request: HttpRequest, grant: UUID) -> HttpResponseBase:
    """Give the agreement as a PDF: as it was approved, or once it is signed, with who signed."""
    found, name = visible(request, grant), "convention"
    content = objects.read(found.agreement_sha256)
    if found.starts_at is not None and "approuvee" not in request.GET:
        content, name = _with_signatures(found, person(request)), "convention-signee"
    return attachment(
        [content],
        f"{name}-{found.request.number}.pdf",
        media_type="application/pdf",
        size=len(content),
    )


def _with_signatures(grant: Grant, by: User) -> bytes:
    """Draw a signed agreement again; who is named reads of the persons what the page says."""
    first = queries.signed_first(grant) if rules.sees_whole(by, grant.request) else None
    told: Any = grant
    with translation.override("fr"):  # as all that it is read beside
        name = str(first or _("le responsable du projet"))
    signatures: list[tuple[str, Any]] = [(name, told.starts_at)]
    signatures += [
        (str(each.user), each.signed_at)
        for each in queries.persons_of(grant, by)
        if each.signed_at is not None and each.user != first
    ]
    return agreement_of.agreement(
        grant.number,
        grant.content,
        by=grant.approved_by.display_name,
        page=reverse("datasets:grant", args=(grant.public_id,)),
        at=max(at for _who, at in signatures),
        signed=agreement_of.Signed(
            told.starts_at,
            told.ends_at,
            [(each.text, each.due_at or told.ends_at) for each in grant.request.returns.all()],
            signatures,
            grant.agreement_sha256,
        ),
    )


@require_POST
@step_up_required
def sign(request: HttpRequest, grant: UUID) -> HttpResponse:
    """Sign the agreement, for oneself."""
    found = visible(request, grant)
    grants.sign(grant=found, by=person(request))
    messages.success(request, _("Engagement signé, daté de maintenant."))
    return redirect("datasets:grant", grant)


def _reasoned(
    request: HttpRequest,
    grant: UUID,
    name: str,
    act: Callable[..., object],
    done: str,
    asked: type[ReasonForm] = ReasonForm,
) -> HttpResponse:
    found, form = visible(request, grant), asked(request.POST, auto_id=f"{name}_%s")
    status = tried(
        form, lambda: act(grant=found, text=form.cleaned_data["text"], by=person(request))
    )
    if status:
        fresh = visible(request, grant)
        return page_of(request, fresh, status=status, **{f"{name}_form": form})
    messages.success(request, done)
    return redirect("datasets:grant", grant)


@require_POST
def suspend(request: HttpRequest, grant: UUID) -> HttpResponse:
    """Stop every read at once."""
    done = _("Habilitation suspendue : plus aucune lecture.")
    return _reasoned(request, grant, "suspend", grants.suspend, done)


@require_POST
@step_up_required
def resume(request: HttpRequest, grant: UUID) -> HttpResponse:
    """Give a suspended grant its access back."""
    return _reasoned(request, grant, "resume", grants.resume, _("Habilitation reprise."))


@require_POST
@step_up_required
def revoke(request: HttpRequest, grant: UUID) -> HttpResponse:
    """End a grant for good."""
    done = _("Habilitation révoquée : l’accès a cessé.")
    return _reasoned(request, grant, "revoke", grants.revoke, done, RevocationForm)


@require_POST
def attest(request: HttpRequest, grant: UUID) -> HttpResponse:
    """Say that what was received is destroyed."""
    done = _("Destruction attestée : l’habilitation est close.")
    return _reasoned(request, grant, "attest", grants.attest_destruction, done, DestructionForm)


@get_or_post
def remove_person(request: HttpRequest, grant: UUID, named: UUID) -> HttpResponse:
    """Ask for a confirmation, then end the access of one person."""
    found, by = visible(request, grant), person(request)
    rows = found.request.named_users.all()
    each = find(rows, among=NamedUser.objects.all(), public_id=named)
    require(rules.may_remove, by, found, each)
    if request.method != "POST":
        context = {"section": "donnees", "grant": found, "named": each}
        return render(request, "datasets/access/remove_person.html", context)
    grants.remove_person(grant=found, named=each, by=by)
    messages.success(request, _("Cette personne ne lit plus."))
    return redirect("datasets:grant", grant)


@require_POST
def deliver(request: HttpRequest, grant: UUID, promised: UUID) -> HttpResponse:
    """Say where what was promised can be seen, or correct it."""
    found = visible(request, grant)
    rows = found.request.returns.select_related("request")
    each = find(rows, among=PromisedReturn.objects.all(), public_id=promised)
    form = DeliveryForm(request.POST, auto_id=f"rendu{each.pk}_%s")
    act = grants.correct_link if each.delivered_at else grants.deliver
    status = tried(
        form, lambda: act(promised=each, link=form.cleaned_data["link"], by=person(request))
    )
    if status:
        fresh = visible(request, grant)
        return page_of(request, fresh, status=status, delivering={each.pk: form})
    messages.success(request, _("Rendu noté : il paraît au registre."))
    return redirect("datasets:grant", grant)
