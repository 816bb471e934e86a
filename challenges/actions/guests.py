"""Invite people to take part in a challenge by invitation: addresses, organisations."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Lower
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from challenges import rules
from challenges.enums import (
    ChallengeStatus,
    InvitationState,
    RegistrationMode,
    RegistrationState,
)
from challenges.models import Challenge, Guest, Registration
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.audit.actors import SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.paces import DAY, keep_pace
from portal.lib.refusals import Conflict, Hidden, Invalid, QuotaSpent

# Letters to people who did not ask for them.
ADDRESSES_A_DAY = 200
ORGANISATIONS_A_DAY = 10
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
    order: the guests; one event "guests.invited" with their identifiers, never an address; a
    letter to each. Raises NotAllowed; Conflict unless the challenge is by invitation and public;
    Invalid past two hundred lines. Past two hundred addresses of one person in a day the line is
    for later; an address that had three letters within thirty days is refused.
    """
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_edit_challenge, by, challenge)
    _refuse_mode(challenge)
    written = [each.strip() for each in lines if each.strip()]
    if len(written) > ADDRESSES_A_DAY:
        raise Invalid(_("Deux cents adresses par envoi au plus."), code="too_many")
    now = clock.now()
    desk = _Desk(challenge, by, now)
    report = [desk.line(each) for each in written]
    Guest.objects.bulk_create(desk.made)
    if desk.made:
        names = [str(each.public_id) for each in desk.made]
        record("guests.invited", by=by, on=challenge, guests=names)
    for each in desk.made:
        _owe(each)
    return report


class _Desk:
    """Judge the lines of a list, with what the challenge already knows."""

    def __init__(self, challenge: Challenge, by: User, now: datetime) -> None:
        self.challenge, self.by, self.now = challenge, by, now
        self.made: list[Guest] = []
        taken = challenge.registrations.filter(state=RegistrationState.ACCEPTED)
        self._in = _lower(taken.values_list("user__email", flat=True))
        # Who runs it, and who ran it: neither takes part.
        ran = challenge.former_organisers.values_list("user__email", flat=True)
        self._run = _lower([*challenge.organisers.values_list("user__email", flat=True), *ran])
        own = challenge.guests.exclude(email="")
        self._stale = {each.email: each for each in own.filter(state=InvitationState.SENT)}
        self._letters = _letters(challenge, now)
        sent = Guest.objects.exclude(email="").filter(sent_by=by, sent_at__gt=now - DAY)
        self._left = ADDRESSES_A_DAY - sent.count()

    def line(self, text: str) -> Line:
        """Say what becomes of one line, and note the guest it makes."""
        email = text.lower()
        refusal = self._refusal(email)
        if refusal:
            return Line(text, Outcome.REFUSED, refusal)
        if email in self._in:
            return Line(text, Outcome.IN, _("Cette personne participe déjà."))
        if email in self._stale or any(each.email == email for each in self.made):
            return Line(text, Outcome.KNOWN, self._known(email))
        if self._letters.get(email, 0) >= LETTERS:
            return Line(text, Outcome.REFUSED, _told_enough())
        if len(self.made) >= self._left:
            return Line(text, Outcome.LATER, _("Trop de lettres pour ce jour : réessayez demain."))
        self.made.append(_guest(self.challenge, self.by, self.now, email=email))
        return Line(text, Outcome.INVITED, _("Invitée."))

    def _known(self, email: str) -> str:
        """Say the way on for an address that is invited: the letter again, or a new invitation."""
        guest = self._stale.get(email)
        if guest is None or guest.letters < LETTERS:
            return _("La lettre se renvoie depuis la liste.")
        if guest.is_open(self.now):
            return _("Trois lettres sont parties : le lien de la dernière vaut encore.")
        return _("Son invitation est passée : retirez-la de la liste, puis invitez de nouveau.")

    def _refusal(self, email: str) -> str:
        try:
            validate_email(email)
            MaxLengthValidator(ADDRESS_MAX)(email)
        except ValidationError:
            return _("Cette adresse n’est pas valable. Exemple : prenom.nom@exemple.fr")
        if email in self._run:
            return _("Organise ou a organisé ce challenge : on ne fait pas les deux.")
        if not takes_domain_of(self.challenge, email):
            return _("Le domaine de cette adresse n’est pas admis au challenge.")
        return ""


@transaction.atomic
def invite_organisation(*, challenge: Challenge, organisation: Organisation, by: User) -> Guest:
    """Invite the members of an organisation, those of the day they register, by an organiser.

    In order: guest; event "guests.organisation_invited"; a letter to each member of today. One
    that is invited already is returned as it is. Raises NotAllowed; Conflict unless the challenge
    is by invitation and public; QuotaSpent past ten a day of one person.
    """
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_edit_challenge, by, challenge)
    _refuse_mode(challenge)
    live = challenge.guests.filter(organisation=organisation, state=InvitationState.SENT).first()
    if live is not None:
        return live
    keep_pace(
        Guest.objects.filter(sent_by=by, organisation__isnull=False),
        by="sent_at",
        most=ORGANISATIONS_A_DAY,
        window=DAY,
        sentence=_("Dix organisations par jour au plus, les retirées comprises."),
        code="invitations_day",
    )
    made = _guest(challenge, by, clock.now(), organisation=organisation)
    made.save()
    record("guests.organisation_invited", by=by, on=challenge, organisation=organisation.slug)
    _owe(made)
    return made


