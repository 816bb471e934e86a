"""The engines in service: builds that speak of the same occupations, each set read once."""

import hashlib
import io
import json
import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import OuterRef, Subquery
from numpy.typing import NDArray

from portal.demonstrator.engines.moves import Moves
from portal.demonstrator.engines.tension import Tensions
from portal.demonstrator.engines.text import Arrays, Lexical, TextEngine
from portal.demonstrator.enums import EngineName
from portal.demonstrator.models import Build, LoadedData
from portal.demonstrator.referential import Referential, from_plain
from portal.demonstrator.sheets import Sheet
from portal.lib.refusals import Unavailable
from portal.lib.storage import objects

log = logging.getLogger(__name__)
Stored = Mapping[str, NDArray[Any]]
MOST_SETS = 3  # in memory: the official ones of before and of now, those of trial
RETRY_SECONDS = 60.0  # after a set that could not be read


@dataclass(frozen=True)
class Served:
    """What answers now. moves, tension: None where nothing official was loaded for them.

    zones: code → name, in their order. builds: by engine, what each was learnt of and how well.
    """

    referential: Referential
    text: TextEngine
    moves: Moves | None
    tension: Tensions | None
    zones: Mapping[str, str]
    builds: Mapping[str, Build]
    is_trial: bool


# What this process answers with, by the rows it was read of; when to try again what could not be.
_in_memory: dict[tuple[int, ...], Served] = {}
_retry_at: dict[tuple[int, ...], float] = {}


def served(sheet: Sheet) -> Served | None:
    """Give the engines that answer a use case now; None where not all of them were built."""
    return served_each([sheet])[sheet.slug]


def served_each(sheets: Iterable[Sheet]) -> dict[str, Served | None]:
    """Give, by slug, the engines of each use case: of the best set that has all it needs.

    One statement; the arrays are read once by a process, and again when a newer build comes.
    """
    known = sets()
    return {
        sheet.slug: next(filter(None, map(_engines, for_sheet(sheet, known))), None)
        for sheet in sheets
    }


def sets() -> list[dict[str, Build]]:
    """List the latest public builds by what they speak of: official sets first, then the latest.

    A use case leaves a set for a better one when all its engines are there, never in between.
    """
    latest = (
        Build.objects.filter(
            is_public=True,
            engine=OuterRef("engine"),
            is_trial=OuterRef("is_trial"),
            occupations_sha256=OuterRef("occupations_sha256"),
        )
        .order_by("-built_at", "-pk")
        .values("pk")[:1]
    )
    rows = Build.objects.filter(is_public=True, pk=Subquery(latest))
    by_occupations: dict[tuple[bool, str], dict[str, Build]] = {}
    for each in rows.order_by("is_trial", "-built_at", "-pk"):
        by_occupations.setdefault((each.is_trial, each.occupations_sha256), {})[each.engine] = each
    # What is read of a set begins with its occupations, which the text engine brings.
    return [builds for builds in by_occupations.values() if EngineName.TEXT in builds]


def for_sheet(sheet: Sheet, known: Iterable[dict[str, Build]]) -> Iterator[dict[str, Build]]:
    """Keep the sets that have all the engines of a use case."""
    return (builds for builds in known if {*sheet.engines} <= {*builds})


def _engines(builds: Mapping[str, Build]) -> Served | None:
    """Read a set, unless it was read already, or could not be a moment ago."""
    key = tuple(sorted(each.pk for each in builds.values()))
    if key not in _in_memory and time.monotonic() >= _retry_at.get(key, 0.0):
        try:
            _in_memory[key] = _read(builds)
        except (FileNotFoundError, ValueError, KeyError, Unavailable):
            log.exception("demonstrator: builds %s cannot be read", key)
            _retry_at[key] = time.monotonic() + RETRY_SECONDS
        while len(_in_memory) > MOST_SETS:
            del _in_memory[next(iter(_in_memory))]
    return _in_memory.get(key)


def objects_named(hashes: Collection[str]) -> Iterator[str]:
    """Give the sha256 of objects, among these, that a build or loaded data name."""
    return objects.digests_in_columns([Build, LoadedData], list(hashes))


def _read(builds: Mapping[str, Build]) -> Served:
    text = _arrays(builds[EngineName.TEXT])
    known = from_plain(json.loads(text["referential"].tobytes())).warm()
    moves = tension = None
    zones: Mapping[str, str] = {}
    if EngineName.MOVES in builds:
        asked = {code: each.knowledge for code, each in known.occupations.items()}
        moves = Moves.read(_arrays(builds[EngineName.MOVES]), asked)
    if EngineName.TENSION in builds:
        stored = _arrays(builds[EngineName.TENSION])
        tension = Tensions.read(stored)
        pairs = zip(stored["zones"], stored["names"], strict=True)
        zones = {str(code): str(name) for code, name in pairs}
    is_trial = builds[EngineName.TEXT].is_trial
    return Served(known, Lexical(Arrays.read(text)), moves, tension, zones, builds, is_trial)


def _arrays(build: Build) -> Stored:
    """Read what a build wrote. Raises ValueError for other bytes than those."""
    content = objects.read(build.arrays_sha256)
    if hashlib.sha256(content).hexdigest() != build.arrays_sha256:
        raise ValueError(f"arrays of build {build.pk}")
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}
