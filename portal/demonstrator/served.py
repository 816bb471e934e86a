"""The engines in service: the latest builds that speak of the same occupations, read once."""

import hashlib
import io
import json
import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import OuterRef, Subquery
from numpy.typing import NDArray

from portal.demonstrator.engines.moves import Moves
from portal.demonstrator.engines.tension import Tensions
from portal.demonstrator.engines.text import Arrays, Lexical, TextEngine
from portal.demonstrator.enums import EngineName
from portal.demonstrator.models import Build
from portal.demonstrator.models import Referential as Loaded
from portal.demonstrator.referential import Referential, from_plain
from portal.lib.storage import objects

log = logging.getLogger(__name__)
Stored = Mapping[str, NDArray[Any]]


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


# What this process answers with, and the rows that it read it of.
_kept: dict[tuple[int, ...], Served] = {}


def served() -> Served | None:
    """Give the engines in service, official where there are some; None where nothing was built.

    One statement; the arrays are read once by a process, and again when a newer build comes.
    """
    builds = _chosen()
    if not builds:
        return None
    key = tuple(sorted(each.pk for each in builds.values()))
    found = _kept.get(key)
    if found is None:
        try:
            found = _read(builds)
        except (FileNotFoundError, ValueError, KeyError):
            log.exception("demonstrator: builds %s cannot be read", key)
            return None
        _kept.clear()
        _kept[key] = found
    return found


def objects_named(hashes: Collection[str]) -> Iterator[str]:
    """Give the sha256 of objects, among these, that a build or loaded data name."""
    return objects.digests_in_columns([Build, Loaded], list(hashes))


def _chosen() -> dict[str, Build]:
    """Choose the latest builds of the occupations that the latest text build speaks of."""
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
    rows = list(Build.objects.filter(is_public=True, pk=Subquery(latest)))
    texts = [each for each in rows if each.engine == EngineName.TEXT]
    if not texts:
        return {}
    first = max(texts, key=lambda each: (not each.is_trial, each.built_at, each.pk))
    return {each.engine: each for each in rows if _goes_with(each, first)}


def _goes_with(one: Build, other: Build) -> bool:
    return (one.is_trial, one.occupations_sha256) == (other.is_trial, other.occupations_sha256)


def _read(builds: Mapping[str, Build]) -> Served:
    text = _arrays(builds[EngineName.TEXT])
    known = from_plain(json.loads(text["referential"].tobytes()))
    moves = tension = None
    zones: Mapping[str, str] = {}
    if EngineName.MOVES in builds:
        near = [(each.code, to) for each in known.occupations.values() for to in each.near]
        asked = {code: each.knowledge for code, each in known.occupations.items()}
        moves = Moves.read(_arrays(builds[EngineName.MOVES]), near, asked)
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
