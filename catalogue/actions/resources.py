"""Change what the public reads of a resource, and the search with it, in one transaction."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from wagtail.models import Revision

from catalogue.actions import file_rooms, forgotten_files, links, quality, versions
from catalogue.enums import VersionOrigin
from catalogue.models import (
    Contribution,
    Decision,
    Follow,
    FormerSlug,
    Measurement,
    Resource,
    Tombstone,
)
from catalogue.queries import sets
from catalogue.search import index
from catalogue.validators import words
from portal.accounts.actions import notifications
from portal.accounts.models import Organisation
from portal.audit.actors import Actor, SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, markdown
from portal.lib.immutable import writes
from portal.lib.refusals import Conflict

SLUG_LENGTH = 120


def free_slug(title: str) -> str:
    """Make an address of a title, numbered when it was ever used."""
    base = slugify(title.replace("’", " ").replace("'", " "))[:SLUG_LENGTH].strip("-") or "fiche"
    taken = _taken(base)
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def _taken(base: str) -> set[str]:
    found: set[str] = set()
    for model in (Resource, FormerSlug, Tombstone):
        found |= set(model.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    for slugs in Tombstone.objects.values_list("former_slugs", flat=True):
        found |= set(slugs)
    return found


@transaction.atomic
def create(*, kind: str, title: str, by: Actor, **columns: Any) -> Resource:
    """Make a resource that nobody sees yet; its address is chosen from the title."""
    author = None if isinstance(by, SystemActor) else by
    columns.setdefault("author", author)
    return Resource.objects.create(
        kind=kind, title=title, slug=free_slug(title), live=False, **columns
    )


@transaction.atomic
def put_online(
    *,
    resource: Resource,
    revision: Revision,
    by: Actor,
    origin: VersionOrigin = VersionOrigin.REVIEWED,
    organisation: Organisation | None = None,
) -> Resource:
    """Make a revision what the public reads. For the publishing actions: no rule is asked here.

    origin, organisation: by which way and in whose name, for the list of versions. In order:
    Markdown rendered; revision live, dates set; links declared, a version of the card; its files
    counted with who holds it; followers told after commit; index written.
    Returns the fresh row. Raises Conflict while the Region hides the card.
    """
    now = clock.now()
    current = Resource.objects.select_for_update(of=("self",)).get(pk=resource.pk)
    if current.masked_at is not None:
        raise Conflict(
            _("Cette fiche est masquée : levez d’abord le masquage."), code="resource_masked"
        )
    before = current.details if current.live else {}
    user = None if isinstance(by, SystemActor) else by
    proposed = revision.as_object()
    if proposed.description_html != (html := markdown.render(proposed.description)):
        revision.content["description_html"] = html
        revision.save(update_fields=["content"])
    revision.publish(user=user, log_action=False, skip_permission_checks=True)
    links.declare(resource=current, before=before, after=revision.content.get("details") or {})
    versions.note(resource=current, revision=revision, origin=origin, organisation=organisation)
    Resource.objects.filter(pk=current.pk).update(
        content_modified_at=now,
        last_reviewed_at=now,
        next_review_at=_in_a_year(now),
        expired_at=now if _is_over(current.kind, revision, now) else None,
    )
    if Follow.objects.exists():
        owe(
            "catalogue.published",
            key=str(revision.pk),
            resource_id=current.pk,
            revision_id=revision.pk,
            first=int(current.first_published_at is None),
            by_id=revision.user_id or 0,
        )
    fresh = _indexed(current.pk)
    file_rooms.follow(resource=fresh)
    return fresh


def _is_over(kind: str, revision: Revision, at: Any) -> bool:
    return words.is_news_over(kind, revision.content.get("details") or {}, clock.paris_day(at))


def _in_a_year(now: Any) -> Any:
    try:
        return now.replace(year=now.year + 1)
    except ValueError:  # 29 February
        return now.replace(year=now.year + 1, day=28)


def _indexed(pk: int) -> Resource:
    fresh = Resource.objects.select_related("organisation").get(pk=pk)
    index.write(fresh)
    quality.note(resource=fresh)
    return fresh


@transaction.atomic
def bury(*, resource: Resource, reason: str, by: Actor, keep_title: bool = True) -> Tombstone:
    """Remove a resource and leave a tombstone: its addresses answer 410. No rule is asked here.

    Its contributions and their decisions go with it, texts and revisions included, and the news
    that quote it; the ledger keeps that they were.
    """
    former = list(resource.former_slugs.values_list("slug", flat=True))
    names = sets.of_one(resource) if resource.first_published_at else []
    index.remove(resource.pk)
    tombstone = Tombstone.objects.create(
        public_id=resource.public_id,
        slug=resource.slug,
        former_slugs=former,
        kind=resource.kind,
        title=resource.title if keep_title else "",
        reason=reason,
        removed_at=clock.now(),
        set_names="".join(f"\n{name}" for name in names) + "\n",
    )
    record("resource.removed", by=by, on=resource, reason=reason)
    if not keep_title:
        resource.links_in.update(target_title="")
        resource.links_out.update(source_title="")
    take_back_news(resource=resource)
    history = Contribution.objects.filter(resource=resource)
    with writes(Decision):
        Decision.objects.filter(contribution__in=history).delete()
    history.delete()
    resource.versions.all().delete()
    forgotten_files.forget_of(resource=resource, by=by)
    Resource.objects.get(pk=resource.pk).delete()
    return tombstone


def take_back_news(*, resource: Resource) -> int:
    """Remove people's news of a card and of the pages around it; return how many.

    News bear French addresses, whatever the language of the page where it is decided.
    """
    slugs = [resource.slug, *resource.former_slugs.values_list("slug", flat=True)]
    with translation.override(settings.LANGUAGE_CODE):
        paths = [reverse("catalogue:resource", args=(slug,)) for slug in slugs]
    since = resource.created_at
    return sum(notifications.take_back(path=path, since=since, below=True) for path in paths)


@transaction.atomic
def move(*, resource: Resource, slug: str) -> Resource:
    """Change an address; the former one answers 301 for ever."""
    FormerSlug.objects.get_or_create(resource=resource, slug=resource.slug)
    Resource.objects.filter(pk=resource.pk).update(slug=slug)
    return _indexed(resource.pk)


@transaction.atomic
def measure(*, resource: Resource, metric: str, by: Actor, **figures: Any) -> Measurement:
    """Put a measured figure on a card, once for each task, metric, group, date and source."""
    keys = {
        "task": figures.pop("task", ""),
        "group": figures.pop("group", ""),
        "evaluated_on": figures.pop("evaluated_on"),
        "source_url": figures.pop("source_url", ""),
    }
    user = None if isinstance(by, SystemActor) else by
    row, created = Measurement.objects.get_or_create(
        resource=resource, metric=metric, **keys, defaults={**figures, "recorded_by": user}
    )
    if created:
        _indexed(resource.pk)
    return row
