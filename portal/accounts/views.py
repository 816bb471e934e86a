"""Pages of a person's account, and of the organisations a person belongs to."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from allauth.account.utils import passthrough_next_redirect_url
from allauth.account.views import (
    ConfirmEmailView,
    PasswordResetFromKeyView,
    PasswordResetView,
)
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models.functions import Lower, Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts import account_data, news, rules, space
from portal.accounts.actions import (
    accounts,
    appointments,
    invitations,
    notifications,
    organisations,
)
from portal.accounts.authorization import Permission, belongs_to, has_permission, require
from portal.accounts.enums import Delivery, OrganisationKind, Role
from portal.accounts.forms.profile import (
    AttestForm,
    CloseForm,
    InviteForm,
    JoinForm,
    NameForm,
    NewsForm,
    OrganisationForm,
    ProposalForm,
    RoleForm,
    TokenForm,
)
from portal.accounts.models import (
    ApiToken,
    FormerAddress,
    Invitation,
    JoinRequest,
    Membership,
    Notification,
    Organisation,
    RegionAppointment,
    RoleProposal,
    User,
)
from portal.accounts.sessions import step_up_required
from portal.audit.record import record
from portal.lib import clock, visible
from portal.lib.decisions import Answer
from portal.lib.refusals import Conflict, Hidden, NotAllowed
from portal.lib.web.requests import get_or_post, natural


def person(request: HttpRequest) -> User:
    """Return the signed-in person; raises NotAllowed for a visitor."""
    if not isinstance(request.user, User):
        user = getattr(request.user, "_wrapped", None)
        if not isinstance(user, User):
            raise NotAllowed
        return user
    return request.user


def organisation_of(slug: str) -> Organisation:
    """Find an organisation by its address. Raises Http404."""
    return get_object_or_404(Organisation, slug=slug)


def administered(request: HttpRequest, slug: str) -> Organisation:
    """Find an organisation that the person administers. Raises Http404, NotAllowed."""
    organisation = organisation_of(slug)
    require(rules.may_administer, person(request), organisation)
    return organisation


def stay_signed_in(request: HttpRequest) -> None:
    """Keep this session, with a new id, after the person's own roles changed.

    Their other sessions end with the change.
    """
    user = person(request)
    user.refresh_from_db(fields=["session_epoch"])
    user.forget_roles()
    update_session_auth_hash(request, user)


class ConfirmAddress(ConfirmEmailView):
    """Confirm an address; who is not let in at once signs in, then goes where they were going."""

    def get_redirect_url(self) -> str:
        """Keep the destination through the sign-in."""
        if self.request.user.is_authenticated:
            return str(super().get_redirect_url())
        return str(passthrough_next_redirect_url(self.request, reverse("account_login"), "next"))


class AskNewPassword(PasswordResetView):
    """Ask for the link to a new password; the letter leads on to where the person was going."""

    def get_success_url(self) -> str:
        """Tell first that a letter left."""
        return str(self.passthrough_next_url(str(self.success_url)))


class NewPassword(PasswordResetFromKeyView):
    """Choose a new password, then sign in with it and go where one was going."""

    def get_success_url(self) -> str:
        """Keep the destination through the sign-in."""
        return str(self.passthrough_next_url(reverse("account_login")))


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the account and the ways to change it."""
    user = person(request)
    form = NameForm(initial={"display_name": user.display_name})
    return render(request, "accounts/home.html", {"form": form})


@require_http_methods(["GET", "POST"])
def rename_account(request: HttpRequest) -> HttpResponse:
    """Change the public name."""
    user = person(request)
    form = NameForm(request.POST or None, initial={"display_name": user.display_name})
    if not form.is_valid():
        return render(request, "accounts/home.html", {"form": form})
    accounts.rename(user=user, display_name=form.cleaned_data["display_name"], by=user)
    messages.success(request, _("Votre nom public est changé."))
    return redirect("account_home")


