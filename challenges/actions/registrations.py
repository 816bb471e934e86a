"""Answer the people who ask to take part in a challenge whose registration is by approval."""

from django.db import transaction
from django.utils.translation import gettext as _

from challenges import rules
from challenges.enums import RegistrationState
from challenges.models import Registration
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib.refusals import Conflict, Invalid


@transaction.atomic
def accept(*, registration: Registration, by: User) -> Registration:
    """Let a person take part, by an organiser.

    In order: PENDING to ACCEPTED; event "registration.accepted"; letter to the person. Raises
    NotAllowed; Conflict when it was answered already.
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
    if registration.state != RegistrationState.PENDING:
        raise Conflict(_("Cette demande a déjà reçu une réponse."), code="registration_answered")
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
        key=str(registration.pk),
        registration_id=registration.pk,
    )
    return registration
