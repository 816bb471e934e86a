"""Territories, licences and last days, as cards hold them and as readers are told."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.resources.enums import ResourceKind
from catalogue.standards import licences, territories
from catalogue.standards.published import is_date, last_day
from catalogue.standards.territories import Territory, TerritoryKind

K = TerritoryKind
PLACE_LABELS: dict[TerritoryKind, Promise] = {
    K.COMMUNE: gettext_lazy("Commune"),
    K.EPCI: gettext_lazy("EPCI (intercommunalité)"),
    K.DEPARTMENT: gettext_lazy("Département"),
    K.REGION: gettext_lazy("Région"),
    K.EMPLOYMENT_ZONE: gettext_lazy("Zone d’emploi (Insee)"),
    K.EMPLOYMENT_BASIN: gettext_lazy("Bassin d’emploi (France Travail)"),
}
PLACE_WORDS: dict[TerritoryKind, Promise] = {
    K.COMMUNE: gettext_lazy("commune"),
    K.EPCI: gettext_lazy("EPCI"),
    K.DEPARTMENT: gettext_lazy("département"),
    K.REGION: gettext_lazy("région"),
    K.EMPLOYMENT_ZONE: gettext_lazy("zone d’emploi"),
    K.EMPLOYMENT_BASIN: gettext_lazy("bassin d’emploi"),
}
PLACE_KINDS = tuple((str(kind), label) for kind, label in PLACE_LABELS.items())


def place_stored(text: str) -> str:
    """Bring a territory to the one notation in which it is kept."""
    return territories.read_territory(text).text


def place_shown(text: str) -> str:
    """Say a stored territory with its kind, without its code."""
    found = territories.read_territory(text)
    if found.kind is None or found.text == found.label:
        return found.label
    return f"{found.label} ({PLACE_WORDS[found.kind]})"


def place_composed(kind: str, code: str, label: str) -> str:
    """Bring the kind, code and name that a form or a program gives to the stored notation.

    Raises ValidationError when the code is not one of the kind, or when the name is missing.
    """
    if kind and kind not in PLACE_LABELS:
        raise ValidationError(_("Choisissez la sorte du territoire dans la liste."))
    if not kind:
        if not label.strip():
            raise ValidationError(_("Écrivez le nom du territoire."))
        return place_stored(label)
    told = TerritoryKind(kind)
    code = code.strip().upper()
    if code and not territories.CODES[told].fullmatch(code):
        message = _("« %(code)s » n’est pas un code de cette sorte (%(kind)s).")
        raise ValidationError(message, params={"code": code[:20], "kind": PLACE_WORDS[told]})
    try:
        return territories.made(label, told, code).text
    except ValueError:
        raise ValidationError(_("Écrivez le nom du territoire.")) from None


def place_parts(text: str) -> dict[str, str]:
    """Give the kind, code and label of a stored territory, "" for what is not known."""
    found: Territory = territories.read_territory(text)
    return {"kind": str(found.kind or ""), "code": found.code, "label": found.label}


LICENCE_LABELS = {
    licences.OPEN_LICENCE_1: "Licence Ouverte 1.0",
    "etalab-2.0": "Licence Ouverte 2.0",
    "ODbL-1.0": "ODbL 1.0",
    "Apache-2.0": "Apache 2.0",
    "AGPL-3.0-only": "AGPL 3.0",
    "AGPL-3.0-or-later": "AGPL 3.0 ou plus",
    "GPL-3.0-only": "GPL 3.0",
    "GPL-3.0-or-later": "GPL 3.0 ou plus",
    "LGPL-3.0-only": "LGPL 3.0",
    "BSD-3-Clause": "BSD 3 clauses",
    "BSD-2-Clause": "BSD 2 clauses",
    "EUPL-1.2": "EUPL 1.2",
    "CC-BY-4.0": "CC BY 4.0",
    "CC-BY-SA-4.0": "CC BY-SA 4.0",
    "CC-BY-NC-4.0": "CC BY-NC 4.0",
    "CC0-1.0": "CC0 1.0",
    "LGPLLR": "LGPL-LR",
    "MPL-2.0": "MPL 2.0",
}


def known_licence(text: str) -> str:
    """Give the expression of a licence that SPDX knows; raises ValidationError for another."""
    if licences.is_ambiguous(text):
        raise ValidationError(_("Précisez Licence Ouverte 1.0 ou 2.0."))
    found = licences.read_expression(text[: licences.LONGEST_EXPRESSION + 1])
    if not found.is_known:
        raise ValidationError(
            _("Cet identifiant n’est pas dans la liste SPDX : écrivez par exemple MIT.")
        )
    return found.expression


def licence_label(identifier: str) -> str:
    """Name a licence as people know it."""
    return LICENCE_LABELS.get(identifier, identifier)


PUBLIC_DATA = frozenset({"etalab-2.0", "ODbL-1.0"})
PUBLIC_SOFTWARE = frozenset(
    {
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "MIT",
        "CECILL-B",
        "CECILL-C",
        "CECILL-2.1",
        "MPL-2.0",
        "EPL-2.0",
        "EUPL-1.2",
        "GPL-3.0-only",
        "GPL-3.0-or-later",
        "LGPL-3.0-only",
        "LGPL-3.0-or-later",
        "AGPL-3.0-only",
        "AGPL-3.0-or-later",
    }
)


def suits_administration(licence: licences.Licence, *, is_data: bool) -> bool:
    """Say whether the decree lets an administration choose this licence without an approval.

    With a choice (OR), one suitable licence is enough to comply; we ask all to be suitable, which
    errs towards a warning.
    """
    allowed = PUBLIC_DATA if is_data else PUBLIC_SOFTWARE
    return licence.is_known and all(name in allowed for name in licence.identifiers)


EXPIRY_FIELD = "expires_on"


def is_news_over(kind: str, details: Mapping[str, Any], today: date) -> bool:
    """Say whether a card is news whose last day has passed; a month lasts to its last day."""
    told = str(details.get(EXPIRY_FIELD) or "")
    return kind == ResourceKind.NEWS and is_date(told) and last_day(told) < today.isoformat()
