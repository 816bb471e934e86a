"""Decisions taken by two people: one proposes, another decides."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar
from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.lib import clock
from portal.lib.columns import person, set_exactly, set_together, someone
from portal.lib.refusals import Conflict

if TYPE_CHECKING:
    from portal.accounts.models import User


class Answer(models.TextChoices):
    """How an offer, a request or a proposal ended."""

    ACCEPTED = "accepted", gettext_lazy("Acceptée")
    REFUSED = "refused", gettext_lazy("Refusée")
    WITHDRAWN = "withdrawn", gettext_lazy("Retirée")


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

    def refuse_proposer(self, by: "User") -> None:
        """Raise Conflict for who proposed it; the database would refuse them too."""
        if self.proposed_by_id == by.pk:
            raise Conflict(_("Il faut deux personnes différentes."), code="takes_two")

    def decide(self, by: "User", at: datetime) -> None:
        """Note who decides and when; the caller saves."""
        self.decided_by_id, self.decided_at = by.pk, at


ProposalT = TypeVar("ProposalT", bound="Proposal")


class ProposalQuerySet(models.QuerySet[ProposalT]):
    """Proposals, by whether they wait for their answer."""

    def waiting(self) -> Self:
        """Keep those that nobody answered."""
        return self.filter(answer="")

    def locked(self, proposal: ProposalT) -> ProposalT:
        """Return the fresh row, held until the end of the transaction.

        Raises Conflict once it was answered.
        """
        fresh = self.select_for_update().get(pk=proposal.pk)
        if fresh.answer:
            raise Conflict(_("Cette proposition a déjà reçu sa réponse."), code="already_answered")
        return fresh


class Proposal(TwoPersonDecision):
    """Ask a second person for a yes or a no, once; who proposed may take it back meanwhile."""

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)

    objects: ClassVar[Any] = ProposalQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["proposed_at", "pk"]
        constraints = [
            *TwoPersonDecision.Meta.constraints,
            by_two_people(unless=Q(answer=Answer.WITHDRAWN)),
            set_exactly(~Q(answer=""), "decided_at", name="%(class)s_answered_has_its_date"),
        ]

    def settle(self, answer: Answer, by: "User") -> None:
        """Write the answer of the second person, or that it is taken back."""
        self.answer = answer.value
        self.decide(by, clock.now())
        self.save(update_fields=["answer", "decided_by", "decided_at"])
