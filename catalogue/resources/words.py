"""Territories, licences and last days, as cards hold them and as readers are told."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import dateformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.resources.enums import ResourceKind
from catalogue.standards import licences, territories
from catalogue.standards.published import is_date, last_day
from catalogue.standards.territories import Territory, TerritoryKind
from portal.lib.prose.numbers import is_french, number

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
    return str(licences.TABLES["labels"].get(identifier, identifier))


def suits_administration(licence: licences.Licence, kind: str) -> bool:
    """Say whether the decree lets an administration choose this licence without an approval.

    A model is neither data nor software of the decree: either list suits. With a choice
    (OR), one suitable licence is enough to comply; we ask all to be suitable, which errs towards
    a warning.
    """
    listed = licences.TABLES["administration"]
    lists: dict[str, tuple[str, ...]] = {
        ResourceKind.DATASET: ("data",),
        ResourceKind.MODEL: ("data", "software"),
    }
    allowed = [name for each in lists.get(kind, ("software",)) for name in listed[each]]
    return licence.is_known and all(name in allowed for name in licence.identifiers)


EXPIRY_FIELD = "expires_on"


def is_news_over(kind: str, details: Mapping[str, Any], today: date) -> bool:
    """Say whether a card is news whose last day has passed; a month lasts to its last day."""
    told = str(details.get(EXPIRY_FIELD) or "")
    return kind == ResourceKind.NEWS and is_date(told) and last_day(told) < today.isoformat()


def figure(text: str) -> str:
    """Write a figure typed with a point as its reader does; other words stay."""
    found = re.fullmatch(r"-?\d{1,9}\.(\d{1,9})", text)
    return number(Decimal(text), len(found[1])) if found else text


METRICS: dict[str, Promise] = {
    "accuracy": gettext_lazy("exactitude"),
    "precision": gettext_lazy("précision"),
    "recall": gettext_lazy("taux de rappel"),
}


MODALITIES: dict[str, Promise] = {
    "texte": gettext_lazy("texte"),
    "tableau": gettext_lazy("tableau"),
    "vidéo": gettext_lazy("vidéo"),
}


def metric(text: str) -> str:
    """Name a measure in the words of the reader, where it is one of the usual ones."""
    return str(METRICS.get(text.casefold(), text))


def dated(text: str) -> str:
    """Write a day, or a period between two days, in words; what is neither as it stands."""
    try:
        days = [_day(date.fromisoformat(part.strip())) for part in text.split("/")]
    except ValueError:
        return text
    if len(days) == 1:
        return days[0]
    if len(days) == 2:
        return _("du %(start)s au %(end)s") % {"start": days[0], "end": days[1]}
    return text


def _day(day: date) -> str:
    written = dateformat.format(day, "j F Y")
    return written.replace("1 ", "1er ", 1) if day.day == 1 and is_french() else written
