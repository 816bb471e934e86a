"""What becomes of a resource: links, measurements, versions, removals, transfers, tombstones."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.models import Revision

from catalogue.enums import LinkType, RemovalReason, TransferKind, VersionOrigin
from catalogue.models.resource import Resource, known, some_organisation, someone
from portal.accounts.enums import Answer

# Figures of a group of fewer persons are kept back: they would tell of somebody.
SMALL_GROUP_PERSONS = 11


class ResourceLink(models.Model):
    """A typed link between two resources; a removed end leaves its title."""

    source = models.ForeignKey(
        Resource, null=True, on_delete=models.SET_NULL, related_name="links_out"
    )
    source_title = models.CharField(max_length=120)
    target = models.ForeignKey(
        Resource, null=True, on_delete=models.SET_NULL, related_name="links_in"
    )
    target_title = models.CharField(max_length=120)
    type = models.CharField(max_length=20, choices=LinkType.choices)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="link_once", fields=("source", "target", "type")),
            models.CheckConstraint(
                name="link_two_ends",
                condition=Q(source=None) | Q(target=None) | ~Q(source=F("target")),
            ),
            known("link_type_known", type=LinkType),
        ]

    def __str__(self) -> str:
        return f"{self.source_title} {self.type} {self.target_title}"


class Measurement(models.Model):
    """One measured figure shown on a card, with its interval, size, date and source."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="measurements")
    task = models.CharField(max_length=120, blank=True)
    metric = models.CharField(max_length=80)
    value = models.FloatField()
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    n = models.PositiveIntegerField(null=True, blank=True)
    reference = models.FloatField(null=True, blank=True)
    group = models.CharField(max_length=120, blank=True)  # a group of people, else the whole
    held_out_version = models.CharField(max_length=120, blank=True)
    evaluated_on = models.DateField()
    source_url = models.CharField(max_length=500, blank=True)
    from_challenge = models.BooleanField(default=False)
    recorded_by = someone()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                name="measurement_interval_paired",
                condition=Q(low=None, high=None)
                | Q(low__isnull=False, high__isnull=False, low__lte=F("high")),
            ),
            models.CheckConstraint(
                name="measurement_group_not_small",
                condition=Q(group="") | Q(n=None) | Q(n__gte=SMALL_GROUP_PERSONS),
            ),
            models.UniqueConstraint(
                name="measurement_once",
                fields=("resource", "task", "metric", "group", "evaluated_on", "source_url"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} = {self.value}"

    @property
    def is_kept_back(self) -> bool:
        """Keep a group back when it is small, or when nobody said how many it counts."""
        return bool(self.group) and (self.n is None or self.n < SMALL_GROUP_PERSONS)


class QualityScore(models.Model):
    """What the quality of a card was from a moment on: one row each time it changed.

    criteria: {code: true, false or null}; score: 0 to 100, null when too little is known.
    """

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="quality_scores")
    score = models.PositiveSmallIntegerField(null=True, blank=True)
    criteria = models.JSONField(default=dict)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        indexes = [
            models.Index(name="quality_of_resource", fields=("resource", "recorded_at")),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} {self.score}"


class Tombstone(models.Model):
    """What remains of a removed resource: its addresses answer 410, never reused."""

    public_id = models.UUIDField(unique=True)
    slug = models.SlugField(max_length=140, unique=True)
    former_slugs = models.JSONField(default=list, blank=True)
    kind = models.CharField(max_length=20)
    title = models.CharField(max_length=120, blank=True)  # empty when the title is unlawful
    reason = models.CharField(max_length=20, choices=RemovalReason.choices)
    removed_at = models.DateTimeField()
    # The sets of OAI-PMH it was in, one a line between line breaks: who harvests a set is told.
    set_names = models.TextField(blank=True, default="\n")

    def __str__(self) -> str:
        return self.slug


class Synonym(models.Model):
    """A group of words that mean the same in a search, one a line; active at once."""

    # Edited in Wagtail, but nothing of Wagtail's refers to it.
    wagtail_reference_index_ignore = True

    phrases = models.TextField(_("mots ou expressions"), max_length=1_000, unique=True)
    active = models.BooleanField(_("en service"), default=True)

    class Meta:
        ordering = ("phrases",)
        verbose_name = _("groupe de synonymes")
        verbose_name_plural = _("synonymes de la recherche")

    def __str__(self) -> str:
        return ", ".join(self.words)

    @property
    def words(self) -> list[str]:
        """List the phrases of the group."""
        return [line.strip() for line in self.phrases.splitlines() if line.strip()]


