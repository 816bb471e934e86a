"""What a person keeps an eye on."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalogue.enums.cards import UseCase
from catalogue.models.resource import Resource

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import User

TAG_CHARACTERS = 120


class OwnQuerySet(models.QuerySet[models.Model]):
    """Rows that only their person reads."""

    def visible_to(self, user: "User | AnonymousUser") -> "OwnQuerySet":
        """Keep one's own, nobody else's."""
        return self.filter(user_id=user.pk or 0)


class Follow(models.Model):
    """A person follows one resource, one organisation, one use case or one tag."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="follows"
    )
    resource = models.ForeignKey(
        Resource, null=True, blank=True, on_delete=models.CASCADE, related_name="follows"
    )
    organisation = models.ForeignKey(
        "accounts.Organisation",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="follows",
    )
    use_case = models.CharField(max_length=40, choices=UseCase.choices, blank=True)
    tag = models.CharField(max_length=TAG_CHARACTERS, blank=True)
    at = models.DateTimeField()

    objects = OwnQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-pk")
        constraints = [
            models.CheckConstraint(
                name="follow_of_one_thing",
                condition=Q(resource__isnull=False, organisation__isnull=True, use_case="", tag="")
                | Q(resource__isnull=True, organisation__isnull=False, use_case="", tag="")
                | (Q(resource__isnull=True, organisation__isnull=True, tag="") & ~Q(use_case=""))
                | (Q(resource__isnull=True, organisation__isnull=True, use_case="") & ~Q(tag="")),
            ),
            models.UniqueConstraint(
                name="follow_resource_once",
                fields=("user", "resource"),
                condition=Q(resource__isnull=False),
            ),
            models.UniqueConstraint(
                name="follow_organisation_once",
                fields=("user", "organisation"),
                condition=Q(organisation__isnull=False),
            ),
            models.UniqueConstraint(
                name="follow_use_case_once",
                fields=("user", "use_case"),
                condition=~Q(use_case=""),
            ),
            models.UniqueConstraint(
                name="follow_tag_once", fields=("user", "tag"), condition=~Q(tag="")
            ),
        ]
        indexes = [
            models.Index(name="follow_by_tag", fields=("tag",), condition=~Q(tag="")),
            models.Index(
                name="follow_by_use_case", fields=("use_case",), condition=~Q(use_case="")
            ),
        ]
