"""Keep the index of the server true to the database: its form, build, follow, compare, repair."""

import logging
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from elasticsearch import Elasticsearch
from elasticsearch.helpers import streaming_bulk

from catalogue.search import fulltext
from catalogue.search.engines.elasticsearch.client import (
    WRITE_SECONDS,
    Address,
    Away,
    Refused,
    connect,
    named_failures,
)
from catalogue.search.fulltext import FIELDS
from catalogue.search.models import IndexedFacet, IndexedResource
from catalogue.search.query import FACETS, MAX_DEPTH
from portal.lib import canonical, clock

Document = Mapping[str, Any]
WORDS = {"type": "text", "analyzer": "whitespace"}
SETTINGS: dict[str, Any] = {
    # One shard: counts and rarities are of the whole catalogue.
    "number_of_shards": 1,
    "auto_expand_replicas": "0-1",
    "refresh_interval": "1s",
    "max_result_window": MAX_DEPTH,
    # How long a removal is remembered: a slow rebuild then brings nothing back.
    "gc_deletes": "6h",
}
PROPERTIES: dict[str, Any] = {
    **{name: {**WORDS, "copy_to": "words"} for name in FIELDS},
    # The words of all fields, to match: what is copied stands apart, so that no phrase runs over.
    "words": WORDS,
    "id": {"type": "long"},
    "boost": {"type": "double"},
    "quality": {"type": "integer"},
    "reuses": {"type": "integer"},
    "updated_on": {"type": "date", "format": "strict_date"},
    "title_key": {"type": "keyword"},
    "facets": {"properties": {name: {"type": "keyword"} for name in FACETS}},
}


def mappings() -> dict[str, Any]:
    """Say what each field is, and the form that the index will be known by."""
    return {
        "dynamic": "strict",
        "_source": {"enabled": False},
        "_meta": {"form": form()},
        "properties": PROPERTIES,
    }


def form() -> str:
    """Name the form of every document: an index of another one is made again."""
    return canonical.digest(PROPERTIES)[:16]


@transaction.atomic
def documents(ids: Iterable[int]) -> dict[int, Document]:
    """Write some resources as they are indexed now; those that are not are left out."""
    rows = IndexedResource.objects.in_bulk(list(ids))
    texts = fulltext.texts(sorted(rows))
    facets: dict[int, dict[str, list[str]]] = {pk: {} for pk in rows}
    values = IndexedFacet.objects.filter(resource_id__in=list(rows)).order_by("pk")
    for pk, facet, value in values.values_list("resource_id", "facet", "value"):
        facets[pk].setdefault(facet, []).append(value)
    return {
        pk: {
            **texts[pk]._asdict(),
            "id": pk,
            "boost": row.boost,
            "quality": row.quality,
            "reuses": row.reuses,
            "updated_on": row.updated_on.isoformat(),
            "title_key": row.title_key,
            "facets": facets[pk],
        }
        for pk, row in sorted(rows.items())
        if pk in texts
    }


log = logging.getLogger(__name__)
# A newer version stands already, or there is nothing to remove.
SETTLED = frozenset({404, 409})
# The document itself is at fault: it will not pass later, others do.
DOCUMENT_REFUSED = frozenset({400, 413})
SCAN = 5_000
BATCH = 500
SHOWN = 10


@dataclass(frozen=True)
class Repair:
    """What a comparison found: a whole index made again, or so many documents written."""

    rebuilt: bool = False
    written: int = 0


