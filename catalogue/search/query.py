"""ResourceQuery: what a reader asks, from URL to engine and back; what every engine answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from catalogue.resources.enums import (
    LANGUAGES,
    Access,
    Beneficiary,
    Guarantee,
    ModelSize,
    ResourceKind,
    Scope,
    Task,
    UseCase,
)
from catalogue.standards import territories

MAX_Q = 200
MAX_VALUE = 120
MAX_VALUES = 50
MAX_SIZE = 100
MAX_DEPTH = 10_000
SIZE = 20


E = TypeVar("E", bound=StrEnum)


class Sort(StrEnum):
    """The orders of a result list."""

    RELEVANCE = "relevance"
    UPDATED = "updated"
    QUALITY = "quality"
    REUSES = "reuses"


class Updated(StrEnum):
    """How far back the last change may lie."""

    MONTH = "30d"
    YEAR = "12m"
    YEARS = "3y"

    @property
    def days(self) -> int:
        """Count the days of the window."""
        return {"30d": 30, "12m": 365, "3y": 1096}[self.value]


class Words(StrEnum):
    """Whether a result may hold only some of the words."""

    ANY = "any"
    ALL = "all"


class Parameters(Protocol):
    """What a QueryDict offers."""

    def getlist(self, key: str) -> list[str]:
        """List the values of a key."""


@dataclass(frozen=True)
class Facet:
    """One facet: its title and, where its values are codes of ours, their words.

    words: None where any value is accepted, the index decides. counted: with each search, for the
    panel; there, unfolded: shown open, in_order: in the order of the words rather than by count.
    searched: of so many values that one searches inside.
    """

    title: Promise
    words: Mapping[str, Any] | None = None
    counted: bool = True
    unfolded: bool = False
    in_order: bool = False
    searched: bool = False


ACCESS_WORDS: dict[str, Promise] = {
    Access.OPEN: gettext_lazy("Ouvert"),
    Access.REGISTERED: gettext_lazy("Avec un compte"),
    Access.ON_REQUEST: gettext_lazy("Sur demande"),
    Access.RESTRICTED: gettext_lazy("Restreint"),
}
KIND_WORDS = {kind.value: kind.plural for kind in ResourceKind}
# In the order of the panel.
FACETS: dict[str, Facet] = {
    "kind": Facet(gettext_lazy("Type de ressource"), KIND_WORDS, unfolded=True),
    "scope": Facet(gettext_lazy("Échelle"), dict(Scope.choices), unfolded=True, in_order=True),
    "task": Facet(gettext_lazy("Tâche"), dict(Task.choices), unfolded=True),
    "use_case": Facet(gettext_lazy("Cas d’usage"), dict(UseCase.choices)),
    "access": Facet(gettext_lazy("Accès"), ACCESS_WORDS, unfolded=True, in_order=True),
    "licence": Facet(gettext_lazy("Licence"), searched=True),
    "format": Facet(gettext_lazy("Format"), searched=True),
    "library": Facet(gettext_lazy("Bibliothèque"), searched=True),
    "model_size": Facet(gettext_lazy("Taille du modèle"), dict(ModelSize.choices), in_order=True),
    "language": Facet(gettext_lazy("Langue"), LANGUAGES, unfolded=True),
    "guarantee": Facet(
        gettext_lazy("Garanties"), dict(Guarantee.choices), unfolded=True, in_order=True
    ),
    "organisation": Facet(gettext_lazy("Organisation"), searched=True),
    "beneficiary": Facet(gettext_lazy("Bénéficiaire"), dict(Beneficiary.choices), counted=False),
    "territory": Facet(gettext_lazy("Territoire"), counted=False, searched=True),
    "tag": Facet(gettext_lazy("Mot-clé"), counted=False, searched=True),
}
COUNTED = tuple(name for name, facet in FACETS.items() if facet.counted)


@dataclass(frozen=True)
class ResourceQuery:
    """A query of the catalogue; equal queries are equal values."""

    q: str = ""
    kind: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    task: tuple[str, ...] = ()
    use_case: tuple[str, ...] = ()
    access: tuple[str, ...] = ()
    licence: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    guarantee: tuple[str, ...] = ()
    organisation: tuple[str, ...] = ()
    beneficiary: tuple[str, ...] = ()
    territory: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    format: tuple[str, ...] = ()
    library: tuple[str, ...] = ()
    model_size: tuple[str, ...] = ()
    updated: Updated | None = None
    words: Words = Words.ANY
    sort: Sort = Sort.RELEVANCE
    page: int = 1
    size: int = SIZE

    @classmethod
    def parse(cls, data: Parameters) -> "ResourceQuery":
        """Read a query from URL parameters; what is unknown or out of bounds is left out."""
        size = min(_positive(data, "size", SIZE), MAX_SIZE)
        page = min(_positive(data, "page", 1), MAX_DEPTH // size)
        return cls(
            q=_text(_last(data, "q"))[:MAX_Q].strip(),
            updated=_member(Updated, _last(data, "updated")),
            words=_member(Words, _last(data, "words")) or Words.ANY,
            sort=_member(Sort, _last(data, "sort")) or Sort.RELEVANCE,
            page=page,
            size=size,
            **{
                name: _values(data.getlist(name), facet.words, name)
                for name, facet in FACETS.items()
            },
        )

    def pairs(self) -> list[tuple[str, str]]:
        """List the parameters that say this query, defaults left out, in one order."""
        default = ResourceQuery()
        found: list[tuple[str, str]] = []
        for each in fields(self):
            value = getattr(self, each.name)
            if value == getattr(default, each.name):
                continue
            found += [
                (each.name, str(v)) for v in (value if isinstance(value, tuple) else (value,))
            ]
        return found

    def serialise(self) -> str:
        """Write the query as the canonical query string."""
        return urlencode(self.pairs())

    def filters(self) -> dict[str, tuple[str, ...]]:
        """Give the facets in use with their values."""
        return {name: getattr(self, name) for name in FACETS if getattr(self, name)}

    def without(self, name: str, value: str) -> "ResourceQuery":
        """Remove one value of one facet, back on the first page."""
        kept = tuple(v for v in getattr(self, name) if v != value)
        return self._changed(name, kept)

    def with_value(self, name: str, value: str) -> "ResourceQuery":
        """Add one value to one facet, back on the first page."""
        return self._changed(name, tuple(sorted({*getattr(self, name), value})))

    def _changed(self, name: str, values: tuple[str, ...]) -> "ResourceQuery":
        changes: dict[str, Any] = {name: values, "page": 1}
        return replace(self, **changes)

    def at_page(self, page: int) -> "ResourceQuery":
        """Ask for another page of the same results."""
        return replace(self, page=page)

    def cleared(self) -> "ResourceQuery":
        """Keep the words and the order, drop every filter."""
        return ResourceQuery(q=self.q, sort=self.sort, size=self.size)

    @property
    def order(self) -> Sort:
        """Give the order that applies: without words nothing is more relevant, the latest leads."""
        return Sort.UPDATED if self.sort is Sort.RELEVANCE and not self.q else self.sort

    @property
    def is_filtered(self) -> bool:
        """Tell whether any filter is in use."""
        return bool(self.filters()) or self.updated is not None or self.words is Words.ALL


def cut_short(data: Parameters) -> tuple[str, ...]:
    """Name the parameters that hold more than a query keeps: "q", and facets."""
    words = ("q",) if len(_text(_last(data, "q"))) > MAX_Q else ()
    return words + tuple(
        name
        for name, facet in FACETS.items()
        if len(_cleaned(data.getlist(name), facet.words)) > MAX_VALUES
    )


def _last(data: Parameters, name: str) -> str:
    values = data.getlist(name)
    return values[-1] if values else ""


def _text(value: str) -> str:
    printable = "".join(c if c.isprintable() else " " for c in value)
    return " ".join(printable.split())


def _values(
    values: Iterable[str], words: Mapping[str, Any] | None, name: str = ""
) -> tuple[str, ...]:
    cleaned = _cleaned(values, words)
    if name == "territory":  # a search kept since before kinds were told names it alone
        cleaned = {territories.read_territory(value).text[:MAX_VALUE] for value in cleaned}
    return tuple(sorted(cleaned)[:MAX_VALUES])


def _cleaned(values: Iterable[str], words: Mapping[str, Any] | None) -> set[str]:
    cleaned = {_text(v)[:MAX_VALUE].strip() for v in values} - {""}
    return {value for value in cleaned if words is None or value in words}


def _positive(data: Parameters, name: str, default: int) -> int:
    value = _last(data, name)
    if not (value.isascii() and value.isdigit()):
        return default
    return int(value[:9]) or default


def _member(kind: type[E], value: str) -> E | None:
    return kind(value) if value in {str(m) for m in kind} else None


@dataclass(frozen=True)
class FacetCount:
    """One value of a facet and how many results choosing it gives."""

    value: str
    count: int
    label: str = ""


class Correction(NamedTuple):
    """Words read as others: what was meant, and how to ask for what was typed, in quotes."""

    meant: str
    exact: str


@dataclass(frozen=True)
class Results:
    """The answer to a query.

    total counts every match; the first `complete` of them hold all the words, the others some.
    ids are the resources of the page asked for, in order. facets are each counted under all
    the other filters. highlights are the stems to mark in our own stored texts. also are the
    synonyms that were looked for too.
    """

    total: int
    complete: int
    ids: Sequence[int]
    facets: Mapping[str, Sequence[FacetCount]]
    highlights: frozenset[str] = frozenset()
    correction: Correction | None = None
    offset: int = field(default=0)
    also: tuple[str, ...] = ()


class Engine(Protocol):
    """A search engine over the published resources."""

    def search(self, query: ResourceQuery) -> Results:
        """Answer a query; the same matches, counts and order for every engine."""

    def values(self, query: ResourceQuery, facet: str) -> Sequence[FacetCount]:
        """Count every value of a facet under the other filters, the most frequent first."""
