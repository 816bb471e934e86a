"""Reads that join datasets and their cards: the directory, the page of a dataset."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db.models import (
    Case,
    CharField,
    Count,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalogue.resources.enums import Access, ResourceKind, Scope
from catalogue.resources.models import Resource
from catalogue.resources.queries.files import Card
from catalogue.search import engine
from catalogue.search.query import ResourceQuery
from catalogue.standards import published
from catalogue.standards.published import File
from datasets.enums import AccessLevel, FileRole, Protection
from datasets.models import DataFile, Dataset, Download, Release, WrappedKey
from portal.lib.storage.objects import digests_in_columns

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import User

FOUND_MAX = 1_000
ENGINE_PAGE = 100
PRODUCERS_SHOWN = 12
HOSTING = {"here": _("Fichiers déposés ici"), "elsewhere": _("Fiche seule, fichiers ailleurs")}
ORDERS = {"recent": _("Mise à jour récente"), "title": _("Titre")}

TYPE_LABELS = {
    "string": _("texte"),
    "integer": _("entier"),
    "number": _("nombre"),
    "date": _("date"),
    "boolean": _("oui ou non"),
}

# What a reader must do to get the files, in the words of the catalogue.
_ACCESS_OF_LEVEL = {
    AccessLevel.OPEN: Access.OPEN,
    AccessLevel.REGISTERED: Access.REGISTERED,
    AccessLevel.RESTRICTED_BUSINESS: Access.ON_REQUEST,
    AccessLevel.RESTRICTED_PERSONAL: Access.ON_REQUEST,
}


@dataclass(frozen=True)
class DirectoryQuery:
    """What a reader asks of the directory."""

    q: str = ""
    access: tuple[str, ...] = ()
    hosting: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    producer: tuple[str, ...] = ()
    sort: str = "recent"

    @property
    def facets(self) -> dict[str, tuple[str, ...]]:
        """Give the facets in use."""
        chosen = {name: getattr(self, name) for name in FACETS}
        return {name: values for name, values in chosen.items() if values}

    def pairs(self) -> list[tuple[str, str]]:
        """List the parameters that say this query, defaults left out."""
        parameters = [("q", self.q)] if self.q else []
        parameters += [(name, value) for name, values in self.facets.items() for value in values]
        return parameters + ([("sort", self.sort)] if self.sort != "recent" else [])

    def without(self, name: str, value: str) -> DirectoryQuery:
        """Remove one value of one facet."""
        kept = tuple(one for one in getattr(self, name) if one != value)
        return replace(self, **{name: kept})  # type: ignore[arg-type]  # facets are tuples


# Facet: (title, column of the directory, labels of its values or None when they are names).
FACETS: dict[str, tuple[Any, str, Mapping[str, Any] | None]] = {
    "access": (_("Accès"), "access_shown", dict(Access.choices)),
    "hosting": (_("Fichiers"), "hosting", HOSTING),
    "scope": (_("Échelle"), "scope", dict(Scope.choices)),
    "producer": (_("Producteur"), "producer_shown", None),
}


def cards(user: User | AnonymousUser) -> QuerySet[Resource]:
    """List the published cards of datasets, with what the directory shows of each."""
    by_level = [
        When(dataset__released_at__isnull=False, dataset__level=level, then=Value(access))
        for level, access in _ACCESS_OF_LEVEL.items()
    ]
    return (
        Resource.objects.visible_to(user)
        .filter(kind=ResourceKind.DATASET, live=True)
        .annotate(
            access_shown=Case(*by_level, default=F("access"), output_field=CharField()),
            hosting=Case(
                When(dataset__released_at__isnull=False, then=Value("here")),
                default=Value("elsewhere"),
                output_field=CharField(),
            ),
            producer_shown=Case(
                When(producer_name="", then=F("organisation__name")), default=F("producer_name")
            ),
            dated_at=Coalesce("dataset__released_at", "content_modified_at", "first_published_at"),
        )
    )


def directory(query: DirectoryQuery, user: User | AnonymousUser) -> QuerySet[Resource]:
    """List the cards that a query keeps, in its order."""
    kept_cards = _matching(cards(user), query)
    for name, values in query.facets.items():
        kept_cards = kept_cards.filter(**{f"{FACETS[name][1]}__in": values})
    order = ["title", "pk"] if query.sort == "title" else ["-dated_at", "-pk"]
    return kept_cards.select_related("organisation", "dataset").order_by(*order)


def facet_counts(
    query: DirectoryQuery, user: User | AnonymousUser
) -> dict[str, list[tuple[str, int]]]:
    """Count the values of each facet under all the other filters; one query a facet."""
    counted = {}
    base = _matching(cards(user), query)
    for name, (_title, column, labels) in FACETS.items():
        narrowed = base
        for other, values in query.facets.items():
            if other != name:
                narrowed = narrowed.filter(**{f"{FACETS[other][1]}__in": values})
        rows = (
            narrowed.exclude(**{column: ""})
            .exclude(**{f"{column}__isnull": True})
            .order_by()
            .values_list(column)
            .annotate(n=Count("pk"))
        )
        counted[name] = _ordered(dict(rows), labels, getattr(query, name))
    return counted


def _ordered(
    counts: dict[str, int], labels: Mapping[str, Any] | None, chosen: Sequence[str]
) -> list[tuple[str, int]]:
    """Order the values: as declared, or the most frequent first, chosen ones always kept."""
    if labels is not None:
        return [(v, counts.get(v, 0)) for v in labels if v in counts or v in chosen]
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    kept = ranked[:PRODUCERS_SHOWN]
    shown = {value for value, _ in kept}
    return kept + [(value, counts.get(value, 0)) for value in chosen if value not in shown]


def _matching(listed: QuerySet[Resource], query: DirectoryQuery) -> QuerySet[Resource]:
    """Keep the cards that hold the words, as the search of the catalogue says."""
    return listed.filter(pk__in=_ids(query.q)) if query.q else listed


def _ids(words: str) -> list[int]:
    ids: list[int] = []
    for page in range(1, FOUND_MAX // ENGINE_PAGE + 1):
        results = engine().search(
            ResourceQuery(q=words, kind=(ResourceKind.DATASET,), page=page, size=ENGINE_PAGE)
        )
        ids += results.ids
        if len(ids) >= results.total or not results.ids:
            break
    return ids


@dataclass(frozen=True)
class Column:
    """One column of a table, as shown."""

    name: str
    type: str
    description: str
    filled: int | None
    protection: Protection

    @property
    def type_label(self) -> Any:
        """Say the type in words; a name of the producer's own is kept."""
        return TYPE_LABELS.get(self.type, self.type)

    @property
    def has_own_type(self) -> bool:
        """Say whether the producer named the type in their own words."""
        return self.type not in TYPE_LABELS


