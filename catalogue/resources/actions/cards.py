"""Change what the public reads of a card, and the search with it, in one transaction.

Each publication declares links, notes a version and the quality of the card; cards are archived,
set aside once over, asked to be read again, and their use is counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from wagtail.models import Revision

from catalogue.resources import changes, rules, words
from catalogue.resources.actions import files as file_care
from catalogue.resources.enums import LinkType, ResourceKind, VersionOrigin
from catalogue.resources.models import (
    CardVersion,
    FormerSlug,
    Measurement,
    QualityScore,
    Resource,
    ResourceLink,
    Tombstone,
)
from catalogue.resources.queries import quality, relations
from catalogue.resources.queries import records as card_records
from catalogue.resources.queries import versions as card_versions
from portal.accounts.actions import notifications
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.audit.actors import Actor, SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.discussions import actions as discussions
from portal.lib import clock, patience
from portal.lib.prose import markdown
from portal.lib.prose.texts import free_name, require_plain_line, slug_of
from portal.lib.refusals import Conflict, Invalid


def declare_links(
    *, resource: Resource, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Make the links that new details declare, and drop those that only the former ones did.

    For `resources.put_online`, which holds the card locked: no rule is asked here. A card that is
    gone since keeps its tombstone; links that something else made stay.
    """
    old, new = relations.relation_pairs(before), relations.relation_pairs(after)
    cards = _cards_by_slug({slug for _type, slug in {*old, *new}})
    for kind, slug in old:
        if (kind, slug) not in new and slug in cards:
            ResourceLink.objects.filter(source=resource, target=cards[slug], type=kind).delete()
    for kind, slug in new:
        other = cards.get(slug)
        if other is None or other.pk == resource.pk or kind not in LinkType.values:
            continue
        ResourceLink.objects.get_or_create(
            source=resource,
            target=other,
            type=kind,
            defaults={"source_title": resource.title, "target_title": other.title},
        )


def _cards_by_slug(slugs: set[str]) -> dict[str, Resource]:
    found = {each.slug: each for each in Resource.objects.filter(slug__in=slugs)}
    former = FormerSlug.objects.filter(slug__in=slugs - found.keys()).select_related("resource")
    return found | {each.slug: each.resource for each in former}


REASON_LENGTH = 300


def note_version(
    *,
    resource: Resource,
    revision: Revision,
    origin: VersionOrigin = VersionOrigin.REVIEWED,
    organisation: Organisation | None = None,
) -> None:
    """Number a revision that goes online, unless nothing that one reads has changed.

    For `resources.put_online`, which holds the card locked: no rule is asked here.
    """
    known = CardVersion.objects.filter(resource=resource).select_related("revision")
    last = known.order_by("-number").first()
    after = card_records.content_record(revision.content, resource.kind)
    before = card_records.content_record(last.revision.content, resource.kind) if last else {}
    fields = card_versions.changed_fields(before, after)
    if last is not None and not fields:
        return
    CardVersion.objects.create(
        resource=resource,
        number=last.number + 1 if last else 1,
        revision=revision,
        origin=origin,
        organisation=organisation,
        fields=fields if last else [],
        published_at=clock.now(),
    )


@transaction.atomic
def withhold_version(*, version: CardVersion, reason: str, by: User) -> CardVersion:
    """Show a former version to nobody any more.

    In order: when, by whom, why; event "version.withheld". Raises NotAllowed; Invalid without
    words; Conflict when it is in force or withheld already.
    """
    version = _locked_version(version)
    require(rules.may_withhold, by, version.resource)
    require_plain_line(reason)
    if not reason.strip():
        raise Invalid(_("Dites pourquoi cette version n’est plus montrée."), code="reason_required")
    if version.number == card_versions.latest_number(version.resource):
        raise Conflict(
            _("Cette version est en ligne : masquez la fiche, ou faites-la corriger."),
            code="version_in_force",
        )
    if version.withheld_at is not None:
        raise Conflict(code="version_withheld")
    version.withheld_at, version.withheld_by = clock.now(), by
    version.withheld_reason = reason.strip()[:REASON_LENGTH]
    version.save(update_fields=["withheld_at", "withheld_by", "withheld_reason"])
    record("version.withheld", by=by, on=version.resource, number=version.number)
    return version


