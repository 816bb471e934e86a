"""Learn what the engines know, measure it, and keep both: arrays in the object store, a row each.

Nothing here is needed to answer: a process that serves pages never imports it.
"""

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.demonstrator.building import loading, moves, official, tension, text
from portal.demonstrator.building.measuring import Figure
from portal.demonstrator.enums import EngineName, ReferentialKind
from portal.demonstrator.models import Build, LoadedData
from portal.demonstrator.referential import Referential, trial
from portal.lib import canonical, clock
from portal.lib.storage import objects

DECIMALS = 6
# Goes up when the same data would give other arrays or figures.
RECIPES = {EngineName.TEXT: 5, EngineName.MOVES: 2, EngineName.TENSION: 1}
Learnt = tuple[Mapping[str, NDArray[Any]], list[Figure]]


@dataclass(frozen=True)
class Plan:
    """An engine to build. data: digests of what it is learnt from; occupations: of what it says."""

    engine: EngineName
    occupations: str
    data: tuple[str, ...]
    is_trial: bool
    is_public: bool
    learn: Callable[[], Learnt]

    @property
    def data_sha256(self) -> str:
        """Name what is learnt from, and how."""
        return canonical.digest([self.engine.value, RECIPES[self.engine], *self.data])


def build(
    wanted: Iterable[Plan], *, show: Callable[[str], object] = lambda _line: None
) -> list[Build]:
    """Build engines, of `plans()` or some of them.

    Writes arrays to the object store and a row for each engine whose data are new; what is built
    already is learnt again only where the store lost it. show: called with each line of a report.
    """
    rows = []
    for plan in wanted:
        known = Build.objects.filter(
            engine=plan.engine,
            data_sha256=plan.data_sha256,
            occupations_sha256=plan.occupations,
        )
        # A licence that was confirmed since, or is in doubt again.
        known.exclude(is_public=plan.is_public).update(is_public=plan.is_public)
        last = known.first()
        if last and objects.store().exists(last.arrays_sha256):
            continue
        row = _built(plan)
        rows.append(row)
        for line in _lines(row):
            show(line)
    return rows


def plans() -> Iterator[Plan]:
    """List what can be built: from the référentiel d'essai, then from what was loaded.

    What was loaded for private trial is built beside what may be shown, and never served.
    """
    yield from trial_plans()
    shown = _latest(is_shown=True)
    yield from _official_plans(shown)
    if (every := _latest(is_shown=False)) != shown:
        yield from _official_plans(every)


def _latest(*, is_shown: bool) -> dict[str, LoadedData]:
    """Give the latest of each kind that was loaded, those that may be shown alone or all."""
    latest: dict[str, LoadedData] = {}
    for each in LoadedData.objects.order_by("loaded_at", "pk"):
        if each.is_public or not is_shown:
            latest[each.kind] = each
        elif each.kind in latest and latest[each.kind].content_sha256 == each.content_sha256:
            del latest[each.kind]  # the licence of the same data is in doubt again
    return latest


def _official_plans(loaded: Mapping[str, LoadedData]) -> Iterator[Plan]:
    """List what can be built of official data: nothing without the occupations."""
    rome, mobilities = loaded.get(ReferentialKind.ROME), loaded.get(ReferentialKind.MOBILITIES)
    if rome is None:
        return
    content, moved = loading.read(rome), loading.read(mobilities) if mobilities else None
    known = official.referential(content, moved)
    used = [each for each in (rome, mobilities) if each]

    def plan(engine: EngineName, parts: Sequence[LoadedData], learn: Callable[[], Learnt]) -> Plan:
        digests = tuple(each.content_sha256 for each in parts)
        is_public = all(each.is_public for each in parts)
        return Plan(engine, occupations_digest(known), digests, False, is_public, learn)

    def learn_text() -> Learnt:
        texts = official.texts(known, content)
        arrays, figures = text.learn_many(texts.examples, texts.held)
        return arrays.to_mapping() | {"referential": referential_array(known)}, figures

    yield plan(EngineName.TEXT, used, learn_text)
    if moved is not None:
        yield plan(
            EngineName.MOVES, used, lambda: moves.learn(official.moves_known(known, content, moved))
        )
    if level := loaded.get(ReferentialKind.TENSION):

        def learn_tension() -> Learnt:
            places, zones = official.places(loading.read(level), [*known.occupations])
            return tension.learn_places(places, zones)

        yield plan(EngineName.TENSION, [*used, level], learn_tension)


def trial_plans() -> Iterator[Plan]:
    """List what is built of the référentiel d'essai: everything."""
    known = trial()
    codes = tuple(known.occupations)
    occupations = [*known.occupations.values()]
    links = {(one.code, to): moves.NEAR for one in occupations for to in one.near}
    links |= {(one.code, to): moves.FURTHER for one in occupations for to in one.further}

    def learn_text() -> Learnt:
        arrays, figures = text.learn_few(list(known.examples()))
        return arrays.to_mapping() | {"referential": referential_array(known)}, figures

    def learn_moves() -> Learnt:
        return moves.learn(moves.Known(occupations, known.knowledge, links))

    def learn_tension() -> Learnt:
        return tension.learn_years(codes, tension.synthetic(codes))

    data = (canonical.digest(_plain(known)),)
    for engine, learn in (
        (EngineName.TEXT, learn_text),
        (EngineName.MOVES, learn_moves),
        (EngineName.TENSION, learn_tension),
    ):
        yield Plan(
            engine, occupations_digest(known), data, is_trial=True, is_public=True, learn=learn
        )


def occupations_digest(known: Referential) -> str:
    """Name the occupations that a référentiel has."""
    return canonical.digest(sorted(known.occupations))


def referential_array(known: Referential) -> NDArray[np.uint8]:
    """Write a référentiel among arrays: what answers names occupations as what was learnt did."""
    return np.frombuffer(canonical.dumps(_plain(known)), np.uint8)


def _plain(known: Referential) -> dict[str, Any]:
    return {
        "occupations": [asdict(each) for each in known.occupations.values()],
        "knowledge": dict(known.knowledge),
    }


def _built(plan: Plan) -> Build:
    arrays, figures = plan.learn()
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **arrays)  # its entries bear no date
    stored = objects.put(packed.getvalue())
    rounded = json.loads(json.dumps(figures), parse_float=lambda each: round(float(each), DECIMALS))
    row, _is_new = Build.objects.get_or_create(
        engine=plan.engine,
        data_sha256=plan.data_sha256,
        arrays_sha256=stored.sha256,
        defaults={
            "occupations_sha256": plan.occupations,
            "data": plan.data,
            "is_trial": plan.is_trial,
            "is_public": plan.is_public,
            "figures": rounded,
            "built_at": clock.now(),
        },
    )
    return row


def _lines(row: Build) -> Iterator[str]:
    """Tell what was built, and each figure."""
    yield f"{row.engine} ({'essai' if row.is_trial else 'officiel'}), {row.built_at:%Y-%m-%d}"
    for each in row.figures:
        bounds = "" if each["low"] is None else f" [{each['low']:.3f} ; {each['high']:.3f}]"
        beside = "" if each["baseline"] is None else f", référence {each['baseline']:.3f}"
        yield f"    {each['metric']} {each['value']:.3f}{bounds} (n {each['n']}{beside})"
