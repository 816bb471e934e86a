"""Build the starter kit of a challenge: format, contract, rules, example, and the engine itself."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from challenges.client import guide, notebook, starting
from challenges.client.cli import CONTRACT_NAME, FORMAT_NAME, PROGRAM_NAME
from challenges.scoring.answer import canonical
from challenges.scoring.commands.guess import KIT_FORMAT
from challenges.scoring.contract import ScoringContract, sources

# Archives with the same content have the same bytes.
FIXED_DATE = (2020, 1, 1, 0, 0, 0)
RULES_NAME, FILES_NAME = "reglement.md", "fichiers.csv"
ENGINE_PACKAGES = ("challenges.scoring", "challenges.client")
NUMPY_MISSING = "Installez NumPy / install NumPy: python -m pip install numpy"
MAIN = f"""\
import sys
if sys.version_info < (3, 11):
    sys.exit("Python 3.11 est demandé / Python 3.11 is required")
try:
    from challenges.client.cli import main
except ModuleNotFoundError as missing:
    if missing.name != "numpy":
        raise
    sys.exit({NUMPY_MISSING!r})
sys.exit(main())
"""


@dataclass(frozen=True)
class PublicFile:
    """Describe a public file of the challenge. size: bytes; place: its role, as stored."""

    name: str
    role: str
    address: str
    sha256: str
    size: int
    place: str = "extra"
    rows: int | None = None
    columns: tuple[str, ...] = ()
    args: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kit:
    """Hold what the kit of one challenge is made of.

    contract: the raw scoring contract, domains as lists; {} when there is none yet. rules:
    Markdown. sample: bytes of the sample submission, or None. carried: {file name: bytes} put
    as they are.
    """

    slug: str
    title: str
    summary: str
    address: str
    contract: Mapping[str, Any]
    quotas: str
    rules: str
    sample: bytes | None
    files: Sequence[PublicFile]
    carried: Mapping[str, bytes] = field(default_factory=dict)
    # Where teams send code: what programs read, and under which rules.
    coding: starting.Coding | None = None

    @property
    def submission(self) -> Mapping[str, Any]:
        """Return the answer that the challenge expects, {} when it has no contract yet."""
        return dict(self.contract.get("submission") or {})


def build(kit: Kit) -> bytes:
    """Build kit.zip; the same challenge gives the same bytes."""
    files: dict[str, bytes] = {}
    digest = ""
    if kit.contract:
        contract = ScoringContract.from_json(kit.contract)
        digest = contract.digest
        files[FORMAT_NAME] = json.dumps(_format(kit), ensure_ascii=False, indent=1).encode()
        files[CONTRACT_NAME] = canonical(contract.to_json())
        files[PROGRAM_NAME] = program()
    if kit.rules:
        files[RULES_NAME] = kit.rules.encode()
    if kit.files:
        files[FILES_NAME] = _table(kit.files)
    files |= dict(kit.carried)
    if kit.coding is not None:
        files |= starting.files(kit.coding)
    if (begun := notebook.written(kit)) is not None:
        files[notebook.NAME] = begun
    guided = {guide.NAME: guide.written(kit, sorted(files), digest).encode()}
    return _zip({f"{kit.slug}/{name}": data for name, data in (guided | files).items()})


def _format(kit: Kit) -> dict[str, Any]:
    document = {
        "format": KIT_FORMAT,
        "format_version": 1,
        "challenge": kit.slug,
        "submission": kit.submission,
        "ids": expected_ids(kit.submission, kit.sample),
    }
    if kit.submission.get("policy") == "complete":
        document["candidates"] = expected_candidates(kit.submission, kit.sample)
    return document


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
def program() -> bytes:
    """Build openemploi.pyz: the portal's own engine and its command, as one program."""
    files = {"__main__.py": MAIN.encode(), "challenges/__init__.py": b""}
    for package in ENGINE_PACKAGES:
        path = package.replace(".", "/")
        files |= {name: file.read_bytes() for name, file in sources(resources.files(package), path)}
    return _zip(files)


def _table(files: Sequence[PublicFile]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["fichier", "role", "lignes", "octets", "sha256", "adresse"])
    for each in files:
        rows = "" if each.rows is None else each.rows
        writer.writerow([each.name, each.place, rows, each.size, each.sha256, each.address])
    return out.getvalue().encode()


def _zip(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name, FIXED_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, data)
    return out.getvalue()