@dataclass(frozen=True)
class DatasetPage:
    """Everything the page of a dataset shows."""

    dataset: Dataset
    resource: Resource
    release: Release | None
    files: tuple[DataFile, ...]
    releases: tuple[Release, ...]
    downloads: int

    @property
    def table(self) -> DataFile | None:
        """Give the file whose schema stands for the dataset: the largest data table."""
        tables = [one for one in self.files if one.role == FileRole.DATA and one.schema]
        return max(tables, key=lambda one: one.rows or 0, default=None)

    @property
    def shown(self) -> DataFile | None:
        """Give the file previewed: an open data table, or else the synthetic sample."""
        open_ones = [one for one in self.files if one.preview]
        data = [one for one in open_ones if one == self.table]
        samples = [one for one in open_ones if one.role == FileRole.SAMPLE]
        return next(iter([*data, *samples, *open_ones]), None)

    @property
    def columns(self) -> list[Column]:
        """List the columns of the table."""
        return [column_of(row) for row in self.table.schema] if self.table else []

    @property
    def sensitive(self) -> int:
        """Count the columns that call for care."""
        return sum(column.protection.is_sensitive for column in self.columns)

    @property
    def is_sample(self) -> bool:
        """Say whether the lines previewed are those of a synthetic sample."""
        return self.shown is not None and self.shown.role == FileRole.SAMPLE

    @property
    def is_invented(self) -> bool:
        """Say whether the lines previewed belong to nobody."""
        return self.is_sample or self.dataset.is_synthetic

    @property
    def main_file(self) -> DataFile | None:
        """Give the file that the access panel offers."""
        return next((one for one in self.files if one.role == FileRole.DATA), None)

    @property
    def level(self) -> AccessLevel:
        """Give the level of the dataset."""
        return self.dataset.level_enum


