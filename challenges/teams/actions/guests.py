"""Invite people, by their address, to take part in a challenge by invitation."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Count
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from challenges.organising import rules
from challenges.organising.enums import ChallengeStatus, RegistrationMode
from challenges.organising.models.challenges import Challenge, Guest
from challenges.teams.enums import RegistrationState
from challenges.teams.models import Registration
from portal.accounts.authorization import require
from portal.accounts.enums import InvitationState
from portal.accounts.models import User
from portal.audit.actors import SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.rates import DAY
from portal.lib.refusals import Conflict, Invalid

# Letters to people who did not ask for them.
ADDRESSES_A_DAY = 200
# To one address, of one challenge, in the time of an invitation: however it was withdrawn.
LETTERS = 3
# What a row holds: what is written as an address may be longer.
ADDRESS_MAX = 254
KEEPER = SystemActor("retention")


class Outcome(StrEnum):
    """Name what became of a line of a list of addresses."""

    INVITED = "invited"
    KNOWN = "known"
    IN = "in"
    REFUSED = "refused"
    LATER = "later"


@dataclass(frozen=True)
class Line:
    """Say what became of one line: as it was written, and why in a French sentence."""

    text: str
    outcome: Outcome
    sentence: str


@transaction.atomic
def invite(*, challenge: Challenge, lines: Sequence[str], by: User) -> list[Line]:
    """Invite addresses, by an organiser; report each line in its order.

    A line that cannot be invited stops no other, and the same list again changes nothing. In
    order: the guests, those of an invitation that is over anew; one event "guests.invited" with
    their identifiers, never an address; a letter to each. Raises NotAllowed; Conflict unless the
    challenge is by invitation and public; Invalid past two hundred lines. Past two hundred
    addresses of one person in a day the line is for later; an address that had three letters
    within thirty days is refused.
    """
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_edit_challenge, by, challenge)
    _refuse_mode(challenge)
    written = [each.strip() for each in lines if each.strip()]
    if len(written) > ADDRESSES_A_DAY:
        raise Invalid(_("Deux cents adresses par envoi au plus."), code="too_many")
    now = clock.now()
    judge = _LineJudge(challenge, by, now)
    report = [judge.line(each) for each in written]
    again = [each.email for each in judge.made]
    challenge.guests.filter(email__in=again).revoke()
    Guest.objects.bulk_create(judge.made)
    if judge.made:
        names = [str(each.public_id) for each in judge.made]
        record("guests.invited", by=by, on=challenge, guests=names)
    for each in judge.made:
        _owe(each)
    return report


class _LineJudge:
    """Judge the lines of a list, with what the challenge already knows."""

    def __init__(self, challenge: Challenge, by: User, now: datetime) -> None:
        self.challenge, self.by, self.now = challenge, by, now
        self.made: list[Guest] = []
        taken = challenge.registrations.filter(state=RegistrationState.ACCEPTED)
        self._in = _lower(taken.values_list("user__email", flat=True))
        # Who runs it, and who ran it: neither takes part.
        ran = challenge.former_organisers.values_list("user__email", flat=True)
        self._run = _lower([*challenge.organisers.values_list("user__email", flat=True), *ran])
        self._open = set(challenge.guests.open(now).values_list("email", flat=True))
        self._letters = _letters(challenge, now)
        sent = Guest.objects.filter(sent_by=by, sent_at__gt=now - DAY)
        self._left = ADDRESSES_A_DAY - sent.count()

    def line(self, text: str) -> Line:
        """Say what becomes of one line, and note the guest it makes."""
        email = text.lower()
        refusal = self._refusal(email)
        if refusal:
            return Line(text, Outcome.REFUSED, refusal)
        if email in self._in:
            return Line(text, Outcome.IN, _("Cette personne participe déjà."))
        if email in self._open or any(each.email == email for each in self.made):
            return Line(text, Outcome.KNOWN, _("Son invitation est encore valable."))
        if self._letters.get(email, 0) >= LETTERS:
            sentence = _("Cette adresse a déjà reçu trois courriels en trente jours.")
            return Line(text, Outcome.REFUSED, sentence)
        if len(self.made) >= self._left:
            return Line(text, Outcome.LATER, _("Trop de courriels aujourd’hui : réessayez demain."))
        self.made.append(_guest(self.challenge, self.by, self.now, email))
        return Line(text, Outcome.INVITED, _("Invitée."))

    def _refusal(self, email: str) -> str:
        if not is_address(email):
            return _("Cette adresse n’est pas valable. Exemple : prenom.nom@exemple.fr")
        if email in self._run:
            return _("Organise ou a organisé ce challenge : ne peut pas y participer.")
        if not takes_domain_of(self.challenge, email):
            return _("Le domaine de cette adresse n’est pas admis au challenge.")
        return ""


@transaction.atomic
def withdraw(*, guest: Guest, by: User) -> None:
    """Take an invitation back, by an organiser; who registered stays in.

    In order: guest REVOKED; event "guests.withdrawn". One that was used or withdrawn stays as it
    is. Raises NotAllowed.
    """
    challenge = Challenge.objects.locked(guest.challenge)
    require(rules.may_edit_challenge, by, challenge)
    if challenge.guests.filter(pk=guest.pk).revoke():
        record("guests.withdrawn", by=by, on=challenge, guest=str(guest.public_id))


def admit(challenge: Challenge, by: User) -> bool:
    """Say whether an invitation of their address lets this person in, and use it.

    In the transaction of the caller, that holds the
    challenge and registers the person.
    """
    guest = challenge.guests.open(clock.now()).addressed_to(by).first()
    if guest is None:
        return False
    guest.state = InvitationState.ACCEPTED
    guest.save(update_fields=["state"])
    return True


def is_address(text: str) -> bool:
    """Say whether a text is an address that can be kept and written to."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= ADDRESS_MAX