@require_http_methods(["GET", "POST"])
@step_up_required
def take_data(request: HttpRequest) -> HttpResponse:
    """Explain, then give everything the portal holds about the person, as a zip."""
    if request.method != "POST":
        return render(request, "accounts/data.html")
    user = person(request)
    record("account.exported", by=user, on=user)
    day = clock.paris_day(clock.now()).isoformat()
    response = HttpResponse(account_data.archive(user), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="mes-donnees-{day}.zip"'
    return response


@require_http_methods(["GET", "POST"])
@step_up_required
def close_account(request: HttpRequest) -> HttpResponse:
    """Explain, then close the account and erase the person."""
    user = person(request)
    led = list(Organisation.objects.last_led_by(user))
    form = CloseForm(request.POST or None, closes=[each for each in led if not each.others])
    if not form.is_valid():
        context = {"form": form, "led": [each for each in led if each.others]}
        return render(request, "accounts/close.html", context)
    accounts.close(user=user, by=user)
    logout(request)
    messages.success(request, _("Votre compte est fermé et vos données sont effacées."))
    return redirect("account_login")


@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Close one of one's sessions."""
    accounts.end_session(session_pk=pk, by=person(request))
    messages.success(request, _("La session est fermée."))
    return redirect("usersessions_list")


@require_safe
def token_list(request: HttpRequest) -> HttpResponse:
    """List one's live tokens, and lead to a new one."""
    live = ApiToken.objects.live(clock.now()).filter(user=person(request))
    return render(request, "accounts/tokens.html", {"tokens": list(live)})


@get_or_post
@step_up_required
def create_token(request: HttpRequest) -> HttpResponse:
    """Make a token; its secret is shown in the answer and never again."""
    form = TokenForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "accounts/token_form.html", {"form": form}, status=status)
    made = accounts.create_token(
        name=form.cleaned_data["name"],
        scopes=form.wanted,
        days=form.cleaned_data["days"],
        by=person(request),
    )
    context = {"token": made.token, "secret": made.secret}
    return render(request, "accounts/token_made.html", context, status=201)


@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Make one of one's tokens worthless."""
    user = person(request)
    own = ApiToken.objects.filter(user=user)
    accounts.revoke_token(token=visible.find(own, among=ApiToken.objects.all(), pk=pk), by=user)
    messages.success(request, _("Le jeton est révoqué."))
    return redirect("account_tokens")


PER_PAGE = 25


@get_or_post
def notification_list(request: HttpRequest) -> HttpResponse:
    """List one's news, the last first; mark one or all as read by POST."""
    user = person(request)
    own = Notification.objects.visible_to(user)
    if request.method == "POST":
        _read(request)
        return redirect("notifications")
    page = Paginator(own, PER_PAGE).get_page(request.GET.get("page"))
    rows = [{"news": each, "subject": news.subject_of(each)} for each in page]
    context = {"page": page, "rows": rows, "unread": own.unread().count()}
    return render(request, "accounts/notifications.html", context)


def _read(request: HttpRequest) -> None:
    user, one = person(request), request.POST.get("read", "")
    if one.isdecimal():
        notifications.mark_read(notifications=[natural(one)], by=user)
    else:
        notifications.mark_all_read(by=user)
        messages.success(request, _("Tout est marqué comme lu."))


@get_or_post
def notification_choices(request: HttpRequest) -> HttpResponse:
    """Show how one hears of each kind of news; choose by POST."""
    user = person(request)
    form = NewsForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        notifications.choose(ways=form.cleaned_data, by=user)
        messages.success(request, _("Vos choix sont enregistrés."))
        return redirect("notification_choices")
    context: dict[str, Any] = {
        "form": form,
        "essential": [kind for kind in news.kinds(user) if kind.essential],
    }
    status = 422 if form.is_bound else 200
    return render(request, "accounts/notification_choices.html", context, status=status)


