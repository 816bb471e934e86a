"""Published resources as the standards read them, many at once in a constant number of queries."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet, prefetch_related_objects
from django.db.models.functions import Coalesce, Greatest
from django.urls import get_script_prefix, reverse
from django.utils.http import urlencode
from django.utils.text import slugify
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _

from catalogue.resources import words
from catalogue.resources.enums import LinkType, ResourceKind, Task, UseCase
from catalogue.resources.fields import Text
from catalogue.resources.models import Resource, ResourceLink, Tombstone
from catalogue.resources.queries import files as card_files
from catalogue.standards import licences
from catalogue.standards.published import Agent, File, Licence, Measure, Published, Reference, Site
from catalogue.standards.writers import citation, forms, schema_org
from catalogue.standards.writers.removed import Removed
from portal.accounts.models import Organisation
from portal.lib.prose.texts import for_xml

# Documents are written in the language of the catalogue, whoever asks.
LANGUAGE = "fr"


def public() -> "QuerySet[Resource]":
    """Fetch public resources with what their description needs, the first published first."""
    return (
        Resource.objects.public()
        .with_organisation()
        .prefetch_related("measurements")
        .annotate(changed_at=changed_at())
        .order_by("first_published_at", "pk")
    )


def in_order() -> "QuerySet[Resource]":
    """Keep public resources, the first published first, to be counted or named."""
    return Resource.objects.public().order_by("first_published_at", "pk")


def after(at: Any, pk: int) -> Q:
    """Keep what follows a resource in the order of the publications."""
    return Q(first_published_at__gte=at) & ~Q(first_published_at=at, pk__lte=pk)


def changed_at() -> Any:
    """Give the moment when what is said of a resource last changed, as an expression."""
    told = ("content_modified_at", "archived_at", "restored_at")
    return Greatest(*(Coalesce(F(name), F("first_published_at")) for name in told))


def site() -> Site:
    """Give the portal that speaks."""
    regions = Organisation.objects.filter(is_region=True).only("slug", "name", "homepage_url")
    region = regions.order_by("pk").first()
    with override(LANGUAGE):
        name = region.name if region else _("Région Provence-Alpes-Côte d’Azur")
        return Site(
            root=root(),
            name=_("Open Emploi Ressources"),
            description=_(
                "Catalogue régional des ressources d’intelligence artificielle pour l’emploi et "
                "la formation en Provence-Alpes-Côte d’Azur."
            ),
            publisher=Agent(
                iri=_organisation_address(region.slug if region else slugify(name)),
                name=name,
                kind="region",
                homepage=region.homepage_url if region else "",
            ),
        )


def root() -> str:
    """Give the address of the portal, as identifiers hold it: never that of the request."""
    return str(settings.SITE_URL)


def identifier(public_id: object) -> str:
    """Give the persistent identifier of a resource."""
    return f"{root()}/id/{public_id}"


def page(slug: str) -> str:
    """Give the address of the page of a resource."""
    before, after = _around(get_script_prefix())
    return f"{root()}{before}{slug}{after}"


@cache
def _around(prefix: str) -> tuple[str, str]:
    """Give what stands around the slug in the address of a page: resolved once, not by card."""
    with override(LANGUAGE):
        before, after = reverse("catalogue:resource", args=("SLUG",)).split("SLUG")
    return before, after


def published_one(resource: Resource, held: card_files.Held | None = None) -> Published:
    """Describe one public resource."""
    return published_many([resource], held)[0]


def published_many(
    resources: Sequence[Resource], held: card_files.Held | None = None
) -> list[Published]:
    """Describe some public resources, in their order; some queries, whatever their number.

    With each come the datasets that it serves, or those it is a part of, told without theirs.
    held: the files held of them, where they were read already.
    """
    links = _links(resources)
    found = _described(resources, links, held)
    beside = _beside(resources, links)
    if not beside:
        return found
    rows = list(public().filter(pk__in={pk for ids in beside.values() for pk in ids}))
    told = {row.pk: each for row, each in zip(rows, _described(rows, _links(rows)), strict=True)}
    return [
        _with_beside(each, tuple(told[pk] for pk in beside.get(row.pk, ()) if pk in told))
        for row, each in zip(resources, found, strict=True)
    ]


def _described(
    resources: Sequence[Resource], links: "Links", held: card_files.Held | None = None
) -> list[Published]:
    portal = site()
    prefetch_related_objects(resources, "producers")
    with override(LANGUAGE):
        held = card_files.files_held(resources) if held is None else held
        return [
            _published(each, portal, held.get(each.pk, ()), links.get(each.pk, ()))
            for each in resources
        ]


def _beside(resources: Sequence[Resource], links: "Links") -> dict[int, list[int]]:
    """List the datasets to tell with each resource: served by an interface, or its series."""
    found: dict[int, list[int]] = {}
    for row in resources:
        is_api = row.kind == ResourceKind.TECHNOLOGY and row.subtype == "api"
        for link in links.get(row.pk, ()):
            target = link.target
            in_series = row.kind == ResourceKind.DATASET and link.type == LinkType.PART_OF
            if target and target.kind == ResourceKind.DATASET and (is_api or in_series):
                found.setdefault(row.pk, []).append(target.pk)
    return found


def _with_beside(each: Published, told: tuple[Published, ...]) -> Published:
    if each.kind == ResourceKind.DATASET:
        return replace(each, series=told)
    return replace(each, served=told)


def removed(stone: Tombstone) -> Removed:
    """Describe a removed resource."""
    with override(LANGUAGE):
        return Removed(
            iri=identifier(stone.public_id),
            public_id=str(stone.public_id),
            title=for_xml(stone.title),
            reason=str(stone.get_reason_display()),
            removed_at=stone.removed_at,
        )


Links = dict[int, list[ResourceLink]]
TOLD_OF_OTHERS = ("kind", "live", "title", "summary", "public_id", "homepage_url", "details")


def _links(resources: Sequence[Resource]) -> Links:
    found: Links = {}
    rows = ResourceLink.objects.filter(source__in=[each.pk for each in resources])
    told = [f"target__{name}" for name in TOLD_OF_OTHERS]
    rows = rows.select_related("target").only("source", "type", "target_title", *told)
    for link in rows.order_by("pk"):
        if link.source_id is not None and (link.target is None or link.target.live):
            found.setdefault(link.source_id, []).append(link)
    return found


# What is told as the card keeps it, texts then lists.
AS_STORED = (
    "slug", "kind", "title", "summary", "subtype", "title_en", "acronym", "description", "contact",
    "homepage_url", "repository_url", "documentation_url", "licence_status", "licence_note",
    "scope", "scope_note", "lifecycle",
)  # fmt: skip
LISTS = ("alternate_titles", "authors", "languages", "rome_codes", "tags")


def _published(
    resource: Resource,
    portal: Site,
    held: Sequence[File],
    links: Sequence[ResourceLink],
) -> Published:
    iri = identifier(resource.public_id)
    access = resource.access
    if held and all(each.access != "open" for each in held):
        access = held[0].access
    issued = resource.first_published_at or resource.created_at
    told: dict[str, Any] = {name: getattr(resource, name) for name in AS_STORED}
    told |= {name: tuple(getattr(resource, name)) for name in LISTS}
    shown = Published(
        iri=iri,
        page=page(resource.slug),
        public_id=str(resource.public_id),
        kind_label=str(resource.kind_enum.label),
        issued=issued,
        modified=_modified(resource, issued),
        site=portal,
        language=resource.written_in,
        publisher=_holder(resource, iri),
        licences=tuple(_licence(name) for name in resource.licences),
        territories=tuple(map(words.place_stored, resource.territories)),
        access=access,
        use_cases={c: str(UseCase(c).label) for c in resource.use_cases if c in UseCase.values},
        tasks={c: str(Task(c).label) for c in resource.tasks if c in Task.values},
        is_archived=resource.archived_at is not None,
        is_referenced=resource.is_referenced,
        is_elsewhere=resource.is_referenced or bool(resource.source),
        files=tuple(held) or tuple(_files(resource, iri)),
        references=tuple(_reference(link) for link in links),
        measures=tuple(_measures(resource)),
        details=card_files.readable_details(resource),
        **told,
    )
    return _writable(shown)


def _modified(resource: Resource, issued: datetime) -> datetime:
    told = (resource.content_modified_at, resource.archived_at, resource.restored_at)
    return max(at for at in (*told, issued) if at is not None)


def _organisation_address(*slugs: str) -> str:
    named = urlencode([("organisation", slug) for slug in slugs])
    return f"{root()}{_list(get_script_prefix())}?{named}"


@cache
def _list(prefix: str) -> str:
    with override(LANGUAGE):
        return reverse("catalogue:list")


def _holder(resource: Resource, iri: str) -> Agent | None:
    """Name the organisation that holds the thing, else the person who brought it.

    Several producers are told as one, in words.
    """
    known = list(resource.producers.all())
    name = resource.producer_name
    if name and len(known) != 1:
        slugs = [each.slug for each in known] or [slugify(name)]
        return Agent(_organisation_address(*slugs), name)
    owner = known[0] if known else resource.organisation
    if owner is None:
        person = resource.author
        return Agent(f"{iri}#personne", str(person), "individual") if person else None
    kind = "region" if owner.is_region else owner.kind
    return Agent(_organisation_address(owner.slug), owner.name, kind, owner.homepage_url)


def _licence(name: str) -> Licence:
    return Licence(name, words.licence_label(name), licences.read_expression(name).is_open)


def _files(resource: Resource, iri: str) -> Iterable[File]:
    """Read the files that a card names; what may be had on request alone has no name."""
    details = card_files.readable_details(resource)
    rows = [*details.get("distributions", []), *details.get("files", [])]
    for number, row in enumerate(rows, 1):
        download = str(row.get("download_url") or row.get("url") or "")
        address = str(row.get("access_url") or download)
        if not address:
            continue
        yield File(
            iri=f"{iri}#fichier-{number}",
            title=str(row.get("title") or ""),
            access_url=address,
            download_url=download,
            description=str(row.get("description") or ""),
            format=str(row.get("format") or ""),
            media_type=str(row.get("media_type") or ""),
            size_bytes=row.get("bytes"),
            sha256=str(row.get("sha256") or "").lower(),
            licence=_own_licence(str(row.get("licence") or "")),
        )


def _own_licence(text: str) -> str:
    named = licences.normalise(text).identifiers if text else ()
    return named[0] if len(named) == 1 else ""


def _reference(link: ResourceLink) -> Reference:
    target = link.target
    if target is None:
        return Reference(link.type, link.target_title)
    collected = ""
    if link.type == LinkType.TRAINED_ON:
        collected = str(target.details.get("last_update") or "")
    return Reference(
        relation=link.type,
        title=target.title,
        iri=identifier(target.public_id),
        url=target.homepage_url,
        kind=target.kind,
        summary=target.summary,
        collected_on=collected,
    )


def _measures(resource: Resource) -> Iterable[Measure]:
    for each in resource.measurements.all():
        if each.is_kept_back:
            continue
        yield Measure(
            metric=each.metric,
            value=each.value,
            task=each.task,
            low=each.low,
            high=each.high,
            n=each.n,
            group=each.group,
            dataset=each.held_out_version,
            evaluated_on=each.evaluated_on.isoformat(),
            source_url=each.source_url,
        )


def _writable(value: Any) -> Any:
    """Leave out of every text what XML cannot write, so that no form fails where another does."""
    match value:
        case str():
            return for_xml(value)
        case tuple():
            return tuple(_writable(each) for each in value)
        case list():
            return [_writable(each) for each in value]
        case dict():
            return {name: _writable(each) for name, each in value.items()}
        case Published() | File() | Reference() | Measure() | Agent():
            names = [name for name in value.__dataclass_fields__ if name != "site"]
            return replace(value, **{name: _writable(getattr(value, name)) for name in names})
        case _:
            return value


# What is missing for an export, and what to do, by the code of the standard's writer.
LACKS: dict[str, Text] = {
    "created": gettext_lazy("la date de création du modèle"),
    "version": gettext_lazy("la version"),
    "files": gettext_lazy("au moins un fichier donné sans demande"),
    "file_format": gettext_lazy("le format de chaque fichier"),
    "trained_on": gettext_lazy("les données d’apprentissage"),
    "collection_date": gettext_lazy("la date de collecte des données d’apprentissage"),
    "loadable": gettext_lazy("un fichier en accès ouvert, avec son empreinte SHA-256"),
}


def standards_of(resource: Published) -> dict[str, Any]:
    """Read what stands on the page about standards."""
    cited = resource.kind in forms.CITED
    paper = "" if resource.text("citation") else resource.text("paper")
    # What lives elsewhere is cited as its authors ask: nothing is made up for them.
    unknown = resource.kind == ResourceKind.MODEL and resource.is_referenced
    unknown = unknown and not resource.text("citation")
    return {
        "data_block": schema_org.data_block(resource),
        "forms": forms.available(resource),
        "bibtex": citation.bibtex(resource) if cited and not (paper or unknown) else "",
        "article": paper,
        "article_address": citation.article_address(paper),
        "attribution": citation.attribution(resource, (get_language() or "fr")[:2]),
        "identifier": resource.iri,
        "conformances": [
            (name, [LACKS[code] for code in lacking])
            for name, lacking in forms.conformance(resource)
        ],
    }
