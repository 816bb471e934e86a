"""Turn what was read into the values that endpoints send: default deny, one shape an audience."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from catalogue.models import Resource, ResourceLink
from catalogue.queries import around, files, lines, links, published, quality
from catalogue.standards import plain
from portal.accounts.models import Organisation

Json = dict[str, Any]


def lines_json(ids: Sequence[int]) -> list[Json]:
    """Describe those of some resources that are public; some queries, whatever their number."""
    rows = lines.named(ids)
    told = zip(rows, lines.of(rows), strict=True)
    return [{**line, "slug": row.slug} for row, line in told]


def card_json(resource: Resource) -> Json:
    """Describe one public card in full: its document, and what is told of it."""
    return {
        **plain.document(published.one(resource)),
        "scope_note": resource.scope_note,
        "lifecycle_note": resource.lifecycle_note,
        "beneficiaries": resource.beneficiaries,
        "barriers": resource.barriers,
        "links": [_link(each, resource) for each in links.both_ways(resource)],
        "quality": _quality(resource),
        "provenance": _provenance(resource),
        "figures": _figures(resource),
        "revision": resource.live_revision_id,
    }


def _link(link: ResourceLink, seen_from: Resource) -> Json:
    leads = link.source_id == seen_from.pk
    other = link.target if leads else link.source
    return {
        "relation": link.type,
        "direction": "out" if leads else "in",
        "title": other.title if other else link.target_title if leads else link.source_title,
        "id": str(other.public_id) if other else None,
        "slug": other.slug if other else None,
        "url": published.page(other.slug) if other else None,
        "kind": other.kind if other else None,
    }


def _quality(resource: Resource) -> Json:
    judged = quality.assess(resource, list(resource.measurements.all()))
    return {
        "score": judged.score,
        "criteria": [
            {
                "code": each.code,
                "met": each.met,
                "field": each.field,
                "gain": each.gain,
                "text": str(line.text),
                "aside": str(line.aside),
            }
            for each, line in zip(judged.criteria, quality.lines(judged), strict=True)
        ],
    }


def _provenance(resource: Resource) -> Json:
    """Say where each value comes from, but for those that are told on request alone."""
    untold = resource.details.keys() - files.readable(resource).keys()
    return {
        name: {
            "origin": str(told.get("origin", "")),
            "date": told.get("date"),
            "verified": bool(told.get("verified", True)),
            "transmitted": bool(told.get("transmitted", True)),
        }
        for name, told in resource.provenance.items()
        if name not in untold
    }


def _figures(resource: Resource) -> Json:
    counts = around.counts(resource)
    return {
        "views": resource.views,
        "downloads": resource.downloads,
        "followers": resource.followers,
        "reuses": counts.reuses,
        "feedback": counts.feedback,
        "discussions": counts.discussions,
    }


def organisations_json(request: HttpRequest, rows: Iterable[Organisation]) -> list[Json]:
    """Describe organisations as anyone may know them."""
    return [
        {
            "id": each.public_id,
            "slug": each.slug,
            "name": each.name,
            "acronym": each.acronym,
            "former_names": each.former_names,
            "kind": each.kind,
            "siret": each.siret,
            "homepage_url": each.homepage_url,
            "description": each.description,
            "badges": each.badges,
            "verified": each.verified_at is not None,
            "resources": getattr(each, "public_resources", 0),
            "page": request.build_absolute_uri(reverse("organisation", args=(each.slug,))),
        }
        for each in rows
    ]
