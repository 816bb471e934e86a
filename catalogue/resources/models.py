"""Cards, and what becomes of them: versions, links, figures, files, removals, transfers."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from wagtail.models import DraftStateMixin, Revision, RevisionMixin

from catalogue.resources import writing
from catalogue.resources.columns import (
    PageKeyField,
    names,
    some_organisation,
    someone,
)
from catalogue.resources.enums import (
    Access,
    Deposit,
    FileState,
    LicenceStatus,
    Lifecycle,
    LinkType,
    RemovalReason,
    ResourceKind,
    Scope,
    TransferKind,
    VersionOrigin,
)
from catalogue.resources.fields import DETAILS, KindDetails
from portal.accounts.authorization import ORGANISATION_ROLES, Permission, has_permission
from portal.lib.columns import LockableQuerySet, Member, person, set_exactly, set_together, within
from portal.lib.decisions import Answer, Proposal

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import Organisation, User


P = Permission
# Columns that belong to the resource itself: putting a revision online never changes them.
KEPT_COLUMNS = (
    "public_id",
    "slug",
    "kind",
    "source",
    "source_id",
    "created_at",
    "archived_at",
    "archive_reason",
    "masked_at",
    "restored_at",
    "expired_at",
    "views",
    "downloads",
    "used_since_indexed",
    "followers",
    "reuses",
    "dead_links",
)
# Columns that a contribution proposes: forms, diff, API and imports read this list.
PROPOSED_COLUMNS = (
    "title",
    "title_en",
    "acronym",
    "alternate_titles",
    "subtype",
    "summary",
    "description",
    "deposit",
    "producer_name",
    "organisation",
    "authors",
    "contact",
    "homepage_url",
    "repository_url",
    "documentation_url",
    "licences",
    "licence_status",
    "licence_note",
    "scope",
    "scope_note",
    "territories",
    "access",
    "languages",
    "use_cases",
    "barriers",
    "beneficiaries",
    "publics",
    "tasks",
    "rome_codes",
    "tags",
    "lifecycle",
    "lifecycle_note",
    "details",
)


class ResourceQuerySet(LockableQuerySet["Resource"]):
    """Reads of resources by who asks."""

    def public(self) -> Self:
        """Keep what an anonymous visitor may read."""
        return self.filter(live=True)

    def listed(self) -> Self:
        """Keep what lists, feeds and searches show: the public, without the news that is over."""
        return self.public().filter(expired_at=None)

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep what this person may read: the public, their own drafts, all for a moderator."""
        if not user.is_authenticated:
            return self.public()
        if has_permission(user, P.CONTRIBUTION_READ_ALL):
            return self
        own = Q(author=user) | Q(organisation__in=editable_organisations(user))
        return self.filter(Q(live=True) | own)

    def with_organisation(self) -> Self:
        """Fetch the organisation beside each resource, and the person where there is none."""
        return self.select_related("organisation", "author")


def editable_organisations(user: "User") -> list[int]:
    """List the organisations all of whose resources this person may edit."""
    roles = user.roles_by_organisation.items()
    return [pk for pk, role in roles if P.CONTRIBUTION_SUBMIT in ORGANISATION_ROLES[role]]