class CardVersion(models.Model):
    """One state of a card that was online, and the revision that holds it.

    A passage of a source that changes nothing one reads makes no version.
    """

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    origin = models.CharField(max_length=12, choices=VersionOrigin.choices)
    # In whose name it was proposed; persons are not named.
    organisation = some_organisation()
    fields = models.JSONField(default=list, blank=True)  # names of those that changed
    published_at = models.DateTimeField()
    # By a moderator, for what it says and the card no longer does.
    withheld_at = models.DateTimeField(null=True, blank=True)
    withheld_by = someone()
    withheld_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("resource", "-number")
        constraints = [
            models.UniqueConstraint(name="card_version_once", fields=("resource", "number")),
            models.UniqueConstraint(name="card_version_revision_once", fields=("revision",)),
            known("card_version_origin_known", origin=VersionOrigin),
            models.CheckConstraint(
                name="card_version_withheld_says_why",
                condition=Q(withheld_at=None) | ~Q(withheld_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} v{self.number}"

    def get_absolute_url(self) -> str:
        """Give the address where it is read."""
        return reverse("catalogue:version", args=(self.resource.slug, self.number))


class Removal(models.Model):
    """The removal of a published resource, waiting for a second person.

    The resource is gone once the removal is accepted; its address stays, for the tombstone.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    resource = models.ForeignKey(
        Resource, on_delete=models.SET_NULL, related_name="removals", null=True
    )
    slug = models.SlugField(max_length=140)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
    )
    reason = models.CharField(max_length=20, choices=RemovalReason.choices)
    keep_title = models.BooleanField(default=True)
    explanation = models.CharField(max_length=300)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    answered_by = someone(models.PROTECT)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["proposed_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["resource"], condition=models.Q(answer=""), name="one_open_removal"
            ),
            models.CheckConstraint(
                condition=models.Q(answered_by__isnull=True)
                | models.Q(answer=Answer.WITHDRAWN)
                | ~models.Q(answered_by=models.F("proposed_by")),
                name="removal_answered_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(answer="", answered_at__isnull=True, answered_by__isnull=True)
                | (
                    ~models.Q(answer="")
                    & models.Q(answered_at__isnull=False, answered_by__isnull=False)
                ),
                name="removal_answer_dated",
            ),
        ]


class CardTransferQuerySet(models.QuerySet["CardTransfer"]):
    """Reads of transfers."""

    def open(self) -> "CardTransferQuerySet":
        """Keep those that wait for an answer, the oldest first."""
        return self.filter(answer="").order_by("at", "pk")

    def whole(self) -> "CardTransferQuerySet":
        """Read what stands beside each transfer too."""
        return self.select_related(
            "resource__organisation", "resource__author", "target", "asked_by", "approved_by"
        )


class CardTransfer(models.Model):
    """Who asked that a card change hands, to whom it would go, who answered.

    An offer is answered by the organisation that would receive the card; a claim by who holds it,
    or by two persons of the Region; what the Region asks for, by a second person of the Region.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="transfers")
    kind = models.CharField(max_length=10, choices=TransferKind.choices)
    source_name = models.CharField(max_length=200, blank=True)  # who held the card
    target = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="card_transfers"
    )
    message = models.CharField(max_length=500, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()
    # The first person of the Region, where two of them stand for the consent of the owner.
    approved_by = someone(models.PROTECT)
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    answered_by = someone(models.PROTECT)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = CardTransferQuerySet.as_manager()

    class Meta:
        ordering = ("at", "pk")
        constraints = [
            models.UniqueConstraint(
                name="one_open_card_transfer", fields=("resource",), condition=Q(answer="")
            ),
            models.CheckConstraint(
                name="card_transfer_answer_dated",
                condition=Q(answer="", answered_at=None, answered_by=None)
                | (~Q(answer="") & Q(answered_at__isnull=False, answered_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="card_transfer_by_two",
                condition=~Q(answer=Answer.ACCEPTED)
                | Q(approved_by=None)
                | ~Q(answered_by=F("approved_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.kind}"
