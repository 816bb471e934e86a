"""A decision taken by two people: one proposes, another decides."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.lib.columns import person, set_together, someone
from portal.lib.refusals import Conflict


def by_two_people(*, unless: Q | None = None) -> models.CheckConstraint:
    """Refuse, in the database, a decision by who proposed it.

    unless: which rows one person may settle alone, by taking their own proposal back.
    """
    others = Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by"))
    return models.CheckConstraint(
        condition=others if unless is None else unless | others,
        name="%(class)s_takes_two_people",
    )


class TwoPersonDecision(models.Model):
    """Tell who proposed and who decided, and when: never the same person."""

    proposed_by = person()
    proposed_at = models.DateTimeField()
    decided_by = someone()
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            set_together("decided_by", "decided_at", name="%(class)s_decided_has_author")
        ]

    def refuse_proposer(self, by: User) -> None:
        """Raise Conflict for who proposed it; the database would refuse them too."""
        if self.proposed_by_id == by.pk:
            raise Conflict(_("Il faut deux personnes différentes."), code="takes_two")

    def decide(self, by: User, at: datetime) -> None:
        """Note who decides and when; the caller saves."""
        self.decided_by_id, self.decided_at = by.pk, at
