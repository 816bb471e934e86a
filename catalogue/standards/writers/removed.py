"""What is said of a removed resource, in every form."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from rdflib import Graph
from rdflib.namespace import DCTERMS, PROV, RDFS

from catalogue.standards.namespaces import ADMS
from catalogue.standards.vocabularies import Term
from catalogue.standards.writers.rdf import Writer, moment, new_graph

CHANGE = "http://purl.org/adms/changetype"


@dataclass(frozen=True)
class Removed:
    """A resource that is no longer published. title: "" when it is not lawful to name it."""

    iri: str
    public_id: str
    title: str
    reason: str
    removed_at: datetime.datetime


def graph(stone: Removed, *, root: str) -> Graph:
    """Say that it was removed, when and why."""
    found = new_graph()
    writer = Writer(found, root=root)
    node = writer.typed(stone.iri, RDFS.Resource)
    writer.add(node, DCTERMS.identifier, stone.public_id)
    writer.words(node, DCTERMS.title, stone.title, "fr")
    deleted = Term(f"{CHANGE}/deleted", f"{CHANGE}/1.0", "supprimée")
    writer.add(node, ADMS.status, writer.concept(deleted))
    writer.add(node, PROV.invalidatedAtTime, moment(stone.removed_at))
    writer.words(node, RDFS.comment, f"Retirée du catalogue : {stone.reason}", "fr")
    return found


def document(stone: Removed) -> dict[str, Any]:
    """Say the same as plain values."""
    found = {
        "id": stone.public_id,
        "iri": stone.iri,
        "status": "removed",
        "title": stone.title,
        "reason": stone.reason,
        "removed_at": stone.removed_at.isoformat(timespec="seconds"),
    }
    return {name: value for name, value in found.items() if value}
