"""Who runs a challenge: the page of its team, invitations, roles; and what it announces."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from challenges.organising import rules
from challenges.organising.actions import notices, organisers
from challenges.organising.enums import OrganiserRole
from challenges.organising.forms.challenges import (
    AnnouncementForm,
    OrganiserInvitationForm,
    OrganiserRoleForm,
)
from challenges.organising.letters import registered
from challenges.organising.models.challenges import OrganiserInvitation
from challenges.organising.views.layout import (
    find_followed,
    find_organised,
    form_page,
    was_read,
)
from portal.accounts.views import person
from portal.lib import clock
from portal.lib.refusals import Hidden, Invalid
from portal.lib.web.form_pages import sent
from portal.lib.web.requests import get_or_post


@get_or_post
def team(request: HttpRequest, slug: str) -> HttpResponse:
    """List who runs the challenge; an owner invites somebody more."""
    challenge = find_followed(request, slug)
    by = person(request)
    owns = rules.may_run_organisers(by, challenge)
    invitations = challenge.organiser_invitations.open(clock.now())
    form = OrganiserInvitationForm(sent(request))
    return form_page(
        request,
        challenge,
        "organisers",
        form,
        lambda: organisers.invite(
            challenge=challenge,
            email=form.cleaned_data["email"],
            role=OrganiserRole(form.cleaned_data["role"]),
            by=by,
        ),
        template="challenges/organising/team.html",
        faults=dict.fromkeys(("organiser_already", "too_many", "invitations_day"), "email"),
        done=_("Invitation enregistrée. Si un compte a cette adresse, il reçoit un courriel."),
        owns=owns,
        edits=owns or rules.may_edit_challenge(by, challenge),
        rows=[
            {
                "organiser": each,
                "form": OrganiserRoleForm(initial={"role": each.role}, auto_id=f"id_{each.pk}_%s"),
                "is_me": each.user_id == by.pk,
            }
            for each in challenge.organisers.select_related("user").order_by("pk")
        ],
        invitations=invitations if owns else [],
    )


@require_POST
def change_role(request: HttpRequest, slug: str, organiser: int) -> HttpResponse:
    """Change what a person does for the challenge."""
    challenge = find_followed(request, slug)
    changed = get_object_or_404(challenge.organisers, pk=organiser)
    form = OrganiserRoleForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Choisissez un rôle de la liste."), code="role")
    organisers.change_role(
        organiser=changed, role=OrganiserRole(form.cleaned_data["role"]), by=person(request)
    )
    messages.success(request, _("Rôle enregistré."))
    return redirect("challenges:organisers", slug)


@require_POST
def remove(request: HttpRequest, slug: str, organiser: int) -> HttpResponse:
    """Remove a person from those who run the challenge, or leave."""
    challenge = find_followed(request, slug)
    removed = get_object_or_404(challenge.organisers, pk=organiser)
    leaves = removed.user_id == person(request).pk
    organisers.remove(organiser=removed, by=person(request))
    messages.success(request, _("Cette personne n’organise plus le challenge."))
    return (
        redirect("challenges:organiser_list") if leaves else redirect("challenges:organisers", slug)
    )


@require_POST
def revoke(request: HttpRequest, slug: str, invitation: str) -> HttpResponse:
    """Take an invitation back."""
    challenge = find_followed(request, slug)
    revoked = get_object_or_404(challenge.organiser_invitations, public_id=invitation)
    organisers.revoke(invitation=revoked, by=person(request))
    messages.success(request, _("Invitation retirée."))
    return redirect("challenges:organisers", slug)


@require_POST
def answer_invitation(request: HttpRequest, invitation: str) -> HttpResponse:
    """Answer a call to run a challenge, from one's own list of challenges."""
    by = person(request)
    call = OrganiserInvitation.objects.addressed_to(by).filter(public_id=invitation).first()
    if call is None:
        raise Hidden(denied=OrganiserInvitation.objects.filter(public_id=invitation).first())
    if request.POST.get("decision") == "accept":
        organisers.accept(invitation=call, by=by)
        messages.success(request, _("Vous organisez maintenant ce challenge."))
        return redirect("challenges:organiser", call.challenge.slug)
    organisers.decline(invitation=call, by=by)
    messages.success(request, _("Invitation déclinée."))
    return redirect("challenges:organiser_list")


@get_or_post
def announcements(request: HttpRequest, slug: str) -> HttpResponse:
    """List what was announced, and announce something more."""
    challenge = (
        find_followed(request, slug) if request.method != "POST" else find_organised(request, slug)
    )
    form, proof = AnnouncementForm(sent(request)), ""
    if challenge.is_public and form.is_valid():
        text = form.cleaned_data["text"]
        if not was_read(request, text):  # read again before it is sent
            form, proof = AnnouncementForm(initial={"text": text}), text
    edits = rules.may_edit_challenge(person(request), challenge)
    return form_page(
        request,
        challenge,
        "announcements",
        form,
        lambda: notices.write(
            challenge=challenge, text=form.cleaned_data["text"], by=person(request)
        ),
        template="challenges/organising/announcements.html",
        faults=dict.fromkeys(("sent_twice", "too_many", "before_visa"), "text"),
        done=_(
            "Annonce publiée. Les personnes inscrites sont prévenues, par courriel si elles l’ont "
            "choisi."
        ),
        notices=list(challenge.notices.all()[:100]),
        edits=edits,
        proof=proof,
        told=registered(challenge).count() if proof else 0,
        may_announce=challenge.is_public and edits,
    )