def takes_domain_of(challenge: Challenge, email: str) -> bool:
    """Say whether the domain of an address is admitted."""
    domain = email.rpartition("@")[2].lower()
    allowed = {str(each).lower() for each in challenge.allowed_domains}
    blocked = {str(each).lower() for each in challenge.blocked_domains}
    return domain not in blocked and (not allowed or domain in allowed)


@transaction.atomic
def forget_old() -> int:
    """Delete the addresses that nobody answered for, a while after they ended; return how many.

    In order: guests; event "guests.forgotten" of each challenge with their number.
    """
    before = clock.now() - timedelta(days=settings.GUESTS_KEPT_DAYS)
    gone = Guest.objects.exclude(state=InvitationState.ACCEPTED)
    old = list(gone.filter(expires_at__lte=before).select_for_update().order_by("pk"))
    Guest.objects.filter(pk__in=[each.pk for each in old]).delete()
    counts = Counter(each.challenge_id for each in old)
    for challenge in Challenge.objects.filter(pk__in=counts).order_by("pk"):
        record("guests.forgotten", by=KEEPER, on=challenge, addresses=counts[challenge.pk])
    return len(old)


def forget(person: User) -> None:
    """Delete the addresses of a person whose account closes, in the caller's transaction.

    A row does not say who used it. One that was used, in a challenge where they registered, and
    that is no account's address any more may be a former one of theirs: it goes too.
    """
    Guest.objects.addressed_to(person).delete()
    held = User.objects.annotate(held=Lower("email")).values("held")
    used = Guest.objects.filter(
        state=InvitationState.ACCEPTED,
        challenge__in=Registration.objects.filter(user=person).values("challenge"),
    )
    used.exclude(email__in=held).delete()


def _letters(challenge: Challenge, now: datetime) -> dict[str, int]:
    """Count the letters of each address within the time of an invitation, whatever became of it."""
    since = now - timedelta(days=settings.GUEST_DAYS)
    rows = challenge.guests.filter(sent_at__gt=since)
    return dict(rows.order_by().values_list("email").annotate(Count("pk")))


def _guest(challenge: Challenge, by: User, now: datetime, email: str) -> Guest:
    until = now + timedelta(days=settings.GUEST_DAYS)
    return Guest(challenge=challenge, email=email, sent_by=by, sent_at=now, expires_at=until)


def _owe(guest: Guest) -> None:
    owe("mail.guest_invited", key=str(guest.public_id), guest_id=str(guest.public_id))


def _lower(emails: Iterable[str]) -> set[str]:
    return {each.lower() for each in emails}


def _refuse_mode(challenge: Challenge) -> None:
    if challenge.registration != RegistrationMode.INVITED:
        raise Conflict(
            _("L’inscription à ce challenge n’est pas sur invitation."), code="not_by_invitation"
        )
    if challenge.status != ChallengeStatus.PUBLISHED:
        raise Conflict(
            _("Les invitations partent entre la publication et la clôture du challenge."),
            code="guests_not_now",
        )
