"""publiccode.yml 0: software as the public sector describes it.

Source: publiccode.yml standard, version 0 (0.7).
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from catalogue.standards.published import Published

KINDS = frozenset({"algorithm", "technology", "solution"})
TYPES = {"library": "library", "software": "standalone/web", "component": "library"}
STATUSES = {
    "concept": "concept", "development": "development", "beta": "beta", "stable": "stable",
    "obsolete": "obsolete",
    "prototype": "development", "trial": "beta", "deployed": "stable", "transferred": "stable",
    "stopped": "obsolete",
}  # fmt: skip
OF_LIFECYCLE = {"active": "stable", "experimental": "beta", "stopped": "obsolete"}
_EMAIL = re.compile(r"^[^\s@]+@[^\s@]+\.[^\s@]+$")
SHORT, LONG = 150, (150, 10_000)


def missing(resource: Published) -> tuple[str, ...]:
    """Name what keeps a software from being described: repository_url, licences."""
    found = []
    if not resource.repository_url:
        found.append("repository_url")
    if not resource.licences:
        found.append("licences")
    return tuple(found)


def document(resource: Published) -> str:
    """Describe a software that has a repository and a licence; raises ValueError otherwise."""
    if resource.kind not in KINDS or (lacking := missing(resource)):
        raise ValueError("not described: " + ", ".join(lacking if resource.kind in KINDS else ()))
    language = resource.language if resource.language in {"fr", "en"} else "fr"
    found: dict[str, Any] = {
        "publiccodeYmlVersion": "0",
        "name": resource.title,
        "url": resource.repository_url,
        "landingURL": resource.homepage_url or resource.page,
        "softwareVersion": resource.text("version"),
        "releaseDate": resource.modified.date().isoformat(),
        "platforms": resource.details.get("platforms") or ["web"],
        "categories": ["data-analytics"],
        "developmentStatus": _status(resource),
        "softwareType": TYPES.get(resource.subtype, "standalone/other"),
        "description": {language: _description(resource)},
        "legal": {"license": " AND ".join(each.identifier for each in resource.licences)},
        "maintenance": _maintenance(resource),
        "localisation": {
            "localisationReady": len(resource.languages) > 1,
            "availableLanguages": [c for c in resource.languages if c != "mul"] or [language],
        },
    }
    kept = {name: value for name, value in found.items() if value not in ("", [], None)}
    return yaml.safe_dump(kept, allow_unicode=True, sort_keys=False, width=100)


def _status(resource: Published) -> str:
    said = resource.text("development_status").lower() or resource.text("maturity")
    return STATUSES.get(said) or OF_LIFECYCLE.get(resource.lifecycle, "stable")


def _description(resource: Published) -> dict[str, Any]:
    text = resource.about
    if len(text) < LONG[0]:
        more = f"{resource.kind_label} du catalogue Open Emploi, décrit à l’adresse {resource.iri}."
        text = f"{resource.summary} {text if text != resource.summary else ''} {more}".strip()
        text = text.ljust(LONG[0], ".") if len(text) < LONG[0] else text
    features = [*resource.tasks.values(), *resource.tags] or [resource.kind_label]
    found: dict[str, Any] = {
        "shortDescription": resource.summary[:SHORT] or resource.title,
        "longDescription": text[: LONG[1]],
        "features": [each[:100] for each in features][:20],
    }
    if resource.documentation_url:
        found["documentation"] = resource.documentation_url
    return found


def _maintenance(resource: Published) -> dict[str, Any]:
    """Say who looks after it: a contact makes it internal, none is a promise of nothing."""
    holder = (resource.publisher or resource.site.publisher).name
    if not resource.contact:
        return {"type": "none"}
    contact = {"name": resource.authors[0] if resource.authors else holder}
    if _EMAIL.match(resource.contact):
        contact["email"] = resource.contact
    return {"type": "internal", "contacts": [contact]}
