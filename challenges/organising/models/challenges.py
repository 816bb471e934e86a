"""Challenge, its phases, pages, files and draft; the people who run it, those it invites."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias
from uuid import uuid4

from django.conf import settings
from django.db import connection, models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from challenges.organising.enums import (
    CHALLENGE_EDGES,
    PUBLIC_STATUSES,
    BuildState,
    ChallengeKind,
    ChallengeStatus,
    LogAudience,
    NoticeKind,
    OrganiserRole,
    PhaseKind,
    PhaseMoment,
    RegistrationMode,
    ReportAudience,
)
from challenges.scoring.audit.declared import SMALLEST
from datasets.access.models import Grant
from portal.accounts.authorization import Permission, has_permission
from portal.accounts.models import AddressInvitation, AddressInvitationQuerySet, User
from portal.lib import clock
from portal.lib.columns import (
    LockableQuerySet,
    person,
    set_exactly,
    set_together,
    someone,
    within,
    word,
)
from portal.lib.refusals import Conflict

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.audit.actors import SystemActor


Viewer: TypeAlias = "User | SystemActor | AnonymousUser"


def person_id(viewer: Viewer) -> int:
    """Return the key of a person, 0 for anybody else: no row has it."""
    return getattr(viewer, "pk", None) or 0


class ChallengeQuerySet(LockableQuerySet["Challenge"]):
    """Challenges, by who may see them and by their moment."""

    def public(self) -> "ChallengeQuerySet":
        """Keep the challenges that everybody sees."""
        return self.filter(status__in=sorted(PUBLIC_STATUSES))

    def visible_to(self, user: Viewer) -> "ChallengeQuerySet":
        """Keep the challenges that this person may read, drafts of their own included."""
        if not getattr(user, "is_authenticated", False):
            return self.public()
        if has_permission(user, Permission.CONTRIBUTION_READ_ALL):
            return self.all()
        own = ChallengeOrganiser.objects.filter(user_id=person_id(user)).values("challenge_id")
        return self.filter(Q(status__in=sorted(PUBLIC_STATUSES)) | Q(pk__in=own))

    def waiting_for_grant(self, at: datetime) -> "ChallengeQuerySet":
        """Keep those whose restricted data may not be used at an instant."""
        return self.filter(restricted=True).exclude(grant__in=Grant.objects.active(at))

    def not_run_by(self, user: User) -> "ChallengeQuerySet":
        """Leave out those that this person runs or ran, or that an organisation of theirs holds."""
        run = ChallengeOrganiser.objects.filter(user_id=user.pk).values("challenge_id")
        others = self.exclude(Q(pk__in=run) | Q(organiser__in=list(user.roles_by_organisation)))
        return others.exclude(former_organisers__user_id=user.pk)

    def apart_from(self, user: User) -> "ChallengeQuerySet":
        """Keep those in which this person has no part: neither runs them, nor plays or played."""
        return self.not_run_by(user).exclude(team_members__user_id=user.pk)


class Challenge(models.Model):
    """Hold one challenge: its texts, who runs it, how one takes part."""

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    summary = models.TextField()
    body_md = models.TextField(blank=True)
    body_html = models.TextField(blank=True)
    language = models.CharField(max_length=8, default="fr")
    task = models.CharField(max_length=24, blank=True)
    tags = models.JSONField(default=list, blank=True)
    use_cases = models.JSONField(default=list, blank=True)
    caveats = models.JSONField(default=list, blank=True)
    licence = models.JSONField(default=dict, blank=True)
    provenance = models.JSONField(default=list, blank=True)
    incompatible_with = models.JSONField(default=list, blank=True)
    organiser = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="challenges"
    )
    kind = word(ChallengeKind, default=ChallengeKind.COMPETITION)
    status = word(ChallengeStatus, default=ChallengeStatus.DRAFT)
    status_since = models.DateTimeField()
    # Raised by each change that a moderator must have read before giving the visa.
    version = models.PositiveIntegerField(default=1)
    published_at = models.DateTimeField(null=True, blank=True)
    corrections = models.TextField(blank=True)  # by the Region, until the visa is asked again
    team_min = models.PositiveSmallIntegerField(default=1)
    team_max = models.PositiveSmallIntegerField(default=10)
    registration = word(RegistrationMode, default=RegistrationMode.OPEN)
    allowed_domains = models.JSONField(default=list, blank=True)
    blocked_domains = models.JSONField(default=list, blank=True)
    has_prizes = models.BooleanField(default=False)
    prizes_md = models.TextField(blank=True)
    prize_rule_md = models.TextField(blank=True)
    contact = models.EmailField(blank=True)
    forum_url = models.URLField(blank=True)
    fact_sheet = models.JSONField(default=list, blank=True)
    # Persons under which a group is never shown: part of the contract, so set in a draft only.
    n_min_group = models.PositiveIntegerField(default=SMALLEST)
    # Nothing that programs write while they read its data is shown.
    restricted = models.BooleanField(default=False)
    # What allows its data of the restricted directory to be used.
    grant = models.ForeignKey(
        Grant, on_delete=models.PROTECT, null=True, blank=True, related_name="challenges"
    )
    # The imported document, whole, and keyed digests that tell whether an import changes it.
    bundle = models.JSONField(default=dict, blank=True)
    bundle_fingerprint = models.CharField(max_length=64, blank=True)
    held_out_fingerprint = models.CharField(max_length=64, blank=True)
    # The bytes of another platform's bundle, sealed whole for the export: they hold the truth.
    source = models.ForeignKey(
        "datasets.HoldoutVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="imported_challenges",
    )
    detailed_results = word(ReportAudience, default=ReportAudience.ORGANISER)
    # The cards of the catalogue that it starts from: a need, an idea, data.
    origins = models.ManyToManyField("catalogue.Resource", related_name="challenges", blank=True)
    created_at = models.DateTimeField()

    objects = ChallengeQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "pk"]
        constraints = [
            within("status", ChallengeStatus, name="challenge_status_known"),
            within("kind", ChallengeKind, name="challenge_kind_known"),
            within("registration", RegistrationMode, name="challenge_registration_known"),
            within("detailed_results", ReportAudience, name="challenge_detailed_results_known"),
            models.CheckConstraint(
                condition=Q(n_min_group__gte=SMALLEST), name="challenge_n_min_group_only_raised"
            ),
            models.CheckConstraint(
                condition=Q(team_max__gte=F("team_min")) & Q(team_min__gte=1),
                name="challenge_team_sizes_in_order",
            ),
            models.CheckConstraint(
                condition=Q(grant=None) | Q(restricted=True), name="challenge_granted_is_restricted"
            ),
            set_exactly(
                ~Q(status__in=["draft", "in_review"]),
                "published_at",
                name="challenge_published_has_its_date",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_public(self) -> bool:
        """Say whether everybody sees it."""
        return self.status in PUBLIC_STATUSES

    @property
    def is_revealed(self) -> bool:
        """Say whether the private figures are out: one may be archived without results."""
        archived = self.status == ChallengeStatus.ARCHIVED
        with_results = archived and all(each.is_revealed for each in self.phases.all())
        return with_results or self.status == ChallengeStatus.REVEALED

    @property
    def licence_to_confirm(self) -> bool:
        """Say whether the licence of the data still awaits a confirmation; the visa requires it."""
        return self.published_at is None and self.licence.get("status") == "to_confirm"

    @property
    def licence_confirmed(self) -> bool:
        """Say whether the visa confirmed a licence that the draft left to confirm."""
        return self.published_at is not None and self.licence.get("status") == "to_confirm"

    def waits_for_grant(self, at: datetime) -> bool:
        """Say whether its restricted data may not be used at this instant: read, never kept."""
        live = Grant.objects.active(at).filter(pk=self.grant_id or 0)
        return self.restricted and not live.exists()

    def become(self, status: ChallengeStatus, *, at: datetime) -> None:
        """Change the status along an edge of the table; refuse any other."""
        if status not in CHALLENGE_EDGES[ChallengeStatus(self.status)]:
            raise Conflict(
                _("Ce challenge est à l’état « %(current)s » : cette étape n’est plus possible.")
                % {"current": self.get_status_display()},
                code="challenge_status",
                current=self.status,
                wanted=status.value,
            )
        self.status, self.status_since = status, at
        self.version += 1

    def save_change(self, *fields: str) -> None:
        """Save these fields, for a moderator to read again what changed under their eyes."""
        self.version += 1
        self.save(update_fields=["version", *fields])

    def refuse_unread(self, version: int) -> None:
        """Raise Conflict unless this version is the one that was read.

        facts: version, current (the status now).
        """
        if version != self.version:
            raise Conflict(
                _(
                    "Ce challenge a changé depuis l’affichage de la page. Il est maintenant à "
                    "l’état « %(current)s » : relisez-le avant de décider."
                )
                % {"current": self.get_status_display()},
                code="changed",
                version=self.version,
                current=self.status,
            )

    def is_organised_by(self, user: Viewer) -> bool:
        """Say whether this person is an owner or an organiser of it."""
        own = self.organisers.filter(user_id=person_id(user))
        return own.exclude(role=OrganiserRole.JURY).exists()

    def is_owned_by(self, user: Viewer) -> bool:
        """Say whether this person chooses who runs it."""
        return self.organisers.filter(user_id=person_id(user), role=OrganiserRole.OWNER).exists()

    def is_run_by(self, user: Viewer) -> bool:
        """Say whether this person runs it in any role, jury included."""
        return self.organisers.filter(user_id=person_id(user)).exists()

    def was_run_by(self, user: Viewer) -> bool:
        """Say whether this person ran it in any role, jury included, and left."""
        return bool(self.former_organisers.filter(user_id=person_id(user)).exists())

    def is_played_by(self, user: Viewer) -> bool:
        """Say whether this person is, or was, in a team of it."""
        return bool(self.team_members.filter(user_id=person_id(user)).exists())


class ChallengeOrganiser(models.Model):
    """Make a person an organiser of a challenge."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="organisers")
    user = person("organised_challenges")
    role = word(OrganiserRole, default=OrganiserRole.ORGANISER)

    class Meta:
        constraints = [
            within("role", OrganiserRole, name="challenge_organiser_role_known"),
            models.UniqueConstraint(fields=["challenge", "user"], name="challenge_organiser_once"),
        ]