class Store:
    """The indices behind one alias; every method raises Away, or Refused for a document."""

    def __init__(self, address: Address) -> None:
        self.alias = address.alias
        self._address = address

    @property
    def _client(self) -> Elasticsearch:
        return connect(self._address).options(request_timeout=WRITE_SECONDS)

    def health(self, *, seconds: float) -> str:
        """Ask the server how it is: green, yellow or red."""
        with named_failures():
            client = connect(self._address).options(request_timeout=seconds)
            return str(client.cluster.health(timeout="0s")["status"])

    def live(self) -> str | None:
        """Name the index that answers; None when there is none yet."""
        return next((name for name, aliases in self._indices().items() if aliases), None)

    def sync(self, ids: Iterable[int]) -> None:
        """Write the present state of some resources to every index of ours."""
        names = list(self._indices())
        if names:
            self._write(names, ids)

    def rebuild(self) -> int:
        """Build a new index beside the one that answers, then let it answer; return its size."""
        name = f"{self.alias}-{clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        with named_failures():
            self._client.indices.create(index=name, mappings=mappings(), settings=SETTINGS)
        count = 0
        for ids in _batches():
            version = _version()
            written = documents(ids)
            try:
                self._send(_index(name, pk, written[pk], version) for pk in written)
            except Refused as refusal:  # an index that lacks one card answers better than none
                log.error("search server: %s", refusal)
            count += len(written)
        # Another build may have ended meanwhile and removed this one: a name that is written to
        # then comes back without its form.
        if not self._is_of_this_form(name):
            raise Away(f"{name} was removed while it was built")
        with named_failures():
            self._client.indices.refresh(index=name)
            self._answer_with(name)
        return count

    def repair(self) -> Repair:
        """Compare with the database and write what differs; remove what answers no more."""
        name = self.live()
        if name is None or not self._is_of_this_form(name):
            self.rebuild()
            return Repair(rebuilt=True)
        wrong = self.differences(name)
        for start in range(0, len(wrong), BATCH):
            try:
                self.sync(wrong[start : start + BATCH])
            except Refused as refusal:  # one card at fault keeps no other away
                log.error("search server: %s", refusal)
        if wrong:  # what was missing answers at once, not at the next round of the server
            with named_failures():
                self._client.indices.refresh(index=name)
        return Repair(written=len(wrong))

    def differences(self, name: str | None = None) -> list[int]:
        """List the resources that the index misses or holds in excess."""
        expected = set(IndexedResource.objects.values_list("pk", flat=True))
        index = name or self.live()
        if index is None:
            return sorted(expected)
        with named_failures():
            self._client.indices.refresh(index=index)
        return sorted(expected ^ set(self._ids(index)))

    def remove(self) -> None:
        """Remove every index of ours."""
        for name in self._indices():
            with named_failures():
                self._client.options(ignore_status=404).indices.delete(index=name)

    def _indices(self) -> dict[str, bool]:
        """Give {index: whether it answers}; another installation's alias may begin like ours."""
        with named_failures():
            found = self._client.indices.get_alias(index=f"{self.alias}-*")
        ours = re.compile(rf"{re.escape(self.alias)}-\d{{8}}-\d{{6}}-[0-9a-f]{{4}}")
        return {
            name: self.alias in said["aliases"]
            for name, said in sorted(found.body.items())
            if ours.fullmatch(name)
        }

    def _is_of_this_form(self, name: str) -> bool:
        with named_failures():
            said = self._client.indices.get_mapping(index=name)
        meta = said[name]["mappings"].get("_meta", {})
        return bool(meta.get("form") == form())

    def _answer_with(self, name: str) -> None:
        """Let an index answer and remove the others, all at once."""
        others = [{"remove_index": {"index": each}} for each in self._indices() if each != name]
        self._client.indices.update_aliases(
            actions=[{"add": {"index": name, "alias": self.alias}}, *others]
        )

    def _write(self, names: list[str], ids: Iterable[int]) -> None:
        wanted = list(ids)
        version = _version()
        written = documents(wanted)
        self._send(
            _index(name, pk, written[pk], version)
            if pk in written
            else _act("delete", name, pk, version)
            for pk in wanted
            for name in names
        )

    def _send(self, acts: Iterable[dict[str, Any]]) -> None:
        """Send acts; what a newer version has settled is left as it is.

        Raises Refused, once all is sent, naming the documents that the server does not take.
        """
        refused = []
        with named_failures():
            for _done, item in streaming_bulk(
                self._client, acts, raise_on_error=False, raise_on_exception=True, yield_ok=False
            ):
                answer = next(iter(item.values()))
                status, fault = answer["status"], answer.get("error", {}).get("type", "")
                if status in DOCUMENT_REFUSED:
                    refused.append(f"{answer['_id']}: {status} {fault}")
                elif status not in SETTLED:
                    raise Away(f"{status} {fault}")
        if refused:
            raise Refused(", ".join(refused[:SHOWN]))

    def _ids(self, name: str) -> Iterator[int]:
        after: list[Any] = [-1]
        while True:
            with named_failures():
                answer = self._client.search(
                    index=name, size=SCAN, sort=[{"id": "asc"}], search_after=after, source=False
                )
            hits = answer["hits"]["hits"]
            yield from (int(hit["_id"]) for hit in hits)
            if len(hits) < SCAN:
                return
            after = hits[-1]["sort"]


def _batches() -> Iterator[list[int]]:
    """Read the numbers of the indexed resources, some at a time, in their order."""
    last = 0
    while True:
        rows = IndexedResource.objects.filter(pk__gt=last).order_by("pk")
        if not (ids := list(rows.values_list("pk", flat=True)[:BATCH])):
            return
        yield ids
        last = ids[-1]


def _version() -> int:
    return int(clock.now().timestamp() * 1_000_000)


def _index(name: str, pk: int, document: Document, version: int) -> dict[str, Any]:
    return _act("index", name, pk, version) | {"_source": document}


def _act(verb: str, name: str, pk: int, version: int) -> dict[str, Any]:
    return {
        "_op_type": verb,
        "_index": name,
        "_id": str(pk),
        "version": version,
        "version_type": "external",
    }
