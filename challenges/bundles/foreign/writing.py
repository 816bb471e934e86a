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
from challenges.bundles.foreign.values import Judgements

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


def entry(path: str, role: str) -> dict[str, object]:
    """Write one file of the document."""
    return {"path": path, "role": role}


def metric(
    key: str, metric: str, label: str, direction: str, params: dict[str, object], *, primary: bool
) -> dict[str, object]:
    """Write one figure of the document, to four decimals."""
    return {
        "key": key,
        "metric": metric,
        "label": label,
        "direction": direction,
        "decimals": 4,
        **({"primary": True} if primary else {}),
        **({"params": params} if params else {}),
    }


def written(rows: Iterable[Sequence[object]]) -> bytes:
    """Write a table as CSV."""
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
        TRUTH: written([[query, item_, GAIN, PART], *truth]),
        TEST: written([[query], *([topic] for topic in found.topics)]),
        SAMPLE: written(
            [[query, rank, item_], *([topic, 1, found.documents[0]] for topic in found.topics)]
        ),
    }
    held = [entry(TRUTH, "truth")]
    fairness: dict[str, object] = {}
    if found.attributes_file:
        files["attributs.csv"] = folder.read(found.attributes_file, limit_bytes=MAX_BYTES)
        held.append(entry("attributs.csv", "attributes"))
        fairness = {"fairness": {"attributes": _attributes(found)}}
    document: dict[str, object] = {
        "task": "ranking",
        "files": {
            "public": [
                entry(TEST, "test"), entry(SAMPLE, "sample_submission"),
            ],
            "held_out": held,
        },
        "submission": {
            "layout": "ranked_list",
            "formats": ["csv", "parquet", "zip"],
            "columns": [
                {"name": query, "role": "query", "type": "string"},
                {"name": rank, "role": "rank", "type": "integer", "min": 1, "max": 1000},
                # No domain: runs rank documents that nobody judged, which are not relevant.
                {"name": item_, "role": "item", "type": "string"},
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
            metric(key, name, label, "max", params, primary=at == 0)
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
