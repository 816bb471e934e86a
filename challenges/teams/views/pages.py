"""Take part: the pages of the rules, of a team, of its members, registrations, invitations."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges.organising.enums import ChallengeStatus
from challenges.organising.forms.challenges import GuestsForm
from challenges.organising.models.challenges import Challenge
from challenges.organising.queries import masked_phases, score_to_beat
from challenges.organising.views.layout import (
    attempt,
    find_challenge,
    find_organised,
    organiser_context,
)
from challenges.teams import rules
from challenges.teams.actions import guests, teams
from challenges.teams.enums import RegistrationState, TeamRole
from challenges.teams.forms import (
    DisclosureForm,
    InvitationForm,
    LinkForm,
    RefusalForm,
    TakePartForm,
    TeamForm,
    TermsForm,
)
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
from portal.lib.rates import may_ask
from portal.lib.refusals import Conflict, Hidden, NotAllowed, QuotaSpent
from portal.lib.web.form_pages import sent, tried
from portal.lib.web.requests import get_or_post

# Where teams are made and grow.
GATHERS = frozenset({Stage.OPEN, Stage.COMING, Stage.BENCH})
# Refusals that are about the address of the person: told on the page.
UNFIT = frozenset({"domain_refused", "invitation_required"})
# Refusals that are about the name typed: they stand beside the field.
NAME_FAULTS = frozenset({"team_name", "team_name_taken", "characters"})


@login_not_required
@get_or_post
def rules_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the rules in force; accept them by POST, as who takes part does when they change."""
    if request.method == "POST" and not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    context = challenge_context(request, slug, "rules")
    challenge: Challenge = context["challenge"]
    terms = latest_terms(challenge)
    form = TermsForm(sent(request), version=terms, grant=challenge.grant)
    status = tried(form, lambda: _register(challenge, person(request)))
    if form.is_bound and not status:
        messages.success(request, _("Règlement accepté."))
        return redirect("challenges:team", slug)
    context |= _place(request, context) | {
        "terms": terms,
        "form": form,
        "masked": bool(masked_phases(challenge)),
        "may_accept": context["stage"] in GATHERS and not context["is_organiser"],
    }
    return render(request, "challenges/teams/rules.html", context, status=status or 200)


def _register(challenge: Challenge, by: User) -> None:
    """Accept the rules; what is wrong with the address is told on the page."""
    try:
        teams.accept_terms(challenge=challenge, grant=challenge.grant, by=by)
    except NotAllowed as refusal:
        if refusal.code not in UNFIT:
            raise
        raise Conflict(str(refusal), code=refusal.code) from refusal


