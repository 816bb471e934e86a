"""What somebody wants of their days, beside what each occupation is known to ask of them."""

import re
from collections.abc import Collection
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class Criterion(NamedTuple):
    """A wish that a trait of an occupation meets (is_wanted) or goes against."""

    key: str
    text: Any
    trait: str
    is_wanted: bool = False

    def is_met(self, environment: Collection[str]) -> bool:
        """Tell whether nothing said of an occupation goes against it, and what it wants is."""
        return (self.trait in environment) is self.is_wanted


# What weighs on a body, among the traits of an occupation, and words by which one says so.
STRAINS = ("port de charges", "station debout")
WORN = re.compile(
    r"\b(?:(?:mon|du|le) dos|mal (?:au|aux|partout)|mes? (?:genoux?|épaules?|mains?|jambes?)"
    r"|mon corps|lombalgie|sciatique|hernie|tendinites?|arthrose|tms|usée? par)\b",
    re.IGNORECASE,
)

CRITERIA = (
    Criterion("day", _("Sans nuit ni horaires décalés"), "horaires décalés"),
    Criterion("week", _("Sans week-end"), "week-end"),
    Criterion("load", _("Sans port de charges"), "port de charges"),
    Criterion("seated", _("Sans station debout prolongée"), "station debout"),
    Criterion("close", _("Près de chez moi, sans déplacements"), "déplacements"),
    Criterion("year", _("Toute l’année, hors saison"), "saisonnier"),
    Criterion("inside", _("À l’intérieur"), "extérieur"),
    Criterion("outside", _("Dehors"), "extérieur", is_wanted=True),
    Criterion("remote", _("Avec du télétravail"), "télétravail possible", is_wanted=True),
    Criterion("public", _("Au contact du public"), "contact public", is_wanted=True),
)