class PhaseQuerySet(models.QuerySet["Phase"]):
    """Phases, by whether they take entries at an instant."""

    def open_at(self, at: datetime) -> "PhaseQuerySet":
        """Keep the phases that take entries at this instant: [opens_at, closes_at)."""
        return self.filter(
            Q(closes_at__isnull=True) | Q(closes_at__gt=at),
            opens_at__lte=at,
            challenge__status=ChallengeStatus.PUBLISHED,
        )

    def over_by(self, at: datetime) -> "PhaseQuerySet":
        """Keep the phases that were over at this instant: by their results, or by the archive.

        One that stays open as a bench is over with the archive.
        """
        archived = Q(challenge__status=ChallengeStatus.ARCHIVED, challenge__status_since__lte=at)
        revealed = Q(reveal__executed_at__lte=at)
        return self.filter(
            (revealed & Q(benchmark_after_close=False))
            | (archived & (Q(reveal__executed_at__isnull=True) | Q(benchmark_after_close=True)))
        )

    def without_grant(self, at: datetime) -> "PhaseQuerySet":
        """Keep the public phases that may still be scored, whose restricted data have no grant."""
        left = Q(reveal__executed_at__isnull=True) | Q(benchmark_after_close=True)
        live = Challenge.objects.public().exclude(status=ChallengeStatus.ARCHIVED)
        return self.filter(left, challenge__in=live.waiting_for_grant(at))

    def taking_over(self, at: datetime) -> "PhaseQuerySet":
        """Keep the phases open since this instant that still have choices to take over."""
        return self.filter(
            migrate_from__isnull=False,
            migrated_at__isnull=True,
            opens_at__lte=at,
            challenge__status__in=[ChallengeStatus.PUBLISHED, ChallengeStatus.CLOSED],
        )

    def locked(self, phase: "Phase") -> "Phase":
        """Return the fresh row, held until the end of the transaction; Conflict once removed."""
        try:
            return self.select_for_update().get(pk=phase.pk)
        except Phase.DoesNotExist:
            raise Conflict(_("Cette phase n’existe plus."), code="absent") from None

    def share_locked(self, phase_id: int) -> "Phase":
        """Return the fresh row, shared with others who hold it; whoever locks it waits for all.

        On SQLite the transaction is already alone.
        """
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM challenges_phase WHERE id=%s FOR SHARE", [phase_id])
        return self.select_related("challenge").get(pk=phase_id)