class Resource(DraftStateMixin, RevisionMixin, models.Model):
    """One card of the catalogue.

    The row is what the public reads; what is being written lives in revisions until a
    moderator puts one online. A resource never published has `live` false.
    """

    # Nothing of Wagtail's refers to a resource: its reference index would only slow saving.
    wagtail_reference_index_ignore = True

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(max_length=140, unique=True)
    kind = models.CharField(max_length=20, choices=ResourceKind.choices)
    subtype = models.CharField(max_length=40, blank=True)

    title = models.CharField(_("titre"), max_length=120)
    title_en = models.CharField(max_length=120, blank=True)
    acronym = models.CharField(max_length=20, blank=True)
    alternate_titles = names()
    summary = models.CharField(_("résumé"), max_length=280, blank=True)
    description = models.TextField(blank=True, max_length=20_000)
    description_html = models.TextField(blank=True, editable=False)

    deposit = models.CharField(max_length=20, choices=Deposit.choices, default=Deposit.OWNED)
    organisation = some_organisation(models.PROTECT, related_name="resources")
    author = someone(related_name="resources")
    producer_name = models.CharField(max_length=160, blank=True)
    # The organisations that `producer_name` names, looked for at each writing of the card.
    producers = models.ManyToManyField(
        "accounts.Organisation", related_name="produced", editable=False
    )
    authors = names()
    contact = models.CharField(max_length=200, blank=True)

    homepage_url = models.URLField(max_length=500, blank=True)
    # Equal for two addresses of one page: a harvest looks here for what is described already.
    homepage_key = PageKeyField(max_length=64, blank=True, default="", editable=False)
    repository_key = PageKeyField(
        max_length=64,
        blank=True,
        default="",
        editable=False,
        of="repository_url",
    )
    repository_url = models.URLField(max_length=500, blank=True)
    documentation_url = models.URLField(max_length=500, blank=True)

    licences = names()
    licence_status = models.CharField(
        max_length=20, choices=LicenceStatus.choices, default=LicenceStatus.TO_CONFIRM
    )
    licence_note = models.CharField(max_length=300, blank=True)

    scope = models.CharField(max_length=20, choices=Scope.choices, default=Scope.REGIONAL)
    scope_note = models.CharField(max_length=120, blank=True)
    territories = names()
    access = models.CharField(max_length=20, choices=Access.choices, default=Access.OPEN)
    languages = names()
    use_cases = names()
    barriers = names()
    beneficiaries = names()
    publics = names()
    tasks = names()
    rome_codes = names()
    tags = names()

    lifecycle = models.CharField(
        max_length=20, choices=Lifecycle.choices, default=Lifecycle.UNKNOWN
    )
    lifecycle_note = models.TextField(blank=True, max_length=2_000)
    details = models.JSONField(default=dict, blank=True)
    provenance = models.JSONField(default=dict, blank=True)

    source = models.CharField(max_length=60, blank=True)
    source_id = models.CharField(max_length=200, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    content_modified_at = models.DateTimeField(null=True, blank=True)
    last_reviewed_at = models.DateTimeField(null=True, blank=True)
    next_review_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    archive_reason = models.CharField(max_length=300, blank=True)
    # Hidden by the Region: `live` is false meanwhile, so that no list, feed or export holds it.
    masked_at = models.DateTimeField(null=True, blank=True)
    # Among the others again, after an archive or a masking: who harvests by date reads it anew.
    restored_at = models.DateTimeField(null=True, blank=True)
    # News whose time is over: read at its address, in no list, feed or search.
    expired_at = models.DateTimeField(null=True, blank=True)

    views = models.PositiveIntegerField(default=0)
    downloads = models.PositiveIntegerField(default=0)
    # Read since the index was last written: it is written again, a little more popular.
    used_since_indexed = models.BooleanField(default=False)
    followers = models.PositiveIntegerField(default=0)
    reuses = models.PositiveIntegerField(default=0)
    # None until the links of the card have been checked: nobody is blamed for what is not known.
    dead_links = models.PositiveSmallIntegerField(null=True, blank=True)

    kind_enum = Member("kind", ResourceKind)
    objects = ResourceQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = [
            within("kind", ResourceKind, name="resource_kind_known"),
            within("scope", Scope, name="resource_scope_known"),
            within("access", Access, name="resource_access_known"),
            models.CheckConstraint(
                name="resource_live_has_date",
                condition=Q(live=False) | Q(first_published_at__isnull=False),
            ),
            models.CheckConstraint(
                name="resource_masked_not_live", condition=Q(masked_at=None) | Q(live=False)
            ),
            models.UniqueConstraint(
                name="resource_source_once",
                fields=("source", "source_id"),
                condition=~Q(source_id=""),
            ),
        ]
        indexes = [
            models.Index(name="resource_homepage", fields=("homepage_key",)),
            models.Index(name="resource_repository", fields=("repository_key",)),
            models.Index(name="resource_live_published", fields=("live", "first_published_at")),
            models.Index(
                name="resource_used", fields=("id",), condition=Q(used_since_indexed=True)
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("catalogue:resource", args=(self.slug,))

    def with_content_json(self, content: dict[str, Any]) -> "Resource":
        """Build the resource as a revision tells it, its own identity and counters kept."""
        found = super().with_content_json(content)
        for name in KEPT_COLUMNS:
            setattr(found, name, getattr(self, name))
        return found

    @property
    def details_of_kind(self) -> KindDetails:
        """Give the declaration of this kind's own fields."""
        return DETAILS[self.kind]

    @property
    def written_in(self) -> str:
        """Guess the language of the card itself."""
        return writing.written_in(self.title, self.summary)

    @property
    def changed_on(self) -> datetime:
        """Date what was last said of this card: its text, its archive, its return."""
        told = (self.content_modified_at, self.archived_at, self.restored_at)
        return max(at for at in (*told, self.first_published_at, self.created_at) if at)

    @property
    def is_referenced(self) -> bool:
        """Tell a card that describes what others hold."""
        return self.deposit == Deposit.REFERENCED

    @property
    def holder_name(self) -> str:
        """Name who holds the thing described, else its authors, else the person who brought it."""
        if self.producer_name:
            return self.producer_name
        if self.organisation:
            return self.organisation.name
        return ", ".join(self.authors) or str(self.author or "")

    @property
    def holder_slug(self) -> str:
        """Name who holds the thing described as filters and sets do; "" for nobody."""
        if self.producer_name or not self.organisation:
            return slugify(self.producer_name)[:120]
        return self.organisation.slug[:120]

    @property
    def holders(self) -> list[tuple[str, str]]:
        """Name who holds the thing described, each as (slug, name); an organisation where known."""
        if known := self.producers.all():
            return [(each.slug, each.name) for each in known]
        return [(self.holder_slug, self.holder_name)] if self.holder_slug else []

    @property
    def unverified_fields(self) -> frozenset[str]:
        """Name the fields whose value nobody has checked at its source."""
        return frozenset(
            name for name, origin in self.provenance.items() if not origin.get("verified", True)
        )

    @property
    def not_transmitted_fields(self) -> frozenset[str]:
        """Name the fields that no source of this card carries: nobody is blamed for them."""
        return frozenset(
            name for name, origin in self.provenance.items() if not origin.get("transmitted", True)
        )


class FormerSlug(models.Model):
    """An address that a resource once had: it answers 301 for ever."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="former_slugs")
    slug = models.SlugField(max_length=140, unique=True)

    def __str__(self) -> str:
        return self.slug


# Figures of a group of fewer persons are kept back: they would tell of somebody.
SMALL_GROUP_PERSONS = 11


class ResourceLink(models.Model):
    """A typed link between two resources; a removed end leaves its title."""

    source = models.ForeignKey(
        Resource, null=True, on_delete=models.SET_NULL, related_name="links_out"
    )
    source_title = models.CharField(max_length=120)
    target = models.ForeignKey(
        Resource, null=True, on_delete=models.SET_NULL, related_name="links_in"
    )
    target_title = models.CharField(max_length=120)
    type = models.CharField(max_length=20, choices=LinkType.choices)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="link_once", fields=("source", "target", "type")),
            models.CheckConstraint(
                name="link_two_ends",
                condition=Q(source=None) | Q(target=None) | ~Q(source=F("target")),
            ),
            within("type", LinkType, name="link_type_known"),
        ]

    def __str__(self) -> str:
        return f"{self.source_title} {self.type} {self.target_title}"


class Measurement(models.Model):
    """One measured figure shown on a card, with its interval, size, date and source."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="measurements")
    task = models.CharField(max_length=120, blank=True)
    metric = models.CharField(max_length=80)
    value = models.FloatField()
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    n = models.PositiveIntegerField(null=True, blank=True)
    reference = models.FloatField(null=True, blank=True)
    group = models.CharField(max_length=120, blank=True)  # a group of people, else the whole
    held_out_version = models.CharField(max_length=120, blank=True)
    evaluated_on = models.DateField()
    source_url = models.CharField(max_length=500, blank=True)
    from_challenge = models.BooleanField(default=False)
    recorded_by = someone()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                name="measurement_interval_paired",
                condition=Q(low=None, high=None)
                | Q(low__isnull=False, high__isnull=False, low__lte=F("high")),
            ),
            models.CheckConstraint(
                name="measurement_group_not_small",
                condition=Q(group="") | Q(n=None) | Q(n__gte=SMALL_GROUP_PERSONS),
            ),
            models.UniqueConstraint(
                name="measurement_once",
                fields=("resource", "task", "metric", "group", "evaluated_on", "source_url"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} = {self.value}"

    @property
    def is_kept_back(self) -> bool:
        """Keep a group back when it is small, or when nobody said how many it counts."""
        return bool(self.group) and (self.n is None or self.n < SMALL_GROUP_PERSONS)


class QualityScore(models.Model):
    """What the quality of a card was from a moment on: one row each time it changed.

    criteria: {code: whether it is met}; score: 0 to 100.
    """

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="quality_scores")
    score = models.PositiveSmallIntegerField()
    criteria = models.JSONField(default=dict)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        indexes = [
            models.Index(name="quality_of_resource", fields=("resource", "recorded_at")),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} {self.score}"


class Tombstone(models.Model):
    """What remains of a removed resource: its addresses answer 410, never reused."""

    public_id = models.UUIDField(unique=True)
    slug = models.SlugField(max_length=140, unique=True)
    former_slugs = models.JSONField(default=list, blank=True)
    kind = models.CharField(max_length=20)
    title = models.CharField(max_length=120, blank=True)  # empty when the title is unlawful
    reason = models.CharField(max_length=20, choices=RemovalReason.choices)
    removed_at = models.DateTimeField()
    # The sets of OAI-PMH it was in, one a line between line breaks: who harvests a set is told.
    set_names = models.TextField(blank=True, default="\n")

    def __str__(self) -> str:
        return self.slug


class CardVersion(models.Model):
    """One state of a card that was online, and the revision that holds it.

    A passage of a source that changes nothing one reads makes no version.
    """

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    origin = models.CharField(max_length=12, choices=VersionOrigin.choices)
    # In whose name it was proposed; persons are not named.
    organisation = some_organisation()
    fields = models.JSONField(default=list, blank=True)  # names of those that changed
    published_at = models.DateTimeField()
    # By a moderator, for what it says and the card no longer does.
    withheld_at = models.DateTimeField(null=True, blank=True)
    withheld_by = someone()
    withheld_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("resource", "-number")
        constraints = [
            models.UniqueConstraint(name="card_version_once", fields=("resource", "number")),
            models.UniqueConstraint(name="card_version_revision_once", fields=("revision",)),
            within("origin", VersionOrigin, name="card_version_origin_known"),
            models.CheckConstraint(
                name="card_version_withheld_says_why",
                condition=Q(withheld_at=None) | ~Q(withheld_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} v{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("catalogue:version", args=(self.resource.slug, self.number))


class Removal(Proposal):
    """The removal of a published resource, waiting for a second person.

    The resource is gone once the removal is accepted; its address stays, for the tombstone.
    """

    resource = models.ForeignKey(
        Resource, on_delete=models.SET_NULL, related_name="removals", null=True
    )
    slug = models.SlugField(max_length=140)
    author = someone()
    reason = models.CharField(max_length=20, choices=RemovalReason.choices)
    keep_title = models.BooleanField(default=True)
    explanation = models.CharField(max_length=300)

    class Meta(Proposal.Meta):
        constraints = [
            *Proposal.Meta.constraints,
            models.UniqueConstraint(
                fields=["resource"], condition=models.Q(answer=""), name="one_open_removal"
            ),
        ]


class CardTransferQuerySet(models.QuerySet["CardTransfer"]):
    """Reads of transfers."""

    def open(self) -> "CardTransferQuerySet":
        """Keep those that wait for an answer, the oldest first."""
        return self.filter(answer="").order_by("at", "pk")

    def whole(self) -> "CardTransferQuerySet":
        """Read what stands beside each transfer too."""
        return self.select_related(
            "resource__organisation", "resource__author", "target", "asked_by", "approved_by"
        )


class CardTransfer(models.Model):
    """Who asked that a card change hands, to whom it would go, who answered.

    An offer is answered by the organisation that would receive the card; a claim by who holds it,
    or by two persons of the Region; what the Region asks for, by a second person of the Region.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="transfers")
    kind = models.CharField(max_length=10, choices=TransferKind.choices)
    source_name = models.CharField(max_length=200, blank=True)  # who held the card
    target = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="card_transfers"
    )
    message = models.CharField(max_length=500, blank=True)
    asked_by = person()
    at = models.DateTimeField()
    # The first person of the Region, where two of them stand for the consent of the owner.
    approved_by = someone(models.PROTECT)
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    answered_by = someone(models.PROTECT)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = CardTransferQuerySet.as_manager()

    class Meta:
        ordering = ("at", "pk")
        constraints = [
            models.UniqueConstraint(
                name="one_open_card_transfer", fields=("resource",), condition=Q(answer="")
            ),
            set_together(
                "answered_at", "answered_by", name="card_transfer_answer_dated", words="answer"
            ),
            models.CheckConstraint(
                name="card_transfer_by_two",
                condition=~Q(answer=Answer.ACCEPTED)
                | Q(approved_by=None)
                | ~Q(answered_by=F("approved_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.kind}"


class CardFileQuerySet(models.QuerySet["CardFile"]):
    """Reads of files by who brought them and by where they stand."""

    def waiting(self) -> "CardFileQuerySet":
        """Keep those that nobody has examined yet: the least tried first, then the oldest."""
        return self.filter(state=FileState.WAITING).order_by("attempts", "added_at", "pk")

    def held_by(
        self, organisation: "Organisation | None", person: "User | None"
    ) -> "CardFileQuerySet":
        """Keep what counts in the room of an organisation, or of a person who has none there.

        What no text names any more counts in none: it waits to be forgotten.
        """
        named = self.filter(unnamed_at=None)
        if organisation is not None:
            return named.filter(organisation=organisation)
        return named.filter(organisation=None, added_by=person)


class CardFile(models.Model):
    """One file brought to a card: its bytes are in the private store, under their sha256.

    A text of the card names it by its address (`queries.stored_files`): so it goes online, and is
    withdrawn, with the text that was reviewed. `signs` and `preview` are what the examination said.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="stored_files")
    # In whose room it counts.
    organisation = some_organisation()
    added_by = someone()
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    # What its first bytes are, whatever its name says.
    kind = models.CharField(max_length=20)
    media_type = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=FileState.choices, default=FileState.WAITING)
    signs = models.JSONField(default=list, blank=True)
    # The first rows of a table: columns, rows, more; `personal`: what looks like personal data.
    has_preview = models.BooleanField(default=False)
    preview = models.JSONField(default=dict, blank=True)
    added_at = models.DateTimeField()
    examined_at = models.DateTimeField(null=True, blank=True)
    # Examinations that failed; and the last ones of them, that failed for want of bytes.
    attempts = models.PositiveSmallIntegerField(default=0)
    missed = models.PositiveSmallIntegerField(default=0)
    # Since when no text that counts names it.
    unnamed_at = models.DateTimeField(null=True, blank=True)

    state_enum = Member("state", FileState)
    objects = CardFileQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = [
            within("state", FileState, name="card_file_state_known"),
            set_exactly(
                ~Q(state=FileState.WAITING), "examined_at", name="card_file_examined_dated"
            ),
            models.CheckConstraint(name="card_file_not_empty", condition=Q(size__gt=0)),
        ]
        indexes = [models.Index(name="card_file_state", fields=("state", "added_at"))]

    def __str__(self) -> str:
        return self.name

    def wait_again(self) -> None:
        """Take back what the examination said, and what failed of it."""
        self.state, self.signs, self.examined_at = FileState.WAITING, [], None
        self.attempts = self.missed = 0
        self.save(update_fields=["state", "signs", "examined_at", "attempts", "missed"])

    @property
    def is_sound(self) -> bool:
        """Tell a file that was examined and may be given."""
        return self.state == FileState.SOUND
