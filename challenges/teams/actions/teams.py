"""Take part in a challenge: register, accept the rules, make a team, invite, join, leave."""

import re
import secrets
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from challenges.organising.enums import OVER_STATUSES, ChallengeStatus, RegistrationMode
from challenges.organising.models.challenges import Challenge, Terms
from challenges.teams import rules
from challenges.teams.actions import guests
from challenges.teams.enums import RegistrationState, TeamRole, TeamState
from challenges.teams.models import Registration, Team, TeamInvitation, TeamMember
from datasets.access.models import Grant
from portal.accounts.actions.invitations import keep_letters_few
from portal.accounts.authorization import require
from portal.accounts.enums import InvitationState
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.prose.texts import require_plain_line
from portal.lib.refusals import Conflict, Hidden, Invalid, NotAllowed

_NAME_MAX = 80
_REFERENCE_SLUG = "solution-de-reference"
# Said aloud and typed by hand: no letter that another looks like; 50 bits.
_CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_CODE_LENGTH = 10
# What one is given: the code of a team, the link that holds it, or the link of a letter.
_OFFER = re.compile(
    r"(?:(?:\S*/equipe/rejoindre/)?(?P<code>[A-Za-z2-9]+)|"
    r"\S*/equipe/invitation/(?P<public_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/"
    r"(?P<token>[^/\s?#]+))/?(?:[?#]\S*)?"
)


@transaction.atomic
def accept_terms(*, challenge: Challenge, grant: Grant | None = None, by: User) -> Registration:
    """Accept the rules in force and register, at once where registration is open or one is invited.

    grant: the one of the challenge, whose forbidden uses were read and are signed. Who left takes
    part again. In order: registration if there is none, or WITHDRAWN to ACCEPTED or PENDING, which
    uses the invitation of the address; event "challenge.joined"; letter to the organisers when it
    awaits their answer; the rules; event "terms.accepted"; the grant; event "uses.signed". Twice
    changes nothing. Raises NotAllowed for an organiser, an unseen challenge, a domain that is not
    admitted, and who is not invited where one must be; Conflict where another grant is to be
    signed.
    """
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_take_part, by, challenge)
    if not guests.takes_domain_of(challenge, by.email):
        raise NotAllowed(
            _("Ce challenge n’est pas ouvert aux adresses de ce domaine."), code="domain_refused"
        )
    if challenge.grant != grant:
        raise Conflict(
            _("Les usages interdits de ces données ont changé : relisez-les, puis signez-les."),
            code="uses_changed",
        )
    registration = _register(challenge, by)
    terms = challenge.terms.order_by("-number").first()
    if terms is not None and registration.terms_id != terms.pk:
        registration.terms, registration.terms_accepted_at = terms, clock.now()
        registration.save(update_fields=["terms", "terms_accepted_at"])
        record("terms.accepted", by=by, on=challenge, number=terms.number)
    if grant is not None and registration.grant_id != grant.pk:
        registration.grant, registration.uses_signed_at = grant, clock.now()
        registration.save(update_fields=["grant", "uses_signed_at"])
        record("uses.signed", by=by, on=challenge, request=grant.number)
    return registration


@transaction.atomic
def create(*, challenge: Challenge, name: str, by: User) -> Team:
    """Create a team with its author as captain.

    In order: team; membership; event "team.created". Raises NotAllowed without accepted
    registration and rules; Invalid for a name that cannot be shown; Conflict when the person has
    a team or the name is taken.
    """
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_take_part, by, challenge)
    require_registered(challenge, by)
    name, slug = _named(challenge, name)
    team = Team.objects.create(
        challenge=challenge,
        name=name,
        slug=slug,
        state=TeamState.FULL if challenge.team_max == 1 else TeamState.OPEN,
        created_at=clock.now(),
    )
    _join(team, by, TeamRole.CAPTAIN)
    record("team.created", by=by, on=team, challenge=challenge)
    return team


