"""Say the checks and the decisions of a contribution in templates."""

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import template
from django.forms.boundfield import BoundField
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue.contributions import record_checks
from catalogue.contributions.queries import descriptions
from catalogue.standards.readers.record import Fault
from portal.lib.prose import texts

register = template.Library()


@dataclass(frozen=True)
class Look:
    """How a verdict is shown: icon, pigment, and the word read aloud."""

    icon: str
    tone: str
    word: str


@dataclass(frozen=True)
class CheckLine:
    """One line of the results: a check without remark, or remarks alike, the first in full."""

    name: str
    text: str
    icon: str
    tone: str
    word: str
    href: str = ""
    others: tuple[str, ...] = ()

    @property
    def is_fine(self) -> bool:
        """Say whether nothing is to be done about it."""
        return self.tone in ("", "ardoise")


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
    if isinstance(fault, Fault):
        return descriptions.sentence(fault)
    return descriptions.sentence(Fault(**{name: fault[name] for name in fault if name != "href"}))


@register.filter
def check_lines(checks: Iterable[Mapping[str, Any]]) -> list[CheckLine]:
    """Give one line a check without remark, one for remarks alike; what needs somebody first."""
    lines = [line for check in checks for line in _lines(check)]
    return sorted(lines, key=lambda line: line.is_fine)


def _lines(check: Mapping[str, Any]) -> list[CheckLine]:
    name = str(record_checks.NAMES[check["code"]])
    if not check["remarks"]:
        shown = look("green")
        text = str(record_checks.GREEN[check["code"]])
        return [CheckLine(name, text, shown.icon, shown.tone, shown.word)]
    alike: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for remark in check["remarks"]:
        alike.setdefault((str(remark["code"]), str(remark["verdict"])), []).append(remark)
    return [
        _missing(name, remarks) if code == "missing" else _line(name, remarks)
        for (code, _verdict), remarks in alike.items()
    ]


def _missing(name: str, remarks: list[Mapping[str, Any]]) -> CheckLine:
    """Gather the empty fields into one line."""
    shown = look("blocking")
    labels = ", ".join(record_checks.label_of(str(remark["field"])) for remark in remarks)
    text = _("reste à remplir : %(labels)s.") % {"labels": labels}
    return CheckLine(name, text, shown.icon, shown.tone, shown.word)


def _line(name: str, remarks: list[Mapping[str, Any]]) -> CheckLine:
    shown, first = look(remarks[0]["verdict"]), remarks[0]
    slug = (first.get("facts") or {}).get("slug")
    href = reverse("catalogue:resource", args=(slug,)) if slug else ""
    text, *others = (_said(remark) for remark in remarks)
    return CheckLine(name, text, shown.icon, shown.tone, shown.word, href, tuple(others))


def _said(remark: Mapping[str, Any]) -> str:
    """Say a remark; of personal data, in which field."""
    text, field = record_checks.sentence(remark), str(remark.get("field") or "")
    if str(remark["code"]).startswith("personal_") and field:
        return f"{record_checks.label_of(field)}, {text[:1].lower()}{text[1:]}"
    return text


@register.filter
def ticked(bound: BoundField) -> str:
    """Name what is chosen of a list of boxes, while it is folded."""
    chosen = {str(value) for value in bound.value() or ()}
    choices: Any = bound.field.widget
    return ", ".join(str(label) for value, label in choices.choices if str(value) in chosen)


@register.filter
def teaser(text: str) -> str:
    """Give the first line of a long text, and how many lines its tables have."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    tables = [line for line in lines if line.startswith("|")]
    heads = sum(set(line) <= set("|:- ") for line in tables)
    first = next((line for line in lines if not line.startswith(("|", "```"))), "")
    shown = Truncator(html.unescape(strip_tags(texts.with_lists(first))).strip()).chars(120)
    if (count := len(tables) - 2 * heads) <= 0:
        return shown
    table = ngettext("tableau d’une ligne", "tableau de %(n)s lignes", count) % {"n": count}
    return f"{shown} – {table}" if shown else table


@register.filter
def field_label(name: str) -> str:
    """Name a field by its label."""
    return record_checks.label_of(name)
