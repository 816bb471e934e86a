"""Disqualifications: what an organiser asks, what the team replies, what the Region decides."""

from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

from django.db import models
from django.db.models import Count, F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from challenges.entries.models import Entry
from challenges.organising.models.challenges import (
    Challenge,
    ChallengeOrganiser,
    FormerOrganiser,
    Phase,
    Viewer,
    person_id,
)
from challenges.teams.models import Team, TeamMember
from portal.accounts.authorization import Permission, has_permission
from portal.lib.columns import LockableQuerySet, set_exactly, set_together, someone, within, word
from portal.lib.decisions import TwoPersonDecision, by_two_people
from portal.lib.refusals import Conflict


class DisqualificationStatus(models.TextChoices):
    """Name where a disqualification stands: nothing is decided before the team could reply."""

    PROPOSED = "proposed", _("Réponse attendue")
    IN_FORCE = "in_force", _("Disqualifiée")
    DISMISSED = "dismissed", _("Classée sans suite")
    WITHDRAWN = "withdrawn", _("Demande retirée")
    LIFTED = "lifted", _("Levée")


EDGES: Mapping[DisqualificationStatus, frozenset[DisqualificationStatus]] = {
    DisqualificationStatus.PROPOSED: frozenset(
        {
            DisqualificationStatus.IN_FORCE,
            DisqualificationStatus.DISMISSED,
            DisqualificationStatus.WITHDRAWN,
        }
    ),
    DisqualificationStatus.IN_FORCE: frozenset({DisqualificationStatus.LIFTED}),
    DisqualificationStatus.DISMISSED: frozenset(),
    DisqualificationStatus.WITHDRAWN: frozenset(),
    DisqualificationStatus.LIFTED: frozenset(),
}


class DisqualificationQuerySet(LockableQuerySet["Disqualification"]):
    """Disqualifications, by who may read them and by where they stand."""

    def decided_by_region(self, user: Viewer) -> "DisqualificationQuerySet":
        """Keep, for the Region, those in which this person has no part."""
        if not has_permission(user, Permission.CHALLENGE_REVEAL):
            return self.none()
        person = person_id(user)
        run = ChallengeOrganiser.objects.filter(user_id=person).values("challenge_id")
        played = TeamMember.objects.filter(user_id=person, left_at__isnull=True)
        ran = FormerOrganiser.objects.filter(user_id=person).values("challenge_id")
        held = list(getattr(user, "roles_by_organisation", {}))
        return self.exclude(
            Q(challenge__in=run)
            | Q(challenge__in=ran)
            | Q(challenge__in=played.values("challenge_id"))
            | Q(challenge__organiser__in=held)
        )

    def undecided(self) -> "DisqualificationQuerySet":
        """Keep those that wait for a decision."""
        return self.filter(status=DisqualificationStatus.PROPOSED)

    def ripe(self, at: datetime) -> "DisqualificationQuerySet":
        """Keep the undecided ones whose team replied, or had its days to."""
        return self.undecided().filter(Q(replied_at__isnull=False) | Q(reply_by__lte=at))

    def in_force(self) -> "DisqualificationQuerySet":
        """Keep those that were decided and not lifted since."""
        return self.filter(status=DisqualificationStatus.IN_FORCE)

    def about_results_of(self, phase: Phase) -> "DisqualificationQuerySet":
        """Keep those that change the results of a phase: of its entries, of its teams."""
        teams = Q(entry__isnull=True, team__enrolments__phase=phase)
        return self.filter(Q(entry__enrolment__phase=phase) | teams).distinct()

    def counted(self, phase: Phase) -> dict[str, int]:
        """Count the teams and the entries of a phase, naming nobody."""
        entered = Q(team__enrolments__phase=phase)
        counts: dict[str, int] = self.aggregate(
            teams=Count("team", distinct=True, filter=entered & Q(entry__isnull=True)),
            entries=Count("pk", distinct=True, filter=Q(entry__enrolment__phase=phase)),
        )
        return counts


class Disqualification(TwoPersonDecision):
    """Put one entry of a team, or the whole team, out of the results, after it could reply."""

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    challenge = models.ForeignKey(
        Challenge, on_delete=models.CASCADE, related_name="disqualifications"
    )
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="disqualifications")
    # None: the whole team, its entries in every phase.
    entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, null=True, blank=True, related_name="disqualifications"
    )
    status = word(DisqualificationStatus, default=DisqualificationStatus.PROPOSED)
    version = models.PositiveIntegerField(default=1)
    reason = models.TextField()
    reply_by = models.DateTimeField()
    reply = models.TextField(blank=True)
    replied_by = someone()
    replied_at = models.DateTimeField(null=True, blank=True)
    decision = models.TextField(blank=True)
    lifted_by = someone()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_reason = models.TextField(blank=True)

    objects = DisqualificationQuerySet.as_manager()

    class Meta:
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            within("status", DisqualificationStatus, name="disqualification_status_known"),
            models.UniqueConstraint(
                fields=["team", "entry"],
                condition=Q(status__in=["in_force", "proposed"], entry__isnull=False),
                name="disqualification_of_an_entry_once",
            ),
            models.UniqueConstraint(
                fields=["team"],
                condition=Q(status__in=["in_force", "proposed"], entry__isnull=True),
                name="disqualification_of_a_team_once",
            ),
            set_together("replied_at", "replied_by", name="disqualification_reply_has_author"),
            *TwoPersonDecision.Meta.constraints,
            by_two_people(unless=Q(status="withdrawn")),
            set_exactly(
                ~Q(status="proposed"), "decided_at", name="disqualification_decided_has_its_date"
            ),
            set_exactly(
                Q(status="lifted"),
                "lifted_at",
                "lifted_by",
                name="disqualification_lifted_has_author",
            ),
            models.CheckConstraint(
                condition=~Q(lifted_by=F("proposed_by")), name="disqualification_lifted_by_another"
            ),
        ]

    def become(self, status: DisqualificationStatus) -> None:
        """Change the status along an edge of the table; refuse any other."""
        if status not in EDGES[DisqualificationStatus(self.status)]:
            raise Conflict(
                gettext("Cette procédure a changé d’état : cet acte n’est plus possible."),
                code="disqualification_status",
                current=self.status,
                wanted=status.value,
            )
        self.status = status
        self.version += 1

    @property
    def is_undecided(self) -> bool:
        """Say whether it waits for a decision."""
        return self.status == DisqualificationStatus.PROPOSED

    def is_ripe(self, at: datetime) -> bool:
        """Say whether it may be decided on: the team replied, or its days have passed."""
        return self.is_undecided and (self.replied_at is not None or self.reply_by <= at)
