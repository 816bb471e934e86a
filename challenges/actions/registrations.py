"""Register people: at once, by invitation, or once an organiser lets them take part."""

from django.db import transaction
from django.utils.translation import gettext as _

from challenges import rules
from challenges.actions import guests
from challenges.enums import RegistrationMode, RegistrationState
from challenges.models import Challenge, Registration
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed


@transaction.atomic
def accept(*, registration: Registration, by: User) -> Registration:
    """Let a person take part, by an organiser.

    A refusal is corrected so. In order: PENDING or REFUSED to ACCEPTED; event
    "registration.accepted"; letter to the person. Raises NotAllowed; Conflict when the person
    takes part already, or has left.
    """
    return _answer(registration, RegistrationState.ACCEPTED, by)


@transaction.atomic
def refuse(*, registration: Registration, reason: str, by: User) -> Registration:
    """Refuse a person, with the reason they will read, by an organiser.

    In order: PENDING to REFUSED; event "registration.refused" with the reason; letter. Raises
    NotAllowed; Invalid without a reason; Conflict when it was answered already.
    """
    if not reason.strip():
        raise Invalid(_("Dites pourquoi l’inscription est refusée."), code="reason_required")
    return _answer(registration, RegistrationState.REFUSED, by, reason=reason.strip()[:500])


def _answer(
    registration: Registration, state: RegistrationState, by: User, *, reason: str = ""
) -> Registration:
    registration = Registration.objects.select_for_update().get(pk=registration.pk)
    require(rules.may_answer_registration, by, registration)
    corrected = {RegistrationState.REFUSED} if state == RegistrationState.ACCEPTED else set()
    if registration.state not in {RegistrationState.PENDING, *corrected}:
        raise Conflict(_("Cette demande a déjà reçu une réponse."), code="answered")
    registration.state, registration.decided_by, registration.reason = state, by, reason
    registration.save(update_fields=["state", "decided_by", "reason"])
    record(
        f"registration.{state.value}",
        by=by,
        on=registration.challenge,
        person=registration.user.person_key,
        reason=reason,
    )
    owe(
        f"mail.registration_{state.value}",
        key=f"{registration.pk}:{registration.at.isoformat()}",
        registration_id=registration.pk,
    )
    return registration


def readmit(asked: Registration, challenge: Challenge, by: User) -> bool:
    """Let in, if an invitation does, a person who asked, left or was refused; say whether it did.

    In the transaction of the caller, that holds the challenge. In order: the invitation of their
    address, used; registration ACCEPTED; event "challenge.joined".
    """
    out = asked.state != RegistrationState.ACCEPTED
    by_invitation = challenge.registration == RegistrationMode.INVITED
    if not (out and by_invitation and guests.admit(challenge, by)):
        return False
    asked.state, asked.decided_by, asked.reason = RegistrationState.ACCEPTED, None, ""
    asked.save(update_fields=["state", "decided_by", "reason"])
    record("challenge.joined", by=by, on=challenge, opened=True)
    return True


def refuse_domain(challenge: Challenge, by: User) -> None:
    """Raise NotAllowed for a person whose address is of a domain that is not admitted."""
    if not guests.takes_domain_of(challenge, by.email):
        raise NotAllowed(
            _("Ce challenge n’est pas ouvert aux adresses de ce domaine."), code="domain_refused"
        )


def register(challenge: Challenge, by: User) -> None:
    """Register a person once, or let in one who had asked, left or was refused, and is invited.

    In the transaction of the caller, that holds the challenge. In order: the invitation of their
    address, used; registration; event "challenge.joined"; letter to the organisers when it awaits
    their answer. Raises NotAllowed for who is not invited where one must be.
    """
    asked = challenge.registrations.filter(user=by).first()
    mode = RegistrationMode(challenge.registration)
    if asked is not None:
        readmit(asked, challenge, by)
        return
    invited = mode == RegistrationMode.INVITED and guests.admit(challenge, by)
    if mode == RegistrationMode.INVITED and not invited:
        raise NotAllowed(
            _(
                "Ce challenge est sur invitation. Si vous en avez reçu une, connectez-vous avec le "
                "compte de l’adresse invitée."
            ),
            code="invitation_required",
        )
    opened = mode != RegistrationMode.APPROVAL
    registration = Registration.objects.create(
        challenge=challenge,
        user=by,
        state=RegistrationState.ACCEPTED if opened else RegistrationState.PENDING,
        at=clock.now(),
    )
    record("challenge.joined", by=by, on=challenge, opened=opened)
    if not opened:
        owe("mail.registration_pending", key=str(registration.pk), registration_id=registration.pk)
