"""People, organisations, roles, tokens."""

import json
import secrets
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import (
    Delivery,
    InvitationState,
    OrganisationBadge,
    OrganisationKind,
    ProposalKind,
    RegionRole,
    Role,
    TokenScope,
)
from portal.lib.columns import LockableQuerySet, person, set_together, someone, within
from portal.lib.decisions import Answer, Proposal
from portal.lib.immutable import GuardedQuerySet, Immutable
from portal.lib.refusals import Hidden

if TYPE_CHECKING:
    from django.db.models.functions import Now


SESSION_SALT = "portal.accounts.session"


def new_person_key() -> str:
    """Return the random name under which a person stands in the ledger."""
    return f"person:{secrets.token_hex(12)}"


class UserManager(DjangoUserManager["User"]):
    """Find people by user name or address."""

    def named(self, name: str) -> "User":
        """Return the active person of this user name or e-mail; raises User.DoesNotExist."""
        return self.get(
            models.Q(username__iexact=name) | models.Q(email__iexact=name), is_active=True
        )


class User(AbstractUser):
    """A person with an account."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Erasing a person deletes everything here but this random key, so the chain still holds.
    person_key = models.CharField(max_length=40, default=new_person_key, unique=True)
    email = models.EmailField(_("adresse électronique"), unique=True)
    display_name = models.CharField(_("nom affiché"), max_length=80, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    # Made by the embedded start-up; production refuses to start while one is left.
    is_demonstration = models.BooleanField(default=False)
    # Raised when a role or the status changes: sessions opened before end at once.
    session_epoch = models.PositiveIntegerField(default=0)
    # {kind of news: delivery}, where the person chose another than by default.
    notification_choices: Any = models.JSONField(default=dict, blank=True)
    # The warnings that the account will be erased, given for the absence that began then:
    # how many, when the last one was, and the day that it announced.
    inactive_since = models.DateTimeField(null=True, blank=True)
    inactivity_warnings = models.PositiveSmallIntegerField(default=0)
    warned_at = models.DateTimeField(null=True, blank=True)
    erased_from = models.DateTimeField(null=True, blank=True)

    # Read with the signed-in person, for the header.
    unread_news = 0

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("personne")
        constraints = [
            # Wagtail gives a superuser everything: rights come from roles, given by two people.
            models.CheckConstraint(
                condition=models.Q(is_superuser=False), name="user_is_no_superuser"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    inactivity_warnings=0,
                    inactive_since=None,
                    warned_at=None,
                    erased_from=None,
                )
                | models.Q(
                    inactivity_warnings__in=[1, 2],
                    inactive_since__isnull=False,
                    warned_at__isnull=False,
                    erased_from__isnull=False,
                    erased_from__gt=models.F("warned_at"),
                ),
                name="user_warned_of_a_day_ahead",
            ),
        ]

    def __str__(self) -> str:
        if self.closed_at is not None:
            return str(_("compte supprimé"))
        return self.display_name or self.username

    @cached_property
    def region_roles(self) -> frozenset[str]:
        """Return the roles this person holds for the Region, read once a request."""
        return frozenset(
            self.region_appointments.filter(ended_at__isnull=True).values_list("role", flat=True)
        )

    @cached_property
    def roles_by_organisation(self) -> dict[int, str]:
        """Return {organisation id: role} of the live memberships, read once a request."""
        return dict(
            self.memberships.filter(left_at__isnull=True).values_list("organisation_id", "role")
        )

    def forget_roles(self) -> None:
        """Drop what was read of the roles, after they changed."""
        self.__dict__.pop("region_roles", None)
        self.__dict__.pop("roles_by_organisation", None)

    def get_session_auth_hash(self) -> str:
        """Tie sessions to the password and to the epoch of the roles."""
        return self._hash_session(None)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Give the same under each former secret key."""
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._hash_session(secret)

    def _hash_session(self, secret: str | bytes | None) -> str:
        value = f"{self.password}:{self.session_epoch}:{self.is_active}"
        return salted_hmac(SESSION_SALT, value, secret=secret, algorithm="sha256").hexdigest()

    @property
    def is_region(self) -> bool:
        """Say whether the person acts for the Region."""
        return bool(self.region_roles)


