"""The search index of the database, the names it proposes, and its synonyms."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalogue.resources.models import Resource


class IndexedResource(models.Model):
    """What orders a published resource beside its words."""

    resource = models.OneToOneField(
        Resource, primary_key=True, on_delete=models.CASCADE, related_name="indexed"
    )
    boost = models.FloatField()
    verified = models.BooleanField()
    quality = models.PositiveSmallIntegerField()
    reuses = models.PositiveIntegerField()
    updated_on = models.DateField(db_index=True)
    title_key = models.CharField(max_length=200)  # for a stable alphabetical order


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


class IndexedName(models.Model):
    """A name that suggestions and corrections propose: an organisation, a keyword, a job, a word.

    Jobs are those of the ROME, loaded by the operator. The others are written with a resource and
    may outlive the last that holds them: who proposes a name counts its resources first.
    """

    WORD, JOB = "word", "job"

    facet = models.CharField(max_length=20)  # "organisation", "tag", JOB or WORD
    value = models.CharField(max_length=160)  # a word is folded; of a job, its code
    label = models.CharField(max_length=200)  # as it is written
    folded = models.CharField(max_length=220)  # its words, each after a space

    class Meta:
        constraints = [
            models.UniqueConstraint(name="name_once", fields=("facet", "value")),
        ]


def split_phrases(text: str) -> list[str]:
    """Read the phrases of a group, separated by commas or lines, spaces tidied."""
    phrases = (" ".join(part.split()) for part in text.replace("\n", ",").split(","))
    return [phrase for phrase in phrases if phrase]


class Synonym(models.Model):
    """A group of words that mean the same in a search, separated by commas; active at once."""

    # Edited in Wagtail, but nothing of Wagtail's refers to it.
    wagtail_reference_index_ignore = True

    phrases = models.TextField(_("mots ou expressions"), max_length=1_000, unique=True)
    active = models.BooleanField(_("en service"), default=True)

    class Meta:
        ordering = ("phrases",)
        verbose_name = _("groupe de synonymes")
        verbose_name_plural = _("synonymes de la recherche")

    def __str__(self) -> str:
        return self.phrases

    @property
    def words(self) -> list[str]:
        """List the phrases of the group."""
        return split_phrases(self.phrases)
