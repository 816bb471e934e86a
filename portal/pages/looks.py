"""How things look: the word, pigment and icon of each kind, and the ridge lines."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalogue.resources.enums import ResourceKind

TONES = ("lavande", "calanque", "pin", "olivier", "ocre")


def _curve(height_at: Callable[[float], float], width: float, points: int) -> str:
    xs = [width * i / (points - 1) for i in range(points)]
    line = [(x, height_at(x / width)) for x in xs]
    out = f"{line[0][1]:.0f}"
    px, py = line[0]
    for i in range(1, points):
        x, y = line[i]
        nx, ny = line[min(i + 1, points - 1)]
        ox, oy = line[i - 1]
        cx, cy = x - (nx - ox) / 6, y - (ny - oy) / 6
        out += f"s{cx - px:.0f} {cy - py:.0f} {x - px:.0f} {y - py:.0f}"
        px, py = float(round(x)), float(round(y))
    return out.replace(" -", "-")


def _line(
    rank: float, height: float, peaks: list[tuple[float, float, float]]
) -> Callable[..., float]:
    def at(x: float) -> float:
        relief = sum(a * math.exp(-(((x - c) / w) ** 2)) for c, w, a in peaks)
        edge = math.sin(math.pi * min(1.0, max(0.0, x))) ** 0.6
        return max(
            2.0, height * (0.45 + 0.45 * rank) - height * 0.34 * relief * (1 - 0.45 * rank) * edge
        )

    return at


@lru_cache(maxsize=256)
def ridge(
    seed: int,
    *,
    width: int = 240,
    height: int = 64,
    tones: tuple[str, ...] = ("lavande", "calanque", "olivier", "ocre"),
    points: int = 15,
) -> str:
    """Draw a relief as an SVG element hidden from assistive technology.

    seed: the drawing's identity. width, height: of the view box. Returns safe markup.
    """
    chance = random.Random(seed)  # noqa: S311  a drawing, not a secret
    paths: list[str] = []
    for i, tone in enumerate(tones):
        rank = i / (len(tones) - 1 or 1)
        peaks = [
            (chance.uniform(0.05, 0.95), chance.uniform(0.05, 0.13), chance.uniform(0.4, 1))
            for _ in range(4)
        ]
        body = _curve(_line(rank, height, peaks), width, points)
        paths.append(f'<path data-tone="{tone}" d="M-3 {body}h6V{height + 3}H-3z"/>')
    return (
        f'<svg class="ridge" viewBox="0 0 {width} {height}" preserveAspectRatio="none" '
        f'aria-hidden="true" focusable="false">{"".join(paths)}</svg>'
    )


def band(seed: int) -> str:
    """Draw the wide relief at the head of a page."""
    return ridge(seed, width=1440, height=120, tones=TONES, points=31)


@dataclass(frozen=True)
class Face:
    """Show one kind of thing: a word, a pigment and an icon, always together."""

    label: str | Promise
    plural: str | Promise
    tone: str
    icon: str
    promise: str | Promise = ""


PROMISES: dict[str, str | Promise] = {
    ResourceKind.MODEL: _("Prêts à l’emploi, avec leur fiche d’explicabilité"),
    ResourceKind.ALGORITHM: _("Méthodes et codes ouverts, documentés"),
    ResourceKind.DATASET: _("Ouverts ou à accès restreint (R2DDE)"),
    ResourceKind.TECHNOLOGY: _("Outils, bibliothèques, interfaces"),
    ResourceKind.NEED: _("Exprimés par les acteurs de terrain"),
    ResourceKind.IDEA: _("À reprendre, à enrichir, à porter ensemble"),
    ResourceKind.SOLUTION: _("Issues des challenges et du terrain, réutilisables"),
    ResourceKind.PROGRAMME: _("Appels, financements, accompagnements"),
    ResourceKind.NEWS: _("L’innovation pour l’emploi et la formation"),
}

FACES: dict[str, Face] = {
    kind.value: Face(kind.label, kind.plural, kind.tone, kind.icon, PROMISES[kind])
    for kind in ResourceKind
} | {
    "challenge": Face(_("Challenge"), _("Challenges"), "ocre", "trophy"),
    "use_case": Face(_("Cas d’usage"), _("Cas d’usage"), "lavande", "flask-conical"),
    "call": Face(
        _("Appel à manifestation d’intérêt"),
        _("Appels à manifestation d’intérêt"),
        "ocre",
        "megaphone",
    ),
}
"""Faces by the value of a catalogue kind, and of the other things that stand in lists."""

NOTICE_ICONS: dict[str, str] = {
    "calanque": "info",
    "pin": "circle-check",
    "ocre": "triangle-alert",
    "garance": "circle-alert",
}
"""Icons of notices by pigment: information, done, attention, error."""

UNKNOWN = Face(_("Ressource"), _("Ressources"), "ardoise", "file-text")


def face(kind: object) -> Face:
    """Find the face of a kind, given as an enum member or as its value."""
    return FACES.get(str(getattr(kind, "value", kind)).lower(), UNKNOWN)


def quality_tone(value: float) -> str:
    """Choose the pigment of a quality score: 80 and more pin, 60 and more mimosa, else ardoise.

    Garance is for errors: a short card is none.
    """
    if value >= 80:
        return "pin"
    return "mimosa" if value >= 60 else "ardoise"