class RegionAppointment(Immutable):
    """A role held for the Region, from a date to another; given by two people."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="region_appointments")
    role = models.CharField(max_length=20, choices=RegionRole.choices)
    given_by = models.CharField(max_length=40)
    confirmed_by = models.CharField(max_length=40, blank=True)
    given_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role"],
                condition=models.Q(ended_at__isnull=True),
                name="one_live_appointment",
            ),
            models.CheckConstraint(
                condition=~models.Q(given_by=models.F("confirmed_by")),
                name="appointment_by_two",
            ),
        ]


class ApiTokenQuerySet(LockableQuerySet["ApiToken"]):
    """Tokens by state."""

    def live(self, at: datetime) -> "ApiTokenQuerySet":
        """Keep those that are worth something at an instant."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=at)


class ApiToken(models.Model):
    """A personal key to the API: stored hashed, scoped, expiring."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="portal_tokens")
    name = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    # How many requests it made in the minute that began then.
    minute = models.DateTimeField(null=True, blank=True)
    minute_used = models.PositiveIntegerField(default=0)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]

    @property
    def scope_words(self) -> list[str]:
        """Name what it lets a program do."""
        return [str(scope.label) for scope in TokenScope if scope in self.scopes]


class OrganisationQuerySet(LockableQuerySet["Organisation"]):
    """Organisations, their members counted where a page shows them."""

    def counted(self) -> "OrganisationQuerySet":
        """Add `members_count`, the live memberships."""
        live = models.Q(memberships__left_at__isnull=True)
        return self.annotate(members_count=models.Count("memberships", filter=live))

    def listed(self) -> "OrganisationQuerySet":
        """Keep those that the Region wrote or has verified: a new one waits for its look."""
        known = models.Q(is_region=True) | models.Q(verified_at__isnull=False)
        joined = Membership.objects.filter(organisation=models.OuterRef("pk"))
        return self.filter(known | ~models.Exists(joined))

    def unseen(self) -> "OrganisationQuerySet":
        """Keep those that wait for the Region's look."""
        return self.exclude(pk__in=self.model.objects.listed().values("pk"))

    def matching(self, words: str) -> "OrganisationQuerySet":
        """Keep those whose name, acronym or a former name holds each word."""
        matches = self
        for word in words.replace("\0", " ").split()[:8]:
            # SQLite keeps the text of JSON as it was written, accents escaped.
            escaped = json.dumps(word)[1:-1]
            matches = matches.filter(
                models.Q(name__icontains=word)
                | models.Q(acronym__icontains=word)
                | models.Q(former_names__icontains=word)
                | models.Q(former_names__icontains=escaped)
            )
        return matches

    def last_led_by(self, user: Any) -> Any:
        """Keep those of which a person is the one referent, with `others`, their other members."""
        others = models.Q(memberships__left_at=None) & ~models.Q(memberships__user=user)
        second = others & models.Q(memberships__role=Role.REFERENT)
        led = Membership.objects.live().filter(user=user, role=Role.REFERENT)
        counted = self.filter(pk__in=led.values("organisation")).annotate(
            others=models.Count("memberships", filter=others),
            seconds=models.Count("memberships", filter=second),
        )
        return counted.filter(seconds=0).order_by("name", "pk")

    def called(self, names: Iterable[str]) -> dict[str, "Organisation"]:
        """Find who bears some names, by name in small letters; a present name goes first.

        Only among the listed ones: whoever creates an organisation takes no producer's cards.
        """
        asked = models.Q(pk__in=[])
        for name in {each for each in names if each and "\0" not in each}:
            asked |= models.Q(name__iexact=name) | models.Q(acronym__iexact=name)
            # SQLite keeps the text of JSON as it was written, accents escaped.
            for text in {name, json.dumps(name)[1:-1]}:
                asked |= models.Q(former_names__icontains=text)
        rows = list(self.listed().filter(asked).order_by("pk")) if asked.children else []
        bearers: dict[str, Organisation] = {}
        for borne in (
            [(each, [each.name]) for each in rows],
            [(each, [each.acronym]) for each in rows],
            [(each, each.former_names) for each in rows],
        ):
            for each, own in borne:
                for name in own:
                    bearers.setdefault(name.casefold(), each)
        return bearers


