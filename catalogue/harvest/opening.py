"""Take the opening catalogue in: cards that reference what others hold, nothing invented."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from catalogue.contributions.actions import review
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.enums import (
    UNLICENSED_KINDS,
    Access,
    Barrier,
    Deposit,
    LicenceStatus,
    ResourceKind,
    Scope,
    UseCase,
    VersionOrigin,
)
from catalogue.resources.models import Resource
from catalogue.search.models import Synonym
from catalogue.search.synonyms import OPENING as OPENING_SYNONYMS
from catalogue.search.synonyms import read_groups
from catalogue.standards import licences
from portal.accounts.models import Organisation
from portal.audit.actors import Actor
from portal.audit.record import record

SOURCE = "opening"
KINDS = {
    "jeu_de_donnees": ResourceKind.DATASET,
    "modele": ResourceKind.MODEL,
    "algorithme": ResourceKind.ALGORITHM,
    "technologie": ResourceKind.TECHNOLOGY,
    "solution": ResourceKind.SOLUTION,
    "programme": ResourceKind.PROGRAMME,
    "actualite": ResourceKind.NEWS,
    "besoin": ResourceKind.NEED,
    "idee": ResourceKind.IDEA,
}
SCOPES = {
    "locale": Scope.LOCAL,
    "regionale": Scope.REGIONAL,
    "nationale": Scope.NATIONAL,
    "europeenne": Scope.EUROPEAN,
}
USE_CASES = {
    "UC1": UseCase.MOBILITY_SELF_ASSESSMENT,
    "UC2": UseCase.SME_NEEDS,
    "UC3": UseCase.TRAINING_PROCUREMENT,
    "UC4": UseCase.YOUTH_ADVISOR,
    "UC5": UseCase.SCHOOL_GUIDANCE,
    "UC6": UseCase.EMPLOYEE_TRANSITION,
}
BARRIERS = {
    "v1-langage": Barrier.NATURAL_LANGUAGE_DATA,
    "v2-stereotypes": Barrier.STEREOTYPED_PATHS,
    "v3-comprehensible": Barrier.UNDERSTANDABLE_ALGORITHMS,
    "v4-assembler": Barrier.ASSEMBLE_DATA,
}
ACCESSES = {"ouvert": Access.OPEN, "restreint": Access.RESTRICTED}
LANGUAGES = {"fr": ["fr"], "en": ["en"], "fr, en et autres": ["en", "fr", "mul"]}
# The column in which each field of the file ends.
COLUMNS = {
    "title": "title",
    "url": "homepage_url",
    "licence": "licences",
    "producer": "producer_name",
    "description_fr": "summary",
}
SOFTWARE = frozenset({ResourceKind.ALGORITHM, ResourceKind.TECHNOLOGY, ResourceKind.SOLUTION})
OURS = frozenset({ResourceKind.NEED, ResourceKind.IDEA})
FORGES = frozenset({"github.com", "gitlab.com", "codeberg.org", "gitlab.inria.fr"})
REMARK = re.compile(r"^(?P<name>[^();]+?)\s*\((?P<remark>[^()]*)\)$")
CODE_ONLY = frozenset({"code", "code publié", "dépôt"})


@dataclass
class Opened:
    """What one pass did."""

    read: int = 0
    published: int = 0
    queued: int = 0
    unchanged: int = 0


def licence_of(text: str, kind: ResourceKind) -> licences.Found:
    """Read a licence of the file: what is doubtful, mixed or partial is to confirm."""
    if text == "sans objet":
        return licences.Found((), LicenceStatus.NOT_APPLICABLE)
    if kind in UNLICENSED_KINDS:
        return licences.Found((), LicenceStatus.NOT_APPLICABLE, text)
    doubt = licences.Found((), LicenceStatus.TO_CONFIRM, text)
    if "à confirmer" in text or ";" in text:
        return doubt
    remarked = REMARK.match(text)
    if remarked is None:
        return licences.normalise(text)
    if remarked["remark"] in CODE_ONLY and kind not in SOFTWARE:
        return doubt
    found = licences.normalise(remarked["name"])
    return licences.Found(found.identifiers, found.status, text)


def take_in(rows: Iterable[Mapping[str, Any]], *, region: Organisation, by: Actor) -> Opened:
    """Import the cards that are not here yet; a second pass writes nothing.

    In order for each: resource and revision; online with its index, or in the review queue
    when its title or address is written from memory; then one event "catalogue.opened".
    """
    known = set(Resource.objects.filter(source=SOURCE).values_list("source_id", flat=True))
    done = Opened()
    with transaction.atomic():
        for row in rows:
            done.read += 1
            if row["id"] in known:
                done.unchanged += 1
            elif {"title", "url"} & set(row["from_memory"]):
                _queue(row, region=region, by=by)
                done.queued += 1
            else:
                _publish(row, region=region, by=by)
                done.published += 1
        if done.unchanged < done.read:
            record("catalogue.opened", by=by, published=done.published, queued=done.queued)
    return done


def _publish(row: Mapping[str, Any], *, region: Organisation, by: Actor) -> None:
    resource = _resource(row, region=region, by=by)
    revision = resource.save_revision(clean=False)
    card_changes.put_online(
        resource=resource, revision=revision, by=by, origin=VersionOrigin.OPENED
    )


def _queue(row: Mapping[str, Any], *, region: Organisation, by: Actor) -> None:
    resource = _resource(row, region=region, by=by)
    review.queue_for_review(resource=resource, revision=resource.save_revision(clean=False))


def _resource(row: Mapping[str, Any], *, region: Organisation, by: Actor) -> Resource:
    kind = KINDS[row["type"]]
    licence = licence_of(row["licence"], kind)
    is_ours = kind in OURS
    return card_changes.create(
        kind=kind,
        title=row["title"],
        by=by,
        source=SOURCE,
        source_id=row["id"],
        summary=row["description_fr"],
        deposit=Deposit.OWNED if is_ours else Deposit.REFERENCED,
        organisation=region if is_ours else None,
        producer_name="" if is_ours else row["producer"],
        homepage_url=row["url"],
        repository_url=row["url"] if _is_forge(row["url"]) else "",
        licences=list(licence.identifiers),
        licence_status=licence.status,
        licence_note=licence.note,
        scope=SCOPES[row["scope"]],
        scope_note=row["scope_note"],
        access=ACCESSES[row["access"]],
        languages=LANGUAGES.get(row["language"], ["mul"]),
        use_cases=[USE_CASES[code] for code in row["use_cases"]],
        barriers=[BARRIERS[row["id"]]] if row["id"] in BARRIERS else [],
        details=_details(row, kind),
        provenance=_provenance(row),
    )


def _details(row: Mapping[str, Any], kind: ResourceKind) -> dict[str, Any]:
    if kind is not ResourceKind.NEWS:
        return {}
    found = {"source_url": row["url"]}
    return found | ({"event_date": str(row["year"])} if row["year"] else {})


def _is_forge(url: str) -> bool:
    return urlsplit(url).hostname in FORGES


def _provenance(row: Mapping[str, Any]) -> dict[str, Any]:
    """Say of each field whether someone read it at its source."""
    verified = set(row["verified_fields"])
    found = {
        column: {"origin": "import:opening", "verified": name in verified}
        for name, column in COLUMNS.items()
        if row.get(name)
    }
    if _is_forge(row["url"]):
        found["repository_url"] = found["homepage_url"]
    return found


@transaction.atomic
def open_synonyms() -> int:
    """Copy the opening synonyms into rows, once; return how many were made."""
    if Synonym.objects.exists():
        return 0
    groups = read_groups(OPENING_SYNONYMS.read_text("utf-8"))
    made = Synonym.objects.bulk_create(Synonym(phrases="\n".join(group)) for group in groups)
    return len(made)