@transaction.atomic
def withdraw(*, guest: Guest, by: User) -> None:
    """Take an invitation back, by an organiser; who registered stays in.

    In order: guest REVOKED; event "guests.withdrawn". One that was used or withdrawn stays as it
    is. Raises NotAllowed.
    """
    challenge = Challenge.objects.locked(guest.challenge)
    require(rules.may_edit_challenge, by, challenge)
    changed = Guest.objects.filter(pk=guest.pk, state=InvitationState.SENT).update(
        state=InvitationState.REVOKED
    )
    if changed:
        record("guests.withdrawn", by=by, on=challenge, guest=str(guest.public_id))


@transaction.atomic
def resend(*, guest: Guest, by: User) -> Guest:
    """Send the letter of an address again, and let it wait as long again, by an organiser.

    In order: guest; event "guests.resent"; letter. Raises NotAllowed; Conflict once it was used
    or withdrawn, for an organisation, and where nobody may be invited; QuotaSpent sooner than a
    day after the last letter, or past three letters.
    """
    challenge = Challenge.objects.locked(guest.challenge)
    require(rules.may_edit_challenge, by, challenge)
    _refuse_mode(challenge)
    guest = Guest.objects.select_for_update().get(pk=guest.pk)
    now = clock.now()
    if guest.state != InvitationState.SENT or not guest.email:
        raise Conflict(_("Cette invitation ne se renvoie plus."), code="answered")
    if guest.letters >= LETTERS or _letters(challenge, now).get(guest.email, 0) >= LETTERS:
        raise Conflict(_told_enough(), code="guest_told")
    if guest.letter_at > now - DAY:
        raise QuotaSpent(
            _("Une lettre par jour au plus à la même adresse."),
            code="invitations_day",
            next_opening=guest.letter_at + DAY,
        )
    guest.letters, guest.letter_at, guest.expires_at = guest.letters + 1, now, _until(now)
    guest.save(update_fields=["letters", "letter_at", "expires_at"])
    record("guests.resent", by=by, on=challenge, guest=str(guest.public_id), letters=guest.letters)
    _owe(guest)
    return guest


def admit(challenge: Challenge, by: User, asked: Registration | None) -> bool:
    """Say whether an invitation lets this person in, and use that of their address.

    asked: their registration, if they have one. In the transaction of the caller, that holds the
    challenge and registers the person.
    """
    guest = challenge.guests.letting_in(by, asked, at=clock.now()).first()
    if guest is None:
        return False
    if guest.email:
        guest.state = InvitationState.ACCEPTED
        guest.save(update_fields=["state"])
    return True


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
    gone = Guest.objects.exclude(email="").exclude(state=InvitationState.ACCEPTED)
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
    if person.email:
        Guest.objects.filter(email=person.email.lower()).delete()
    held = User.objects.annotate(held=Lower("email")).values("held")
    used = Guest.objects.filter(
        state=InvitationState.ACCEPTED,
        challenge__in=Registration.objects.filter(user=person).values("challenge"),
    )
    used.exclude(email="").exclude(email__in=held).delete()


def token(public_id: UUID) -> str:
    """Return the secret of the link of an invitation; it is stored nowhere."""
    return salted_hmac("challenges.guest", str(public_id), algorithm="sha256").hexdigest()


def by_link(challenge: Challenge, public_id: UUID, said: str) -> Guest:
    """Return the invitation of a link, whatever became of it; else Hidden."""
    found = challenge.guests.select_related("organisation", "sent_by").filter(public_id=public_id)
    guest = found.first()
    if guest is None or not constant_time_compare(_digest(token(public_id)), _digest(said)):
        raise Hidden(denied=guest)
    return guest


def _letters(challenge: Challenge, now: datetime) -> dict[str, int]:
    """Count the letters of each address within the time of an invitation, whatever became of it."""
    since = now - timedelta(days=settings.GUEST_DAYS)
    rows = challenge.guests.exclude(email="").filter(letter_at__gt=since)
    counted = rows.order_by().values_list("email").annotate(Sum("letters"))
    return dict(counted)


def _told_enough() -> str:
    return _("Cette adresse a reçu trois lettres en trente jours : c’est assez pour le moment.")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _guest(
    challenge: Challenge,
    by: User,
    now: datetime,
    *,
    email: str = "",
    organisation: Organisation | None = None,
) -> Guest:
    return Guest(
        challenge=challenge,
        email=email,
        organisation=organisation,
        sent_by=by,
        sent_at=now,
        letter_at=now,
        expires_at=None if organisation else _until(now),
    )


def _until(now: datetime) -> datetime:
    return now + timedelta(days=settings.GUEST_DAYS)


def _owe(guest: Guest) -> None:
    key = f"{guest.public_id}:{guest.letters}"
    owe("mail.guest_invited", key=key, guest_id=str(guest.public_id), letter=guest.letters)


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
