"""Write the tables of CSV and TREC challenges, and the part of challenge.yaml that names them."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from challenges.bundles.folder import Folder
from challenges.bundles.foreign import trec
from challenges.bundles.foreign.context import Reading
from challenges.bundles.foreign.menu import MENU
from challenges.bundles.foreign.values import Judgements, TruthTable

PAGE, TRUTH, TEST, SAMPLE, ITEMS = (
    "presentation.md", "verite.csv", "test.csv", "sample_submission.csv", "documents.csv",
)  # fmt: skip
MAX_BYTES, MAX_SLUG = 500 << 20, 60
PART, PUBLIC, PRIVATE, GAIN = "jeu", "public", "private", "gain"
TREC_METRICS: tuple[tuple[str, str, str, dict[str, object]], ...] = (
    ("ndcg_10", "ndcg", "NDCG@10", {"k": 10, "gain": "linear"}),
    ("map", "map_r_at_k", "MAP", {"k": 1000}),
    ("rang_reciproque", "mrr_at_k", "Rang réciproque", {"k": 1000}),
    ("precision_5", "precision_at_k", "Précision@5", {"k": 5}),
    ("rappel_10", "recall_r_at_k", "Rappel@10", {"k": 10}),
)


@dataclass(frozen=True)
class Portable:
    """A challenge in our form: the document of challenge.yaml, and the files beside it."""

    document: dict[str, object]
    files: dict[str, bytes]


def slug_of(title: str) -> str:
    """Make a slug of a title: lower case, without accent, 60 characters."""
    parts = unicodedata.normalize("NFKD", title).lower()
    plain = "".join(one for one in parts if not unicodedata.combining(one))
    words = re.findall(r"[a-z0-9]+", plain)
    return "-".join(words)[:MAX_SLUG].strip("-") or "challenge"


def table(truth: TruthTable, folder: Folder, metric: str, direction: str) -> Portable:
    """Write a CSV challenge: its tables as they are, ignored rows left out."""
    kept = _kept_ids(truth, folder)
    files = {TRUTH: _without(folder, truth.file, truth.id, kept)}
    ids = [one for one in folder.column(truth.file, truth.id) if kept is None or one in kept]
    files[TEST] = (
        _without(folder, truth.test, truth.id, kept)
        if truth.test
        else _written([[truth.id], *([one] for one in sorted(ids))])
    )
    files[SAMPLE] = (
        _without(folder, truth.sample, truth.id, kept)
        if truth.sample
        else _written([[truth.id, truth.target], *([one, truth.answers[0]] for one in sorted(ids))])
    )
    public = [_entry(TEST, "test"), _entry(SAMPLE, "sample_submission")]
    if truth.train:
        files["train.csv"] = folder.read(truth.train, limit_bytes=MAX_BYTES)
        public.append(_entry("train.csv", "train"))
    chosen = MENU[metric].choice
    document: dict[str, object] = {
        "task": chosen.task,
        "files": {"public": public, "held_out": [_entry(TRUTH, "truth")]},
        "submission": {
            "layout": "one_row_per_id",
            "formats": ["csv", "parquet", "zip"],
            "columns": [
                {"name": truth.id, "role": "id", "type": "string"},
                {"name": truth.target, "role": "target", **_type(chosen.answer)},
            ],
        },
        "truth": {
            "file": TRUTH,
            "id": truth.id,
            "target": truth.target,
            "split": {"column": truth.column, "public": truth.public, "private": truth.private},
        },
        "metrics": [_metric(metric, metric, chosen.label, direction, {}, primary=True)],
    }
    return Portable(document, files)


def _entry(path: str, role: str) -> dict[str, object]:
    return {"path": path, "role": role}


def _type(answer: str) -> dict[str, object]:
    if answer == "probability":
        return {"type": "float", "min": 0, "max": 1}
    return {"type": "category" if answer == "label" else "float"}


def _metric(
    key: str, metric: str, label: str, direction: str, params: dict[str, object], *, primary: bool
) -> dict[str, object]:
    return {
        "key": key,
        "metric": metric,
        "label": label,
        "direction": direction,
        "decimals": 4,
        **({"primary": True} if primary else {}),
        **({"params": params} if params else {}),
    }


def _kept_ids(truth: TruthTable, folder: Folder) -> set[str] | None:
    """Give the ids of the two parts; None when no row is ignored."""
    if not truth.ignored:
        return None
    pairs = zip(
        folder.column(truth.file, truth.id), folder.column(truth.file, truth.column), strict=True
    )
    return {one for one, part in pairs if part in {truth.public, truth.private}}


def _without(folder: Folder, path: str, key: str, kept: set[str] | None) -> bytes:
    """Copy a table, or its kept rows."""
    if kept is None:
        return folder.read(path, limit_bytes=MAX_BYTES)
    header = folder.header(path)
    columns = [folder.column(path, name) for name in header]
    at = header.index(key)
    rows = (list(row) for row in zip(*columns, strict=True) if row[at] in kept)
    return _written([header, *rows])


def _written(rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def lists(found: Judgements, folder: Folder, share: float) -> Portable:
    """Write a TREC challenge: ranked lists, topics parted by their digests."""
    rows = trec.judged(Reading(folder.root), found.file)
    public = _public_topics(found, share)
    truth = [
        [topic, item, gain, PUBLIC if topic in public else PRIVATE]
        for (topic, item), gain in sorted(rows.items())
    ]
    query, rank, item_ = trec.QUERY, trec.RANK, trec.ITEM
    files = {
        TRUTH: _written([[query, item_, GAIN, PART], *truth]),
        TEST: _written([[query], *([topic] for topic in found.topics)]),
        SAMPLE: _written(
            [[query, rank, item_], *([topic, 1, found.documents[0]] for topic in found.topics)]
        ),
        ITEMS: _written([[item_], *([one] for one in found.documents)]),
    }
    held = [_entry(TRUTH, "truth")]
    fairness: dict[str, object] = {}
    if found.attributes_file:
        files["attributs.csv"] = folder.read(found.attributes_file, limit_bytes=MAX_BYTES)
        held.append(_entry("attributs.csv", "attributes"))
        fairness = {"fairness": {"attributes": _attributes(found)}}
    document: dict[str, object] = {
        "task": "ranking",
        "files": {
            "public": [
                _entry(TEST, "test"), _entry(SAMPLE, "sample_submission"), _entry(ITEMS, "extra"),
            ],
            "held_out": held,
        },
        "submission": {
            "layout": "ranked_list",
            "formats": ["csv", "parquet", "zip"],
            "columns": [
                {"name": query, "role": "query", "type": "string"},
                {"name": rank, "role": "rank", "type": "integer", "min": 1, "max": 1000},
                {
                    "name": item_,
                    "role": "item",
                    "type": "category",
                    "domain": {"file": ITEMS, "column": item_},
                },
            ],
            "max_items_per_query": 1000,
            "all_queries_required": True,
        },
        "truth": {
            "file": TRUTH,
            "query": query,
            "item": item_,
            "gain": GAIN,
            "split": {"column": PART, "public": PUBLIC, "private": PRIVATE},
            "cluster": query,
        },
        "metrics": [
            _metric(key, name, label, "max", params, primary=at == 0)
            for at, (key, name, label, params) in enumerate(TREC_METRICS)
        ],
        **fairness,
    }  # fmt: skip
    return Portable(document, files)


def _public_topics(found: Judgements, share: float) -> set[str]:
    """Draw the public topics by digest, so that each part has some with a relevant document."""

    def drawn(topics: Sequence[str], least: int) -> set[str]:
        order = sorted(topics, key=lambda one: hashlib.sha256(one.encode()).hexdigest())
        return set(order[: min(max(least, round(share * len(order))), len(order) - least)])

    others = [topic for topic in found.topics if topic not in found.supported]
    return drawn(found.supported, 1) | drawn(others, 0)


def _attributes(found: Judgements) -> list[dict[str, object]]:
    return [
        {
            "key": slug_of(column).replace("-", "_"),
            "source": "attributs.csv",
            "id": found.attributes_id,
            "column": column,
            "label": column,
            "of": "items",
        }
        for column in found.attributes
    ]
