"""From the official data that were loaded to what each engine learns from."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.demonstrator.building import moves, tension
from portal.demonstrator.building.text import Held
from portal.demonstrator.engines.learning import Example
from portal.demonstrator.referential import SCHOOLING, Occupation, Referential

Content = Mapping[str, Any]
# What says how long one learns before an occupation; the place of a word in SCHOOLING.
DIPLOMAS = (
    ("doctorat", 5),
    ("ingénieur", 5),
    ("master", 5),
    ("bac+5", 5),
    ("licence", 4),
    ("bac+3", 4),
    ("bac+4", 4),
    ("bts", 3),
    ("bac+2", 3),
    ("bac pro", 2),
    ("bac ", 2),
    ("cap", 1),
    ("sans diplôme", 0),
)
USUAL = 2  # where nothing is said
REGION = "93"  # Provence-Alpes-Côte d’Azur


@dataclass(frozen=True)
class Texts:
    """What the text engine learns from, and what it is measured on where the data hold it."""

    examples: Sequence[Example]
    held: Held | None


def referential(rome: Content, mobilities: Content | None) -> Referential:
    """Bring together what occupations are called, what they ask and where they lead."""
    sheets = {each["code"]: each for each in mobilities["sheets"]} if mobilities else {}
    titles: dict[str, dict[str, None]] = defaultdict(dict)
    for code, _group, _form, title in rome["titles"]:
        titles[code][title] = None
    links: dict[int, dict[str, list[str]]] = {1: defaultdict(list), 2: defaultdict(list)}
    for start, end, gain in mobilities["links"] if mobilities else ():
        links[gain][start].append(end)
    known = {each["code"] for each in rome["occupations"]}
    labels: dict[str, str] = {}
    occupations = {}
    for each in rome["occupations"]:
        code = each["code"]
        sheet = each if each.get("definition") else sheets.get(code, each)
        asked = {_id(label): label for label in sheet.get("knowledge", ())}
        labels |= asked
        near, further = (tuple(end for end in links[gain][code] if end in known) for gain in (2, 1))
        occupations[code] = Occupation(
            code,
            each["label"],
            each["label"],
            titles=tuple(titles[code]),
            definition=sheet.get("definition", ""),
            tasks=(),
            knowledge=tuple(asked),
            riasec=sheet.get("riasec", ""),
            level=level(sheet.get("access", "")),
            environment=(),
            questions=(),
            near=near,
            further=further,
        )
    return Referential(occupations, labels)


def _id(label: str) -> str:
    return hashlib.sha256(label.encode()).hexdigest()[:12]


def level(access: str) -> str:
    """Read the usual schooling in what says how one comes to an occupation: the mean of several."""
    words = access.casefold()
    years = [place for word, place in DIPLOMAS if word in words]
    return SCHOOLING[round(sum(years) / len(years))] if years else SCHOOLING[USUAL]


def texts(known: Referential, rome: Content) -> Texts:
    """Give the titles, the names and the sheets of occupations, and the titles that came later."""
    examples = [Example(title, code, group, form) for code, group, form, title in rome["titles"]]
    for one in known.occupations.values():
        examples.append(Example(one.masculine, one.code, f"{one.code} métier", "e"))
        asked = " ".join(known.knowledge[each] for each in one.knowledge)
        examples += [
            Example(each, one.code, f"{one.code} fiche") for each in (asked, one.definition) if each
        ]
    later: tuple[list[Example], list[Example]] = ([], [])
    for code, group, form, title, part in rome["held"]:
        later[part].append(Example(title, code, group, form))
    return Texts(examples, Held(*later) if all(later) else None)


def moves_known(known: Referential, rome: Content, mobilities: Content) -> moves.Known:
    """Give what moves are learnt from. What is held to measure on is the part that was private."""
    sheets = {each["code"]: each for each in (*mobilities["sheets"], *rome["occupations"])}
    occupations = [*known.occupations.values()]
    return moves.Known(
        occupations,
        known.knowledge,
        {(start, end): gain for start, end, gain in mobilities["links"]},
        frozenset(mobilities["unseen"]),
        {(start, end): gain for start, end, gain, part in mobilities["held"] if part},
        {
            code: (sheet.get("access", ""), sheet.get("conditions", ""))
            for code, sheet in sheets.items()
        },
        mobilities["women"],
    )


def places(content: Content, codes: Sequence[str]) -> tuple[tension.Places, dict[str, str]]:
    """Give what tension is learnt from, and the zones it is told of: those of the Region.

    A row held has no level that is learnt: its own is there to measure on.
    """
    known = frozenset(codes)
    rows = [each for each in content["rows"] if each[0] in known]
    truths = [each[5] for each in rows]
    levels = [each[4] for each in rows]
    learnt = tension.Places(
        codes=[each[0] for each in rows],
        zones=[each[1] for each in rows],
        regions=[content["zones"][each[1]][1] for each in rows],
        numbers=_table([each[2] for each in rows]),
        graded=_table([each[3] for each in rows]),
        levels=np.array([each or 0 for each in levels], np.int64),
        truth=np.array([each[0] if each else 0 for each in truths], np.int64),
        is_measured=np.array([bool(each and each[1]) for each in truths], bool),
        groups=[each[2] if each else "" for each in truths],
    )
    zones = {
        code: " ".join(name.title().split()) if name.isupper() else name
        for code, (name, region) in sorted(content["zones"].items())
        if region == REGION
    }
    return learnt, zones


def _table(rows: Sequence[Sequence[float | None]]) -> NDArray[np.float64]:
    return np.array([[np.nan if cell is None else cell for cell in row] for row in rows], float)
