"""An entry: what a team submits, whole or in parts, where it stands, what its check told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from challenges.entries.enums import (
    ENTRY_EDGES,
    REASON_SENTENCES,
    UNFINISHED,
    WITHOUT_OUTCOME,
    EntryStatus,
    UploadState,
)
from challenges.organising.models.challenges import Viewer
from challenges.scoring.verdict import LANGUAGES, has_sentence, sentence_of
from challenges.teams.enums import LISTED_STATES, TeamState
from challenges.teams.models import Enrolment, Team
from portal.lib import clock
from portal.lib.columns import LockableQuerySet, person, set_together, someone, within, word
from portal.lib.refusals import Conflict
from portal.lib.storage.parts import PartedFile


class EntryQuerySet(LockableQuerySet["Entry"]):
    """Entries, by who may read them and by where they stand."""

    def visible_to(self, user: Viewer) -> "EntryQuerySet":
        """Keep the entries of the teams this person is in today; nobody else reads entries."""
        return self.filter(enrolment__team__in=Team.objects.joined_by(user).values("pk"))

    def of_team(self, team_id: int) -> "EntryQuerySet":
        """Keep the entries of a team."""
        return self.filter(enrolment__team_id=team_id)

    def of_teams(self) -> "EntryQuerySet":
        """Leave out the references of the organisers."""
        return self.filter(enrolment__team__in=Team.objects.of_people())

    def references(self) -> "EntryQuerySet":
        """Keep the references that the organisers entered."""
        return self.filter(enrolment__team__in=Team.objects.references())

    def unfinished(self) -> "EntryQuerySet":
        """Keep the entries on which something still has to act."""
        return self.filter(status__in=sorted(UNFINISHED))

    def without_outcome(self) -> "EntryQuerySet":
        """Keep the entries that have no outcome yet: unfinished, or under examination."""
        return self.filter(status__in=sorted(WITHOUT_OUTCOME))

    def listed(self) -> "EntryQuerySet":
        """Keep the scored entries that a leaderboard may show."""
        return self.filter(
            enrolment__team__state__in=sorted(LISTED_STATES),
            status=EntryStatus.SCORED,
            disqualified_at__isnull=True,
            counts=True,
        )

    def with_file(self) -> "EntryQuerySet":
        """Keep those that a team sent and whose file is not deleted."""
        return self.filter(file_deleted_at__isnull=True, migrated_from__isnull=True)

    def refuse_deleted(self) -> None:
        """Raise Conflict when the file of one of these was deleted: it is scored no more."""
        deleted = self.filter(file_deleted_at__isnull=False).order_by("file_deleted_at")
        at = deleted.values_list("file_deleted_at", flat=True).first()
        if at is not None:
            raise Conflict(
                _(
                    "Les fichiers des équipes ont été supprimés le %(date)s, à la fin de leur "
                    "durée de conservation : on ne peut plus les noter de nouveau."
                )
                % {"date": clock.paris_text(at)},
                code="files_deleted",
                deleted_at=at,
            )

    def bytes_held(self) -> int:
        """Return the bytes of the files sent and not deleted, each content once.

        A final choice that a phase took over takes no room of its team.
        """
        contents = self.with_file().order_by().values("sha256", "size").distinct()
        return contents.aggregate(held=Sum("size"))["held"] or 0


class Entry(models.Model):
    """Hold one submission of a team: its file, its receipt, its slots, its status."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="entries")
    number = models.PositiveIntegerField()
    submitted_by = person("entries")
    idempotency_key = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveBigIntegerField()
    original_name = models.CharField(max_length=200)
    received_at = models.DateTimeField()
    first_byte_at = models.DateTimeField()
    closes_at_snapshot = models.DateTimeField(null=True, blank=True)
    grace = models.BooleanField(default=False)
    quota_day = models.DateField()
    day_slot = models.PositiveIntegerField(null=True, blank=True)
    total_slot = models.PositiveIntegerField(null=True, blank=True)
    status = word(EntryStatus, default=EntryStatus.RECEIVED)
    status_since = models.DateTimeField()
    reason_code = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField(default=1)
    fact_sheet = models.JSONField(default=dict, blank=True)
    note = models.CharField(max_length=200, blank=True)
    # What the format check said: {"faults": […], "warnings": […], "rows": n}.
    verdict = models.JSONField(default=dict, blank=True)
    canonical_sha256 = models.CharField(max_length=64, blank=True)
    # Whether it enters boards and results: not once they are final; see `Phase.intake`.
    counts = models.BooleanField(default=True)
    final_choice = models.BooleanField(default=False)
    # Since then nobody is given the file and nothing scores it: see `challenges.retention`.
    file_deleted_at = models.DateTimeField(null=True, blank=True)
    disqualified_at = models.DateTimeField(null=True, blank=True)
    disqualified_by = someone()
    disqualified_reason = models.TextField(blank=True)
    migrated_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="migrated_to"
    )
    # The card of the catalogue that this winning entry became, which shows its score.
    card = models.OneToOneField(
        "catalogue.Resource",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="winning_entry",
    )
    # Canonical JSON, signed where the installation holds a receipt key; never rewritten.
    receipt = models.TextField()

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at", "-number"]
        verbose_name_plural = "entries"
        constraints = [
            within("status", EntryStatus, name="entry_status_known"),
            models.CheckConstraint(condition=Q(size__gt=0), name="entry_has_bytes"),
            models.UniqueConstraint(
                fields=["enrolment", "idempotency_key"], name="entry_idempotency_key_once"
            ),
            models.UniqueConstraint(
                fields=["enrolment", "quota_day", "day_slot"], name="entry_day_slot_once"
            ),
            models.UniqueConstraint(
                fields=["enrolment", "total_slot"], name="entry_total_slot_once"
            ),
            models.UniqueConstraint(fields=["enrolment", "number"], name="entry_number_once"),
            models.UniqueConstraint(
                fields=["enrolment", "migrated_from"],
                condition=Q(migrated_from__isnull=False),
                name="entry_migrated_once",
            ),
            models.UniqueConstraint(
                fields=["enrolment"], condition=Q(card__isnull=False), name="entry_card_once"
            ),
            models.CheckConstraint(
                condition=Q(grace=True)
                | Q(closes_at_snapshot__isnull=True)
                | Q(received_at__lt=F("closes_at_snapshot")),
                name="entry_received_before_the_close",
            ),
            set_together(
                "disqualified_at", "disqualified_by", name="entry_disqualified_has_author"
            ),
            models.CheckConstraint(
                condition=~Q(status="rejected") | Q(day_slot__isnull=True, total_slot__isnull=True),
                name="entry_rejected_gives_slots_back",
            ),
        ]
        indexes = [models.Index(fields=["status", "status_since"], name="entry_status_since")]

    def become(self, status: EntryStatus, *, at: datetime, reason: str = "") -> None:
        """Change the status along an edge of the table; refuse any other."""
        if status not in ENTRY_EDGES[EntryStatus(self.status)]:
            raise Conflict(
                _("Cette soumission est à l’état « %(current)s » : cette étape n’est pas possible.")
                % {"current": self.get_status_display()},
                code="entry_status",
                current=self.status,
                wanted=status.value,
            )
        self.status, self.status_since, self.reason_code = status, at, reason
        self.version += 1

    @property
    def is_reference(self) -> bool:
        """Say whether the organiser entered it, to compare teams with."""
        return self.enrolment.team.is_reference

    def give_slots_back(self) -> None:
        """Let the team send another in its place; the caller saves."""
        self.day_slot = self.total_slot = None

    @property
    def climbs(self) -> bool:
        """Say whether its public score goes through the Ladder of its phase."""
        return self.enrolment.phase.ladder and self.counts and not self.is_reference

    @property
    def is_disqualified(self) -> bool:
        """Say whether it is out of the results, by itself or with its whole team."""
        team = self.enrolment.team
        return self.disqualified_at is not None or team.state == TeamState.DISQUALIFIED

    @property
    def reason_sentence(self) -> str:
        """Return the sentence for the code of a failure, or nothing."""
        return str(REASON_SENTENCES.get(self.reason_code, ""))

    @property
    def is_unfinished(self) -> bool:
        """Say whether something still has to act on it."""
        return self.status in UNFINISHED


