"""Build the starter kit of a challenge: format, example, reference program, offline checker."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from challenges.client.check import SPEC_NAME

# Archives with the same content have the same bytes.
FIXED_DATE = (2020, 1, 1, 0, 0, 0)
CHECKER_NAME = "verifier.pyz"
CHECKER_PACKAGES = ("challenges.scoring", "challenges.client")
CHECKER_SUFFIXES = (".py", ".json")
NUMPY_MISSING = "Installez NumPy : python -m pip install numpy"
MAIN = f"""\
import sys
try:
    from challenges.client.check import main
except ModuleNotFoundError as missing:
    if missing.name != "numpy":
        raise
    sys.exit({NUMPY_MISSING!r})
sys.exit(main())
"""


@dataclass(frozen=True)
class PublicFile:
    """Describe a file that the kit links to."""

    name: str
    role: str
    address: str
    sha256: str
    rows: int | None = None


@dataclass(frozen=True)
class Kit:
    """Hold what the kit of one challenge is made of.

    submission: the answer specification, domains as lists. sample: bytes of the sample
    submission, or None. carried: {file name: bytes} put as they are.
    """

    slug: str
    title: str
    summary: str
    address: str
    submission: Mapping[str, Any]
    quotas: str
    metrics: Sequence[str]
    sample: bytes | None
    links: Sequence[PublicFile]
    carried: Mapping[str, bytes] = field(default_factory=dict)


def build(kit: Kit) -> bytes:
    """Build kit.zip; the same challenge gives the same bytes."""
    files: dict[str, bytes] = {"LISEZMOI.md": readme(kit).encode()}
    if kit.submission:
        document = {
            "format": "open-emploi/answer",
            "format_version": 1,
            "challenge": kit.slug,
            "submission": dict(kit.submission),
            "ids": expected_ids(kit.submission, kit.sample),
        }
        if kit.submission.get("policy") == "complete":
            document["candidates"] = expected_candidates(kit.submission, kit.sample)
        files[SPEC_NAME] = json.dumps(document, ensure_ascii=False, indent=1).encode()
        files[CHECKER_NAME] = checker()
    return _zip({f"{kit.slug}/{name}": data for name, data in (files | dict(kit.carried)).items()})


def expected_ids(submission: Mapping[str, Any], sample: bytes | None) -> list[str]:
    """List the identifiers, or the queries, of the sample submission, each once, in order."""
    if sample is None:
        return []
    keys = ("id", "query")
    name = next(each["name"] for each in submission["columns"] if each["role"] in keys)
    rows = csv.DictReader(io.StringIO(sample.decode("utf-8-sig"), newline=""))
    return list(dict.fromkeys(row[name] for row in rows))


def expected_candidates(submission: Mapping[str, Any], sample: bytes | None) -> list[list[str]]:
    """List the candidates of each query of the sample submission, in the order of its queries."""
    query, item = (
        next(each["name"] for each in submission["columns"] if each["role"] == role)
        for role in ("query", "item")
    )
    found: dict[str, set[str]] = {}
    for row in csv.DictReader(io.StringIO((sample or b"").decode("utf-8-sig"), newline="")):
        found.setdefault(row[query], set()).add(row[item])
    return [sorted(items) for items in found.values()]


@cache
def checker() -> bytes:
    """Build the offline checker: the portal's own reader of predictions, as one program."""
    files = {"__main__.py": MAIN.encode(), "challenges/__init__.py": b""}
    for package in CHECKER_PACKAGES:
        files |= _sources(resources.files(package), package.replace(".", "/"))
    return _zip(files)


def _sources(folder: Traversable, path: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for each in sorted(folder.iterdir(), key=lambda item: item.name):
        if each.is_dir() and each.name != "__pycache__":
            found |= _sources(each, f"{path}/{each.name}")
        elif each.name.endswith(CHECKER_SUFFIXES):
            found[f"{path}/{each.name}"] = each.read_bytes()
    return found


def _zip(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name, FIXED_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, data)
    return out.getvalue()


def readme(kit: Kit) -> str:
    """Write the guide of the kit."""
    parts = [f"# {kit.title}", kit.summary.strip(), f"Page du challenge : {kit.address}"]
    parts.append("## Contenu\n" + _bullets(_content(kit)))
    if kit.submission:
        parts.append("## Format attendu\n" + _bullets(_format(kit.submission)))
        parts.append(
            "## Vérifier avant de déposer\n"
            "Le vérificateur est le code même du portail ; il n’utilise pas le réseau.\n\n"
            f"    python {CHECKER_NAME} mon_fichier.csv\n\n"
            "Il demande Python 3.11 et NumPy (`python -m pip install numpy`), et pyarrow pour "
            "un fichier Parquet."
        )
    if kit.metrics:
        parts.append("## Mesures\n" + _bullets(kit.metrics))
    parts.append(f"## Essais\n{kit.quotas}")
    if kit.links:
        parts.append("## Données à télécharger\n" + _bullets([_link(each) for each in kit.links]))
    return "\n\n".join(parts) + "\n"


def _bullets(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _content(kit: Kit) -> list[str]:
    found = [f"`{name}`" for name in kit.carried]
    if kit.submission:
        found.append(f"`{SPEC_NAME}` : format attendu et identifiants, lisible par un programme")
        found.append(f"`{CHECKER_NAME}` : vérificateur hors connexion")
    return found or ["Ce challenge n’a pas encore de fichier."]


def _format(submission: Mapping[str, Any]) -> list[str]:
    found = [
        f"colonne `{column['name']}` ({column['role']}, {column['type']})"
        for column in submission["columns"]
    ]
    if submission.get("max_items_per_query"):
        found.append(f"{submission['max_items_per_query']} éléments au plus par demande")
    found.append("formats : " + ", ".join(submission.get("formats") or ()))
    found.append(f"{submission['max_bytes']} octets au plus")
    return found


def _link(each: PublicFile) -> str:
    rows = f", {each.rows} lignes" if each.rows is not None else ""
    return f"{each.role} : <{each.address}> (`{each.name}`{rows}, sha256 `{each.sha256}`)"
