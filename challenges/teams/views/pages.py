"""Take part: the pages of the rules, of a team, of its members, registrations, invitations."""

from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges.organising.enums import ChallengeStatus
from challenges.organising.forms.challenges import GuestsForm
from challenges.organising.models.challenges import Challenge
from challenges.organising.queries import masked_phases
from challenges.organising.views.layout import (
    attempt,
    find_challenge,
    find_organised,
    organiser_context,
)
from challenges.teams import rules
from challenges.teams.actions import guests, teams
from challenges.teams.enums import RegistrationState, TeamRole
from challenges.teams.forms import DisclosureForm, InvitationForm, RefusalForm, TeamForm, TermsForm
from challenges.teams.models import Registration, TeamInvitation, TeamMember
from challenges.teams.queries import (
    guest_counts,
    guests_of,
    has_accepted_terms,
    is_called_back,
    is_registered,
    latest_terms,
    needs_invitation,
    registration_of,
)
from challenges.teams.views.head import Stage, challenge_context, team_of
from portal.accounts.authorization import require
from portal.accounts.enums import InvitationState
from portal.accounts.models import User
from portal.accounts.views import person
from portal.lib import clock
from portal.lib.refusals import Conflict, Hidden, Invalid, NotAllowed, Refusal
from portal.lib.web.form_pages import sent, tried
from portal.lib.web.requests import get_or_post

# Where teams are made and grow.
GATHERS = frozenset({Stage.OPEN, Stage.COMING, Stage.BENCH})
# Refusals that are about the address of the person: told on the page of the rules.
UNFIT = frozenset({"domain_refused", "invitation_required"})
# Refusals that are about the name typed: they stand beside the field.
NAME_FAULTS = frozenset({"team_name", "team_name_taken", "characters"})


@login_not_required
@get_or_post
def rules_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the rules in force; accept them and register by POST."""
    if request.method == "POST" and not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    context = challenge_context(request, slug, "rules")
    challenge: Challenge = context["challenge"]
    terms = latest_terms(challenge)
    form = TermsForm(sent(request), version=terms) if terms else forms.Form(sent(request))
    status = 422 if form.is_bound else 200
    if form.is_valid():
        refusal = _accept(challenge, person(request))
        if refusal is None:
            return _welcome(request, challenge)
        if terms is None:
            raise refusal
        form.add_error(None, str(refusal))
        status = 403
    context |= _place(request, context) | {
        "terms": terms,
        "form": form,
        "masked": bool(masked_phases(challenge)),
        "may_accept": context["stage"] in GATHERS and not context["is_organiser"],
    }
    return render(request, "challenges/teams/rules.html", context, status=status)


def _accept(challenge: Challenge, by: User) -> NotAllowed | None:
    """Accept the rules and bring back who left, or give back why this person may not register."""
    try:
        teams.accept_terms(challenge=challenge, by=by)
        teams.come_back(challenge=challenge, by=by)
    except NotAllowed as refusal:
        if refusal.code not in UNFIT:
            raise
        return refusal
    return None


def _welcome(request: HttpRequest, challenge: Challenge) -> HttpResponse:
    """Lead to the team, whose page says what a registration waits for."""
    if is_registered(challenge, request.user):
        messages.success(request, _("Règlement accepté. Créez une équipe, ou rejoignez la vôtre."))
    else:
        messages.success(request, _("Règlement accepté."))
    return redirect("challenges:team", challenge.slug)


@get_or_post
def team(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one's team, or create it by POST."""
    form = TeamForm(request.POST or None)
    status = 422 if form.is_bound else 200
    if request.method == "POST" and form.is_valid():
        refusal = _create(request, slug, form.cleaned_data["name"])
        if refusal is None:
            messages.success(request, _("Équipe créée. Vous en êtes capitaine."))
            return redirect("challenges:team", slug)
        form.add_error("name", str(refusal))
        status = 409 if isinstance(refusal, Conflict) else status
    return _team_page(request, slug, form=form, status=status)


def _create(request: HttpRequest, slug: str, name: str) -> Refusal | None:
    """Create the team, or give back why the name cannot be taken."""
    try:
        teams.create(challenge=find_challenge(request, slug), name=name, by=person(request))
    except (Invalid, Conflict) as refusal:
        if refusal.code not in NAME_FAULTS:
            raise
        return refusal
    return None