def _named(challenge: Challenge, name: str, own: Team | None = None) -> tuple[str, str]:
    """Clean the name of a team; its slug, which no other team of the challenge has."""
    require_plain_line(name)
    name = " ".join(name.split())[:_NAME_MAX]
    slug = slugify(name)
    if not slug:
        raise Invalid(
            _("Donnez à l’équipe un nom avec des lettres ou des chiffres."), code="team_name"
        )
    others = challenge.teams.exclude(pk=own.pk) if own else challenge.teams.all()
    if others.filter(slug=slug).exists():
        raise Conflict(_("Ce nom d’équipe est déjà pris."), code="team_name_taken")
    return name, slug


@transaction.atomic
def rename(*, team: Team, name: str, by: User) -> Team:
    """Give a team another name, by a captain, until the challenge closes.

    In order: team; event "team.renamed" with both names, unless it is the same. Raises
    NotAllowed; Invalid and Conflict as `create`; Conflict once the challenge is closed.
    """
    challenge = Challenge.objects.locked(team.challenge)
    team = Team.objects.locked(team)
    require(rules.may_run_team, by, team)
    if challenge.status != ChallengeStatus.PUBLISHED:
        raise Conflict(_("Le nom ne change plus après la clôture."), code="team_name_fixed")
    former = team.name
    team.name, team.slug = _named(challenge, name, team)
    if team.name != former:
        team.save(update_fields=["name", "slug"])
        record("team.renamed", by=by, on=team, former=former, name=team.name)
    return team


def reference_team(challenge: Challenge) -> Team:
    """Return the organiser's own team, which enters references: made once, without any member."""
    team, _created = Team.objects.get_or_create(
        challenge=challenge,
        slug=_REFERENCE_SLUG,
        defaults={
            "name": _("Solution de référence"),
            "state": TeamState.REFERENCE,
            "created_at": clock.now(),
        },
    )
    return team


def require_registered(challenge: Challenge, by: User) -> Terms | None:
    """Return the rules in force, which this person accepted; raises NotAllowed otherwise."""
    asked = challenge.registrations.filter(user=by).first()
    terms = challenge.terms.order_by("-number").first()
    if asked is None or (terms is not None and asked.terms_id != terms.pk):
        raise NotAllowed(_("Acceptez le règlement d’abord."), code="terms_required")
    if challenge.grant_id is not None and asked.grant_id != challenge.grant_id:
        raise NotAllowed(
            _("Signez d’abord les usages interdits des données de ce challenge."),
            code="uses_required",
        )
    if asked.state != RegistrationState.ACCEPTED:
        raise NotAllowed(
            _("Votre inscription à ce challenge n’est pas acceptée."), code="registration_required"
        )
    return terms


def _join(team: Team, person: User, role: TeamRole) -> None:
    """Put a person in a team; the unique constraint refuses a second team."""
    former = Team.objects.filter(
        members__challenge=team.challenge, members__user=person, members__left_at__isnull=False
    )
    if former.exclude(pk=team.pk).filter(enrolments__entries__isnull=False).exists():
        raise Conflict(
            _("Vous avez quitté une équipe qui avait déjà envoyé un fichier."),
            code="left_a_team",
        )
    try:
        with transaction.atomic():
            TeamMember.objects.create(
                team=team,
                challenge=team.challenge,
                user=person,
                role=role,
                joined_at=clock.now(),
            )
    except IntegrityError as error:
        raise Conflict(
            _("Vous êtes déjà dans une équipe de ce challenge."), code="one_team"
        ) from error


@transaction.atomic
def invite(*, team: Team, email: str, by: User) -> TeamInvitation:
    """Invite an address: single use, seven days.

    In order: invitation; event "team.invited"; letter. A live invitation of the same address
    is returned as it is. Raises NotAllowed, Conflict when the team is full, QuotaSpent past twenty
    invitations a day of one person in a challenge, or three of a team to one address.
    """
    team = Team.objects.locked(team)
    require(rules.may_run_team, by, team)
    _refuse_full(team)
    email = email.strip().lower()
    now = clock.now()
    live = team.invitations.open(now).filter(email=email).first()
    if live is not None:
        return live
    sent = TeamInvitation.objects.filter(team__challenge_id=team.challenge_id, sent_by=by)
    keep_letters_few(sent, team.invitations.filter(email=email))
    invitation = TeamInvitation.objects.create(
        team=team,
        email=email,
        sent_by=by,
        sent_at=now,
        expires_at=now + timedelta(days=settings.INVITATION_DAYS),
    )
    record("team.invited", by=by, on=team, invitation=str(invitation.public_id))
    owe(
        "mail.team_invitation",
        key=str(invitation.public_id),
        invitation_id=invitation.pk,
    )
    return invitation


