"""Reads that join datasets and their cards: the directory, the page of a dataset."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db.models import (
    Count,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalogue.resources.enums import Access, ResourceKind
from catalogue.resources.models import Resource
from catalogue.resources.queries.files import ON_REQUEST, Card
from catalogue.standards import published
from catalogue.standards.published import File
from datasets.holdouts.models import WrappedKey
from datasets.releases.enums import AccessLevel, FileRole, Protection
from datasets.releases.models import DataFile, Dataset, Download, Release, ReleaseUpload
from portal.lib.storage.objects import digests_in_columns

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import User

TYPE_LABELS = {
    "string": _("texte"),
    "integer": _("entier"),
    "number": _("nombre"),
    "date": _("date"),
    "boolean": _("oui ou non"),
}

# What a reader must do to get the files, in the words of the catalogue.
ACCESS_OF_LEVEL = {
    AccessLevel.OPEN: Access.OPEN,
    AccessLevel.REGISTERED: Access.REGISTERED,
    AccessLevel.RESTRICTED_BUSINESS: Access.ON_REQUEST,
    AccessLevel.RESTRICTED_PERSONAL: Access.ON_REQUEST,
}


def directory(user: User | AnonymousUser, access: str = "") -> QuerySet[Resource]:
    """List the published cards whose files are held here, or those that one access gives."""
    rows = Resource.objects.visible_to(user).filter(
        kind=ResourceKind.DATASET, live=True, dataset__released_at__isnull=False
    )
    if access:
        levels = [level for level, given in ACCESS_OF_LEVEL.items() if given == access]
        rows = rows.filter(dataset__level__in=levels)
    return rows.select_related("organisation", "dataset").order_by("-dataset__released_at", "-pk")


def restricted(user: User | AnonymousUser) -> QuerySet[Dataset]:
    """List the datasets that are lent on request, those whose card this person may read."""
    levels = [level for level in AccessLevel if level.is_restricted]
    rows = Dataset.objects.visible_to(user).filter(
        level__in=levels, released_at__isnull=False, resource__live=True
    )
    return rows.with_card().order_by("resource__title", "pk")


def access_counts(user: User | AnonymousUser) -> Counter[Access]:
    """Count the datasets held here by what gives access to them."""
    rows = directory(user).order_by().values_list("dataset__level").annotate(n=Count("pk"))
    counts: Counter[Access] = Counter()
    for level, count in rows:
        counts[ACCESS_OF_LEVEL[AccessLevel(level)]] += count
    return counts


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
    def withdrawn(self) -> tuple[Release, ...]:
        """List the releases later than the current one, which were taken back."""
        return tuple(takewhile(lambda each: each.withdrawn_at is not None, self.releases))

    @property
    def level(self) -> AccessLevel:
        """Give the level of the dataset."""
        return self.dataset.level_enum


Around = Callable[[Dataset, "User | AnonymousUser"], dict[str, Any]]
_around: dict[str, Around] = {}


def register_around(provider: Around) -> None:
    """Let a subject above add to the page of a dataset; twice the same changes nothing."""
    _around[f"{provider.__module__}.{provider.__qualname__}"] = provider


def around(dataset: Dataset, user: User | AnonymousUser) -> dict[str, Any]:
    """Ask the subjects above what the page of a dataset shows of it to a person."""
    return {key: it for each in _around.values() for key, it in each(dataset, user).items()}


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
    dataset: Dataset | None = getattr(resource, "dataset", None)
    if dataset is None or dataset.released_at is None:
        return ""
    return reverse("datasets:dataset", args=(resource.slug,))


def deposit_page_of(resource: Resource, accesses: Collection[str]) -> str:
    """Give the page that takes the files of a dataset, "" where its card keeps them.

    It takes those that are had on request, in the directory, or held here already.
    """
    held = Q(in_directory=True) | Q(released_at__isnull=False)
    rows = Dataset.objects.filter(held, resource=resource)
    if ON_REQUEST.isdisjoint(accesses) and not rows.exists():
        return ""
    return reverse("datasets:publish", args=(resource.slug,))


def published_files(resources: Sequence[Card]) -> dict[int, list[File]]:
    """Describe the files held of some cards, as anyone may know of them; two queries.

    What asks for a grant has neither name nor columns: one line leads to the request.
    """
    rows = (
        DataFile.objects.filter(release__dataset__resource__in=[each.pk for each in resources])
        .filter(release__number=last_release())
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


def last_release() -> Subquery:
    """Give the number of the current release, of which nothing was taken back."""
    same = Release.objects.filter(dataset=OuterRef("release__dataset"), withdrawn_at=None)
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
        version=str(row.release.number),
    )


def page_of(dataset: Dataset) -> DatasetPage:
    """Gather the page of a dataset: two queries, whatever it holds."""
    read = Download.objects.filter(data_file__release__dataset=dataset)  # once for all releases
    read = read.exclude(grant__isnull=False, user=None)  # by code of a challenge
    read = read.order_by().values("data_file__release__dataset").annotate(n=Count("pk"))
    rows = dataset.releases.select_related("opening__restricted__resource")
    rows = rows.annotate(downloads=Subquery(read.values("n")))
    releases = tuple(rows.prefetch_related("files"))
    current = next((each for each in releases if each.withdrawn_at is None), None)
    return DatasetPage(
        dataset=dataset,
        resource=dataset.resource,
        release=current,
        files=tuple(current.files.all()) if current else (),
        releases=releases,
        downloads=(releases[0].downloads or 0) if releases else 0,
    )


def columns_of(datasets: Collection[int]) -> defaultdict[int, list[Column]]:
    """Give the columns of the table of some datasets, by their keys, as their pages do; a query."""
    files = DataFile.objects.filter(
        release__dataset__in=datasets, release__number=last_release(), role=FileRole.DATA
    ).select_related("release")
    tables: dict[int, DataFile] = {}
    for file in files:
        known = tables.get(file.release.dataset_id)
        if file.schema and (known is None or (file.rows or 0) > (known.rows or 0)):
            tables[file.release.dataset_id] = file
    found = {pk: [column_of(row) for row in file.schema] for pk, file in tables.items()}
    return defaultdict(list, found)


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
            release__withdrawn_at=None,
        )
        .select_related("release__dataset__resource__organisation")
        .first()
    )


def named(hashes: Collection[str]) -> Iterator[str]:
    """Give the sha256 of objects, among these, that a row of this app names; no key is read."""
    tables = set(apps.get_app_config("datasets").get_models()) - {WrappedKey}
    yield from digests_in_columns(tables, hashes)
    for parts in ReleaseUpload.objects.order_by().values_list("parts", flat=True).iterator():
        yield from (part["sha256"] for part in parts)