@csrf_exempt  # the signed link is the proof: mail programs post to it without a page
@login_not_required
@get_or_post
def stop_notifications(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, then turn down the e-mails of a kind, without signing in."""
    stopped = news.stopped(token)
    if stopped is None:
        raise Hidden
    user, kind = stopped
    if request.method == "POST":
        notifications.choose(ways={kind.name: Delivery.SPACE.value}, by=user)
    context = {"kind": kind, "done": request.method == "POST"}
    return render(request, "accounts/notification_stop.html", context)


PAGE_SIZE = 24


@login_not_required
@require_safe
def organisation_list(request: HttpRequest) -> HttpResponse:
    """List the organisations, by words and kind."""
    words, kind = request.GET.get("q", "")[:100], request.GET.get("nature", "")
    organisations = Organisation.objects.listed()
    if has_permission(request.user, Permission.ORGANISATION_VERIFY):
        waits = "attente" in request.GET
        organisations = Organisation.objects.unseen() if waits else Organisation.objects.all()
    listed = organisations.counted().matching(words).order_by(Lower("name"), "pk")
    if kind in OrganisationKind.values:
        listed = listed.filter(kind=kind)
    page = Paginator(listed, PAGE_SIZE).get_page(request.GET.get("page"))
    cards = space.cards_of(page)
    context = {
        "page": page,
        "rows": [(each, cards.get(each.pk, 0)) for each in page],
        "words": words,
        "kind": kind,
        "kinds": OrganisationKind.choices,
    }
    return render(request, "accounts/organisations/list.html", context)


@login_not_required
@require_safe
def organisation_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what everybody may know of an organisation; a former address leads to the new one."""
    organisation = Organisation.objects.counted().filter(slug=slug).first()
    if organisation is None:
        former = get_object_or_404(FormerAddress.objects.select_related("organisation"), slug=slug)
        return redirect("organisation", former.organisation.slug, permanent=True)
    return render(request, "accounts/organisations/page.html", _shown(request, organisation))


def _shown(request: HttpRequest, organisation: Any) -> dict[str, Any]:
    viewer = request.user
    signed_in = viewer.is_authenticated
    live = Membership.objects.live().filter(organisation=organisation, is_shown=True)
    shown = list(live.select_related("user").order_by("joined_at", "pk"))
    return {
        "organisation": organisation,
        "is_described": not organisation.is_region and not organisation.members_count,
        "panels": space.organisation_panels(organisation, request),
        "may_administer": rules.may_administer(viewer, organisation),
        "may_see_members": rules.may_see_members(viewer, organisation),
        "may_verify": rules.may_verify(viewer, organisation),
        "may_ask": bool(organisation.members_count or not organisation.is_region)
        and (not signed_in or rules.may_ask_to_join(viewer, organisation)),
        "is_member": signed_in and rules.may_leave(viewer, organisation),
        "shown": shown,
        "is_shown": any(place.user_id == viewer.pk for place in shown),
        "attest_form": AttestForm(
            initial={
                "badges": organisation.badges,
                "other_names": "\n".join(organisation.former_names),
            }
        ),
    }


def _written(
    form: OrganisationForm, act: Callable[..., Organisation], **given: Any
) -> Organisation | None:
    """Do what a form asks; None where it is not valid, or what is taken stands beside its field."""
    if not form.is_valid():
        return None
    try:
        return act(**given, **form.cleaned_data)
    except (organisations.NameTaken, organisations.SiretTaken) as refusal:
        form.add_error(refusal.field, str(refusal))
        return None


@require_http_methods(["GET", "POST"])
def create_organisation(request: HttpRequest) -> HttpResponse:
    """Create an organisation and become its referent."""
    form = OrganisationForm(request.POST or None)
    made = _written(form, organisations.create, by=person(request))
    if made is None:
        return render(request, "accounts/organisations/form.html", {"form": form})
    stay_signed_in(request)
    messages.success(request, _("L’organisation est créée ; vous en êtes la personne référente."))
    return redirect("organisation_members", made.slug)


@require_http_methods(["GET", "POST"])
def edit_organisation(request: HttpRequest, slug: str) -> HttpResponse:
    """Change what an organisation says of itself."""
    organisation = administered(request, slug)
    initial = {field: getattr(organisation, field) for field in organisations.FIELDS}
    form = OrganisationForm(request.POST or None, initial=initial)
    changed = _written(form, organisations.describe, organisation=organisation, by=person(request))
    if changed is None:
        context = {"form": form, "organisation": organisation}
        return render(request, "accounts/organisations/form.html", context)
    messages.success(request, _("La présentation est enregistrée."))
    return redirect("organisation", changed.slug)


@require_POST
def attest_organisation(request: HttpRequest, slug: str) -> HttpResponse:
    """Give or take the Region's badges."""
    organisation = organisation_of(slug)
    form = AttestForm(request.POST)
    if form.is_valid():
        lines = form.cleaned_data["other_names"].splitlines()
        names = dict.fromkeys(" ".join(line.split()) for line in lines if line.strip())
        organisations.attest(
            organisation=organisation,
            badges=form.cleaned_data["badges"],
            other_names=list(names),
            by=person(request),
        )
    messages.success(request, _("L’attestation est enregistrée."))
    return redirect("organisation", organisation.slug)


@require_safe
def own_organisations(request: HttpRequest) -> HttpResponse:
    """List the person's organisations, requests and invitations."""
    user = person(request)
    places = Membership.objects.live().places_of(user)
    waiting = user.join_requests.filter(answer="").select_related("organisation")
    context = {"places": places, "waiting": waiting}
    return render(request, "accounts/organisations/mine.html", context)


@require_safe
def member_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the members; to referents, their addresses, the requests and the invitations."""
    organisation = organisation_of(slug)
    viewer = _asking(request)
    if not rules.may_see_members(viewer, organisation):
        raise Hidden(denied=organisation)
    form = InviteForm()
    return render(
        request, "accounts/organisations/members.html", member_board(organisation, form, viewer)
    )


def member_board(organisation: Organisation, form: InviteForm, viewer: User) -> dict[str, Any]:
    """Gather what the page of members shows."""
    return {
        "organisation": organisation,
        "may_administer": rules.may_administer(viewer, organisation),
        "may_read_addresses": rules.may_read_addresses(viewer, organisation),
        "form": form,
        "members": Membership.objects.live()
        .filter(organisation=organisation)
        .select_related("user")
        .order_by("joined_at", "pk"),
        "requests": organisation.join_requests.filter(answer="").select_related("user"),
        "invitations": Invitation.objects.open(Now()).filter(organisation=organisation),
    }


@require_http_methods(["GET", "POST"])
def change_member_role(request: HttpRequest, slug: str, person: UUID) -> HttpResponse:
    """Change a member's role."""
    membership = _place(request, slug, person)
    form = RoleForm(request.POST or None, initial={"role": membership.role})
    if not form.is_valid():
        return render(
            request, "accounts/organisations/member_role.html", {"form": form, "place": membership}
        )
    organisations.change_role(
        membership=membership, role=form.cleaned_data["role"], by=_asking(request)
    )
    messages.success(request, _("Le rôle est changé."))
    return redirect("organisation_members", slug)


@require_http_methods(["GET", "POST"])
def remove_member(request: HttpRequest, slug: str, person: UUID) -> HttpResponse:
    """End a member's place, after a page that asks."""
    membership = _place(request, slug, person)
    if request.method != "POST":
        return render(request, "accounts/organisations/member_remove.html", {"place": membership})
    organisations.remove(membership=membership, by=_asking(request))
    messages.success(request, _("Cette personne n’est plus membre."))
    return redirect("organisation_members", slug)


@require_POST
def show_member(request: HttpRequest, slug: str) -> HttpResponse:
    """Appear on the page of one's organisation, or no more."""
    organisation = organisation_of(slug)
    shown = "shown" in request.POST
    organisations.show(organisation=organisation, shown=shown, by=_asking(request))
    said = _("Votre nom paraît sur cette page.") if shown else _("Votre nom ne paraît plus ici.")
    messages.success(request, said)
    return redirect("organisation", organisation.slug)


@require_http_methods(["GET", "POST"])
def leave_organisation(request: HttpRequest, slug: str) -> HttpResponse:
    """Leave an organisation, after a page that asks."""
    organisation = organisation_of(slug)
    require(belongs_to, person(request), organisation)
    if request.method != "POST":
        led = Organisation.objects.last_led_by(request.user).filter(pk=organisation.pk).first()
        context = {"organisation": organisation, "led": led}
        return render(request, "accounts/organisations/leave.html", context)
    organisations.leave(organisation=organisation, by=_asking(request))
    stay_signed_in(request)
    messages.success(request, _("Vous avez quitté l’organisation."))
    return redirect("my_organisations")


def _place(request: HttpRequest, slug: str, public_id: UUID) -> Membership:
    organisation = administered(request, slug)
    place: Membership = get_object_or_404(
        Membership.objects.live().select_related("organisation", "user"),
        organisation=organisation,
        user__public_id=public_id,
    )
    return place


def _asking(request: HttpRequest) -> Any:
    return person(request)


@require_POST
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Offer a place to an address."""
    organisation = administered(request, slug)
    form, by = InviteForm(request.POST), person(request)
    if form.is_valid():
        try:
            invitations.send(organisation=organisation, by=by, **form.cleaned_data)
        except Conflict as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, _("L’invitation est partie."))
            return redirect("organisation_members", slug)
    context = member_board(organisation, form, by)
    return render(request, "accounts/organisations/members.html", context)


@require_POST
def withdraw_invitation(request: HttpRequest, slug: str, invitation: UUID) -> HttpResponse:
    """Take an invitation back."""
    organisation = administered(request, slug)
    offer = get_object_or_404(Invitation, organisation=organisation, public_id=invitation)
    invitations.withdraw(invitation=offer, by=person(request))
    messages.success(request, _("L’invitation est retirée."))
    return redirect("organisation_members", slug)


@login_not_required
@require_http_methods(["GET", "POST"])
def invitation_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation to who holds its link; take or decline the place."""
    invitation = invitations.by_token(token)
    if request.method != "POST":
        fits = rules.may_accept(request.user, invitation)
        context = {"invitation": invitation, "fits": fits}
        return render(request, "accounts/organisations/invitation.html", context)
    if request.POST.get("answer") == Answer.REFUSED:
        invitations.refuse(invitation=invitation, by=person(request))
        messages.info(request, _("Vous avez décliné l’invitation."))
        return redirect("space")
    invitations.accept(invitation=invitation, by=person(request))
    stay_signed_in(request)
    messages.success(request, _("Bienvenue dans l’organisation."))
    return redirect("organisation", invitation.organisation.slug)


@require_http_methods(["GET", "POST"])
def ask_to_join(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask to join an organisation."""
    organisation = organisation_of(slug)
    require(rules.may_ask_to_join, person(request), organisation)
    form = JoinForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(
            request,
            "accounts/organisations/join.html",
            {"organisation": organisation, "form": form},
        )
    invitations.ask(organisation=organisation, by=person(request), **form.cleaned_data)
    messages.success(request, _("Votre demande est envoyée."))
    return redirect("my_organisations")


@require_POST
def answer_join_request(request: HttpRequest, slug: str, request_id: UUID) -> HttpResponse:
    """Let a person in, or not; an administrator of the Region declines for who has no member."""
    organisation = organisation_of(slug)
    if rules.may_give_roles(person(request)) and not organisation.is_represented:
        wish = get_object_or_404(JoinRequest, organisation=organisation, public_id=request_id)
        invitations.refuse_request(request=wish, by=person(request))
        messages.info(request, _("La demande est déclinée."))
        return redirect("region_roles")
    require(rules.may_administer, person(request), organisation)
    wish = get_object_or_404(JoinRequest, organisation=organisation, public_id=request_id)
    if request.POST.get("answer") == Answer.ACCEPTED:
        invitations.accept_request(request=wish, by=person(request), role=Role.CONTRIBUTOR)
        messages.success(request, _("Cette personne est maintenant membre."))
    else:
        invitations.refuse_request(request=wish, by=person(request))
        messages.info(request, _("La demande est déclinée."))
    return redirect("organisation_members", slug)


@require_http_methods(["GET", "POST"])
@step_up_required
def role_board(request: HttpRequest) -> HttpResponse:
    """List roles and proposals; propose a change."""
    require(rules.may_give_roles, person(request))
    form = ProposalForm(request.POST or None)
    if form.is_valid():
        asked = form.cleaned_data
        try:
            appointments.propose(user=asked.pop("person"), by=person(request), **asked)
        except Conflict as refusal:
            form.add_error(None, str(refusal))
        else:
            waits = _("La proposition attend la réponse d’une deuxième personne.")
            messages.success(request, waits)
            return redirect("region_roles")
    return render(request, "accounts/roles.html", _role_board(request, form))


def _role_board(request: HttpRequest, form: ProposalForm) -> dict[str, Any]:
    viewer = person(request)
    waiting = RoleProposal.objects.waiting().select_related("user", "proposed_by", "organisation")
    return {
        "form": form,
        "claims": JoinRequest.objects.for_region().order_by("created_at")[:100],
        "appointments": RegionAppointment.objects.filter(ended_at=None)
        .select_related("user")
        .order_by("role", "given_at", "pk"),
        "proposals": [
            {
                "proposal": proposal,
                "answerable": rules.may_answer_proposal(viewer, proposal),
                "own": rules.may_withdraw_proposal(viewer, proposal),
            }
            for proposal in waiting
        ],
    }


@require_POST
@step_up_required
def answer_role_proposal(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """Confirm, refuse or take back a proposal."""
    require(rules.may_give_roles, person(request))
    role_proposal = get_object_or_404(RoleProposal, public_id=proposal)
    match request.POST.get("answer"):
        case Answer.ACCEPTED:
            appointments.confirm(proposal=role_proposal, by=person(request))
            messages.success(request, _("Le changement est fait."))
        case Answer.WITHDRAWN:
            appointments.withdraw(proposal=role_proposal, by=person(request))
            messages.info(request, _("La proposition est retirée."))
        case _refused:
            appointments.refuse(proposal=role_proposal, by=person(request))
            messages.info(request, _("La proposition est refusée."))
    return redirect("region_roles")
