"""Sentences that moderators insert in their messages, edited by the Region."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalogue.enums import DecisionReason


class MessageTemplate(models.Model):
    """A ready sentence for a message to an author, under a reason or for all."""

    # Edited in Wagtail, but nothing of Wagtail's refers to it.
    wagtail_reference_index_ignore = True

    label = models.CharField(_("nom du bouton"), max_length=40, unique=True)
    reason = models.CharField(_("motif"), max_length=20, choices=DecisionReason.choices, blank=True)
    text = models.TextField(_("phrase"), max_length=1_000)
    active = models.BooleanField(_("en service"), default=True)

    class Meta:
        ordering = ("reason", "label")

    def __str__(self) -> str:
        return self.label
