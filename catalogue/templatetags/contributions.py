"""Say the checks and the decisions of a contribution in templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from catalogue.contributions import record_checks
from catalogue.contributions.queries import descriptions
from catalogue.standards.readers.record import Fault

register = template.Library()


@dataclass(frozen=True)
class Look:
    """How a verdict is shown: icon, pigment, and the word read aloud."""

    icon: str
    tone: str
    word: str


@dataclass(frozen=True)
class CheckLine:
    """One line of the results: a check without remark, or one remark."""

    name: str
    text: str
    icon: str
    tone: str
    word: str
    href: str = ""


def look(verdict: str) -> Look:
    """Choose the icon, the pigment and the word of a verdict."""
    return {
        "green": Look("circle-check", "", _("conforme")),
        "unknown": Look("circle-help", "ardoise", _("inconnu")),
        "warning": Look("triangle-alert", "ocre", _("à vérifier")),
        "blocking": Look("circle-x", "garance", _("bloquant")),
    }[verdict]


@register.filter
def sentence(remark: record_checks.Remark | Mapping[str, Any]) -> str:
    """Say one remark."""
    return record_checks.sentence(remark)


@register.filter
def fault_sentence(fault: Fault | Mapping[str, Any]) -> str:
    """Say what is wrong with a document, as it was read or as a draft keeps it."""
    return descriptions.sentence(fault if isinstance(fault, Fault) else Fault(**fault))


@register.filter
def check_lines(check: Mapping[str, Any]) -> list[CheckLine]:
    """Give one line a remark, or one line that all is well."""
    name = str(record_checks.NAMES[check["code"]])
    if not check["remarks"]:
        shown = look("green")
        text = str(record_checks.GREEN[check["code"]])
        return [CheckLine(name, text, shown.icon, shown.tone, shown.word)]
    missing = [remark for remark in check["remarks"] if remark["code"] == "missing"]
    others = [remark for remark in check["remarks"] if remark["code"] != "missing"]
    lines = [_line(name, remark) for remark in others]
    return [_missing(name, missing), *lines] if missing else lines


def _missing(name: str, remarks: list[Mapping[str, Any]]) -> CheckLine:
    """Gather the empty fields into one line."""
    shown = look("blocking")
    labels = ", ".join(record_checks.label_of(str(remark["field"])) for remark in remarks)
    text = _("reste à remplir : %(labels)s.") % {"labels": labels}
    return CheckLine(name, text, shown.icon, shown.tone, shown.word)


def _line(name: str, remark: Mapping[str, Any]) -> CheckLine:
    shown = look(remark["verdict"])
    slug = (remark.get("facts") or {}).get("slug")
    href = reverse("catalogue:resource", args=(slug,)) if slug else ""
    text = record_checks.sentence(remark)
    field = str(remark.get("field") or "")
    if str(remark["code"]).startswith("personal_") and field:
        text = f"{record_checks.label_of(field)}, {text[:1].lower()}{text[1:]}"
    return CheckLine(name, text, shown.icon, shown.tone, shown.word, href)


@register.filter
def field_label(name: str) -> str:
    """Name a field by its label."""
    return record_checks.label_of(name)
