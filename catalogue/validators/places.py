"""Territories in the words of the reader: what their kinds are called, how one is shown."""

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.standards import territories
from catalogue.standards.territories import Territory, TerritoryKind

K = TerritoryKind
LABELS: dict[TerritoryKind, Promise] = {
    K.COMMUNE: gettext_lazy("Commune"),
    K.EPCI: gettext_lazy("EPCI (intercommunalité)"),
    K.DEPARTMENT: gettext_lazy("Département"),
    K.REGION: gettext_lazy("Région"),
    K.EMPLOYMENT_ZONE: gettext_lazy("Zone d’emploi (Insee)"),
    K.EMPLOYMENT_BASIN: gettext_lazy("Bassin d’emploi (France Travail)"),
}
SHORT: dict[TerritoryKind, Promise] = {
    K.COMMUNE: gettext_lazy("commune"),
    K.EPCI: gettext_lazy("EPCI"),
    K.DEPARTMENT: gettext_lazy("département"),
    K.REGION: gettext_lazy("région"),
    K.EMPLOYMENT_ZONE: gettext_lazy("zone d’emploi"),
    K.EMPLOYMENT_BASIN: gettext_lazy("bassin d’emploi"),
}
CHOICES = tuple((str(kind), label) for kind, label in LABELS.items())


def stored(text: str) -> str:
    """Bring a territory to the one notation in which it is kept."""
    return territories.read(text).text


def shown(text: str) -> str:
    """Say a stored territory with its kind, without its code."""
    found = territories.read(text)
    if found.kind is None or found.text == found.label:
        return found.label
    return f"{found.label} ({SHORT[found.kind]})"


def composed(kind: str, code: str, label: str) -> str:
    """Bring the kind, code and name that a form or a program gives to the stored notation.

    Raises ValidationError when the code is not one of the kind, or when the name is missing.
    """
    if kind and kind not in LABELS:
        raise ValidationError(_("Choisissez la sorte du territoire dans la liste."))
    if not kind:
        if not label.strip():
            raise ValidationError(_("Écrivez le nom du territoire."))
        return stored(label)
    told = TerritoryKind(kind)
    code = code.strip().upper()
    if code and not territories.CODES[told].fullmatch(code):
        message = _("« %(code)s » n’est pas un code de cette sorte (%(kind)s).")
        raise ValidationError(message, params={"code": code[:20], "kind": SHORT[told]})
    try:
        return territories.made(label, told, code).text
    except ValueError:
        raise ValidationError(_("Écrivez le nom du territoire.")) from None


def parts(text: str) -> dict[str, str]:
    """Give the kind, code and label of a stored territory, "" for what is not known."""
    found: Territory = territories.read(text)
    return {"kind": str(found.kind or ""), "code": found.code, "label": found.label}
