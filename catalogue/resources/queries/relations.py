"""What a card is tied to: who answers for it, other cards, its sets, its use, its tombstone."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import unquote, urlsplit

from django.db.models import Count, F, Q, QuerySet, Sum

from catalogue.resources import rules
from catalogue.resources.enums import TransferKind
from catalogue.resources.models import (
    CardTransfer,
    FormerSlug,
    Resource,
    ResourceLink,
    ResourceQuerySet,
    Tombstone,
    editable_organisations,
)
from portal.accounts.authorization import REGION_ROLES, Permission
from portal.accounts.enums import Role
from portal.accounts.models import Organisation, RegionAppointment, User

WRITERS = (Role.REFERENT, Role.EDITOR)
# Between two producers, and a remark about one: « Dares avec Pôle emploi (données de 2021) ».
BETWEEN_PRODUCERS = re.compile(r"\s*(?:,|;|/|\bet\b|\bavec\b|\bpuis\b|\bpour\b|\band\b)\s*")
REMARK = re.compile(r"\s*\([^()]*\)")
MOST_PRODUCERS = 10


def producers_named(text: str) -> list[Organisation]:
    """Find the organisations that the name of a producer names: the whole of it, else its parts."""
    parts = producer_parts(text)
    bearers = Organisation.objects.called([text, *parts]) if parts else {}
    if known := bearers.get(text.casefold()):
        return [known]
    named = [bearers[part.casefold()] for part in parts if part.casefold() in bearers]
    return list(dict.fromkeys(named))


def producer_parts(text: str) -> list[str]:
    """Cut the name of a producer where it names several; the remarks are left out."""
    parts = BETWEEN_PRODUCERS.split(REMARK.sub("", text).strip())
    return [part for part in parts if part][:MOST_PRODUCERS]


def published_by(organisation: Organisation) -> ResourceQuerySet:
    """Keep the public cards that an organisation holds, and those of what it produces."""
    mine = Q(organisation=organisation) | Q(producers=organisation)
    return Resource.objects.public().filter(mine).distinct()


def online_around(user: User) -> ResourceQuerySet:
    """Keep the public cards of a person and of every organisation of theirs, the latest first."""
    own = Q(author=user) | Q(organisation__in=list(user.roles_by_organisation))
    cards = Resource.objects.public().filter(own).select_related("organisation")
    return cards.order_by("-first_published_at", "-pk")


def kinds_published_by(organisation: Organisation) -> dict[str, int]:
    """Count by kind what an organisation has published, the most frequent kind first."""
    cards = Resource.objects.filter(pk__in=published_by(organisation).values("pk"))
    counted = cards.values_list("kind").annotate(number=Count("pk"))
    return dict(counted.order_by("-number", "kind"))


def cards_of(organisations: list[Organisation]) -> dict[int, int]:
    """Count what each of some organisations has published, as `published_by` does."""
    public = Resource.objects.public()
    held = public.filter(organisation__in=organisations).values_list("organisation")
    made = Resource.producers.through.objects.filter(
        organisation__in=organisations, resource__in=public
    ).exclude(resource__organisation=F("organisation"))
    counts = Counter(dict(held.annotate(number=Count("pk"))))
    counts.update(dict(made.values_list("organisation").annotate(number=Count("pk"))))
    return counts


def naming(organisation: Organisation) -> ResourceQuerySet:
    """Keep the public cards that an organisation holds, or may produce by one of its names."""
    called = (organisation.name, organisation.acronym, *organisation.former_names)
    mine = Q(organisation=organisation) | Q(producers=organisation)
    for name in filter(None, called):
        mine |= Q(producer_name__icontains=name)
    return Resource.objects.public().filter(mine).distinct()


def region_people(permission: Permission) -> QuerySet[User]:
    """Select who holds a permission by a role at the Region."""
    roles = [str(role) for role, held in REGION_ROLES.items() if permission in held]
    held = RegionAppointment.objects.filter(role__in=roles, ended_at__isnull=True)
    return User.objects.filter(is_active=True, pk__in=held.values("user_id")).order_by("pk")


def owners_of(resource: Resource) -> QuerySet[User]:
    """Select who answers for a card: its organisation's writers, else its author."""
    if resource.organisation_id is None:
        return User.objects.filter(pk=resource.author_id or 0, is_active=True)
    return editors_of(resource.organisation_id)


def editors_of(organisation_id: int | None) -> QuerySet[User]:
    """Select who writes for an organisation; nobody without one."""
    return (
        User.objects.filter(
            memberships__organisation_id=organisation_id or 0,
            memberships__role__in=WRITERS,
            memberships__left_at__isnull=True,
            is_active=True,
        )
        .distinct()
        .order_by("pk")
    )


def transfers_around(user: User) -> QuerySet[CardTransfer]:
    """List the cards on their way that may wait for this person's answer, the oldest first."""
    places = editable_organisations(user)
    held = Q(resource__organisation__in=places) | Q(resource__author=user)
    asked = Q(kind=TransferKind.OFFER, target__in=places) | Q(kind=TransferKind.CLAIM) & held
    rows = CardTransfer.objects.whole().open().filter(resource__live=True)
    return rows if rules.may_see_removals(user) else rows.filter(asked)


def answers_transfer(user: User, transfer: CardTransfer) -> bool:
    """Say whether this person may accept or approve a card's transfer."""
    return rules.may_accept_transfer(user, transfer) or rules.may_approve_transfer(user, transfer)


RELATIONS_FIELD = "relations"
TITLES_AT_ONCE = 100


KnownCards = Mapping[str, Resource | None]


