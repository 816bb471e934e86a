"""The embedded search index: derived from published resources, rebuilt by `reindex`."""

from django.db import models

from catalogue.models.resource import Resource


class IndexedResource(models.Model):
    """One published resource as the search sees it: analysed words, lengths and signals.

    The full-text table (SQLite) or column (PostgreSQL) is derived from `words` by the database.
    """

    resource = models.OneToOneField(
        Resource, primary_key=True, on_delete=models.CASCADE, related_name="indexed"
    )
    words = models.TextField()  # every analysed word, fields set apart by a mark
    title_words = models.TextField()
    acronym_words = models.TextField()
    folded = models.TextField()  # words of the titles, not stemmed, for first letters
    title_length = models.PositiveIntegerField()
    acronym_length = models.PositiveIntegerField()
    organisation_length = models.PositiveIntegerField()
    tags_length = models.PositiveIntegerField()
    files_length = models.PositiveIntegerField()
    description_length = models.PositiveIntegerField()
    boost = models.FloatField()
    verified = models.BooleanField()
    quality = models.PositiveSmallIntegerField()
    reuses = models.PositiveIntegerField()
    title_key = models.CharField(max_length=200)  # for a stable alphabetical order
    updated_on = models.DateField(db_index=True)
    digest = models.CharField(max_length=64)  # of all that was indexed


class IndexedTerm(models.Model):
    """How often a word stands in each field of a resource."""

    resource = models.ForeignKey(IndexedResource, on_delete=models.CASCADE, db_index=True)
    term = models.CharField(max_length=64)
    title = models.PositiveSmallIntegerField(default=0)
    acronym = models.PositiveSmallIntegerField(default=0)
    organisation = models.PositiveSmallIntegerField(default=0)
    tags = models.PositiveSmallIntegerField(default=0)
    files = models.PositiveSmallIntegerField(default=0)
    description = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="term_once", fields=("term", "resource")),
        ]


class IndexedFacet(models.Model):
    """One value of one facet of a resource."""

    resource = models.ForeignKey(IndexedResource, on_delete=models.CASCADE, db_index=False)
    facet = models.CharField(max_length=20)
    value = models.CharField(max_length=160)
    label = models.CharField(max_length=160, blank=True)  # when the value is not a word of ours

    class Meta:
        constraints = [
            models.UniqueConstraint(name="facet_once", fields=("facet", "value", "resource")),
        ]
        indexes = [
            models.Index(name="facet_of_resource", fields=("resource", "facet", "value")),
        ]
