"""The embedded search index: derived from published resources, rebuilt by `reindex`.

What orders and counts the cards is kept in memory by each process: see search/columns.py.
"""

from django.db import models

from catalogue.models.resource import Resource


class IndexedResource(models.Model):
    """One published resource as the search orders it: signals and short keys."""

    resource = models.OneToOneField(
        Resource, primary_key=True, on_delete=models.CASCADE, related_name="indexed"
    )
    boost = models.FloatField()
    verified = models.BooleanField()
    quality = models.PositiveSmallIntegerField()
    reuses = models.PositiveIntegerField()
    updated_on = models.DateField(db_index=True)
    title_key = models.CharField(max_length=200)  # for a stable alphabetical order
    title_words = models.CharField(max_length=200)
    acronym_words = models.CharField(max_length=40)
    folded = models.TextField()  # words of the titles, not stemmed, for first letters
    # What it holds of each facet of the panel, in one letter for each: see search/sets.py.
    letters = models.CharField(max_length=16, default="")


class IndexedText(models.Model):
    """Every analysed word of a resource, fields set apart by a mark.

    The full-text table (SQLite) or column (PostgreSQL) is derived from `words` by the database.
    """

    resource = models.OneToOneField(
        IndexedResource, primary_key=True, on_delete=models.CASCADE, related_name="text"
    )
    words = models.TextField()
    digest = models.CharField(max_length=64)  # of all that was indexed


class IndexedTerm(models.Model):
    """How often a word stands in each field of a resource, and what that weighs."""

    resource = models.ForeignKey(IndexedResource, on_delete=models.CASCADE, db_index=True)
    term = models.CharField(max_length=64)
    # BM25F of the counts below without the rarity of the word, in [0, 1): see search/weights.py.
    impact = models.FloatField()
    title = models.PositiveSmallIntegerField(default=0)
    acronym = models.PositiveSmallIntegerField(default=0)
    organisation = models.PositiveSmallIntegerField(default=0)
    tags = models.PositiveSmallIntegerField(default=0)
    files = models.PositiveSmallIntegerField(default=0)
    description = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(name="term_resource_impact", fields=("term", "resource", "impact")),
            # The words of names alone, a tenth of all: what suggestions and corrections read.
            models.Index(
                name="term_of_name",
                fields=("term", "resource", "title", "acronym", "organisation"),
                condition=models.Q(title__gt=0)
                | models.Q(acronym__gt=0)
                | models.Q(organisation__gt=0),
            ),
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


class IndexedSet(models.Model):
    """The values of one facet that some card holds, as a whole: its number is written as a letter.

    It is never changed, and outlives the last card that holds it.
    """

    digest = models.CharField(max_length=64, unique=True)
    facet = models.CharField(max_length=20)
    held = models.JSONField()


class IndexedChange(models.Model):
    """A note that the index of some cards in a row was written: see search/columns.py."""

    token = models.BigIntegerField()  # random: what was undone is never taken for what came after
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    replaces = models.BigIntegerField(null=True)  # the sum of the tokens that it stands for


class IndexedWord(models.Model):
    """A word of the names of published resources, as it is written: what a typing slip meant.

    It may outlive the last resource that holds it: who proposes a word asks IndexedTerm first.
    """

    word = models.CharField(primary_key=True, max_length=64)  # folded
    shown = models.CharField(max_length=64)  # lower case, with its accents
    stem = models.CharField(max_length=64)


class IndexedName(models.Model):
    """An organisation or a keyword of published resources, to find it by its first letters.

    It may outlive the last resource that holds it: who proposes it counts IndexedFacet first.
    """

    facet = models.CharField(max_length=20)
    value = models.CharField(max_length=160)
    label = models.CharField(max_length=160)
    folded = models.CharField(max_length=200)  # its words, each after a space

    class Meta:
        constraints = [
            models.UniqueConstraint(name="name_once", fields=("facet", "value")),
        ]
