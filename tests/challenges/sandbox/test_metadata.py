"""A program starts by the command of its metadata, and by nothing else in it."""

from pathlib import Path

import pytest

from challenges.sandbox.metadata import (
    INGESTION,
    OWN,
    SCORING,
    MetadataRefused,
    command_of,
    path_of,
    words,
    written,
)

EVERY = (
    "$input $output $program $ingestion_program $hidden $shared $submission_program $tmp "
    "$predictions"
)


@pytest.mark.parametrize(
    ("step", "first", "last"),
    [
        (INGESTION, "/app/input_data", "/app/output"),
        (OWN, "/app/input", "/app/output"),
        (SCORING, "/app/input", "/app/input/res"),
    ],
)
def test_variables_are_replaced(step: str, first: str, last: str) -> None:
    assert words(EVERY, step) == (
        first,
        "/app/output",
        "/app/program",
        "/app/program",
        "/app/input/ref",
        "/app/shared",
        "/app/ingested_program",
        "/app/output",
        last,
    )


def test_replacement_is_plain_and_in_order() -> None:
    """$input stands in $inputs, as in Codabench; quotes group, nothing is run by a shell."""
    assert words('run $inputs/a "b c" $(id) ; > x $$', SCORING) == (
        *("run", "/app/inputs/a", "b c", "$(id)", ";", ">", "x", "$$"),
    )
    assert words("it's $program", SCORING) == ("it's", "/app/program")


def test_yaml_comes_before_the_old_name(tmp_path: Path) -> None:
    assert path_of(tmp_path) is None
    (tmp_path / "metadata").write_text("command: old\ndescription: x\n")
    assert command_of(tmp_path) == "old"
    (tmp_path / "metadata.yaml").write_text("command: new\n")
    assert command_of(tmp_path) == "new"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"description: x\n", "la clé command est absente ou vide"),
        (b"command: ''\n", "la clé command est absente ou vide"),
        (b"command: [a, b]\n", "la clé command est absente ou vide"),
        (b"- command\n", "n’est pas une suite de clés"),
        (b"", "n’est pas une suite de clés"),
        (b"command: !!python/object/apply:os.system ['touch /x']\n", "n’est pas un YAML lisible"),
        (b"command: &a x\nother: *a\n", "les alias ne sont pas lus"),
        (b"command: [\n", "n’est pas un YAML lisible"),
        (b"\xff\xfe", "n’est pas un YAML lisible"),
        (b"[" * 5000, "est trop long ou trop profond"),
        (b"a: 1\n" * 1000, "est trop long ou trop profond"),
        (b"command: " + b"x" * 2001, "la commande dépasse 2000 caractères"),
        (b"#" * 16_385, "dépasse 16384 octets"),
    ],
)
def test_metadata_that_start_nothing_say_why(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "metadata").write_bytes(content)
    with pytest.raises(MetadataRefused, match=reason):
        command_of(tmp_path)


def test_metadata_are_no_link(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("command: x\n")
    (tmp_path / "metadata").symlink_to("other")
    with pytest.raises(MetadataRefused, match="est absent du programme"):
        command_of(tmp_path)


def test_what_a_scoring_program_reads() -> None:
    assert written(0, 1.5, ingested=True) == (
        "exitCode: 0\nelapsedTime: 1.500000\ningestionExitCode: 0\ningestionElapsedTime: 1.500000\n"
    )
    assert written(0, 0.0, ingested=False) == (
        "exitCode: 0\nelapsedTime: 0.000000\ningestionExitCode: null\ningestionElapsedTime: null\n"
    )
