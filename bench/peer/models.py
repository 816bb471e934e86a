"""A card as modelsearch searches it."""

from django.db import models
from modelsearch import index


class PeerCard(index.Indexed, models.Model):
    """The fields of a generated card; one value for each facet, as its filters want."""

    title = models.CharField(max_length=120)
    summary = models.CharField(max_length=280)
    description = models.TextField()
    kind = models.CharField(max_length=20, db_index=True)
    scope = models.CharField(max_length=20, db_index=True)
    access = models.CharField(max_length=20, db_index=True)
    licence = models.CharField(max_length=20, db_index=True)
    language = models.CharField(max_length=20, db_index=True)

    search_fields = [
        index.SearchField("title", boost=8),
        index.SearchField("summary"),
        index.SearchField("description"),
        *(index.FilterField(n) for n in ("kind", "scope", "access", "licence", "language")),
    ]

    class Meta:
        app_label = "peer"

    def __str__(self) -> str:
        return self.title