def _refuse_full(team: Team) -> None:
    if not team.is_live:
        raise Conflict(_("Cette équipe n’existe plus."), code="team_closed")
    if team.members.filter(left_at__isnull=True).count() >= team.challenge.team_max:
        raise Conflict(_("L’équipe est au complet."), code="team_full")


@transaction.atomic
def accept_invitation(*, public_id: UUID, token: str, by: User) -> Team:
    """Join the team that invited this person's address.

    In order: invitation used; membership; event "team.joined". Raises Hidden for an unknown,
    used, expired or other person's invitation; NotAllowed without the rules; Conflict.
    """
    sent = TeamInvitation.objects.select_related("team").by_link(public_id, token)
    # A challenge, its teams, what hangs on them: in this order, as whoever creates, invites, runs.
    challenge = Challenge.objects.locked(sent.team.challenge)
    team = Team.objects.locked(sent.team)
    invitation = TeamInvitation.objects.select_for_update().get(pk=sent.pk)
    if not invitation.is_open(clock.now()) or not invitation.fits(by):
        raise Hidden(denied=invitation)
    _enter(team, challenge, by)
    invitation.state = InvitationState.ACCEPTED
    invitation.save(update_fields=["state"])
    return team


def _require_gathering(challenge: Challenge) -> None:
    """Raise Conflict once teams stay as they are: after the close, unless a bench takes entries."""
    now = clock.now()
    over = challenge.status in OVER_STATUSES
    if over and not any(each.takes_entries(now) for each in challenge.phases.all()):
        raise Conflict(
            _("Le challenge est clos : les équipes restent ce qu’elles sont."), code="team_fixed"
        )


def _enter(team: Team, challenge: Challenge, by: User) -> None:
    require(rules.may_take_part, by, challenge)
    _require_gathering(challenge)
    require_registered(challenge, by)
    _refuse_full(team)
    _join(team, by, TeamRole.MEMBER)
    settle_state(team)
    record("team.joined", by=by, on=team)


@transaction.atomic
def join_by_code(*, team: Team, by: User) -> Team:
    """Join the team whose captain gave its link.

    In order: membership; event "team.joined". Raises Hidden where the link was changed meanwhile;
    NotAllowed without the rules; Conflict.
    """
    challenge = Challenge.objects.locked(team.challenge)
    code, team = team.join_code, Team.objects.locked(team)
    if team.join_code != code:
        raise Hidden
    _enter(team, challenge, by)
    return team


def offer_behind(text: str) -> Team | TeamInvitation:
    """Find what a link or a code lets one join: a team, or an invitation into one.

    Raises Hidden for what no team gave.
    """
    asked = _OFFER.fullmatch(text.strip())
    if asked is not None and asked["token"]:
        invitations = TeamInvitation.objects.select_related("team", "sent_by")
        return invitations.by_link(asked["public_id"], asked["token"])
    team = Team.objects.filter(join_code=asked["code"].lower()).first() if asked else None
    if team is None:
        raise Hidden(_("Aucune équipe n’a ce lien ou ce code."), code="no_such_link")
    return team


def join(*, link: str, by: User) -> Team:
    """Join the team of a link or a code, as `accept_invitation` or `join_by_code`."""
    offer = offer_behind(link)
    if isinstance(offer, TeamInvitation):
        return accept_invitation(public_id=offer.public_id, token=offer.token, by=by)
    return join_by_code(team=offer, by=by)


@transaction.atomic
def open_link(*, team: Team, by: User) -> Team:
    """Give the team a link by which anybody joins, by a captain; the former one is void.

    In order: team; event "team.link_opened". Raises NotAllowed; Conflict when it is full.
    """
    team = Team.objects.locked(team)
    require(rules.may_run_team, by, team)
    _require_gathering(team.challenge)
    _refuse_full(team)
    team.join_code = "".join(secrets.choice(_CODE_LETTERS) for _each in range(_CODE_LENGTH))
    team.save(update_fields=["join_code"])
    record("team.link_opened", by=by, on=team)
    return team


