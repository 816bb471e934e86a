"""A person, what they do for the Region, and their keys to the API."""

import secrets
import uuid
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import RegionRole, TokenScope
from portal.lib.immutable import Immutable

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

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("personne")
        constraints = [
            # Wagtail gives a superuser everything: rights come from roles, given by two people.
            models.CheckConstraint(
                condition=models.Q(is_superuser=False), name="user_is_no_superuser"
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


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Tokens by state."""

    def live(self, at: datetime) -> "ApiTokenQuerySet":
        """Keep those that are worth something at an instant."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=at)

    def locked(self, token: "ApiToken") -> "ApiToken":
        """Return the fresh row, held until the end of the transaction."""
        return self.select_for_update().get(pk=token.pk)


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
