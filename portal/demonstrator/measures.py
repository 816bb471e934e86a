"""The figures of a use case, as its page shows them: never on other data than what answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.demonstrator.service import Served
from portal.demonstrator.sheets import Sheet
from portal.lib.prose.numbers import number

# metric: its name, whether it is a share, what it says.
METRICS: dict[str, tuple[Any, bool]] = {
    "accuracy_at_1": (gettext_lazy("Le bon métier vient en premier"), True),
    "accuracy_at_3": (gettext_lazy("Le bon métier est parmi trois"), True),
    "accuracy_at_5": (gettext_lazy("Le bon métier est parmi cinq"), True),
    "accuracy_of_most_certain": (
        gettext_lazy("Le bon métier vient en premier, au tiers le plus sûr des réponses"),
        True,
    ),
    "answered": (gettext_lazy("Une proposition est faite"), True),
    "accuracy_when_answered": (gettext_lazy("… et le bon métier vient en premier"), True),
    "same_for_both_genders": (
        gettext_lazy("Même métier pour l’intitulé masculin et le féminin"),
        True,
    ),
    "ndcg_at_10": (gettext_lazy("Les dix mobilités dans le bon ordre (NDCG, de 0 à 1)"), False),
    "share_outside_domain": (gettext_lazy("Mobilités proposées hors du domaine"), True),
    "share_outside_domain_of_truth": (gettext_lazy("… et dans les mobilités connues"), True),
    "gender_mix_gap": (gettext_lazy("Écart de mixité des mobilités proposées, en points"), False),
    "gender_mix_gap_of_truth": (gettext_lazy("… et des mobilités connues, en points"), False),
    "within_interval": (gettext_lazy("Le niveau observé est dans l’intervalle annoncé"), True),
    "kappa_quadratic": (
        gettext_lazy("Accord avec le niveau observé (kappa : 0 au hasard, 1 parfait)"),
        False,
    ),
    "mae": (gettext_lazy("Écart moyen au niveau observé, en niveaux"), False),
}

# What a figure is given by; the letter of a domain and the name of a zone stay as they are.
GROUPS = {
    "masculine": gettext_lazy("intitulé masculin"),
    "feminine": gettext_lazy("intitulé féminin"),
    "other": gettext_lazy("un seul intitulé"),
    "feminise": gettext_lazy("métiers où les femmes sont plus nombreuses"),
    "masculinise": gettext_lazy("métiers où les hommes sont plus nombreux"),
    "mixte": gettext_lazy("métiers mixtes"),
}


@dataclass(frozen=True)
class Figure:
    """A line of the table: every text ready."""

    label: str
    value: str
    interval: str
    n: int
    baseline: str
    groups: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class Measured:
    """What one engine is worth, and since when."""

    engine: str
    at: datetime
    figures: tuple[Figure, ...]

    @property
    def grouped(self) -> list[Figure]:
        """List the figures that are known by group."""
        return [each for each in self.figures if each.groups]

    @property
    def by_group(self) -> dict[str, list[tuple[str, str, int]]]:
        """Give, for each group, the label, value and count of each figure that is known of it."""
        rows: dict[str, list[tuple[str, str, int]]] = {}
        names = dict.fromkeys(name for each in self.grouped for name, _value, _n in each.groups)
        for name in names:
            known = ({group: (value, n) for group, value, n in f.groups} for f in self.grouped)
            rows[name] = [
                (figure.label, *each.get(name, ("–", 0)))
                for figure, each in zip(self.grouped, known, strict=True)
            ]
        return rows


def of(sheet: Sheet, engines: Served) -> list[Measured]:
    """List what is known of the engines of a use case."""
    builds = [engines.builds[name] for name in sheet.engines if name in engines.builds]
    return [
        Measured(build.get_engine_display(), build.built_at, tuple(map(_figure, build.figures)))
        for build in builds
    ]


def _figure(raw: dict[str, Any]) -> Figure:
    label, is_share = METRICS.get(raw["metric"], (raw["metric"], False))

    def written(value: float | None) -> str:
        if value is None:
            return ""
        return f"{number(value * 100, 0)} %" if is_share else number(value, 2)

    low, high = written(raw.get("low")), written(raw.get("high"))
    return Figure(
        str(label),
        written(raw["value"]),
        _("%(low)s à %(high)s") % {"low": low, "high": high} if low else "",
        raw["n"],
        written(raw.get("baseline")),
        tuple(
            (str(GROUPS.get(each["group"], each["group"])), written(each["value"]), each["n"])
            for each in raw.get("groups", ())
        ),
    )
