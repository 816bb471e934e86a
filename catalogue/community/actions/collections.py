"""Make a collection, fill and order it, publish it or take it back."""

from collections.abc import Sequence
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from catalogue.community import rules
from catalogue.community.models import Collection, CollectionItem
from catalogue.resources import rules as resource_rules
from catalogue.resources.models import Resource
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.audit.record import record
from portal.lib import clock
from portal.lib.prose.texts import free_name, require_plain_line, slug_of
from portal.lib.refusals import Invalid, QuotaSpent

RESERVED = frozenset({"creer", "ajouter"})


class Place(NamedTuple):
    """One resource of a collection, with the word on it; the order of the list is its place."""

    resource: Resource
    comment: str


@transaction.atomic
def make(*, title: str, summary: str, organisation: Organisation, by: User) -> Collection:
    """Make an empty collection that only its organisation sees. Event "collection.made".

    Raises NotAllowed for who does not publish for the organisation, QuotaSpent, Invalid.
    """
    organisation = Organisation.objects.locked(organisation)
    require(resource_rules.edits_for, by, organisation)
    _check(title, summary)
    if organisation.collections.count() >= settings.COLLECTIONS_PER_ORGANISATION:
        raise QuotaSpent(
            _("Cette organisation a déjà beaucoup de dossiers : supprimez-en un."),
            code="limit_reached",
        )
    now = clock.now()
    collection = Collection.objects.create(
        slug=_free_slug(title),
        title=title,
        summary=summary,
        organisation=organisation,
        made_by=by,
        created_at=now,
        changed_at=now,
    )
    record("collection.made", by=by, on=collection)
    return collection


@transaction.atomic
def arrange(
    *, collection: Collection, title: str, summary: str, places: Sequence[Place], by: User
) -> Collection:
    """Say what a collection is and holds, in order; the whole list at once.

    Cards that are offline for a time, which no page lists, keep their places.
    In order: title and summary, items anew; event "collection.arranged". Raises NotAllowed;
    Invalid past the resources of a collection, for a card offline, or an empty one online.
    """
    collection = _held(collection, by)
    _check(title, summary)
    for place in places:
        require_plain_line(place.comment)
    unseen = list(collection.items.filter(resource__live=False).select_related("resource"))
    among = {item.resource_id for item in unseen}
    kept = list({p.resource.pk: p for p in places if p.resource.pk not in among}.values())
    if len(kept) + len(unseen) > settings.RESOURCES_PER_COLLECTION:
        raise Invalid(_("Un dossier contient cent ressources au plus."), code="limit_reached")
    if collection.published_at is not None and not kept:
        raise _empty()
    for item in sorted(unseen, key=lambda each: each.position):
        kept.insert(item.position - 1, Place(item.resource, item.comment))
    collection.title, collection.summary, collection.changed_at = title, summary, clock.now()
    collection.save(update_fields=["title", "summary", "changed_at"])
    collection.items.all().delete()
    CollectionItem.objects.bulk_create(
        CollectionItem(
            collection=collection,
            resource=place.resource,
            position=number,
            comment=place.comment[:300],
        )
        for number, place in enumerate(kept, start=1)
    )
    record("collection.arranged", by=by, on=collection, resources=len(kept))
    return collection


@transaction.atomic
def add(*, collection: Collection, resource: Resource, by: User) -> bool:
    """Put a resource at the end; False when it is in. Raises NotAllowed, Invalid when full."""
    collection = _held(collection, by)
    if not resource.live:
        raise Invalid(_("Cette fiche n’est pas en ligne."), code="not_published")
    if collection.items.filter(resource=resource).exists():
        return False
    last = collection.items.order_by("-position").values_list("position", flat=True).first() or 0
    if collection.items.count() >= settings.RESOURCES_PER_COLLECTION:
        raise Invalid(_("Un dossier contient cent ressources au plus."), code="limit_reached")
    collection.items.create(resource=resource, position=last + 1)
    collection.changed_at = clock.now()
    collection.save(update_fields=["changed_at"])
    record("collection.arranged", by=by, on=collection, added=resource)
    return True


@transaction.atomic
def publish(*, collection: Collection, by: User) -> Collection:
    """Show a collection to everybody. Event "collection.published". Raises Invalid when empty."""
    collection = _held(collection, by)
    if not collection.items.filter(resource__live=True).exists():
        raise _empty()
    if collection.published_at is None:
        collection.published_at = clock.now()
        collection.save(update_fields=["published_at"])
        record("collection.published", by=by, on=collection)
    return collection


@transaction.atomic
def take_back(*, collection: Collection, by: User) -> Collection:
    """Show a collection to its organisation alone. Event "collection.taken_back"."""
    collection = _held(collection, by)
    if collection.published_at is not None:
        collection.published_at = None
        collection.save(update_fields=["published_at"])
        record("collection.taken_back", by=by, on=collection)
    return collection


@transaction.atomic
def hide(*, collection: Collection, reason: str, by: User) -> Collection:
    """Hide a collection from all but its organisation, which reads why. For the Region.

    In order: when, by whom, why; event "collection.hidden". Raises NotAllowed.
    """
    fresh = Collection.objects.locked(collection)
    require(rules.may_hide_collection, by, fresh)
    fresh.hidden_at, fresh.hidden_by = clock.now(), by
    fresh.hidden_reason = reason.strip()[:300]
    fresh.save(update_fields=["hidden_at", "hidden_by", "hidden_reason"])
    record("collection.hidden", by=by, on=fresh)
    return fresh


@transaction.atomic
def show(*, collection: Collection, by: User) -> Collection:
    """Show again what the Region hid, if it is online; event "collection.shown"."""
    fresh = Collection.objects.locked(collection)
    require(rules.may_hide_collection, by, fresh)
    fresh.hidden_at, fresh.hidden_by, fresh.hidden_reason = None, None, ""
    fresh.save(update_fields=["hidden_at", "hidden_by", "hidden_reason"])
    record("collection.shown", by=by, on=fresh)
    return fresh


@transaction.atomic
def remove(*, collection: Collection, by: User) -> None:
    """Delete a collection; the resources stay. Event "collection.removed"."""
    collection = _held(collection, by)
    record("collection.removed", by=by, on=collection, title=collection.title)
    collection.delete()


def _empty() -> Invalid:
    return Invalid(
        _("Un dossier en ligne contient au moins une ressource."), code="collection_empty"
    )


def _check(title: str, summary: str) -> None:
    for line in (title, summary):
        require_plain_line(line)
    if not title.strip():
        raise Invalid(_("Donnez un titre au dossier."), code="collection_title")


def _held(collection: Collection, by: User) -> Collection:
    fresh = Collection.objects.locked(collection)
    require(resource_rules.edits_for, by, fresh.organisation)
    return fresh


def _free_slug(title: str) -> str:
    base = slug_of(title, 120, "dossier")
    base = f"dossier-{base}" if base in RESERVED else base
    taken = set(Collection.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return free_name(base, taken)