@require_POST
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Invite a person by e-mail into one's team."""
    own = own_team(request, find_challenge(request, slug))
    form = InvitationForm(request.POST)
    status = tried(
        form,
        lambda: teams.invite(team=own, email=form.cleaned_data["email"], by=person(request)),
        {"invitations_day": "email", "team_full": "email"},
    )
    if status:
        return _team_page(request, slug, invitation_form=form, status=status)
    messages.success(request, _("Invitation envoyée, valable sept jours."))
    return redirect("challenges:team", slug)


@require_POST
def revoke(request: HttpRequest, slug: str, invitation: UUID) -> HttpResponse:
    """Withdraw an invitation of one's team."""
    own = own_team(request, find_challenge(request, slug))
    sent = get_object_or_404(TeamInvitation, team=own, public_id=invitation)
    teams.revoke_invitation(invitation=sent, by=person(request))
    messages.success(request, _("Invitation retirée."))
    return redirect("challenges:team", slug)


@get_or_post
def join(request: HttpRequest, slug: str, invitation: UUID, token: str) -> HttpResponse:
    """Ask, then join the team that invited this person."""
    status = 200
    if request.method == "POST":
        try:
            teams.accept_invitation(public_id=invitation, token=token, by=person(request))
        except Conflict as refusal:
            messages.warning(request, str(refusal))
            status = 409
        else:
            messages.success(request, _("Vous avez rejoint l’équipe."))
            return redirect("challenges:team", slug)
    context = challenge_context(request, slug, "entries")
    challenge = context["challenge"]
    sent = TeamInvitation.objects.select_related("team", "sent_by").by_link(invitation, token)
    if sent.team.challenge_id != challenge.pk:
        raise Hidden(denied=sent)
    accepted = has_accepted_terms(challenge, request.user)
    registered = registration_of(challenge, request.user) is not None
    context |= {
        "invitation": sent,
        "open": sent.is_open(context["now"]),
        "fits": sent.fits(request.user),
        "ready": accepted and registered,
        "uninvited": not registered and needs_invitation(challenge, person(request)),
    }
    return render(request, "challenges/teams/join.html", context, status=status)


@get_or_post
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask, then leave one's team."""
    own = own_team(request, find_challenge(request, slug))
    if request.method != "POST":
        return render(
            request, "challenges/teams/leave.html", challenge_context(request, slug, "entries")
        )
    teams.leave(team=own, by=person(request))
    messages.success(request, _("Vous avez quitté l’équipe."))
    return redirect("challenges:team", slug)


def own_team(request: HttpRequest, challenge: Challenge) -> Any:
    """Return the team of the signed-in person in a challenge; 404 without one."""
    own = team_of(request, challenge)
    if own is None:
        raise Hidden
    return own