def find_cards(texts: Iterable[str]) -> dict[str, Resource | None]:
    """Find the public card that each text names: its address, a former one, or its exact title.

    Two queries, and one for each hundred texts that are no address; cards have slug and title.
    """
    slugs = {text: _slug(text) for text in dict.fromkeys(texts)}
    named = cards_by_slug({slug for slug in slugs.values() if slug})
    found = {text: named.get(slug) for text, slug in slugs.items()}
    titles = {text.strip().casefold() for text, card in found.items() if card is None}
    titled = _by_title(sorted(title for title in titles if title and "\0" not in title))
    return {text: card or titled.get(text.strip().casefold()) for text, card in found.items()}


def resolved_relations(
    rows: Sequence[Mapping[str, Any]], known: KnownCards | None = None
) -> tuple[list[dict[str, Any]], list[str]]:
    """Bring the targets of some rows to the slugs of public cards; also list those not found.

    known: what `find` gave for these targets among others.
    """
    texts = [str(row.get("target") or "") for row in rows]
    looked = dict(known or {})
    looked |= find_cards(text for text in texts if text not in looked)
    kept: list[dict[str, Any]] = []
    unknown = []
    for row, text in zip(rows, texts, strict=True):
        card = looked[text]
        if card is None or not row.get("type"):
            unknown.append(text)
            continue
        named = {"type": row["type"], "target": card.slug}
        kept += [] if named in kept else [named]
    return kept, unknown


def cards_by_slug(slugs: set[str]) -> dict[str, Resource]:
    """Find the public cards of some slugs, or of former ones."""
    if not slugs:
        return {}
    cards = Resource.objects.public().only("slug", "title")
    found = {each.slug: each for each in cards.filter(slug__in=slugs)}
    gone = FormerSlug.objects.filter(slug__in=slugs - found.keys())
    former = dict(gone.values_list("slug", "resource"))
    moved = cards.in_bulk(set(former.values())) if former else {}
    return {slug: moved[pk] for slug, pk in former.items() if pk in moved} | found


def _by_title(titles: Sequence[str]) -> dict[str, Resource]:
    """Find the cards of which the title is the only one of its kind, case apart."""
    found: dict[str, list[Resource]] = {}
    cards = Resource.objects.public().only("slug", "title")
    for start in range(0, len(titles), TITLES_AT_ONCE):
        some = titles[start : start + TITLES_AT_ONCE]
        same = reduce(or_, (Q(title__iexact=title) for title in some))
        for each in cards.filter(same):
            found.setdefault(each.title.casefold(), []).append(each)
    return {title: rows[0] for title, rows in found.items() if len(rows) == 1}


def public_titles(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Keep the rows whose card is public."""
    told = list(rows)
    slugs = [row.get("target") for row in told]
    live = set(Resource.objects.public().filter(slug__in=slugs).values_list("slug", flat=True))
    return [row for row in told if row.get("target") in live]


def relation_pairs(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List the links that details declare: type and slug."""
    rows = details.get(RELATIONS_FIELD) or []
    return list(dict.fromkeys((str(row.get("type")), str(row.get("target"))) for row in rows))


def _slug(text: str) -> str:
    """Read the slug in an address of a card, or the text itself when it looks like one."""
    try:
        path = unquote(urlsplit(text.strip()).path)
    except ValueError:
        return ""
    # PostgreSQL takes no null byte, even one that an address spells %00.
    parts = [part for part in path.split("/") if part.isprintable() and part]
    if "ressources" in parts[:-1]:
        return parts[parts.index("ressources") + 1]
    return parts[0] if len(parts) == 1 else ""


def links_both_ways(resource: Resource) -> QuerySet[ResourceLink]:
    """Select the links of a card whose other end is online, or is gone for good."""
    ends = Q(source=resource) & (Q(target=None) | Q(target__live=True))
    ends |= Q(target=resource) & (Q(source=None) | Q(source__live=True))
    rows = ResourceLink.objects.filter(ends).select_related("source", "target")
    return rows.order_by("type", "pk")


def sets_of_one(resource: Resource) -> list[str]:
    """Name the sets of a resource fetched with its organisation, in the index or hidden."""
    holders = [f"organisation:{slug}" for slug, _name in resource.holders]
    return [
        f"kind:{resource.kind}",
        *holders,
        *(f"use_case:{c}" for c in sorted(resource.use_cases)),
    ]


def hidden_cards() -> ResourceQuerySet:
    """Keep the cards that were public and that the Region hides, with their organisation."""
    rows = Resource.objects.filter(masked_at__isnull=False, first_published_at__isnull=False)
    return rows.with_organisation()


def tombstone_of(slug: str) -> Tombstone | None:
    """Find the tombstone of an address, present or former."""
    found = Tombstone.objects.filter(slug=slug).first()
    if found is not None:
        return found
    others = Tombstone.objects.exclude(former_slugs=[])
    return next((stone for stone in others if slug in stone.former_slugs), None)


def use_of_organisation(organisation: Organisation) -> dict[str, int]:
    """Sum the views and downloads of what an organisation has online."""
    return _sums(Resource.objects.filter(pk__in=published_by(organisation).values("pk")))


def online_of(user: User) -> ResourceQuerySet:
    """Keep the public cards of a person and of the organisations they edit."""
    own = Q(author=user) | Q(organisation__in=editable_organisations(user))
    return Resource.objects.public().filter(own)


def use_of_person(user: User) -> dict[str, int] | None:
    """Sum what a person, and the organisations they edit, have online; None without any."""
    sums = _sums(online_of(user))
    return sums if sums.pop("cards") else None


def _sums(cards: QuerySet[Resource]) -> dict[str, int]:
    sums = cards.aggregate(
        cards=Count("pk"), views=Sum("views"), downloads=Sum("downloads"), reuses=Sum("reuses")
    )
    return {name: figure or 0 for name, figure in sums.items()}
