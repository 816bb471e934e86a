"""A resource: what the catalogue describes, whatever its kind."""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from wagtail.models import (
    DraftStateMixin,
    PreviewableMixin,
    RevisionMixin,
)

from catalogue.enums import Access, Deposit, LicenceStatus, Lifecycle, ResourceKind, Scope
from catalogue.validators import addresses
from catalogue.validators import checks as record_checks
from catalogue.validators.fields import DETAILS, KindDetails
from portal.accounts.authorization import ORGANISATION_ROLES, Permission, has_permission

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


Named = TypeVar("Named", bound=models.Model)


def names() -> models.JSONField:
    """Declare a column that holds a list of strings."""
    return models.JSONField(default=list, blank=True)


def some(
    model: type[Named] | str,
    on_delete: Callable[..., None] = models.SET_NULL,
    *,
    related_name: str = "+",
) -> "models.ForeignKey[Named | None, Named | None]":
    """Declare a row that may be named: nothing before it is, nor once it is gone."""
    return models.ForeignKey(
        model, null=True, blank=True, on_delete=on_delete, related_name=related_name
    )


def someone(
    on_delete: Callable[..., None] = models.SET_NULL, *, related_name: str = "+"
) -> "models.ForeignKey[User | None, User | None]":
    """Declare who did something: nobody before it is done, nor once their account is erased."""
    return some(settings.AUTH_USER_MODEL, on_delete, related_name=related_name)


def some_organisation(
    on_delete: Callable[..., None] = models.SET_NULL, *, related_name: str = "+"
) -> "models.ForeignKey[Organisation | None, Organisation | None]":
    """Declare an organisation that may be named."""
    return some("accounts.Organisation", on_delete, related_name=related_name)


def known(name: str, **choices: type[models.TextChoices]) -> models.CheckConstraint:
    """Declare that a column holds one of its choices; it is the constraint of this name."""
    condition = Q(**{f"{column}__in": each.values for column, each in choices.items()})
    return models.CheckConstraint(name=name, condition=condition)


class PageKeyField(models.CharField):
    """The digest of an address column, taken anew at each save, as an automatic date is."""

    def __init__(self, *args: Any, of: str = "homepage_url", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of = of

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        """Compute the digest."""
        key = addresses.same_page_digest(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, key)
        return key

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Stand in migrations as the column it is."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


M = TypeVar("M", bound=models.Model)


class LockableQuerySet(models.QuerySet[M]):
    """Rows that an action holds while it changes them."""

    def locked(self, row: M) -> M:
        """Return the fresh row, held until the end of the transaction."""
        return self.select_for_update(of=("self",)).get(pk=row.pk)


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
        """Fetch the organisation beside each resource."""
        return self.select_related("organisation")


def editable_organisations(user: "User") -> list[int]:
    """List the organisations all of whose resources this person may edit."""
    roles = user.roles_by_organisation.items()
    return [pk for pk, role in roles if P.CONTRIBUTION_SUBMIT in ORGANISATION_ROLES[role]]


class Resource(DraftStateMixin, RevisionMixin, PreviewableMixin, models.Model):
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

    objects = ResourceQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = [
            known("resource_kind_known", kind=ResourceKind),
            known("resource_scope_known", scope=Scope),
            known("resource_access_known", access=Access),
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
        """Give the address of the public page."""
        return reverse("catalogue:resource", args=(self.slug,))

    def get_preview_template(self, request: Any, mode_name: str) -> str:
        """Name the template of Wagtail's preview: the public page itself."""
        return "catalogue/resource.html"

    def with_content_json(self, content: dict[str, Any]) -> "Resource":
        """Build the resource as a revision tells it, its own identity and counters kept."""
        found = super().with_content_json(content)
        for name in KEPT_COLUMNS:
            setattr(found, name, getattr(self, name))
        return found

    @property
    def kind_enum(self) -> ResourceKind:
        """Give the kind as an enum member."""
        return ResourceKind(self.kind)

    @property
    def details_of_kind(self) -> KindDetails:
        """Give the declaration of this kind's own fields."""
        return DETAILS[self.kind]

    @property
    def written_in(self) -> str:
        """Guess the language of the card itself."""
        return record_checks.written_in(self.title, self.summary)

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
        """Name who holds the thing described."""
        if self.producer_name:
            return self.producer_name
        return self.organisation.name if self.organisation else ""

    @property
    def holder_slug(self) -> str:
        """Name who holds the thing described as filters and sets do; "" for nobody."""
        if self.producer_name or not self.organisation:
            return slugify(self.producer_name)[:120]
        return self.organisation.slug[:120]

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

    @property
    def is_harvested(self) -> bool:
        """Tell a card that a source fills, whole, from a card that somebody wrote about it."""
        return any(
            str(origin.get("origin", "")).startswith("harvest:")
            for origin in self.provenance.values()
        )


class FormerSlug(models.Model):
    """An address that a resource once had: it answers 301 for ever."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="former_slugs")
    slug = models.SlugField(max_length=140, unique=True)

    def __str__(self) -> str:
        return self.slug
