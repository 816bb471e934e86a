"""A change of roles on its way: one administrator proposes, another answers."""

import uuid

from django.conf import settings
from django.db import models

from portal.accounts.enums import Answer, ProposalKind, RegionRole, Role


class RoleProposal(models.Model):
    """The giving or the end of a role, waiting for a second person.

    The role is held for the Region, or in the organisation that is named.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=10, choices=ProposalKind.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="role_proposals"
    )
    role = models.CharField(max_length=20, choices=[*RegionRole.choices, *Role.choices])
    organisation = models.ForeignKey(
        "accounts.Organisation",
        on_delete=models.PROTECT,
        related_name="role_proposals",
        null=True,
        blank=True,
    )
    reason = models.CharField(max_length=300)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["proposed_at", "pk"]
        constraints = [
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
            models.CheckConstraint(
                condition=models.Q(answered_by__isnull=True)
                | models.Q(answer=Answer.WITHDRAWN)
                | ~models.Q(answered_by=models.F("proposed_by")),
                name="proposal_answered_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(answer="", answered_at__isnull=True, answered_by__isnull=True)
                | (
                    ~models.Q(answer="")
                    & models.Q(answered_at__isnull=False, answered_by__isnull=False)
                ),
                name="proposal_answer_dated",
            ),
        ]
