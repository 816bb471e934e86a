"""Teams, their members, their invitations and their enrolment in a phase."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from challenges.enums import InvitationState, TeamRole, TeamState
from challenges.models.challenge import Challenge, Phase
from challenges.models.people import Viewer, person_id
from challenges.models.words import within, word


class TeamQuerySet(models.QuerySet["Team"]):
    """Teams, by who belongs to them."""

    def of(self, user: Viewer) -> "TeamQuerySet":
        """Keep the teams this person is in today."""
        return self.filter(
            pk__in=TeamMember.objects.filter(user_id=person_id(user), left_at__isnull=True).values(
                "team_id"
            )
        )

    def locked(self, team: "Team") -> "Team":
        """Return the fresh row, held until the end of the transaction."""
        return self.select_for_update().get(pk=team.pk)


class Team(models.Model):
    """Gather the people who enter a challenge together."""

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=96)
    state = word(TeamState, default=TeamState.OPEN)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="absorbed"
    )
    pseudonym = models.CharField(max_length=80, blank=True)
    is_baseline = models.BooleanField(default=False)
    show_members = models.BooleanField(default=False)
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
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False)
                | (~Q(state="merged") & Q(merged_into__isnull=True)),
                name="team_merged_has_its_root",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def has_member(self, user: Viewer) -> bool:
        """Say whether this person is in the team today."""
        return self.members.filter(user_id=person_id(user), left_at__isnull=True).exists()

    def has_captain(self, user: Viewer) -> bool:
        """Say whether this person is a captain of the team today."""
        return self.members.filter(
            user_id=person_id(user), left_at__isnull=True, role=TeamRole.CAPTAIN
        ).exists()


class TeamMember(models.Model):
    """Put a person in a team for a while."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members")
    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="team_members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="team_memberships"
    )
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


class TeamInvitation(models.Model):
    """Invite one e-mail address into a team, once."""

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    token_sha256 = models.CharField(max_length=64, unique=True)
    state = word(InvitationState, default=InvitationState.SENT)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-sent_at", "pk"]
        constraints = [within("state", InvitationState, name="team_invitation_state_known")]


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    """Enrolments: the rows that are locked."""

    def locked(self, enrolment: "Enrolment") -> "Enrolment":
        """Return the fresh row, held until the end of the transaction."""
        return self.select_for_update().get(pk=enrolment.pk)


class Enrolment(models.Model):
    """Tie a team to a phase: everything that is counted hangs on this row."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="enrolments")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="enrolments")

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["phase", "team"], name="enrolment_once")]
