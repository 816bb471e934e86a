"""What stands around a resource: links, measurements, tombstones."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalogue.enums.cards import LinkType, RemovalReason
from catalogue.models.resource import Resource

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
            models.CheckConstraint(name="link_type_known", condition=Q(type__in=LinkType.values)),
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
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

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