@transaction.atomic
def close_link(*, team: Team, by: User) -> None:
    """Void the link of the team, by a captain. Event "team.link_closed"."""
    team = Team.objects.locked(team)
    require(rules.may_run_team, by, team)
    if team.join_code:
        team.join_code = ""
        team.save(update_fields=["join_code"])
        record("team.link_closed", by=by, on=team)


@transaction.atomic
def revoke_invitation(*, invitation: TeamInvitation, by: User) -> None:
    """Withdraw an invitation that was not used. Event "team.invitation_revoked"."""
    team = Team.objects.locked(invitation.team)
    require(rules.may_run_team, by, team)
    if team.invitations.filter(pk=invitation.pk).revoke():
        record("team.invitation_revoked", by=by, on=team)


@transaction.atomic
def leave(*, team: Team, by: User) -> None:
    """Leave a team; the last captain hands over to the oldest member.

    In order: membership ended; captain replaced; event "team.left".
    """
    team = Team.objects.locked(team)
    require(rules.may_leave_team, by, team)
    _end_membership(team, by)
    record("team.left", by=by, on=team)


@transaction.atomic
def remove_member(*, team: Team, person: User, by: User) -> None:
    """Remove a member, by a captain; the link of the team is void. Event "team.member_removed"."""
    team = Team.objects.locked(team)
    require(rules.may_run_team, by, team)
    if not team.has_member(person):
        raise Hidden
    _end_membership(team, person)
    team.join_code = ""
    team.save(update_fields=["join_code"])
    record("team.member_removed", by=by, on=team, person=person.person_key)


@transaction.atomic
def hand_over(*, team: Team, person: User, by: User) -> None:
    """Make another member the captain instead of oneself.

    In order: roles; event "team.captain_changed"; letter to the new captain. Raises NotAllowed;
    Hidden for somebody who is not of the team. Handing over to oneself changes nothing.
    """
    team = Team.objects.locked(team)
    require(rules.may_run_team, by, team)
    if not team.has_member(person):
        raise Hidden
    if person.pk == by.pk:
        return
    live = team.members.filter(left_at__isnull=True)
    live.filter(user=by).update(role=TeamRole.MEMBER.value)
    live.filter(user=person).update(role=TeamRole.CAPTAIN.value)
    record("team.captain_changed", by=by, on=team, person=person.person_key)
    at = clock.now().isoformat()
    owe(
        "mail.team_captain",
        key=f"{team.pk}:{person.pk}:{at}",
        team_id=team.pk,
        user_id=person.pk,
        at=at,
    )


@transaction.atomic
def forget(*, person: User) -> None:
    """Take a person whose account closes out of their teams; entries stay with the teams.

    In order: the invitations to the person's address are deleted, into a team or a challenge;
    then, for each team, membership ended, captain replaced, event "team.left".
    """
    # All are held before the journal is written in.
    teams = [Team.objects.locked(each) for each in Team.objects.joined_by(person).order_by("pk")]
    TeamInvitation.objects.addressed_to(person).delete()
    guests.forget(person)
    for team in teams:
        _end_membership(team, person)
        record("team.left", by=person, on=team)


def _end_membership(team: Team, person: User) -> None:
    team.members.filter(user=person, left_at__isnull=True).update(left_at=clock.now())
    live = team.members.filter(left_at__isnull=True).order_by("joined_at", "pk")
    if not live.filter(role=TeamRole.CAPTAIN).exists():
        heir = live.first()
        if heir is not None:
            heir.role = TeamRole.CAPTAIN
            heir.save(update_fields=["role"])
    settle_state(team)


def settle_state(team: Team) -> None:
    """Write whether a locked team is open, full or without anybody."""
    if not team.is_live:
        return  # withdrawn or disqualified: who leaves does not undo it
    size = team.members.filter(left_at__isnull=True).count()
    if size == 0:
        entered = team.enrolments.filter(entries__isnull=False).exists()
        team.state = TeamState.OPEN if entered else TeamState.WITHDRAWN
    else:
        team.state = TeamState.FULL if size >= team.challenge.team_max else TeamState.OPEN
    team.save(update_fields=["state"])


