"""Our documents read by the tools of others, each in an environment of its own.

`make checkers` installs them under .checkers; a tool that is not there is skipped by name.
"""

import hashlib
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalogue.standards import citation, croissant, data_package, dcat, rdf, schema_org
from catalogue.standards import vocabularies as terms
from catalogue.standards.published import File, Licence
from tests.catalogue.standards.examples import AT, CSV, DETAILS, SITE, TABLE, example

ROOT = Path(__file__).resolve().parents[3]
OUTSIDE = Path(__file__).resolve().parent / "outside"
pytestmark = pytest.mark.full


def tool(environment: str, name: str = "python") -> str:
    """Find a program of an environment, or skip."""
    place = ROOT / ".checkers" / environment
    if not (place / "ready").exists():
        pytest.skip(f"{environment} is not installed: make checkers")
    return str(place / "bin" / name)


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def table() -> File:
    return replace(TABLE, sha256=hashlib.sha256(CSV).hexdigest())


def test_mlcroissant_loads_the_rows(tmp_path: Path) -> None:
    document = croissant.document(example("dataset", files=(table(),)))
    (tmp_path / "croissant.json").write_text(json.dumps(document))
    (tmp_path / "offres.csv").write_bytes(CSV)
    said = json.loads(
        run(
            tool("croissant"),
            OUTSIDE / "croissant.py",
            tmp_path / "croissant.json",
            f"offres.csv={tmp_path / 'offres.csv'}",
        )
    )
    assert said["issues"] == []
    assert [row["code_rome"] for row in said["rows"]] == ["M1805", "G1603"]
    assert float(said["rows"][0]["effectif"]) == 12


@pytest.mark.parametrize("kind", ["dataset", "model", "algorithm", "technology", "solution"])
def test_cffconvert_accepts_our_citations(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "CITATION.cff"
    path.write_text(citation.cff(example(kind)))
    run(tool("cff", "cffconvert"), "--validate", "-i", path)


def test_frictionless_accepts_our_package(tmp_path: Path) -> None:
    document = data_package.document(example("dataset", files=(table(),)))
    (tmp_path / "offres.csv").write_bytes(CSV)
    document["resources"][0]["path"] = "offres.csv"
    (tmp_path / "datapackage.json").write_text(json.dumps(document))
    run(tool("frictionless", "frictionless"), "validate", "datapackage.json", cwd=tmp_path)


def exported(tmp_path: Path, extension: str, **changes: Any) -> Path:
    page = dcat.Page(f"https://oe.example/catalogue.{extension}", 1, 1, 1)
    graph = dcat.catalogue(SITE, [example("dataset", **changes)], page, issued=AT, modified=AT)
    path = tmp_path / f"catalogue.{extension}"
    path.write_bytes(rdf.serialise(graph, extension))
    return path


@pytest.mark.parametrize("extension", rdf.FORMATS)
def test_ckan_reads_our_catalogue(shared: Path, tmp_path: Path, extension: str) -> None:
    script = shared / "cases/catalogue/golden/ckan_parse.py"
    said = run(tool("ckan"), script, exported(tmp_path, extension))
    (line,) = [each for each in said.splitlines() if each.startswith("catalogue.")]
    assert example("dataset").title in line
    # CKAN keeps the address of a format that is a node, as it does of its own examples.
    assert f"res 1 [('{terms.file_type('csv').iri}', '{TABLE.download_url}')]" in line


@pytest.mark.parametrize(
    ("licence", "known"), [("ODbL-1.0", "odc-odbl"), ("CC0-1.0", "cc-zero"), ("etalab-2.0", "")]
)
def test_ckan_names_the_licences_of_its_list(tmp_path: Path, licence: str, known: str) -> None:
    """By their title; that of Etalab is not in the list that CKAN comes with."""
    licences = (Licence(licence, licence, True),)
    file = replace(TABLE, licence="")
    path = exported(tmp_path, "ttl", licences=licences, files=(file,))
    assert json.loads(run(tool("ckan"), OUTSIDE / "ckan_licences.py", path)) == [known]


@pytest.mark.parametrize("extension", rdf.FORMATS)
def test_udata_reads_our_catalogue(shared: Path, tmp_path: Path, extension: str) -> None:
    script = shared / "cases/catalogue/golden/udata_parse.py"
    said = run(tool("udata"), script, exported(tmp_path, extension))
    (line,) = [each for each in said.splitlines() if each.startswith("catalogue.")]
    _name, title, frequency, licence, tags, files, period, access = line.split(" | ")
    assert title == example("dataset").title
    assert "monthly" in frequency.lower()
    assert licence == "Licence Ouverte / Open Licence version 2.0"
    assert "emploi" in tags
    assert TABLE.download_url in files
    assert "csv" in files.lower()
    assert "2018, 1, 1" in period
    assert "2018, 8, 31" in period
    assert "open" in access.lower()


def test_the_validator_of_schema_org_finds_nothing(shared: Path, tmp_path: Path) -> None:
    if not (ROOT / "node_modules/@adobe/structured-data-validator").exists():
        pytest.skip("@adobe/structured-data-validator is not installed: make checkers")
    pages = []
    for kind in DETAILS:
        block = schema_org.data_block(example(kind))
        path = tmp_path / f"{kind}.html"
        path.write_text(
            f'<html><body><script type="application/ld+json">{block}</script></body></html>'
        )
        pages.append(path)
    vocabulary = shared / "cases/catalogue/golden/schemaorg/schemaorg-all-https.jsonld"
    said = run("node", OUTSIDE / "schema_org.mjs", vocabulary, *pages)
    assert [json.loads(line) for line in said.splitlines()] == [[]] * len(pages)