@dataclass(frozen=True)
class Intake:
    """The terms on which a phase takes entries: until when, how many of a team, to what end."""

    closes_at: datetime | None
    max_total: int | None
    # Whether the entries enter the boards and the final results.
    counts: bool


class Phase(models.Model):
    """Hold one period of a challenge: its dates, quotas and limits."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="phases")
    index = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    kind = word(PhaseKind, default=PhaseKind.PUBLIC)
    opens_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    # A phase closed by a person takes nothing more; one whose announced close passed has a grace.
    closed_by_hand = models.BooleanField(default=False)
    max_per_day = models.PositiveIntegerField(null=True, blank=True, default=3)
    max_total = models.PositiveIntegerField(null=True, blank=True, default=60)
    max_parallel = models.PositiveIntegerField(null=True, blank=True)
    max_refused_per_day = models.PositiveIntegerField(default=20)
    max_bytes = models.PositiveBigIntegerField()
    time_limit_s = models.PositiveIntegerField(default=600)
    memory_mb = models.PositiveIntegerField(default=1024)
    migrate_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="migrates_to"
    )
    # When the final choices of that phase were all taken over, or found absent.
    migrated_at = models.DateTimeField(null=True, blank=True)
    answer_spec = models.JSONField(default=dict, blank=True)
    public_share = models.FloatField(default=0.30)
    # Rows or queries of the public part, once the truth is compiled.
    public_units = models.PositiveIntegerField(null=True, blank=True)
    # A public score is shown only where the team improves beyond chance.
    ladder = models.BooleanField(default=False)
    final_choices = models.PositiveSmallIntegerField(default=2)
    logs = word(LogAudience, default=LogAudience.NONE)
    benchmark_after_close = models.BooleanField(default=False)
    # Nothing is scored: teams read why. By nobody where the portal did, since a grant gives no
    # access; entries are then not received either.
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = someone()
    pause_reason = models.TextField(blank=True)

    objects = PhaseQuerySet.as_manager()

    class Meta:
        ordering = ["challenge_id", "index"]
        constraints = [
            within("kind", PhaseKind, name="phase_kind_known"),
            within("logs", LogAudience, name="phase_logs_known"),
            models.UniqueConstraint(fields=["challenge", "index"], name="phase_index_once"),
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True)
                | Q(opens_at__isnull=True)
                | Q(closes_at__gt=F("opens_at")),
                name="phase_closes_after_it_opens",
            ),
            models.CheckConstraint(
                condition=Q(migrated_at__isnull=True) | Q(migrate_from__isnull=False),
                name="phase_migrated_comes_from_another",
            ),
            set_together("paused_at", words="pause_reason", name="phase_pause_has_reason"),
            models.CheckConstraint(
                condition=Q(paused_by__isnull=True) | Q(paused_at__isnull=False),
                name="phase_paused_by_while_paused",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_revealed(self) -> bool:
        """Say whether its private figures are out."""
        reveal = getattr(self, "reveal", None)
        return reveal is not None and reveal.executed_at is not None

    @property
    def public_percent(self) -> int:
        """Return the share of the public part, in per cent."""
        return round(self.public_share * 100)

    @property
    def intake(self) -> Intake:
        """Return the terms on which it takes entries: the one point where they are chosen.

        After its final results, a phase that stays open as a bench has no close, the quota of a
        day only, and entries that change none of them.
        """
        if self.benchmark_after_close and self.is_revealed:
            return Intake(closes_at=None, max_total=None, counts=False)
        return Intake(self.closes_at, self.max_total, counts=True)

    def waits_for_grant(self, at: datetime) -> bool:
        """Say whether its restricted data may not be used, or nobody resumed it since then."""
        by_portal = self.paused_at is not None and self.paused_by_id is None
        return by_portal or self.challenge.waits_for_grant(at)

    @property
    def lacks_grant(self) -> bool:
        """Say so of this instant, to templates."""
        return self.waits_for_grant(clock.now())

    def takes_entries(self, at: datetime) -> bool:
        """Say whether a team may begin to send at this instant: by its dates, and by its grant.

        A bench has no dates, and ends where its challenge stops.
        """
        if self.waits_for_grant(at):
            return False
        if self.intake.counts:
            published = self.challenge.status == ChallengeStatus.PUBLISHED
            return published and self.moment(at) is PhaseMoment.OPEN
        return self.challenge.status not in {ChallengeStatus.SUSPENDED, ChallengeStatus.ARCHIVED}

    @property
    def grace_ends_at(self) -> datetime | None:
        """Return until when an upload begun before the close may still end; None without close.

        The close itself where a person closed the phase: nothing more is accepted.
        """
        if self.closes_at is None or self.closed_by_hand:
            return self.closes_at
        return self.closes_at + timedelta(minutes=settings.GRACE_MINUTES)

    def is_in_grace(self, at: datetime) -> bool:
        """Say whether the phase is closed and an upload begun before may still end."""
        ends = self.grace_ends_at
        return self.moment(at) == PhaseMoment.CLOSED and ends is not None and at < ends

    def moment(self, at: datetime | None = None) -> PhaseMoment:
        """Tell where the phase stands at an instant, now by default; bounds are [opens, closes)."""
        now = at or clock.now()
        if self.opens_at is None:
            return PhaseMoment.UNDATED
        if now < self.opens_at:
            return PhaseMoment.COMING
        over = self.closes_at is not None and now >= self.closes_at
        return PhaseMoment.CLOSED if over else PhaseMoment.OPEN


class ChallengePage(models.Model):
    """Hold a further page of texts of a challenge."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="pages")
    index = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=120)
    body_md = models.TextField()
    body_html = models.TextField()

    class Meta:
        ordering = ["index"]
        constraints = [
            models.UniqueConstraint(fields=["challenge", "index"], name="challenge_page_index_once")
        ]