@transaction.atomic
def accept_registration(*, registration: Registration, by: User) -> Registration:
    """Let a person take part, by an organiser.

    A refusal is corrected so. In order: PENDING or REFUSED to ACCEPTED; event
    "registration.accepted"; letter to the person. Raises NotAllowed; Conflict when the person
    takes part already, or has left.
    """
    return _answer_registration(registration, RegistrationState.ACCEPTED, by)


@transaction.atomic
def refuse_registration(*, registration: Registration, reason: str, by: User) -> Registration:
    """Refuse a person, with the reason they will read, by an organiser.

    In order: PENDING to REFUSED; event "registration.refused" with the reason; letter. Raises
    NotAllowed; Invalid without a reason; Conflict when it was answered already.
    """
    if not reason.strip():
        raise Invalid(_("Dites pourquoi l’inscription est refusée."), code="reason_required")
    return _answer_registration(
        registration, RegistrationState.REFUSED, by, reason=reason.strip()[:500]
    )


def _answer_registration(
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


def _register(challenge: Challenge, by: User) -> Registration:
    """Register a person once; let in again one who left, or whom an invitation lets in since."""
    asked = challenge.registrations.select_for_update().filter(user=by).first()
    if asked is not None and asked.state == RegistrationState.ACCEPTED:
        return asked
    mode = RegistrationMode(challenge.registration)
    invited = mode == RegistrationMode.INVITED and guests.admit(challenge, by)
    left = asked is not None and asked.state == RegistrationState.WITHDRAWN
    if asked is not None and not invited and not left:
        return asked
    if asked is None and mode == RegistrationMode.INVITED and not invited:
        raise NotAllowed(
            _(
                "Ce challenge est sur invitation. Si vous en avez reçu une, connectez-vous avec le "
                "compte de l’adresse invitée."
            ),
            code="invitation_required",
        )
    opened = invited or mode == RegistrationMode.OPEN
    registration = asked or Registration(challenge=challenge, user=by)
    registration.state = RegistrationState.ACCEPTED if opened else RegistrationState.PENDING
    registration.decided_by, registration.reason, registration.at = None, "", clock.now()
    registration.save()
    record("challenge.joined", by=by, on=challenge, opened=opened)
    if not opened:
        # One letter a day to the organisers, however often one leaves and comes back.
        again = f":{clock.paris_day(registration.at)}" if left else ""
        owe(
            "mail.registration_pending",
            key=f"{registration.pk}{again}",
            registration_id=registration.pk,
        )
    return registration


@transaction.atomic
def leave_challenge(*, challenge: Challenge, by: User) -> Registration:
    """Take part no more: out of one's team, no letter of the challenge any more.

    The rules of leaving a team hold: its entries stay with it. In order: team left;
    registration WITHDRAWN; event "registration.withdrawn". Twice changes nothing. Raises Hidden
    for who is not registered; Conflict after a refusal.
    """
    registration = challenge.registrations.select_for_update().filter(user=by).first()
    if registration is None:
        raise Hidden
    if registration.state == RegistrationState.WITHDRAWN:
        return registration
    if registration.state == RegistrationState.REFUSED:
        raise Conflict(
            _("Votre inscription n’a pas été acceptée : il n’y a rien à quitter."),
            code="registration_refused",
        )
    for team in Team.objects.joined_by(by).filter(challenge=challenge).order_by("pk"):
        leave(team=team, by=by)
    registration.state = RegistrationState.WITHDRAWN
    registration.save(update_fields=["state"])
    record("registration.withdrawn", by=by, on=challenge)
    return registration


@transaction.atomic
def disclose(*, team: Team, members: bool, method: bool, card: bool, by: User) -> Team:
    """Say what the team lets others read and do, by a captain.

    members: their names on its certificate. method: its fact sheet in the final report. card:
    an organiser may propose a card of its solution. In order: team; event "team.disclosed" when
    something changed. Raises NotAllowed.
    """
    team = Team.objects.locked(team)
    require(rules.may_run_team, by, team)
    disclosed = {"show_members": members, "show_method": method, "allow_card": card}
    if all(getattr(team, name) == value for name, value in disclosed.items()):
        return team
    for name, value in disclosed.items():
        setattr(team, name, value)
    team.save(update_fields=list(disclosed))
    record("team.disclosed", by=by, on=team, **disclosed)
    return team
