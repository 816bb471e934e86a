"""The acceptance bundles of other platforms, and what their facts must hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

BUNDLES = Path(__file__).resolve().parents[5] / "shared/cases/bundles"
NEEDED = pytest.mark.skipif(not BUNDLES.is_dir(), reason="../shared/cases/bundles is absent")
# Sentences for people among the facts: what they say is asserted apart.
SENTENCES = frozenset({"why", "default_used", "scores_dialect", "programs_stored_once"})


def expected(case: str) -> dict[str, Any]:
    """Read what a case must give."""
    found: dict[str, Any] = json.loads((BUNDLES / case / "expected.json").read_bytes())
    return found


def ranked(run: bytes) -> bytes:
    """Turn a run of TREC into what teams send: by score, then by name, as trec_eval orders."""
    lists: dict[str, list[tuple[float, str]]] = {}
    for topic, _q, item, _rank, score, _tag in map(str.split, run.decode().splitlines()):
        lists.setdefault(topic, []).append((float(score), item))
    lines = ["requete,rang,document"]
    for topic in sorted(lists):
        best = sorted(lists[topic], reverse=True)
        lines += [f"{topic},{rank},{item}" for rank, (_score, item) in enumerate(best, 1)]
    return ("\n".join(lines) + "\n").encode()


def differences(wanted: object, found: object, place: str = "") -> list[str]:
    """List where `found` does not hold what is wanted: more keys may be there, not more items."""
    if isinstance(wanted, dict):
        if not isinstance(found, dict):
            return [f"{place}: {found!r}"]
        return [
            line
            for key, one in wanted.items()
            if key not in SENTENCES
            for line in differences(one, found.get(key, "absent"), f"{place}.{key}")
        ]
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            return [f"{place}: {found!r} instead of {wanted!r}"]
        return [
            line
            for at, (one, other) in enumerate(zip(wanted, found, strict=True))
            for line in differences(one, other, f"{place}[{at}]")
        ]
    return [] if wanted == found else [f"{place}: {found!r} instead of {wanted!r}"]