class Notice(models.Model):
    """Announce a public change of a challenge; never rewritten."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="notices")
    kind = word(NoticeKind, default=NoticeKind.TEXT)
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [within("kind", NoticeKind, name="notice_kind_known")]


class PublicFile(models.Model):
    """Offer a file of a challenge for download."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="files")
    index = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=32)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    rows = models.PositiveBigIntegerField(null=True, blank=True)
    columns = models.JSONField(default=list, blank=True)
    args = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["index"]
        constraints = [
            models.UniqueConstraint(fields=["challenge", "name"], name="public_file_name_once"),
            models.UniqueConstraint(fields=["challenge", "index"], name="public_file_index_once"),
        ]

    def __str__(self) -> str:
        return self.name


class OrganiserInvitation(AddressInvitation):
    """Invite a person, by their address, into the team that runs a challenge."""

    TARGET = "challenge_id"

    challenge = models.ForeignKey(
        Challenge, on_delete=models.CASCADE, related_name="organiser_invitations"
    )
    role = word(OrganiserRole, default=OrganiserRole.ORGANISER)

    objects = AddressInvitationQuerySet["OrganiserInvitation"].as_manager()

    class Meta(AddressInvitation.Meta):
        constraints = [
            *AddressInvitation.Meta.constraints,
            within("role", OrganiserRole, name="organiser_invitation_role_known"),
            models.UniqueConstraint(
                fields=["challenge", "email"],
                condition=Q(state="sent"),
                name="organiser_invited_once",
            ),
        ]


