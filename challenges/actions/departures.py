"""Leave a challenge, and come back."""

from django.db import transaction
from django.utils.translation import gettext as _

from challenges import rules
from challenges.actions import registrations, teams
from challenges.enums import RegistrationMode, RegistrationState
from challenges.models import Challenge, Registration, Team
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Hidden


@transaction.atomic
def leave(*, challenge: Challenge, by: User) -> Registration:
    """Take part no more: out of one's team, no letter of the challenge any more.

    The rules of leaving a team hold: its entries stay with it. In order: team left;
    registration WITHDRAWN; event "registration.withdrawn". Twice changes nothing. Raises Hidden
    for who is not registered; Conflict after a refusal.
    """
    registration = _own(challenge, by)
    if registration.state == RegistrationState.WITHDRAWN:
        return registration
    if registration.state == RegistrationState.REFUSED:
        raise Conflict(
            _("Votre inscription n’a pas été acceptée : il n’y a rien à quitter."),
            code="registration_refused",
        )
    for team in Team.objects.of(by).filter(challenge=challenge).order_by("pk"):
        teams.leave(team=team, by=by)
    registration.state = RegistrationState.WITHDRAWN
    registration.save(update_fields=["state"])
    record("registration.withdrawn", by=by, on=challenge)
    return registration


@transaction.atomic
def come_back(*, challenge: Challenge, by: User) -> Registration:
    """Take part again: at once where registration is open or one is invited, else once accepted.

    In order: the invitation of the address, used; WITHDRAWN to ACCEPTED or PENDING; event
    "registration.resumed", or "challenge.joined" by an invitation; letter to the organisers, one
    a day, when it awaits their answer. Changes nothing for who did not leave. Raises Hidden for
    who was never registered; NotAllowed, for the domain of the address too.
    """
    challenge = Challenge.objects.locked(challenge)
    registration = _own(challenge, by)
    if registration.state != RegistrationState.WITHDRAWN:
        return registration
    require(rules.may_take_part, by, challenge)
    registrations.refuse_domain(challenge, by)
    if registrations.readmit(registration, challenge, by):
        return registration
    opened = challenge.registration == RegistrationMode.OPEN
    registration.state = RegistrationState.ACCEPTED if opened else RegistrationState.PENDING
    registration.decided_by, registration.reason, registration.at = None, "", clock.now()
    registration.save(update_fields=["state", "decided_by", "reason", "at"])
    record("registration.resumed", by=by, on=challenge, opened=opened)
    if not opened:
        owe(
            "mail.registration_pending",
            # One letter a day to the organisers, however often one leaves and comes back.
            key=f"{registration.pk}:{clock.paris_day(registration.at)}",
            registration_id=registration.pk,
        )
    return registration


def _own(challenge: Challenge, by: User) -> Registration:
    found = Registration.objects.select_for_update().filter(challenge=challenge, user=by).first()
    if found is None:
        raise Hidden
    return found
