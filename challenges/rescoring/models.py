"""A change of scoring, proposed, tried and decided; what a reference scored each night."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import Count, Exists, F, Max, OuterRef, Q, Sum
from django.utils.translation import gettext_lazy as _

from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.evaluation.enums import EvaluationState
from challenges.evaluation.models import Evaluation, evaluations_of
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import PhaseTask
from challenges.teams.models import Team
from portal.lib import canonical
from portal.lib.columns import LockableQuerySet, Member, Shown, set_exactly, within, word
from portal.lib.decisions import TwoPersonDecision, by_two_people
from portal.lib.immutable import Immutable


class WatchState(Shown):
    """Say whether a reference still scores what it scored."""

    SAME = "same", "pin", "circle-check", _("Même score")
    DRIFTED = "drifted", "garance", "alert", _("Score différent")
    FAILED = "failed", "garance", "x", _("Pas de score")


class RescoringState(Shown):
    """Name where a change of scoring stands."""

    PROPOSED = "proposed", "ocre", "flag", _("Proposé")
    RUNNING = "running", "calanque", "hourglass", _("En cours d’essai")
    READY = "ready", "ocre", "scale", _("À décider")
    ACCEPTED = "accepted", "pin", "circle-check", _("Accepté, calcul en cours")
    IN_FORCE = "in_force", "pin", "circle-check", _("En vigueur")
    REFUSED = "refused", "garance", "x", _("Refusé")
    WITHDRAWN = "withdrawn", "ardoise", "history", _("Retiré")


OPEN = (
    RescoringState.PROPOSED,
    RescoringState.RUNNING,
    RescoringState.READY,
    RescoringState.ACCEPTED,
)
# While it is in one of these, what arrives is scored by both.
TRIED = (RescoringState.RUNNING, RescoringState.READY, RescoringState.ACCEPTED)
_ENDED = (EvaluationState.DONE, EvaluationState.FAILED)


class RescoringQuerySet(LockableQuerySet["Rescoring"]):
    """Changes of scoring, by where they stand."""

    def open(self) -> "RescoringQuerySet":
        """Keep those that nobody has settled yet."""
        return self.filter(state__in=[each.value for each in OPEN])

    def in_force(self) -> "RescoringQuerySet":
        """Keep those that took the place of the scoring before them."""
        return self.filter(state=RescoringState.IN_FORCE)

    def errata(self) -> "RescoringQuerySet":
        """Keep those in force since after the final results of their phase, the last first."""
        after = self.in_force().filter(executed_at__gt=F("phase__reveal__executed_at"))
        return after.order_by("-executed_at")

    def tried(self) -> "RescoringQuerySet":
        """Keep those whose scoring is being tried on the entries."""
        return self.filter(state__in=[each.value for each in TRIED])


class Rescoring(TwoPersonDecision):
    """Change the scoring of a phase: who proposed it and why, what it moves, who decided."""

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="rescorings")
    task = models.OneToOneField(PhaseTask, on_delete=models.PROTECT, related_name="rescoring")
    # The task in force when it was proposed, which the new one takes the place of.
    former = models.ForeignKey(PhaseTask, on_delete=models.PROTECT, related_name="+")
    state = word(RescoringState, default=RescoringState.PROPOSED)
    reason = models.TextField()
    started_at = models.DateTimeField(null=True, blank=True)
    # What it moves on the public boards, as the worker computed it, {} before:
    # {"boards": [{"key", "title", "split", "teams", "moved", "tiers", "rows": [{"team",
    # "before", "after", "tier_before", "tier_after"}]}], "digest", "at", "seen": of what it
    # stands on}.
    facts = models.JSONField(default=dict, blank=True)
    note = models.TextField(blank=True)
    executed_at = models.DateTimeField(null=True, blank=True)

    state_enum = Member("state", RescoringState)
    objects = RescoringQuerySet.as_manager()

    class Meta:
        ordering = ["phase_id", "-pk"]
        constraints = [
            within("state", RescoringState, name="rescoring_state_known"),
            models.UniqueConstraint(
                fields=["phase"],
                condition=Q(state__in=[each.value for each in OPEN]),
                name="rescoring_open_once",
            ),
            *TwoPersonDecision.Meta.constraints,
            by_two_people(),
            set_exactly(Q(state="in_force"), "executed_at", name="rescoring_in_force_has_its_date"),
        ]

    @property
    def is_open(self) -> bool:
        """Say whether nobody has settled it yet."""
        return self.state in OPEN

    @property
    def is_accepted(self) -> bool:
        """Say whether the Region accepted it, and it is not in force yet."""
        return self.state == RescoringState.ACCEPTED

    @property
    def is_tried(self) -> bool:
        """Say whether its scoring is being tried on the entries."""
        return self.state in TRIED

    def entries(self) -> "models.QuerySet[Entry]":
        """Keep the entries to score again: those that had, or will have, an outcome.

        A refused or withdrawn file is left alone; so is one closed for a fault of ours, whose
        attempt was given back.
        """
        gone = {EntryStatus.REJECTED, EntryStatus.WITHDRAWN, EntryStatus.RECEIVED}
        return Entry.objects.filter(enrolment__phase_id=self.phase_id).exclude(
            Q(status__in=[*gone, EntryStatus.CHECKING])
            | Q(status=EntryStatus.FAILED, reason_code="X_PLATFORM")
        )

    def evaluations(self) -> "models.QuerySet[Evaluation]":
        """Keep the evaluations that try the new scoring, of the entries that count."""
        return evaluations_of(self.task).filter(entry__in=self.entries())

    def not_ended(self) -> "models.QuerySet[Entry]":
        """Keep the entries that the new scoring has not ended with."""
        ended = Evaluation.objects.filter(
            entry=OuterRef("pk"),
            scorer_version_id=self.task.scorer_version_id,
            holdout_id=self.task.holdout_id,
            state__in=[each.value for each in _ENDED],
        )
        return self.entries().filter(~Exists(ended))

    def is_trying(self) -> bool:
        """Say whether an entry that counts has its evaluation and waits for its end.

        By an index, whatever the number of entries; one that has no evaluation yet is not seen.
        """
        return (
            evaluations_of(self.task)
            .filter(state__in=[EvaluationState.PENDING, EvaluationState.RUNNING])
            .exclude(entry__status__in=[EntryStatus.WITHDRAWN, EntryStatus.REJECTED])
            .exists()
        )

    def seen(self) -> str:
        """Return a digest of what a comparison stands on, in four queries.

        Counts and numbers that only grow: two equal ones say that nothing moved between them,
        of the entries that have an outcome, of their two scorings, of the teams.
        """
        ended = self.entries().filter(status__in=[EntryStatus.SCORED, EntryStatus.FAILED])
        told = {
            "entries": ended.aggregate(
                n=Count("pk"),
                moves=Sum("version"),
                aside=Count("pk", filter=Q(disqualified_at__isnull=False)),
                chosen=Count("pk", filter=Q(final_choice=True)),
                last=Max("received_at"),
            ),
            "scorings": [
                evaluations_of(task)
                .filter(state__in=[each.value for each in _ENDED])
                .aggregate(n=Count("pk"), last=Max("finished_at"))
                for task in (self.former, self.task)
            ],
            "teams": list(
                Team.objects.filter(challenge__phases=self.phase_id)
                .values("state")
                .annotate(n=Count("pk"))
                .order_by("state")
            ),
        }
        return canonical.digest(_written(told))

    def waiting(self) -> int:
        """Count the entries that the new scoring has not ended with."""
        return self.not_ended().count()


def _written(told: Any) -> Any:
    """Write dates as text."""
    match told:
        case dict():
            return {key: _written(each) for key, each in told.items()}
        case list():
            return [_written(each) for each in told]
        case datetime():
            return told.isoformat()
        case _:
            return told


class BaselineCheck(Immutable):
    """Tell whether a reference still scores the same; written once a night, never changed."""

    evaluation = models.ForeignKey(
        Evaluation, on_delete=models.PROTECT, related_name="baseline_checks"
    )
    day = models.DateField()
    state = word(WatchState)
    # The public figure that moved most, and by how much; empty and None where a reserved one did.
    figure = models.CharField(max_length=160, blank=True)
    difference = models.FloatField(null=True, blank=True)
    tolerance = models.FloatField(null=True, blank=True)
    runs = models.PositiveSmallIntegerField(default=1)
    reason_code = models.CharField(max_length=40, blank=True)
    # Whether organisers and operators were told of it: once for each drift.
    rang = models.BooleanField(default=False)
    checked_at = models.DateTimeField()

    state_enum = Member("state", WatchState)

    class Meta:
        ordering = ["evaluation_id", "-day"]
        constraints = [
            within("state", WatchState, name="baseline_check_state_known"),
            models.UniqueConstraint(fields=["evaluation", "day"], name="baseline_check_once_a_day"),
            models.CheckConstraint(
                condition=Q(rang=False) | ~Q(state="same"), name="baseline_check_rings_for_a_drift"
            ),
        ]
