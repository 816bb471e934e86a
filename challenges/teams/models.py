"""Teams, their members, their invitations; registrations, with the rules that were accepted."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.crypto import salted_hmac

from challenges.organising.models.challenges import Challenge, Phase, Terms, Viewer, person_id
from challenges.teams.enums import LIVE_STATES, RegistrationState, TeamRole, TeamState
from datasets.access.models import Grant
from portal.accounts.models import AddressInvitation, AddressInvitationQuerySet
from portal.lib.columns import LockableQuerySet, person, set_together, someone, within, word


class TeamQuerySet(LockableQuerySet["Team"]):
    """Teams, by who belongs to them."""

    def joined_by(self, user: Viewer) -> "TeamQuerySet":
        """Keep the teams this person is in today."""
        return self.filter(
            pk__in=TeamMember.objects.filter(user_id=person_id(user), left_at__isnull=True).values(
                "team_id"
            )
        )

    def live(self) -> "TeamQuerySet":
        """Keep the teams that may enter files, the references apart."""
        return self.filter(state__in=sorted(LIVE_STATES))

    def references(self) -> "TeamQuerySet":
        """Keep the teams of organisers, which enter references."""
        return self.filter(state=TeamState.REFERENCE)

    def of_people(self) -> "TeamQuerySet":
        """Leave out the teams of organisers, which enter references."""
        return self.exclude(state=TeamState.REFERENCE)

    def entered(self, **asked: Any) -> "TeamQuerySet":
        """Keep the live teams that sent a file: those that one counts.

        asked: what is asked of the enrolment besides, as phase=… or entries__status=….
        """
        asked = {"entries__isnull": False, **asked}
        return self.live().filter(Exists(Enrolment.objects.filter(team_id=OuterRef("pk"), **asked)))

    def scored(self) -> "TeamQuerySet":
        """Keep the live teams that a board may list: one file at least was scored."""
        return self.entered(entries__status="scored")


class Team(models.Model):
    """Gather the people who enter a challenge together."""

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=96)
    state = word(TeamState, default=TeamState.OPEN)
    # Whoever holds the link of this code joins; none until the captain opens one.
    join_code = models.CharField(max_length=16, blank=True)
    show_members = models.BooleanField(default=False)
    # Its fact sheet stands in the final report.
    show_method = models.BooleanField(default=False)
    # An organiser may propose a card of its solution.
    allow_card = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    # How many files were checked without being sent, in the hour that began then.
    checks_hour = models.DateTimeField(null=True, blank=True)
    checks_used = models.PositiveIntegerField(default=0)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            within("state", TeamState, name="team_state_known"),
            models.UniqueConstraint(fields=["challenge", "slug"], name="team_slug_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        """Return the address that joins the team, for who has it; none without a code."""
        if not self.join_code:
            return ""
        return f"/challenges/{self.challenge.slug}/equipe/rejoindre/{self.join_code}/"

    @property
    def is_live(self) -> bool:
        """Say whether it takes part: it may enter files, and boards rank what it enters."""
        return self.state in LIVE_STATES

    @property
    def is_reference(self) -> bool:
        """Say whether it is the organiser's own, which enters references."""
        return self.state == TeamState.REFERENCE

    def alias_in(self, phase: Phase) -> str:
        """Return the pseudonym under which a phase lists the team.

        Another one in each phase: the names that the results of one give do not tell those of
        the next, unless it takes over the same files and scores them alike.
        """
        digest = salted_hmac("challenges.pseudonym", f"{phase.pk}:{self.public_id}").hexdigest()
        return f"Équipe {digest[:8].upper()}"

    def has_member(self, user: Viewer) -> bool:
        """Say whether this person is in the team today."""
        return self._places(user).exists()

    def has_captain(self, user: Viewer) -> bool:
        """Say whether this person is a captain of the team today."""
        return self._places(user).filter(role=TeamRole.CAPTAIN).exists()

    def _places(self, user: Viewer) -> "models.QuerySet[TeamMember]":
        return self.members.filter(user_id=person_id(user), left_at__isnull=True)


class TeamMember(models.Model):
    """Put a person in a team for a while."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members")
    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="team_members")
    user = person("team_memberships")
    role = word(TeamRole, default=TeamRole.MEMBER)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["joined_at", "pk"]
        constraints = [
            within("role", TeamRole, name="team_member_role_known"),
            models.UniqueConstraint(
                fields=["challenge", "user"],
                condition=Q(left_at__isnull=True),
                name="one_team_per_person_per_challenge",
            ),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("joined_at")),
                name="team_member_leaves_after_joining",
            ),
        ]


class TeamInvitation(AddressInvitation):
    """Invite one e-mail address into a team, once."""

    TARGET = "team_id"

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")

    objects = AddressInvitationQuerySet["TeamInvitation"].as_manager()

    @property
    def path(self) -> str:
        """Return the address that joins the team, with its secret."""
        return (
            f"/challenges/{self.team.challenge.slug}/equipe/invitation/"
            f"{self.public_id}/{self.token}/"
        )


class EnrolmentQuerySet(LockableQuerySet["Enrolment"]):
    """Enrolments: the teams they count for, the rows that are locked."""

    def entered(self) -> "EnrolmentQuerySet":
        """Keep those of `TeamQuerySet.entered`."""
        return self.filter(team__in=Team.objects.live().values("pk"), entries__isnull=False)

    def all_locked(self, phases: Iterable[int], team: int) -> "list[Enrolment]":
        """Return the enrolments of a team in these phases, locked in order."""
        enrolments = self.filter(phase_id__in=list(phases), team_id=team)
        return list(enrolments.select_for_update().order_by("pk"))


class Enrolment(models.Model):
    """Tie a team to a phase: everything that is counted hangs on this row."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="enrolments")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="enrolments")

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["phase", "team"], name="enrolment_once")]


class Registration(models.Model):
    """Say whether a person takes part in a challenge, and which rules of it they accepted."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="registrations")
    user = person("registrations")
    # The last version of the rules that the person accepted.
    terms = models.ForeignKey(
        Terms, on_delete=models.PROTECT, null=True, blank=True, related_name="acceptances"
    )
    terms_accepted_at = models.DateTimeField(null=True, blank=True)
    # The last grant of the challenge whose forbidden uses the person signed.
    grant = models.ForeignKey(
        Grant, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    uses_signed_at = models.DateTimeField(null=True, blank=True)
    state = word(RegistrationState, default=RegistrationState.PENDING)
    decided_by = someone()
    # Why it was refused, told to the person.
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            within("state", RegistrationState, name="registration_state_known"),
            set_together("terms", "terms_accepted_at", name="registration_terms_accepted_dated"),
            set_together("grant", "uses_signed_at", name="registration_uses_signed_dated"),
            models.UniqueConstraint(fields=["challenge", "user"], name="registration_once"),
        ]
