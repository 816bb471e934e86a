"""Cards of the catalogue that describe an entry of a challenge."""

from django.conf import settings
from django.db import models

from challenges.models.challenge import Phase
from challenges.models.entry import Entry
from challenges.models.team import Team


class EntryCard(models.Model):
    """Tie a card of the catalogue to the entry whose score it shows."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="cards")
    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="cards")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="cards")
    resource = models.OneToOneField(
        "catalogue.Resource", on_delete=models.CASCADE, related_name="entry_card"
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField()

    class Meta:
        ordering = ["proposed_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["team", "phase"], name="entry_card_once")]
