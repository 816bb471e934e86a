"""Keep the index of the server true to the database: build, follow, compare, repair.

An alias names the index that answers. Every index of ours is named after the alias and the moment
it was begun; what changes is written to each of them, so that one being built misses nothing. A
document carries, as its version, the database's clock before it was read: what was read later wins
whatever arrives first.
"""

import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.helpers import streaming_bulk

from catalogue.search import mirror
from catalogue.search.engines.elasticsearch import mapping
from catalogue.search.engines.elasticsearch.client import (
    WRITE_SECONDS,
    Address,
    Away,
    connect,
    named_failures,
)
from portal.lib import clock

# A newer version stands already, or there is nothing to remove.
SETTLED = frozenset({404, 409})
SCAN = 5_000
ABANDONED_SECONDS = 24 * 3_600


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
            self._client.indices.create(
                index=name, mappings=mapping.mappings(), settings=mapping.SETTINGS
            )
        count = 0
        for version, batch in _versioned(mirror.batches()):
            self._send(_index([name], entry, version) for entry in batch)
            count += len(batch)
        # Another build may have ended first and removed this one: a name that is written to then
        # comes back without its form.
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
            self._tidy()
            return Repair(rebuilt=True)
        self._tidy()
        wrong = self.differences(name)
        for start in range(0, len(wrong), mirror.BATCH):
            self.sync(wrong[start : start + mirror.BATCH])
        if wrong:  # what was missing answers at once, not at the next round of the server
            with named_failures():
                self._client.indices.refresh(index=name)
        return Repair(written=len(wrong))

    def differences(self, name: str | None = None) -> list[int]:
        """List the resources that the index misses, holds in excess or tells wrongly."""
        found = name or self.live()
        if found is None:
            return sorted(mirror.numbers())
        with named_failures():
            self._client.indices.refresh(index=found)
        expected = mirror.numbers()
        if self._totals(found) == (len(expected), sum(expected.values())):
            return []
        held = dict(self._numbers(found))
        ids = expected.keys() | held.keys()
        return sorted(pk for pk in ids if expected.get(pk) != held.get(pk))

    def remove(self) -> None:
        """Remove every index of ours."""
        for name in self._indices():
            self._delete(name)

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
        return bool(meta.get("form") == mirror.form())

    def _answer_with(self, name: str) -> None:
        former = [other for other, answers in self._indices().items() if answers]
        self._client.indices.update_aliases(
            actions=[
                {"add": {"index": name, "alias": self.alias}},
                *({"remove": {"index": other, "alias": self.alias}} for other in former),
            ]
        )

    def _tidy(self) -> None:
        """Remove the indices that were replaced, and those whose building was given up."""
        found = self._indices()
        live = max((name for name, answers in found.items() if answers), default="")
        now = clock.now().timestamp()
        for name, answers in found.items():
            if answers:
                continue
            if name < live or now - self._begun(name) > ABANDONED_SECONDS:
                self._delete(name)

    def _begun(self, name: str) -> float:
        with named_failures():
            said = self._client.indices.get_settings(index=name)
        return int(said[name]["settings"]["index"]["creation_date"]) / 1_000

    def _delete(self, name: str) -> None:
        with named_failures():
            self._client.options(ignore_status=404).indices.delete(index=name)

    def _write(self, names: list[str], ids: Iterable[int]) -> None:
        wanted = list(ids)
        version = _version()
        found = {entry.resource_id: entry for entry in mirror.entries(wanted)}
        actions: list[dict[str, Any]] = []
        for pk in wanted:
            if pk in found:
                actions += _index(names, found[pk], version)
            else:
                actions += _deletion(names, pk, version)
        self._send([actions])

    def _send(self, groups: Iterable[list[dict[str, Any]]]) -> None:
        """Send acts; what a newer version has settled is left as it is."""
        acts = (act for group in groups for act in group)
        with named_failures():
            for _done, item in streaming_bulk(
                self._client, acts, raise_on_error=False, raise_on_exception=True, yield_ok=False
            ):
                said = next(iter(item.values()))
                if said["status"] not in SETTLED:
                    raise Away(f"{said['status']} {said.get('error', {}).get('type', '')}")

    def _totals(self, name: str) -> tuple[int, int]:
        with named_failures():
            answer = self._client.search(
                index=name,
                size=0,
                track_total_hits=True,
                aggs={"sum": {"sum": {"field": "number"}}},
            )
        total = answer["hits"]["total"]["value"]
        return total, int(answer["aggregations"]["sum"]["value"])

    def _numbers(self, name: str) -> Iterator[tuple[int, int]]:
        after: list[Any] = [-1]
        while True:
            with named_failures():
                answer = self._client.search(
                    index=name,
                    size=SCAN,
                    sort=[{"id": "asc"}],
                    search_after=after,
                    source=False,
                    docvalue_fields=[{"field": "number"}],
                )
            hits = answer["hits"]["hits"]
            for hit in hits:
                yield int(hit["_id"]), int(hit["fields"]["number"][0])
            if len(hits) < SCAN:
                return
            after = hits[-1]["sort"]


def _version() -> int:
    return int(clock.now().timestamp() * 1_000_000)


def _versioned(batches: Iterator[list[mirror.Entry]]) -> Iterator[tuple[int, list[mirror.Entry]]]:
    """Read each batch after the clock."""
    while True:
        version = _version()
        batch = next(batches, None)
        if batch is None:
            return
        yield version, batch


def _index(names: Iterable[str], entry: mirror.Entry, version: int) -> list[dict[str, Any]]:
    found = mapping.document(entry)
    return [_act("index", name, entry.resource_id, version) | {"_source": found} for name in names]


def _deletion(names: Iterable[str], pk: int, version: int) -> list[dict[str, Any]]:
    return [_act("delete", name, pk, version) for name in names]


def _act(verb: str, name: str, pk: int, version: int) -> dict[str, Any]:
    return {
        "_op_type": verb,
        "_index": name,
        "_id": str(pk),
        "version": version,
        "version_type": "external",
    }