class FormerOrganiser(models.Model):
    """Remember that a person ran a challenge, jury included.

    They do not play it afterwards, and decide on nothing of it for the Region.
    """

    challenge = models.ForeignKey(
        Challenge, on_delete=models.CASCADE, related_name="former_organisers"
    )
    user = person()
    # The one they had when they left.
    role = word(OrganiserRole)
    left_at = models.DateTimeField()

    class Meta:
        constraints = [
            within("role", OrganiserRole, name="former_organiser_role_known"),
            models.UniqueConstraint(fields=["challenge", "user"], name="former_organiser_once"),
        ]


class Guest(AddressInvitation):
    """Invite one e-mail address to take part: ACCEPTED once its person registered."""

    TARGET = "challenge_id"

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="guests")

    objects = AddressInvitationQuerySet["Guest"].as_manager()

    class Meta(AddressInvitation.Meta):
        constraints = [
            *AddressInvitation.Meta.constraints,
            models.UniqueConstraint(
                fields=["challenge", "email"],
                condition=Q(state="sent"),
                name="guest_address_once",
            ),
        ]


class ChallengeDraft(models.Model):
    """Hold the files deposited for a draft, and the last check: who asked, what it found."""

    challenge = models.OneToOneField(Challenge, on_delete=models.CASCADE, related_name="written")
    # {path: {"sha256"} or {"sealed": public id of a held-out version}}. Never from a document.
    kept = models.JSONField(default=dict, blank=True)
    # What scores a phase or a task otherwise than the first phase:
    # [{"phase", "task", "name", "truth": {"path", "columns", "sealed"} or None, "test", "sample",
    # "measure": {"submission", "truth", "metrics"} or None, "fingerprint"}].
    scorings = models.JSONField(default=list, blank=True)
    # Raised by each request: an older job that ends late writes nothing.
    number = models.PositiveIntegerField(default=0)
    state = word(BuildState, default=BuildState.IDLE)
    asked_by = someone()
    asked_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    # [{"code", "message", "file", "key"}]: never a value, which could come from the answers.
    errors = models.JSONField(default=list, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    # What the measures gave the example of an answer and one that is the same everywhere:
    # see `try_measures` of challenges/evaluation/rehearsals.py.
    trial = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            within("state", BuildState, name="challenge_draft_state_known"),
            set_together("asked_by", "asked_at", name="challenge_draft_asked_has_author"),
        ]

    @classmethod
    def outdate(cls, challenge: Challenge) -> None:
        """Have a draft checked again: its last check read something else."""
        done = cls.objects.filter(challenge=challenge, state=BuildState.DONE)
        done.update(state=BuildState.IDLE)

    @property
    def is_waiting(self) -> bool:
        """Say whether the worker has not answered yet."""
        return self.state == BuildState.QUEUED


class TermsQuerySet(models.QuerySet["Terms"]):
    """Rules of challenges."""

    def put(self, challenge: Challenge, *, text: str, html: str) -> "Terms":
        """Return the rules in force where they say this, else make a version of them that does."""
        digest = hashlib.sha256(text.encode()).hexdigest()
        last = self.filter(challenge=challenge).order_by("-number").first()
        if last is not None and last.sha256 == digest:
            return last
        return self.create(
            challenge=challenge,
            number=last.number + 1 if last else 1,
            text=text,
            html=html,
            sha256=digest,
            created_at=clock.now(),
        )


class Terms(models.Model):
    """Hold one version of the rules of a challenge."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="terms")
    number = models.PositiveSmallIntegerField()
    text = models.TextField()
    html = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    objects = TermsQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["challenge", "number"], name="terms_number_once")
        ]
