"""What the templates of datasets show: rows, facts, tabs, addresses of other apps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import dateformat, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.enums import Access, Scope
from catalogue.models import Resource
from catalogue.validators import words
from catalogue.validators.fields import FREQUENCIES
from datasets.queries import DatasetPage
from portal.lib import languages
from portal.lib.clock import PARIS

TABS = {"page": gettext_lazy("Présentation"), "releases": gettext_lazy("Fichiers et versions")}
FREQUENCY_LABELS = dict(FREQUENCIES)


def row(card: Any) -> dict[str, Any]:
    """Give a card of the directory as a row of results; `card` bears its annotations."""
    access = Access(card.access_shown)
    here = card.hosting == "here"
    meta: list[tuple[str, Any]] = [
        ("folder" if here else "external-link", _("Fichiers ici") if here else _("Fiche"))
    ]
    frequency = card.details.get("update_frequency", "unknown")
    if frequency in FREQUENCY_LABELS and frequency != "unknown":
        meta.append(("refresh-cw", FREQUENCY_LABELS[frequency]))
    meta.append(("globe", Scope(card.scope).label))
    if card.licences:
        meta.append(("scale", licences(card)))
    return {
        "title": card.title,
        "href": card.dataset.get_absolute_url() if here else card_address(card),
        "owner": card.producer_shown or "",
        "desc": card.summary,
        "meta": meta,
        "access": (access.label, access.tone, access.icon),
        "language": card.written_in,
    }


def tabs(card: Resource, shown: DatasetPage | None) -> list[tuple[Any, str, Any]]:
    """Give the tabs of a dataset: label, address, count."""
    count = len(shown.releases) if shown else 0
    return [
        (TABS["page"], reverse("datasets:dataset", args=(card.slug,)), ""),
        (TABS["releases"], reverse("datasets:releases", args=(card.slug,)), count),
    ]


def facts(card: Resource, shown: DatasetPage | None) -> list[tuple[str, Any]]:
    """List what is known of a dataset; what nobody said is left out."""
    details = card.details
    found: list[tuple[str, Any]] = [
        (_("Producteur"), card.holder_name),
        (_("Licence"), licences(card)),
        (_("Mise à jour"), FREQUENCY_LABELS.get(details.get("update_frequency", ""), "")),
        (_("Maille"), languages.written(details.get("granularity", ""), card.written_in)),
        (_("Échelle"), Scope(card.scope).label),
    ]
    if shown is not None:
        dataset = shown.dataset
        found += [
            (_("Base légale"), languages.written(dataset.legal_basis, card.written_in)),
            (_("Dernière version"), _day(dataset.released_at)),
            (_("Seuil de diffusion"), _people(dataset.disclosure_threshold)),
            (_("Formats"), ", ".join(dict.fromkeys(_format(one.name) for one in shown.files))),
            (_("Conservation"), languages.written(dataset.retention, card.written_in)),
        ]
    return [(label, value) for label, value in found if value]


def licences(card: Resource) -> str:
    """Name the licences of a card as people know them."""
    return ", ".join(words.licence_label(one) for one in card.licences)


def card_address(card: Resource) -> str:
    """Give the address of the card in the catalogue, empty where there is none."""
    return _address("catalogue:resource", card.slug)


def sign_in_address() -> str:
    """Give the address of the sign-in page."""
    return _address("account_login")


def _address(route: str, *args: str) -> str:
    try:
        return reverse(route, args=args)
    except NoReverseMatch:
        return ""


def _day(at: datetime | None) -> str:
    return dateformat.format(timezone.localtime(at, PARIS), "j F Y") if at else ""


def _people(count: int | None) -> str:
    return _("%(count)s personnes") % {"count": count} if count else ""


def _format(name: str) -> str:
    return name.rpartition(".")[2].upper()