class Organisation(models.Model):
    """A body that publishes, competes or produces data."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(_("nom"), max_length=160)
    acronym = models.CharField(_("sigle"), max_length=40, blank=True)
    former_names = models.JSONField(default=list, blank=True)
    kind = models.CharField(_("nature"), max_length=20, choices=OrganisationKind.choices)
    siret = models.CharField("SIRET", max_length=14, blank=True)
    homepage_url = models.URLField(_("site"), max_length=300, blank=True)
    description = models.TextField(_("présentation"), max_length=2_000, blank=True)
    badges = models.JSONField(default=list, blank=True)
    # The Region itself: nobody else's content may be moderated by its members alone.
    is_region = models.BooleanField(default=False)
    verified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("organisation")
        constraints = [
            models.UniqueConstraint(
                fields=["siret"], condition=~models.Q(siret=""), name="organisation_siret_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        """Give the letters that stand for it where it has no picture."""
        words = [word for word in self.name.replace("’", " ").split() if word[0].isalnum()]
        capitals = [word for word in words if word[0].isupper()]
        telling = capitals if capitals[1:] else [word for word in words if len(word) > 3]
        letters = "".join(word[0] for word in telling[:2]) if telling[1:] else self.name[:2]
        return letters.upper()

    @property
    def is_represented(self) -> bool:
        """Tell whether somebody answers for it here."""
        return self.memberships.live().exists()

    @property
    def is_described(self) -> bool:
        """Tell whether the Region wrote it and nobody ever joined it; it is listed unverified."""
        known = self.is_region or self.verified_at is not None
        return not known and not self.memberships.exists()

    @property
    def kind_words(self) -> str:
        """Name the kind of organisation."""
        return str(OrganisationKind(self.kind).label)

    @property
    def badge_words(self) -> list[str]:
        """Name the badges given by the Region."""
        return [str(OrganisationBadge(badge).label) for badge in self.badges]


class MembershipQuerySet(GuardedQuerySet):
    """Memberships, live or past."""

    def live(self) -> "MembershipQuerySet":
        """Keep those that have not ended."""
        return self.filter(left_at__isnull=True)

    def places_of(self, user: "User") -> "MembershipQuerySet":
        """Keep those of a person, in the order of the names of the organisations."""
        return self.filter(user=user).select_related("organisation").order_by("organisation__name")


class Membership(Immutable):
    """A person's place in an organisation."""

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(max_length=20, choices=Role.choices)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    is_shown = models.BooleanField(default=False)  # on the public page, as the person wished

    objects: ClassVar[Any] = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation"],
                condition=models.Q(left_at__isnull=True),
                name="one_live_membership",
            )
        ]


GIVEN_BY_INVITATION = (Role.EDITOR, Role.CONTRIBUTOR)


InvitationT = TypeVar("InvitationT", bound="AddressInvitation")


class AddressInvitationQuerySet(models.QuerySet[InvitationT]):
    """Invitations of addresses, whatever they invite to."""

    def open(self, at: "datetime | Now") -> Self:
        """Keep those that may still be answered at an instant, or when the database reads them."""
        return self.filter(state=InvitationState.SENT, expires_at__gt=at)

    def addressed_to(self, user: Any) -> Self:
        """Keep those sent to the address of a person; none for who has no account."""
        email = getattr(user, "email", "")
        return self.filter(email=email.lower()) if email else self.none()

    def revoke(self) -> int:
        """Take back those that nobody answered; return how many."""
        return self.filter(state=InvitationState.SENT).update(state=InvitationState.REVOKED)

    def by_link(self, public_id: uuid.UUID | str, token: str) -> InvitationT:
        """Return the invitation of a link, whoever holds it and whatever became of it.

        Raises Hidden for a link that no letter carried.
        """
        invitation = self.filter(public_id=public_id).first()
        if invitation is None or not constant_time_compare(invitation.token, token):
            raise Hidden(denied=invitation)
        return invitation


class AddressInvitation(models.Model):
    """Invite one e-mail address, once, for some days: what all invitations share.

    The secret of the link goes by letter alone: it is derived from the row, stored nowhere.
    """

    # The column that names what it invites to.
    TARGET: ClassVar[str]

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField()
    state = models.CharField(
        max_length=10, choices=InvitationState.choices, default=InvitationState.SENT
    )
    sent_by = person()
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        abstract = True
        ordering = ["-sent_at", "-pk"]
        constraints = [
            within("state", InvitationState, name="%(class)s_state_known"),
        ]

    def is_open(self, at: datetime) -> bool:
        """Say whether it may still be answered at an instant."""
        return self.state == InvitationState.SENT and self.expires_at > at

    def fits(self, user: Any) -> bool:
        """Say whether it is for the address of this person."""
        email = getattr(user, "email", "")
        return bool(email) and constant_time_compare(email.lower(), self.email)

    @property
    def token(self) -> str:
        """Return the secret of its link, which fits this row, address and target alone."""
        target = getattr(self, self.TARGET)
        bound = f"{self._meta.label_lower}:{target}:{self.public_id}:{self.email}"
        return salted_hmac("portal.invitation", bound, algorithm="sha256").hexdigest()


