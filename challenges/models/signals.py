"""Signals: what the worker asks a moderator to look at, what teams answer, what is decided."""

from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from challenges.enums import SIGNAL_EDGES, UNDECIDED, SignalKind, SignalStatus
from challenges.models.challenge import ChallengeOrganiser, Phase
from challenges.models.organisers import FormerOrganiser
from challenges.models.people import Viewer, person_id
from challenges.models.team import Team, TeamMember, teams_of
from challenges.models.words import within, word
from challenges.rules import may_read_signals
from portal.lib.refusals import Conflict


class SignalQuerySet(models.QuerySet["Signal"]):
    """Signals, by who may read them and by where they stand."""

    def visible_to(self, user: Viewer) -> "SignalQuerySet":
        """Keep, for moderators and administrators, those of challenges in which they have no part.

        Which they neither play nor played, neither run nor ran, and their organisation does not.
        """
        if not may_read_signals(user):
            return self.none()
        person = person_id(user)
        played = TeamMember.objects.filter(user_id=person).values("challenge_id")
        run = ChallengeOrganiser.objects.filter(user_id=person).values("challenge_id")
        ran = FormerOrganiser.objects.filter(user_id=person).values("challenge_id")
        held = list(getattr(user, "roles_by_organisation", {}))
        return self.exclude(
            Q(phase__challenge__in=played)
            | Q(phase__challenge__in=run)
            | Q(phase__challenge__in=ran)
            | Q(phase__challenge__organiser__in=held)
        )

    def undecided(self) -> "SignalQuerySet":
        """Keep those that wait for a decision."""
        return self.filter(status__in=sorted(UNDECIDED))

    def locked(self, signal: "Signal") -> "Signal":
        """Return the fresh row, held until the end of the transaction."""
        return self.select_for_update().get(pk=signal.pk)


class Signal(models.Model):
    """Ask a moderator to look at some entries: a question, never a proof."""

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="signals")
    kind = word(SignalKind)
    # The teams it is about, by number: "12+15".
    subject = models.CharField(max_length=160)
    # Shares and correlations, entries by id; no answer, no score, no count of errors.
    evidence = models.JSONField(default=dict)
    status = word(SignalStatus, default=SignalStatus.OPEN)
    status_since = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    found_at = models.DateTimeField()
    question = models.TextField(blank=True)
    reply_by = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.TextField(blank=True)

    objects = SignalQuerySet.as_manager()

    class Meta:
        ordering = ["-found_at", "-pk"]
        constraints = [
            within("kind", SignalKind, name="signal_kind_known"),
            within("status", SignalStatus, name="signal_status_known"),
            models.UniqueConstraint(
                fields=["phase", "kind", "subject"],
                condition=Q(status__in=["answered", "asked", "open"]),
                name="signal_undecided_once",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["dismissed", "acted"],
                    decided_at__isnull=False,
                    decided_by__isnull=False,
                )
                | Q(
                    status__in=["open", "asked", "answered"],
                    decided_at__isnull=True,
                    decided_by__isnull=True,
                ),
                name="signal_decided_has_author",
            ),
        ]

    def become(self, status: SignalStatus, *, at: datetime) -> None:
        """Change the status along an edge of the table; refuse any other."""
        if status not in SIGNAL_EDGES[SignalStatus(self.status)]:
            raise Conflict(
                _("Ce signal a changé d’état : cette décision n’est plus possible."),
                code="signal_status",
                current=self.status,
                wanted=status.value,
            )
        self.status, self.status_since = status, at
        self.version += 1

    @property
    def is_undecided(self) -> bool:
        """Say whether it waits for a decision."""
        return self.status in UNDECIDED


class SignalTeamQuerySet(models.QuerySet["SignalTeam"]):
    """Teams asked about a signal, by who may read what they were asked."""

    def asked_of(self, user: Viewer) -> "SignalTeamQuerySet":
        """Keep the questions put to the teams this person is in today."""
        return self.filter(team__in=teams_of(user).values("pk"), asked_at__isnull=False)


class SignalTeam(models.Model):
    """Hold a team's part in a signal: its entries, what it was asked, what it answered."""

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    signal = models.ForeignKey(Signal, on_delete=models.CASCADE, related_name="parties")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="signals")
    # Its entries that the evidence names, by id.
    entries = models.JSONField(default=list)
    asked_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Whether the decision, once acted on, is about this team, and took its entries off the board.
    concerned = models.BooleanField(default=False)
    set_aside = models.BooleanField(default=False)

    objects = SignalTeamQuerySet.as_manager()

    class Meta:
        ordering = ["signal_id", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["signal", "team"], name="signal_team_once"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answered_by__isnull=True)
                | Q(
                    answered_at__isnull=False,
                    answered_by__isnull=False,
                    asked_at__isnull=False,
                ),
                name="signal_answer_has_author_and_question",
            ),
        ]