@get_or_post
def team(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one's team; without one, take part by one POST: a new team, or that of a link."""
    context = challenge_context(request, slug, "entries")
    challenge, own = context["challenge"], context["team"]
    if own is not None and request.method != "POST":
        return _team_page(request, slug)
    context |= _place(request, context)
    calls = _calls(request, context)
    if calls and request.method != "POST" and "seul" not in request.GET:
        return redirect(calls[0].path)
    link_form = LinkForm(request.POST if "link" in request.POST else None, by=person(request))
    if link_form.is_bound:
        if not may_ask(request, "team_code", rules.CODES_RATE, user=person(request)):
            raise QuotaSpent(rules.CODES_SPENT, code="too_many_requests")
        if link_form.is_valid():
            return redirect(link_form.cleaned_data["link"].path)
    form = TakePartForm(
        None if link_form.is_bound else sent(request),
        version=None if context["accepted"] else latest_terms(challenge),
        grant=None if context["accepted"] else challenge.grant,
        initial={"name": _proposed_name(challenge, person(request))},
    )
    status = tried(
        form,
        lambda: _take_part(request, challenge, form.cleaned_data["name"]),
        dict.fromkeys(NAME_FAULTS, "name"),
    )
    if form.is_bound and not status:
        place = "entries" if team_of(request, challenge) else "team"
        return redirect(f"challenges:{place}", slug)
    context |= {"form": form, "calls": calls, "link_form": link_form}
    return _take_part_page(request, context, status=422 if link_form.is_bound else status)


def _take_part(request: HttpRequest, challenge: Challenge, name: str) -> None:
    """Register, then create the team, unless the organisers answer first."""
    by = person(request)
    _register(challenge, by)
    if not is_registered(challenge, by):
        messages.success(request, _("Demande envoyée : l’organisateur vous répondra par courriel."))
        return
    teams.create(challenge=challenge, name=name, by=by)
    messages.success(request, _("Vous participez. Déposez un fichier quand vous voulez."))


def _proposed_name(challenge: Challenge, by: User) -> str:
    """Propose the name of the person's only organisation, else their own; one that is free."""
    places = list(by.memberships.live().places_of(by)[:2])
    name = places[0].organisation.name if len(places) == 1 else str(by.display_name)
    taken = set(challenge.teams.values_list("slug", flat=True))
    free = (each for each in (name, *(f"{name} {n}" for n in range(2, 99))))
    return next((each[:80] for each in free if slugify(each[:80]) not in taken), name[:80])


def _calls(request: HttpRequest, context: dict[str, Any]) -> list[TeamInvitation]:
    """List the invitations that this person, without a team, may accept here."""
    if context["team"] or context["stage"] not in GATHERS:
        return []
    calls = TeamInvitation.objects.open(context["now"]).addressed_to(request.user)
    calls = calls.filter(team__challenge=context["challenge"])
    return list(calls.select_related("team__challenge", "sent_by"))


def _take_part_page(
    request: HttpRequest, context: dict[str, Any], *, status: int = 0
) -> HttpResponse:
    """Show the one form by which a person takes part: a new team, or one that is offered."""
    challenge: Challenge = context["challenge"]
    context |= {
        "terms": latest_terms(challenge),
        "gathers": context["stage"] in GATHERS,
        "to_beat": score_to_beat(context["phase"]),
        "masked": bool(masked_phases(challenge)),
        "crumbs": [
            (_("Challenges"), reverse("challenges:list")),
            (challenge.title, reverse("challenges:presentation", args=[challenge.slug])),
            (_("Participer"), ""),
        ],
    }
    return render(request, "challenges/teams/take_part.html", context, status=status or 200)


@require_POST
def rename(request: HttpRequest, slug: str) -> HttpResponse:
    """Give one's team another name, by a captain."""
    own = own_team(request, find_challenge(request, slug))
    form = TeamForm(request.POST)
    status = tried(
        form,
        lambda: teams.rename(team=own, name=form.cleaned_data["name"], by=person(request)),
        dict.fromkeys({*NAME_FAULTS, "team_name_fixed"}, "name"),
    )
    if status:
        return _team_page(request, slug, name_form=form, status=status)
    messages.success(request, _("Enregistré."))
    return redirect("challenges:team", slug)


@require_POST
def link(request: HttpRequest, slug: str) -> HttpResponse:
    """Open the link of one's team, change it, or close it."""
    own, by = own_team(request, find_challenge(request, slug)), person(request)
    if "close" in request.POST:
        teams.close_link(team=own, by=by)
        messages.success(request, _("Le lien ne vaut plus."))
    else:
        teams.open_link(team=own, by=by)
        messages.success(request, _("Lien prêt : donnez-le à votre équipe."))
    return redirect("challenges:team", slug)


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
def join(request: HttpRequest, slug: str, **_given: Any) -> HttpResponse:
    """Accept the rules and join, at once, the team that gave this link, or invited this person."""
    context = challenge_context(request, slug, "entries")
    challenge, by = context["challenge"], person(request)
    if not may_ask(request, "team_code", rules.CODES_RATE, user=by, reads=True):
        raise QuotaSpent(rules.CODES_SPENT, code="too_many_requests")
    offer = teams.offer_behind(request.path)
    context["offered"] = offer.team if isinstance(offer, TeamInvitation) else offer
    if context["offered"].challenge_id != challenge.pk:
        raise Hidden(denied=offer)
    if isinstance(offer, TeamInvitation):
        over, other = not offer.is_open(context["now"]), not offer.fits(by)
        # The page says so; an attempt to join is written down, whatever the form holds.
        if request.method == "POST" and (over or other):
            raise Hidden(denied=offer)
        context |= {"offered_by": offer.sent_by, "over": over, "other": other}
    context |= _place(request, context)
    terms = None if context["accepted"] else latest_terms(challenge)
    unsigned = None if context["accepted"] else challenge.grant
    form = TermsForm(sent(request), version=terms, grant=unsigned)

    def enter() -> None:
        _register(challenge, by)
        if not is_registered(challenge, by):
            raise Conflict(_("Vous rejoindrez l’équipe une fois votre inscription acceptée."))
        teams.join(link=request.path, by=by)

    status = tried(form, enter)
    if form.is_bound and not status:
        messages.success(request, _("Vous avez rejoint l’équipe."))
        return redirect("challenges:entries", challenge.slug)
    context["form"] = form
    return _take_part_page(request, context, status=status)


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


def _team_page(
    request: HttpRequest,
    slug: str,
    *,
    name_form: TeamForm | None = None,
    invitation_form: InvitationForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = challenge_context(request, slug, "entries")
    challenge, own = context["challenge"], context["team"]
    members = list(own.members.filter(left_at__isnull=True).select_related("user"))
    me = next((each for each in members if each.user_id == request.user.pk), None)
    captain = me is not None and me.role == TeamRole.CAPTAIN
    shown = {"members": own.show_members, "method": own.show_method, "card": own.allow_card}
    context |= {
        "name_form": name_form or TeamForm(initial={"name": own.name}),
        "invitation_form": invitation_form or InvitationForm(),
        "members": members,
        "me": me,
        "captain": captain,
        "disclosure_form": DisclosureForm(initial=shown),
        "invitations": list(own.invitations.filter(state=InvitationState.SENT)) if captain else [],
        "link": request.build_absolute_uri(own.path) if own.path and captain else "",
        "gathers": context["stage"] in GATHERS,
        "renames": captain and challenge.status == ChallengeStatus.PUBLISHED,
        "aliases": [(each, own.alias_in(each)) for each in masked_phases(challenge)],
        "disqualifications": list(own.disqualifications.all()),
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
def disclose(request: HttpRequest, slug: str) -> HttpResponse:
    """Record what the team of this captain lets others read and do."""
    own = own_team(request, find_challenge(request, slug))
    form = DisclosureForm(request.POST)
    form.is_valid()  # boxes: every answer is one
    teams.disclose(team=own, by=person(request), **form.cleaned_data)
    messages.success(request, _("Enregistré."))
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
