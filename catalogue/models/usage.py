"""How often cards are read and their files fetched: one row a card and day, nothing of anybody."""

from django.db import models
from django.db.models import F, Q

from catalogue.models.resource import Resource


class ResourceUse(models.Model):
    """The views and downloads of one card in one day of Paris.

    `…_told`: what the counters of the card already hold of it.
    """

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="use")
    day = models.DateField()
    views = models.PositiveIntegerField(default=0)
    downloads = models.PositiveIntegerField(default=0)
    views_told = models.PositiveIntegerField(default=0)
    downloads_told = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("day",)
        constraints = [
            models.UniqueConstraint(name="use_once_a_day", fields=("resource", "day")),
            models.CheckConstraint(
                name="use_told_no_more",
                condition=Q(views_told__lte=F("views"), downloads_told__lte=F("downloads")),
            ),
        ]
        indexes = [
            models.Index(
                name="use_to_tell",
                fields=("day",),
                condition=Q(views_told__lt=F("views")) | Q(downloads_told__lt=F("downloads")),
            )
        ]