def _place(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Say where a person stands: registered, under the rules in force, or not invited."""
    challenge: Challenge = context["challenge"]
    if not request.user.is_authenticated:
        return {"registration": None, "accepted": False, "uninvited": False}
    by = person(request)
    registration = registration_of(challenge, by)
    may_ask = registration is None and not context["team"] and not context["is_organiser"]
    return {
        "registration": registration,
        # Who is invited since they left, asked or were refused registers as anybody who is.
        "accepted": registration is not None
        and has_accepted_terms(challenge, by)
        and not is_called_back(challenge, by, registration),
        "uninvited": may_ask and needs_invitation(challenge, by),
    }


def _disclosures(own: Any) -> DisclosureForm | None:
    if own is None:
        return None
    shown = {"members": own.show_members, "method": own.show_method, "card": own.allow_card}
    return DisclosureForm(initial=shown)


def _team_page(
    request: HttpRequest,
    slug: str,
    *,
    form: TeamForm | None = None,
    invitation_form: InvitationForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = challenge_context(request, slug, "entries")
    challenge, own = context["challenge"], context["team"]
    members = list(own.members.filter(left_at__isnull=True).select_related("user")) if own else []
    me = next((each for each in members if each.user_id == request.user.pk), None)
    captain = me is not None and me.role == TeamRole.CAPTAIN
    calls = TeamInvitation.objects.open(context["now"]).addressed_to(request.user)
    calls = calls.filter(team__challenge=challenge).select_related("team__challenge", "sent_by")
    context |= _place(request, context) | {
        "form": form or TeamForm(),
        "invitation_form": invitation_form or InvitationForm(),
        "members": members,
        "me": me,
        "captain": captain,
        "disclosure_form": _disclosures(own),
        "calls": [] if own else calls,
        "invitations": list(own.invitations.filter(state=InvitationState.SENT)) if captain else [],
        "gathers": context["stage"] in GATHERS,
        "aliases": [(each, own.alias_in(each)) for each in masked_phases(challenge)] if own else [],
        "disqualifications": list(own.disqualifications.all()) if own else [],
    }
    return render(request, "challenges/teams/team.html", context, status=status)


@get_or_post
def remove_member(request: HttpRequest, slug: str, member: int) -> HttpResponse:
    """Ask, then remove a member from one's team."""
    membership = _member(request, slug, member)
    if request.method != "POST":
        return _asked(request, slug, "challenges/teams/team_remove.html", membership)
    teams.remove_member(team=membership.team, person=membership.user, by=person(request))
    messages.success(request, _("La personne ne fait plus partie de l’équipe."))
    return redirect("challenges:team", slug)


@get_or_post
def hand_over(request: HttpRequest, slug: str, member: int) -> HttpResponse:
    """Ask, then make another member the captain."""
    membership = _member(request, slug, member)
    if request.method != "POST":
        return _asked(request, slug, "challenges/teams/team_captain.html", membership)
    teams.hand_over(team=membership.team, person=membership.user, by=person(request))
    messages.success(request, _("L’équipe a changé de capitaine."))
    return redirect("challenges:team", slug)


def _member(request: HttpRequest, slug: str, member: int) -> TeamMember:
    own = own_team(request, find_challenge(request, slug))
    return get_object_or_404(
        TeamMember.objects.select_related("team", "user"),
        team=own,
        pk=member,
        left_at__isnull=True,
    )


def _asked(request: HttpRequest, slug: str, template: str, member: TeamMember) -> HttpResponse:
    require(rules.may_run_team, person(request), member.team)
    return render(
        request, template, challenge_context(request, slug, "entries") | {"member": member}
    )


@get_or_post
def leave_challenge(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask, then take part no more."""
    if request.method == "POST":
        teams.leave_challenge(challenge=find_challenge(request, slug), by=person(request))
        messages.success(request, _("Vous ne participez plus à ce challenge."))
        return redirect("challenges:rules", slug)
    context = challenge_context(request, slug, "rules")
    if registration_of(context["challenge"], request.user) is None:
        raise Hidden
    return render(request, "challenges/teams/unregister.html", context)


@require_POST
def come_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Take part again."""
    try:
        teams.come_back(challenge=find_challenge(request, slug), by=person(request))
    except NotAllowed as refusal:
        if refusal.code != "domain_refused":
            raise
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Votre inscription est reprise."))
    return redirect("challenges:rules", slug)


@require_POST
def disclose(request: HttpRequest, slug: str) -> HttpResponse:
    """Record what the team of this captain lets others read and do."""
    own = own_team(request, find_challenge(request, slug))
    form = DisclosureForm(request.POST)
    form.is_valid()  # boxes: every answer is one
    teams.disclose(team=own, by=person(request), **form.cleaned_data)
    messages.success(request, _("C’est enregistré."))
    return redirect("challenges:team", slug)


REGISTRATIONS_PER_PAGE = 25


@require_safe
def registrations(request: HttpRequest, slug: str) -> HttpResponse:
    """List who asks, oldest first, then who was answered, page by page, the last to ask first."""
    return _registrations_page(request, find_organised(request, slug))


@require_POST
def answer_registration(request: HttpRequest, slug: str, registration: int) -> HttpResponse:
    """Accept a person, or refuse them with a reason."""
    challenge, by = find_organised(request, slug), person(request)
    asked = get_object_or_404(challenge.registrations, pk=registration)
    if request.POST.get("decision") == "accept":
        accept = partial(teams.accept_registration, registration=asked, by=by)
        attempt(request, accept, _("Inscription acceptée."))
        return redirect("challenges:registrations", slug)
    form = RefusalForm(request.POST, auto_id=f"id_{asked.pk}_%s")
    if not form.is_valid():
        return _registrations_page(request, challenge, wrong=(asked.pk, form), status=422)
    refuse = partial(teams.refuse_registration, registration=asked, by=by, **form.cleaned_data)
    attempt(request, refuse, _("Inscription refusée."))
    return redirect("challenges:registrations", slug)


def _registrations_page(
    request: HttpRequest,
    challenge: Challenge,
    *,
    wrong: tuple[int, RefusalForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    asked = challenge.registrations.select_related("user", "decided_by").order_by("at", "pk")
    pending = asked.filter(state=RegistrationState.PENDING)
    page = Paginator(pending, REGISTRATIONS_PER_PAGE).get_page(request.GET.get("page"))
    answered = Paginator(asked.exclude(decided_by=None).order_by("-pk"), REGISTRATIONS_PER_PAGE)
    context = organiser_context(
        challenge,
        "registrations",
        page=page,
        rows=[_registration_row(each, wrong) for each in page],
        wrong=wrong[1] if wrong else None,
        answered=answered.get_page(request.GET.get("answered")),
    )
    return render(request, "challenges/teams/organise/registrations.html", context, status=status)


def _registration_row(
    asked: Registration, wrong: tuple[int, RefusalForm] | None
) -> dict[str, object]:
    """Show the name and the domain of the address, not the address."""
    form = RefusalForm(auto_id=f"id_{asked.pk}_%s")
    return {
        "registration": asked,
        "domain": asked.user.email.rpartition("@")[2],
        "form": wrong[1] if wrong and wrong[0] == asked.pk else form,
    }


GUESTS_PER_PAGE = 50


@get_or_post
def guests_page(request: HttpRequest, slug: str) -> HttpResponse:
    """List who is invited; invite addresses by POST, and say what became of each line."""
    challenge = find_organised(request, slug)
    form = GuestsForm(sent(request))
    report: list[guests.Line] = []
    status = tried(
        form,
        lambda: report.extend(
            guests.invite(challenge=challenge, lines=form.lines, by=person(request))
        ),
        dict.fromkeys(("too_many", "not_by_invitation", "guests_not_now"), "addresses"),
    )
    if not status:  # what could not leave stays in the form, to be mended
        left = [each.text for each in report if each.outcome in {"refused", "later"}]
        form = GuestsForm(initial={"addresses": "\n".join(left)})
    listed = Paginator(guests_of(challenge), GUESTS_PER_PAGE)
    context = organiser_context(
        challenge,
        "guests",
        form=form,
        report=report,
        counts=guest_counts(challenge),
        page=listed.get_page(request.GET.get("page")),
        now=clock.now(),
    )
    return render(request, "challenges/teams/organise/guests.html", context, status=status or 200)


@require_POST
def withdraw_guest(request: HttpRequest, slug: str, guest: UUID) -> HttpResponse:
    """Take an invitation back."""
    invited = find_organised(request, slug).guests.select_related("challenge")
    guests.withdraw(guest=get_object_or_404(invited, public_id=guest), by=person(request))
    messages.success(request, _("Invitation retirée. Qui s’est déjà inscrit reste inscrit."))
    return redirect("challenges:guests", slug)


@login_not_required
@require_safe
def guest_invitation(request: HttpRequest, slug: str, guest: UUID, token: str) -> HttpResponse:
    """Show an invitation to whoever holds its link: how to take part, or why it ended."""
    context = challenge_context(request, slug, "rules")
    challenge = context["challenge"]
    invited = challenge.guests.select_related("sent_by").by_link(guest, token)
    signed_in = request.user.is_authenticated
    context |= {
        "invitation": invited,
        "taken": invited.state == InvitationState.ACCEPTED,
        "live": invited.is_open(context["now"]) and challenge.status == ChallengeStatus.PUBLISHED,
        "fits": signed_in
        and challenge.guests.open(context["now"])
        .addressed_to(request.user)
        .filter(pk=invited.pk)
        .exists(),
        "registered": signed_in and is_registered(challenge, request.user),
    }
    return render(request, "challenges/teams/guest.html", context)
