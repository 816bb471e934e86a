"""A small kit: its format, its contract, a truth and a good file, written by hand."""

import base64
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from challenges.client import receipts
from challenges.scoring.contract import canonical

SUBMISSION: dict[str, Any] = {
    "layout": "one_row_per_id",
    "columns": [
        {"name": "id", "role": "id", "type": "string"},
        {"name": "y", "role": "target", "type": "float"},
    ],
    "formats": ["csv", "parquet"],
    "max_bytes": 10_000_000,
}
RANKED: dict[str, Any] = {
    "layout": "ranked_list",
    "columns": [
        {"name": "q", "role": "query", "type": "string"},
        {"name": "r", "role": "rank", "type": "integer"},
        {"name": "i", "role": "item", "type": "string"},
    ],
}
RANKED_TRUTH = {"query": "q", "item": "i", "gain": "g"}
CONTRACT: dict[str, Any] = {
    "task": "regression",
    "submission": SUBMISSION,
    "truth": {
        "id": "id",
        "target": "y",
        "split": {"column": "jeu", "public": "public", "private": "private"},
        "cluster": "employeur",
    },
    "metrics": [
        {"key": "mae", "metric": "mae", "label": "Erreur", "direction": "min", "primary": True},
        {"key": "rmse", "metric": "rmse", "label": "Racine", "direction": "min"},
    ],
    "fairness": {
        "min_rows": 1,
        "attributes": [{"key": "zone", "source": "truth", "column": "zone", "label": "Zone"}],
        "metrics": [
            {
                "key": "par_zone",
                "metric": "mae",
                "label": "Par zone",
                "direction": "min",
                "by": "zone",
                "aggregate": "table",
            }
        ],
    },
}
TRUTH = """id,y,jeu,employeur,zone
a,1,public,e1,nord
b,2,public,e2,sud
c,3,private,e3,nord
d,1,private,e4,sud
e,2,private,e5,nord
f,3,private,e6,sud
"""
GOOD = "id,y\na,1\nb,2\nc,3\nd,2\ne,3\nf,2\n"
SPEC = {
    "limits": {"max_upload_bytes": 10_000},
    "T": {
        "id": {"name": "id"},
        "value": {"name": "y", "type": "float"},
        "metric": "mae",
        "truth": "verite.csv",
    },
}


def write(folder: Path) -> Path:
    """Write the kit into a folder, with verite.csv (id, y) and good.csv."""
    document = {
        "format": "open-emploi/answer",
        "format_version": 1,
        "submission": SUBMISSION,
        "ids": list("abcdef"),
    }
    (folder / "format.json").write_text(json.dumps(document))
    (folder / "contrat.json").write_text(json.dumps(CONTRACT))
    plain = ["id,y", *(",".join(line.split(",")[:2]) for line in TRUTH.splitlines()[1:])]
    (folder / "verite.csv").write_text("\n".join(plain) + "\n")
    (folder / "good.csv").write_text(GOOD)
    (folder / "ref").mkdir()
    (folder / "ref" / "spec.json").write_text(json.dumps(SPEC))
    return folder


def receipt(key: Ed25519PrivateKey, payload: dict[str, Any]) -> bytes:
    """Sign a receipt."""
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    signature = base64.b64encode(key.sign(canonical(payload))).decode()
    whole = {"key_id": receipts.key_id(public), "payload": payload, "signature": signature}
    return canonical(whole)
