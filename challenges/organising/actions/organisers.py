"""Who runs a challenge: invite, accept, change a role, remove; one owner at least."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from challenges.organising import rules
from challenges.organising.enums import ChallengeStatus, OrganiserRole
from challenges.organising.models.challenges import (
    Challenge,
    ChallengeOrganiser,
    FormerOrganiser,
    OrganiserInvitation,
)
from portal.accounts.actions.invitations import keep_letters_few
from portal.accounts.authorization import require
from portal.accounts.enums import InvitationState
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Hidden, Invalid

MOST = 30


@transaction.atomic
def invite(
    *, challenge: Challenge, email: str, role: OrganiserRole, by: User
) -> OrganiserInvitation:
    """Invite the person of an address to run the challenge, by an owner.

    Whether an account has this address is not said: the letter goes only to one that does, and
    nothing changes before the person accepts. A new call replaces the one still open. In order:
    invitation; event "organiser.invited" without the address; letter. Raises NotAllowed,
    Conflict for somebody who runs it already, Invalid past thirty people, QuotaSpent past twenty
    calls a day of one person, or three to one address.
    """
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_run_organisers, by, challenge)
    email = email.strip().lower()
    if challenge.organisers.filter(user__email__iexact=email).exists():
        raise Conflict(_("Cette personne est déjà de l’équipe."), code="organiser_already")
    known = challenge.organiser_invitations.all()
    keep_letters_few(known.filter(sent_by=by), known.filter(email=email))
    now = clock.now()
    known.filter(email=email).revoke()
    if challenge.organisers.count() + known.open(now).count() >= MOST:
        raise Invalid(_("Trente personnes au plus."), code="too_many")
    invitation = OrganiserInvitation.objects.create(
        challenge=challenge,
        email=email,
        role=role,
        sent_by=by,
        sent_at=now,
        expires_at=now + timedelta(days=settings.INVITATION_DAYS),
    )
    record("organiser.invited", by=by, on=challenge, role=role.value, invitation=invitation)
    owe("mail.organiser_invited", key=str(invitation.pk), invitation_id=invitation.pk)
    return invitation


@transaction.atomic
def revoke(*, invitation: OrganiserInvitation, by: User) -> None:
    """Take an invitation back, by an owner. Event "organiser.invitation_revoked"."""
    challenge = Challenge.objects.locked(invitation.challenge)
    require(rules.may_run_organisers, by, challenge)
    if challenge.organiser_invitations.filter(pk=invitation.pk).revoke():
        record("organiser.invitation_revoked", by=by, on=challenge, invitation=invitation)


@transaction.atomic
def accept(*, invitation: OrganiserInvitation, by: User) -> ChallengeOrganiser:
    """Join the people who run a challenge, by the person of the address.

    In order: invitation ACCEPTED; organiser; event "organiser.joined". Raises Hidden for anybody
    else; Conflict once it is answered or too old, or for somebody who takes part in the challenge.
    """
    challenge = Challenge.objects.locked(invitation.challenge)
    invitation = OrganiserInvitation.objects.select_for_update().get(pk=invitation.pk)
    _require_addressee(invitation, by)
    if challenge.is_played_by(by):
        raise Conflict(
            _(
                "Vous êtes, ou avez été, dans une équipe de ce challenge : une autre personne "
                "doit l’organiser."
            ),
            code="organiser_plays",
        )
    invitation.state = InvitationState.ACCEPTED
    invitation.save(update_fields=["state"])
    organiser, _created = ChallengeOrganiser.objects.get_or_create(
        challenge=challenge, user=by, defaults={"role": invitation.role}
    )
    record("organiser.joined", by=by, on=challenge, role=str(organiser.role), invitation=invitation)
    return organiser


@transaction.atomic
def decline(*, invitation: OrganiserInvitation, by: User) -> None:
    """Say no, by the person of the address. Event "organiser.declined". Raises Hidden, Conflict."""
    challenge = Challenge.objects.locked(invitation.challenge)
    invitation = OrganiserInvitation.objects.select_for_update().get(pk=invitation.pk)
    _require_addressee(invitation, by)
    invitation.state = InvitationState.REFUSED
    invitation.save(update_fields=["state"])
    record("organiser.declined", by=by, on=challenge, invitation=invitation)


def _require_addressee(invitation: OrganiserInvitation, by: User) -> None:
    if not rules.may_answer_organiser_invitation(by, invitation):
        raise Hidden(denied=invitation)
    if not invitation.is_open(clock.now()):
        raise Conflict(_("Cette invitation n’est plus valable."), code="invitation_over")


@transaction.atomic
def change_role(*, organiser: ChallengeOrganiser, role: OrganiserRole, by: User) -> None:
    """Change what a person does for a challenge, by an owner; one owner at least stays.

    The same role changes nothing. In order: role; event "organiser.role_changed". Raises
    NotAllowed; Conflict for the last owner.
    """
    challenge = Challenge.objects.locked(organiser.challenge)
    require(rules.may_run_organisers, by, challenge)
    organiser = challenge.organisers.select_for_update().get(pk=organiser.pk)
    if organiser.role == role:
        return
    former = str(organiser.role)
    _refuse_ownerless(challenge, organiser)
    organiser.role = role
    organiser.save(update_fields=["role"])
    record(
        "organiser.role_changed",
        by=by,
        on=challenge,
        person=organiser.user.person_key,
        former=former,
        role=role.value,
    )


@transaction.atomic
def remove(*, organiser: ChallengeOrganiser, by: User) -> None:
    """Remove a person from those who run a challenge: an owner does, or the person leaves.

    In order: organiser; what is remembered of it, since who ran a challenge never plays it; event
    "organiser.removed". Raises NotAllowed; Conflict for the last owner.
    """
    challenge = Challenge.objects.locked(organiser.challenge)
    if organiser.user_id != by.pk:
        require(rules.may_run_organisers, by, challenge)
    organiser = challenge.organisers.select_for_update().get(pk=organiser.pk)
    _refuse_ownerless(challenge, organiser)
    person, role = organiser.user.person_key, str(organiser.role)
    organiser.delete()
    FormerOrganiser.objects.update_or_create(
        challenge=challenge,
        user=organiser.user,
        defaults={"role": role, "left_at": clock.now()},
    )
    record("organiser.removed", by=by, on=challenge, person=person, role=role)


def refuse_closing(person: User) -> None:
    """Raise Conflict for the only owner of a challenge that is in review, public, or run by others.

    Those that the person owns are held, so that two owners who leave together see each other.
    """
    owned = Challenge.objects.filter(
        organisers__user=person, organisers__role=OrganiserRole.OWNER
    ).exclude(status=ChallengeStatus.ARCHIVED)
    for challenge in owned.select_for_update(of=("self",)).order_by("pk"):
        others = challenge.organisers.exclude(user=person).filter(user__is_active=True)
        alone = challenge.status == ChallengeStatus.DRAFT and not others.exists()
        if not alone and not others.filter(role=OrganiserRole.OWNER).exists():
            raise Conflict(
                _(
                    "Vous êtes la seule personne responsable du challenge « %(title)s » : "
                    "donnez d’abord ce rôle à une autre."
                )
                % {"title": challenge.title},
                code="last_owner",
            )


def _refuse_ownerless(challenge: Challenge, organiser: ChallengeOrganiser) -> None:
    owners = challenge.organisers.filter(role=OrganiserRole.OWNER, user__is_active=True)
    others = owners.exclude(pk=organiser.pk)
    if organiser.role == OrganiserRole.OWNER and not others.exists():
        raise Conflict(
            _("Il faut au moins une personne responsable : nommez-en d’abord une autre."),
            code="last_owner",
        )
