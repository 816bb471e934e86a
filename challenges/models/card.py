"""Cards of the catalogue tied to challenges: where they start from, what became of an entry."""

from django.conf import settings
from django.db import models

from challenges.models.entry import Entry
from challenges.organising.models import Challenge, Phase
from challenges.teams.models import Team


class ChallengeOrigin(models.Model):
    """Tie a challenge to a card that it starts from: a need, an idea, data."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="origins")
    resource = models.ForeignKey(
        "catalogue.Resource", on_delete=models.CASCADE, related_name="challenges"
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["challenge", "resource"], name="challenge_origin_once")
        ]


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
