"""What the endpoints that read the catalogue send, and the query they take."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from ninja import Schema
from pydantic import ConfigDict, Field

from portal.accounts.models import Organisation
from portal.lib.web.endpoints import Address, PublicId


class LineOut(Schema):
    """A resource in a list: the columns of the exports, and its slug.

    quality: 0 to 100, null for a kind that is not scored.
    """

    id: UUID
    slug: str
    iri: str
    url: str
    kind: str
    subtype: str
    title: str
    acronym: str
    summary: str
    organisation: str
    authors: list[str]
    homepage_url: str
    repository_url: str
    documentation_url: str
    licences: list[str]
    licence_status: str
    licence_note: str
    scope: str
    territories: list[str]
    access: str
    languages: list[str]
    use_cases: list[str]
    tasks: list[str]
    rome_codes: list[str]
    tags: list[str]
    lifecycle: str
    archived: bool
    referenced: bool
    formats: list[str]
    quality: int | None
    published_at: datetime
    modified_at: datetime


class CountOut(Schema):
    """One value of a facet, and how many results choosing it gives."""

    value: str
    count: int
    label: str


class ResourcesOut(Schema):
    """Some resources, and where the list goes on.

    total: how many answer. facets: the values of each facet, counted under the other filters; null
    where nothing was searched for.
    """

    resources: list[LineOut]
    total: int
    facets: dict[str, list[CountOut]] | None
    next_cursor: str | None


class CriterionOut(Schema):
    """One criterion of quality; aside says why it is missing when nobody left it out.

    gain: the points that meeting it would add. text: what is met, or what to do.
    """

    code: str
    met: bool
    field: str
    gain: int
    text: str
    aside: str


class QualityOut(Schema):
    """The quality of a card, criterion by criterion."""

    score: int | None
    criteria: list[CriterionOut]


class OriginOut(Schema):
    """Where a value comes from: contributor, region, import:<format> or harvest:<source>.

    transmitted: false where the source says nothing of this field.
    """

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    origin: str = ""
    date: str | None = None
    verified: bool = True
    transmitted: bool = True


class LinkOut(Schema):
    """A link with another resource. direction: out, this one bears on the other; in, the reverse.

    id, slug, url and kind are null once the other resource is removed.
    """

    relation: str
    direction: str
    title: str
    id: UUID | None
    slug: str | None
    url: str | None
    kind: str | None


class FiguresOut(Schema):
    """What was counted around a card."""

    views: int
    downloads: int
    followers: int
    reuses: int
    discussions: int


class CardOut(Schema):
    """A public card in full: its JSON document (`/ressources/<slug>.json`), and what is told of it.

    revision: names what is online; to be given as base_revision with a change.
    """

    model_config = ConfigDict(extra="allow")

    id: UUID
    iri: str
    url: str
    slug: str
    kind: str
    title: str
    summary: str
    details: dict[str, Any]
    measures: list[dict[str, Any]]
    links: list[LinkOut]
    quality: QualityOut
    provenance: dict[str, OriginOut]
    figures: FiguresOut
    revision: int | None


class OrganisationOut(Schema):
    """What everybody may know of an organisation. resources: its public cards."""

    id: PublicId
    slug: str
    name: str
    acronym: str
    former_names: list[str]
    kind: str
    siret: str
    homepage_url: str
    description: str
    badges: list[str]
    verified: bool
    resources: int = Field(alias="public_resources")
    page: Address

    @staticmethod
    def resolve_verified(organisation: Organisation) -> bool:
        return organisation.verified_at is not None

    @staticmethod
    def resolve_page(organisation: Organisation) -> str:
        return reverse("organisation", args=(organisation.slug,))


class OrganisationsOut(Schema):
    """Some organisations, the latest registered first."""

    organisations: list[OrganisationOut]
    next_cursor: str | None


class WordOut(Schema):
    """One value of a closed list, and its name in the language asked for."""

    code: str
    label: str


class FieldOut(Schema):
    """A field that a card of some kind may hold.

    place: record, or details for those of the kind alone. needed: compulsory to publish a card of
    one's own; needed_if_referenced: of what others hold. columns: of each row of a list of rows.
    choices: empty where any value fits.
    """

    name: str
    place: str
    type: str
    label: str
    help: str
    needed: bool
    needed_if_referenced: bool
    max_length: int | None
    choices: list[WordOut]
    columns: list["FieldOut"]


class KindOut(Schema):
    """A kind of resource and its fields, in the order of the form."""

    code: str
    label: str
    fields: list[FieldOut]


class VocabulariesOut(Schema):
    """The kinds with their fields, the closed lists by name, the charter one accepts to send."""

    charter: str

    kinds: list[KindOut]
    lists: dict[str, list[WordOut]]
