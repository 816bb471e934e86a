"""Licence names as people write them, and as we show them. Never invented."""

from dataclasses import dataclass

from catalogue.enums.cards import LicenceStatus
from catalogue.standards import licences

LABELS = {
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


@dataclass(frozen=True)
class NamedLicence:
    """What a text says of a licence: identifiers when it names known ones, else the text."""

    identifiers: tuple[str, ...]
    status: LicenceStatus
    note: str = ""


def normalise(text: str) -> NamedLicence:
    """Read what a person or a harvested card wrote; what is doubtful is to confirm."""
    found = licences.normalise(text)
    return NamedLicence(found.identifiers, LicenceStatus(found.status), found.note)


def label(identifier: str) -> str:
    """Name a licence as people know it."""
    return LABELS.get(identifier, identifier)