def column_of(row: Mapping[str, Any]) -> Column:
    """Read one record of a stored schema."""
    return Column(
        name=str(row["name"]),
        type=str(row.get("type") or "string"),
        description=str(row.get("description") or ""),
        filled=row.get("filled"),
        protection=Protection(row.get("protection") or "free"),
    )


def address_of(resource: Resource) -> str:
    """Give the address of the files of a card, or "" when none was deposited here."""
    is_released = Dataset.objects.filter(resource=resource, released_at__isnull=False).exists()
    return reverse("datasets:dataset", args=(resource.slug,)) if is_released else ""


def published_files(resources: Sequence[Card]) -> dict[int, list[File]]:
    """Describe the files held of some cards, as anyone may know of them; two queries.

    What asks for a grant has neither name nor columns: one line leads to the request.
    """
    rows = (
        DataFile.objects.filter(release__dataset__resource__in=[each.pk for each in resources])
        .filter(release__number=_last_release())
        .select_related("release__dataset__resource")
        .order_by("release__dataset", "index", "pk")
    )
    files_by_card: dict[int, list[File]] = {}
    for row in rows:
        card = row.release.dataset.resource
        files = files_by_card.setdefault(card.pk, [])
        page = settings.SITE_URL + row.release.dataset.get_absolute_url()
        if not row.level_enum.is_restricted:
            files.append(_public_file(row, page))
        elif not any(each.access == Access.ON_REQUEST for each in files):
            files.append(File(f"{page}#acces", "Demander l’accès", page, access=Access.ON_REQUEST))
    return files_by_card


def _last_release() -> Subquery:
    same = Release.objects.filter(dataset=OuterRef("release__dataset"))
    return Subquery(same.order_by("-number").values("number")[:1])


def _public_file(row: DataFile, page: str) -> File:
    address = reverse("datasets:file", args=(row.release.dataset.resource.slug, row.public_id))
    is_open = row.level == AccessLevel.OPEN
    return File(
        iri=f"{page}#fichier-{row.public_id}",
        title=row.name,
        access_url=page,
        download_url=settings.SITE_URL + address if is_open else "",
        description=f"{row.get_role_display()} : {row.name}",
        format=row.name.rsplit(".", 1)[-1].lower() if "." in row.name else "",
        media_type=row.media_type,
        size_bytes=row.size,
        sha256=row.sha256,
        access=Access.OPEN if is_open else Access.REGISTERED,
        columns=tuple(
            published.Column(
                str(each["name"]),
                str(each.get("type") or "string"),
                str(each.get("description") or ""),
                each.get("filled") == 100,
            )
            for each in row.schema
        ),
        rows=row.rows,
    )


def page_of(dataset: Dataset) -> DatasetPage:
    """Gather the page of a dataset: three queries, whatever it holds."""
    releases = tuple(dataset.releases.prefetch_related("files"))
    current = releases[0] if releases else None
    return DatasetPage(
        dataset=dataset,
        resource=dataset.resource,
        release=current,
        files=tuple(current.files.all()) if current else (),
        releases=releases,
        downloads=Download.objects.filter(data_file__release__dataset=dataset).count(),
    )


def file_of(public_id: UUID, slug: str) -> DataFile | None:
    """Find a file whoever asks, to name what was refused."""
    return DataFile.objects.filter(
        public_id=public_id, release__dataset__resource__slug=slug
    ).first()


def readable_file(public_id: UUID, slug: str, user: User | AnonymousUser) -> DataFile | None:
    """Find a file of a card that this person may read, whatever the file's own level."""
    return (
        DataFile.objects.filter(
            Q(release__dataset__in=Dataset.objects.visible_to(user)),
            public_id=public_id,
            release__dataset__resource__slug=slug,
        )
        .select_related("release__dataset__resource__organisation")
        .first()
    )


def named(hashes: Collection[str]) -> Iterator[str]:
    """Give the sha256 of objects, among these, that a row of this app names; no key is read."""
    tables = set(apps.get_app_config("datasets").get_models()) - {WrappedKey}
    return digests_in_columns(tables, hashes)