@transaction.atomic
def show_version(*, version: CardVersion, by: User) -> CardVersion:
    """Show a version that was withheld by hand; event "version.shown". Raises NotAllowed, Conflict.

    One that a decision on a notice withholds stays so.
    """
    version = _locked_version(version)
    require(rules.may_withhold, by, version.resource)
    if version.withheld_at is None:
        raise Conflict(code="version_shown")
    version.withheld_at = version.withheld_by = None
    version.withheld_reason = ""
    version.save(update_fields=["withheld_at", "withheld_by", "withheld_reason"])
    record("version.shown", by=by, on=version.resource, number=version.number)
    return version


def _locked_version(version: CardVersion) -> CardVersion:
    fresh = CardVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    fresh.resource = Resource.objects.select_related("organisation").get(pk=fresh.resource_id)
    return fresh


BATCH = 500


@transaction.atomic
def note_quality(*, resource: Resource) -> None:
    """Write down the quality of a public card when it is not what it last was.

    For the actions that change what the public reads: no rule is asked here.
    """
    _note_qualities([resource])


def note_all_qualities() -> int:
    """Write down what time alone has changed: an update that did not come, a review that is due.

    Batch by batch; the score that orders results follows. Returns how many cards changed.
    """
    count = 0
    ids = list(Resource.objects.public().order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        with transaction.atomic():
            rows = Resource.objects.public().filter(pk__in=ids[start : start + BATCH])
            made = _note_qualities(list(rows.prefetch_related("measurements").order_by("pk")))
            for each in made:
                changes.rated.follow(each.resource_id, each.score)
            count += len(made)
    return count


def render_again() -> int:
    """Write the descriptions that another renderer wrote as that of today does; return how many.

    Card by card; a text that it refuses stays as it was shown. No rule is asked here.
    """
    count = 0
    shown = Resource.objects.exclude(description_html="").order_by("pk")
    for pk in list(shown.values_list("pk", flat=True)):
        with transaction.atomic(), suppress(Invalid):
            card = shown.select_for_update(of=("self",)).filter(pk=pk).first()
            if card and (html := markdown.render(card.description)) != card.description_html:
                count += shown.filter(pk=pk).update(description_html=html)
    return count


def _note_qualities(resources: Sequence[Resource]) -> list[QualityScore]:
    rows = QualityScore.objects.filter(resource__in=resources).order_by("recorded_at", "pk")
    last = {row.resource_id: (row.score, row.criteria) for row in rows}
    return QualityScore.objects.bulk_create(
        each
        for each in _judged(resources)
        if last.get(each.resource_id) != (each.score, each.criteria)
    )


def _judged(resources: Sequence[Resource]) -> Iterable[QualityScore]:
    now = clock.now()
    for each in resources:
        found = quality.assess(each, each.measurements.all())
        if each.live and found.score is not None:
            criteria = {criterion.code: criterion.met for criterion in found.criteria}
            yield QualityScore(resource=each, score=found.score, criteria=criteria, recorded_at=now)


SLUG_LENGTH = 120


def free_slug(title: str) -> str:
    """Make an address of a title, numbered when it was ever used."""
    base = slug_of(title, SLUG_LENGTH, "fiche")
    return free_name(base, _taken(base))


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
    Markdown rendered; revision live, dates set; links declared, a version of the card; what
    follows a publication, then a change of what is read; its files counted with who holds it.
    Returns the fresh row. Raises Conflict while the Region hides the card.
    """
    now = clock.now()
    current = Resource.objects.locked(resource)
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
    declare_links(resource=current, before=before, after=revision.content.get("details") or {})
    note_version(resource=current, revision=revision, origin=origin, organisation=organisation)
    Resource.objects.filter(pk=current.pk).update(
        content_modified_at=now,
        last_reviewed_at=now,
        next_review_at=clock.months_later(now, 12),
        expired_at=now if _is_over(current.kind, revision, now) else None,
    )
    changes.published.follow(current, revision)
    fresh = _written(current.pk)
    file_care.follow_card(resource=fresh)
    return fresh


def _is_over(kind: str, revision: Revision, at: Any) -> bool:
    return words.is_news_over(kind, revision.content.get("details") or {}, clock.paris_day(at))


def _written(pk: int) -> Resource:
    fresh = Resource.objects.select_related("organisation").get(pk=pk)
    tie_producers(resource=fresh)
    changes.written.follow(fresh)
    note_quality(resource=fresh)
    return fresh


def tie_producers(*, resource: Resource) -> None:
    """Tie a card to the organisations that its producer's name names. No rule is asked here."""
    resource.producers.set(relations.producers_named(resource.producer_name))


@transaction.atomic
def bury(*, resource: Resource, reason: str, by: Actor, keep_title: bool = True) -> None:
    """Remove a resource and leave a tombstone: its addresses answer 410. No rule is asked here.

    Its contributions and their decisions go with it, texts and revisions included, and the news
    that quote it; the ledger keeps that they were.
    """
    former = list(resource.former_slugs.values_list("slug", flat=True))
    names = relations.sets_of_one(resource) if resource.first_published_at else []
    Tombstone.objects.create(
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
    discussions.erase_subject(on=resource)
    changes.removed.follow(resource)
    resource.versions.all().delete()
    file_care.forget_of(resource=resource, by=by)
    Resource.objects.get(pk=resource.pk).delete()


def take_back_news(*, resource: Resource) -> None:
    """Remove people's news of a card and of the pages around it.

    News bear French addresses, whatever the language of the page where it is decided.
    """
    slugs = [resource.slug, *resource.former_slugs.values_list("slug", flat=True)]
    with translation.override(settings.LANGUAGE_CODE):
        paths = [reverse("catalogue:resource", args=(slug,)) for slug in slugs]
    for path in paths:
        notifications.take_back(path=path, since=resource.created_at, below=True)


@transaction.atomic
def move(*, resource: Resource, slug: str) -> Resource:
    """Change an address; the former one answers 301 for ever."""
    FormerSlug.objects.get_or_create(resource=resource, slug=resource.slug)
    Resource.objects.filter(pk=resource.pk).update(slug=slug)
    return _written(resource.pk)


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
        _written(resource.pk)
    return row


REASON_CHARACTERS = 300


@transaction.atomic
def archive(*, resource: Resource, reason: str, by: Actor) -> Resource:
    """Say that a resource is no longer kept up: it stays readable, last in the results.

    In order: date and reason, index; its last contribution PUBLISHED to ARCHIVED; event
    "resource.archived"; one letter to its owner when a moderator did it. Raises NotAllowed,
    Conflict, Invalid without a reason.
    """
    resource = Resource.objects.locked(resource)
    require(rules.may_archive, by, resource)
    if not resource.live or resource.archived_at is not None:
        raise Conflict(code="not_published")
    if not reason.strip():
        raise Invalid(_("Dites pourquoi cette fiche est archivée."), faults=["reason"])
    at = _archive(resource, reason, by)
    if not rules.owns(by, resource):
        key = f"{resource.pk}-{at.isoformat()}"
        owe("mail.resource_archived", key=key, resource_id=resource.pk)
    return resource


@transaction.atomic
def restore(*, resource: Resource, by: Actor) -> Resource:
    """Bring an archived resource back among the others.

    In order: no archive, the date of its return, index; its last contribution back to PUBLISHED;
    event "resource.restored". Raises NotAllowed, Conflict.
    """
    resource = Resource.objects.locked(resource)
    require(rules.may_archive, by, resource)
    if resource.archived_at is None:
        raise Conflict(code="not_archived")
    _bring_back(resource, by)
    return resource


@transaction.atomic
def set_aside(*, resource: Resource, reason: str, by: Actor) -> None:
    """Archive what its source no longer has. For the harvest: no rule is asked here.

    Nothing when it is archived already. Otherwise as `archive`, without a letter.
    """
    resource = Resource.objects.locked(resource)
    if resource.archived_at is None:
        _archive(resource, reason, by)


@transaction.atomic
def bring_back(*, resource: Resource, by: Actor) -> None:
    """Bring back what its source has again. For the harvest: no rule is asked here."""
    resource = Resource.objects.locked(resource)
    if resource.archived_at is not None:
        _bring_back(resource, by)


def _archive(resource: Resource, reason: str, by: Actor) -> datetime:
    at = clock.now()
    resource.archived_at, resource.archive_reason = at, reason.strip()[:REASON_CHARACTERS]
    resource.save(update_fields=["archived_at", "archive_reason"])
    changes.archived.follow(resource)
    changes.written.follow(resource)
    record("resource.archived", by=by, on=resource)
    return at


def _bring_back(resource: Resource, by: Actor) -> None:
    at = clock.now()
    resource.archived_at, resource.archive_reason, resource.restored_at = None, "", at
    resource.save(update_fields=["archived_at", "archive_reason", "restored_at"])
    changes.restored.follow(resource)
    changes.written.follow(resource)
    record("resource.restored", by=by, on=resource)


SCHEDULER = SystemActor("scheduler")


def expire_due() -> int:
    """Set aside each public news that is over, once; return how many. Doing it again does nothing.

    A later date comes by a version that goes online, which settles it (`resources.put_online`).
    """
    today = clock.paris_day(clock.now())
    news = Resource.objects.listed().filter(kind=ResourceKind.NEWS).order_by("pk")
    told = list(news.values_list("pk", "details"))
    over = [pk for pk, details in told if words.is_news_over(ResourceKind.NEWS, details, today)]
    return sum(_expire(pk) for pk in over)


@transaction.atomic
def _expire(pk: int) -> bool:
    """In order: the date, out of the index; event "resource.expired"."""
    row = Resource.objects.listed().select_for_update(of=("self",)).filter(pk=pk).first()
    at = clock.now()
    if row is None or not words.is_news_over(row.kind, row.details, clock.paris_day(at)):
        return False
    row.expired_at = at
    row.save(update_fields=["expired_at"])
    changes.written.follow(row)
    record("resource.expired", by=SCHEDULER, on=row)
    return True


# A card is asked about once; one that was missed is caught up with for a month.
CAUGHT_UP_DAYS = 30


def remind_reviews() -> int:
    """Owe one letter for each public card whose review is due since less than a month.

    Cards that a source fills or that are archived are left out. Returns how many are due; a card
    already asked about for the same date is owed nothing more.
    """
    now = clock.now()
    due = Resource.objects.public().filter(
        harvested=None,
        archived_at=None,
        next_review_at__lte=now,
        next_review_at__gt=now - timedelta(days=CAUGHT_UP_DAYS),
    )
    asked = list(due.order_by("pk").values_list("pk", "next_review_at"))
    for pk, at in asked:
        owe("mail.card_to_review", key=f"{pk}:{at:%Y-%m-%d}", resource_id=pk)
    return len(asked)


Figure = Literal["views", "downloads"]


def count_use(*, resource_id: int, figure: Figure) -> None:
    """Add one to a counter of a card. No rule and no event: nobody is named anywhere.

    Lost rather than awaited where the database is busy.
    """
    card = Resource.objects.filter(pk=resource_id)
    with patience.hurried():
        card.update(**{figure: F(figure) + 1, "used_since_indexed": True})