class UploadQuerySet(LockableQuerySet["Upload"]):
    """Uploads, by who may see them and by where they stand."""

    def visible_to(self, user: Viewer) -> "UploadQuerySet":
        """Keep the uploads of the teams this person is in today."""
        return self.filter(enrolment__team_id__in=Team.objects.joined_by(user).values("pk"))

    def live(self, at: datetime) -> "UploadQuerySet":
        """Keep those that may still grow or be submitted."""
        entered = Entry.objects.filter(
            enrolment=models.OuterRef("enrolment"), sha256=models.OuterRef("sha256")
        )
        whole = Q(state=UploadState.STORED) & ~models.Exists(entered)
        return self.filter(Q(state=UploadState.OPEN) | whole, expires_at__gt=at)


class Upload(PartedFile):
    """A file that a team sends in parts before it submits it."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="uploads")
    begun_by = person("uploads")
    state = word(UploadState, default=UploadState.OPEN)
    # Of the whole file in the store, which may await its submission still.
    sha256 = models.CharField(max_length=64, blank=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["-begun_at", "pk"]
        constraints = [
            *PartedFile.Meta.constraints,
            within("state", UploadState, name="upload_state_known"),
            models.CheckConstraint(
                condition=Q(state="stored", offset=F("length")) & ~Q(sha256="")
                | ~Q(state="stored") & Q(sha256=""),
                name="upload_stored_whole",
            ),
        ]
        indexes = [models.Index(fields=["state", "expires_at"], name="upload_state_expiry")]

    @property
    def is_finished(self) -> bool:
        """Whether all its bytes came, or the file was stored."""
        return self.state != UploadState.OPEN or self.offset == self.length


FRENCH = "fr"


def reader_language() -> str:
    """Return the language of the reader that faults can be said in."""
    asked = (get_language() or FRENCH).partition("-")[0]
    return asked if asked in LANGUAGES else FRENCH


def faults_told(verdict: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the faults of a stored verdict in the reader's language.

    Each has its language too, that of its sentence: one stored without its facts stays French.
    """
    return [_told(each) for each in verdict.get("faults", ())]


def warnings_told(verdict: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the warnings of a stored verdict in the reader's language; see faults_told."""
    return [_told(each) for each in verdict.get("warnings", ())]


def _told(stored: Mapping[str, Any]) -> dict[str, Any]:
    language = reader_language()
    if not has_sentence(stored, language):
        language = FRENCH
    types = {"nombre": _("nombre"), "texte": _("texte")}
    if stored.get("code") == "E_VALUE_TYPE":
        types |= {"0.25": _("Un nombre, comme 0.25"), "3": _("Un entier, comme 3")}
    expected = stored.get("expected")
    said = {"message": sentence_of(stored, language), "language": language}
    return {**stored, **said, "expected": types.get(str(expected), expected)}
