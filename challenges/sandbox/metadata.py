"""Read how the program of a folder starts, and write the metadata that a scoring program reads.

Codabench v2 and CodaLab 1.5 put `metadata.yaml` or `metadata` beside a program: a YAML map whose
key `command` says how to start it.
"""

import shlex
from pathlib import Path

import yaml

from challenges.scoring.packages import (
    METADATA,
    MOST_BYTES,
    Package,
    PackageFiles,
    PackageRefused,
    read_package,
)

MOST_EVENTS, MOST_DEPTH = 500, 8  # PyYAML is quadratic in both
MOST_COMMAND = 2000
# Plain replacements in this order: an earlier name that begins a later one wins, as in Codabench.
INGESTION, SCORING = "ingestion", "scoring"
OWN = "own"


class MetadataRefused(Exception):
    """A program that cannot be started from its metadata. The sentence is French."""


def path_of(folder: Path) -> Path | None:
    """Find the metadata of a folder, or None: then its files are answers, not a program."""
    for name in METADATA:
        path = folder / name
        if path.is_file() and not path.is_symlink():
            return path
    return None


def command_of(folder: Path) -> str:
    """Read the command of a program folder.

    Raises MetadataRefused when there is no metadata, no readable YAML map without alias or
    unknown tag, or no command in it.
    """
    path = path_of(folder)
    if path is None:
        raise MetadataRefused("metadata.yaml ou metadata est absent du programme")
    with path.open("rb") as file:
        raw = file.read(MOST_BYTES + 1)
    found = _mapping(raw, path.name)
    command = found.get("command")
    if not isinstance(command, str) or not command.strip():
        raise MetadataRefused(f"{path.name} : la clé command est absente ou vide")
    if len(command) > MOST_COMMAND or "\0" in command:
        raise MetadataRefused(f"{path.name} : la commande dépasse {MOST_COMMAND} caractères")
    return command


def words(command: str, step: str) -> tuple[str, ...]:
    """Replace the variables of a command, in Codabench's order, and split it without a shell.

    step: INGESTION, OWN (a submission with its own command) or SCORING.
    """
    scoring = step == SCORING
    for name, value in (
        ("$input", "/app/input_data" if step == INGESTION else "/app/input"),
        ("$output", "/app/output"),
        ("$program", "/app/program"),
        ("$ingestion_program", "/app/program"),
        ("$hidden", "/app/input/ref"),
        ("$shared", "/app/shared"),
        ("$submission_program", "/app/ingested_program"),
        ("$tmp", "/app/output"),
        ("$predictions", "/app/input/res" if scoring else "/app/output"),
    ):
        command = command.replace(name, value)
    try:
        return tuple(shlex.split(command))
    except ValueError:  # an unclosed quote: taken as it stands, as Codabench does
        return tuple(command.split())


def written(exit_code: int, seconds: float, *, ingested: bool) -> str:
    """Write the metadata that a scoring program finds among the predictions."""
    ingestion = (str(exit_code), f"{seconds:.6f}") if ingested else ("null", "null")
    return (
        f"exitCode: {exit_code}\nelapsedTime: {seconds:.6f}\n"
        f"ingestionExitCode: {ingestion[0]}\ningestionElapsedTime: {ingestion[1]}\n"
    )


def _mapping(raw: bytes, name: str) -> dict[object, object]:
    if len(raw) > MOST_BYTES:
        raise MetadataRefused(f"{name} dépasse {MOST_BYTES} octets")
    try:
        text = raw.decode("utf-8-sig")
        _bounded(text, name)
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise MetadataRefused(f"{name} n’est pas un YAML lisible") from error
    if not isinstance(found, dict):
        raise MetadataRefused(f"{name} n’est pas une suite de clés")
    return found


def _bounded(text: str, name: str) -> None:
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise MetadataRefused(f"{name} : les alias ne sont pas lus")
        if depth > MOST_DEPTH or count > MOST_EVENTS:
            raise MetadataRefused(f"{name} est trop long ou trop profond")


def package_of(folder: Path) -> Package:
    """Read the package of a folder (archives.unpack); raises PackageRefused."""

    def holds(path: str) -> bool:
        return (folder / path).is_file() and not (folder / path).is_symlink()

    def head(path: str) -> bytes:
        with (folder / path).open("rb") as file:
            return file.read(MOST_BYTES + 1)

    def command() -> str | None:
        try:
            return None if path_of(folder) is None else command_of(folder)
        except MetadataRefused as refused:
            raise PackageRefused("metadata", raison=str(refused)) from refused

    return read_package(PackageFiles(holds, head, command, folder))
