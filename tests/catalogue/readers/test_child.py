"""The child that reads: no network and no file, bounded, replaced when it dies."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from catalogue.standards import readers
from catalogue.standards.readers import child, limits
from catalogue.standards.readers.dispatch import read_here
from catalogue.standards.readers.record import from_json, to_json

CONFINED = """
import socket
from catalogue.standards.readers import serve
serve.confine()
attempts = (
    lambda: socket.socket(),
    lambda: open("/etc/hostname"),
    lambda: socket.getaddrinfo("localhost", 80),
)
for attempt in attempts:
    try:
        attempt()
        print("open")
    except OSError as error:
        print(error.errno)
"""
BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdef", "bcdefg", strict=True)
)
ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY b SYSTEM "file:///etc/passwd">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">&b;</rdf:RDF>"""


def codes(code: str, content: bytes) -> list[str]:
    found = readers.read(code, content)
    return [each.code for each in found.faults]


def test_a_confined_process_opens_neither_socket_nor_file() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CONFINED],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(child.ROOT)},
        check=True,
    )

    # A name that cannot be resolved without a descriptor says so with a code of its own.
    answers = done.stdout.split()
    assert answers[:2] == [str(errno.EMFILE)] * 2
    assert "open" not in answers


@pytest.mark.parametrize(
    ("code", "content", "said"),
    [
        ("cff", BOMB.encode(), ["yaml_nodes"]),
        ("publiccode", b"a: " + b"[" * 40, ["yaml_depth"]),
        ("cff", b"a: 1\n" * 20_000, ["yaml_size"]),
        ("cff", b"a: !!python/object:os.system {}\n", ["yaml_tag"]),
        ("publiccode", b"a: &a [*a]\n", ["yaml_loop"]),
        ("dcat", ENTITIES, ["xml_entities"]),
        ("oai", b"<a>" * 200 + b"</a>" * 200, ["too_deep"]),
        ("croissant", b'{"a":' * 100 + b"1" + b"}" * 100, ["too_deep"]),
        ("croissant", b'{"a": NaN}', ["invalid_json_value"]),
        ("readme", b"a\x00b", ["nul_character"]),
        ("dcat", b'{"@context": "https://a.example/c"}', ["remote_context", "nothing_described"]),
        ("dcat", b"a" * (limits.DOCUMENT_BYTES + 1), ["document_too_large"]),
        ("soap", b"", ["unknown_format"]),
    ],
)
def test_what_is_hostile_is_named(code: str, content: bytes, said: list[str]) -> None:
    assert codes(code, content) == said


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{{" * 50_000, "<a " * 50_000, "*a" * 50_000, "<script>" * 20_000]
)
def test_long_hostile_text_is_read_all_the_same(text: str) -> None:
    for code in ("hf", "readme"):
        found = readers.read(code, text.encode())
        assert [each.code for each in found.faults] == []
        assert len(found.records) == 1


def test_a_child_that_died_is_replaced(shared: Path) -> None:
    content = b"# Un titre\n\nUn texte assez long pour faire un resume."
    assert readers.read("readme", content).records[0].title == "Un titre"
    [idle] = child._idle
    os.kill(idle.process.pid, 9)
    idle.process.wait()

    assert readers.read("readme", content).records[0].title == "Un titre"
    assert [each.process.pid for each in child._idle] != [idle.process.pid]


def test_a_child_reads_as_this_process_does(shared: Path) -> None:
    place = shared / "cases" / "catalogue"
    for code, name in {
        "cff": "cff/CITATION.cff",
        "publiccode": "publiccode/valid/publiccode.yml",
        "hf": "hf-cards/model-cards/ignf_FLAIR-HUB_excerpt.md",
        "ckan": "ckan-json/hdx_package_search.json",
        "croissant": "croissant/1.0/titanic.json",
        "csw": "csw/geonetwork-dcat-page-1.xml",
        "oai": "oai-pmh/ListRecords.xml",
        "dcat": "dcat-rdf/udata-harvest/catalog.xml",
        "mldcat": "mldcat/example-machinelearningmodel-eosc.jsonld",
    }.items():
        content = (place / name).read_bytes()
        here = read_here(code, content)
        assert readers.read(code, content) == here, name
        assert from_json(to_json(here)) == here