class InvitationQuerySet(AddressInvitationQuerySet["Invitation"]):
    """Places offered in organisations."""


class Invitation(AddressInvitation):
    """A place offered to an address in one organisation, once, for seven days."""

    TARGET = "organisation_id"

    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.CASCADE, related_name="invitations"
    )
    role = models.CharField(
        max_length=20, choices=[(role.value, role.label) for role in GIVEN_BY_INVITATION]
    )

    objects = InvitationQuerySet.as_manager()

    class Meta(AddressInvitation.Meta):
        constraints = [
            *AddressInvitation.Meta.constraints,
            models.UniqueConstraint(
                fields=["organisation", "email"],
                condition=models.Q(state="sent"),
                name="one_open_invitation",
            ),
        ]


class JoinRequestQuerySet(models.QuerySet["JoinRequest"]):
    """Requests to join, by who answers."""

    def for_region(self) -> "JoinRequestQuerySet":
        """Keep those that wait where no member answers, and for which no role is proposed yet."""
        members = Membership.objects.live().filter(organisation=models.OuterRef("organisation"))
        proposed = RoleProposal.objects.waiting().filter(
            organisation=models.OuterRef("organisation"), user=models.OuterRef("user")
        )
        waiting = self.filter(~models.Exists(members), ~models.Exists(proposed), answer="")
        return waiting.select_related("organisation", "user")


class JoinRequest(models.Model):
    """A wish to join an organisation, answered by its referents, else by the Region."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.CASCADE, related_name="join_requests"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="join_requests"
    )
    message = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = someone()

    objects = JoinRequestQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user"],
                condition=models.Q(answer=""),
                name="one_open_join_request",
            ),
            set_together("answered_at", name="join_request_answer_dated", words="answer"),
        ]


class FormerAddress(models.Model):
    """An address that an organisation had before it was renamed; it still leads there."""

    slug = models.SlugField(max_length=80, unique=True)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.CASCADE, related_name="former_addresses"
    )


class RoleProposal(Proposal):
    """The giving or the end of a role, waiting for a second person.

    The role is held for the Region, or in the organisation that is named.
    """

    kind = models.CharField(max_length=10, choices=ProposalKind.choices)
    user = person("role_proposals")
    role = models.CharField(max_length=20, choices=[*RegionRole.choices, *Role.choices])
    organisation = models.ForeignKey(
        "accounts.Organisation",
        on_delete=models.PROTECT,
        related_name="role_proposals",
        null=True,
        blank=True,
    )
    reason = models.CharField(max_length=300)

    class Meta(Proposal.Meta):
        constraints = [
            *Proposal.Meta.constraints,
            models.UniqueConstraint(
                fields=["user", "role"],
                condition=models.Q(answer="", organisation__isnull=True),
                name="one_open_proposal",
            ),
            models.UniqueConstraint(
                fields=["user", "organisation"],
                condition=models.Q(answer="", organisation__isnull=False),
                name="one_open_proposal_in_a_place",
            ),
            models.CheckConstraint(
                condition=models.Q(organisation__isnull=True, role__in=RegionRole.values)
                | models.Q(organisation__isnull=False, role__in=Role.values),
                name="proposal_role_of_its_place",
            ),
        ]


class NotificationQuerySet(models.QuerySet["Notification"]):
    """News, by whose they are and whether they were read."""

    def visible_to(self, user: object) -> "NotificationQuerySet":
        """Keep one's own, nobody else's."""
        return self.filter(user_id=getattr(user, "pk", None) or 0)

    def unread(self) -> "NotificationQuerySet":
        """Keep what was not read yet."""
        return self.filter(read_at__isnull=True)


class Notification(models.Model):
    """Tell one person of one event, once; the sentence is that of the letter of this name."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    letter = models.CharField(max_length=40)
    event = models.CharField(max_length=120)
    # What the subject of the letter shows: {"title", "language", "about"}; never a figure.
    facts = models.JSONField(default=dict)
    path = models.CharField(max_length=200)
    delivery = models.CharField(max_length=8, choices=Delivery.choices)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    # When the daily letter told of it; null for what waits for one, or is not in any.
    gathered_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "letter", "event"], name="notified_once"),
            models.CheckConstraint(
                condition=models.Q(delivery__in=["now", "daily", "space"]),
                name="notification_delivery_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["user"],
                condition=models.Q(delivery="daily", gathered_at__isnull=True),
                name="notification_to_gather",
            ),
            models.Index(fields=["created_at"], name="notification_age"),
        ]
