"""Licence names as people write them, and as we show them. Never invented."""

from dataclasses import dataclass

from catalogue.enums import LicenceStatus
from catalogue.validators import licences

# Names that people write for one licence and only one; checked one by one.
# "Licence Ouverte" without its version, "BSD", "CeCILL" and "GPL" name several: not here.
ALIASES = {
    "licence ouverte 2.0": "etalab-2.0",
    "licence ouverte v2.0": "etalab-2.0",
    "licence ouverte / open licence version 2.0": "etalab-2.0",
    "open licence 2.0": "etalab-2.0",
    "lov2": "etalab-2.0",
    "odbl": "ODbL-1.0",
    "odbl 1.0": "ODbL-1.0",
    "open database license (odbl)": "ODbL-1.0",
    "open data commons open database license": "ODbL-1.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "mit license": "MIT",
    "licence mit": "MIT",
    "agpl-3.0": "AGPL-3.0-only",
    "agplv3": "AGPL-3.0-only",
    "gpl-3.0": "GPL-3.0-only",
    "gplv3": "GPL-3.0-only",
    "gpl-2.0": "GPL-2.0-only",
    "lgpl-3.0": "LGPL-3.0-only",
    "lgpl-2.1": "LGPL-2.1-only",
    "lgpl-lr": "LGPLLR",
    "cc by 4.0": "CC-BY-4.0",
    "cc-by 4.0": "CC-BY-4.0",
    "cc by-sa 4.0": "CC-BY-SA-4.0",
    "cc by-nc 4.0": "CC-BY-NC-4.0",
    "cc0": "CC0-1.0",
    "eupl 1.2": "EUPL-1.2",
    "eupl-1.2": "EUPL-1.2",
    "cecill-2.1": "CECILL-2.1",
    "cecill 2.1": "CECILL-2.1",
    "cecill-b": "CECILL-B",
    "cecill-c": "CECILL-C",
}
LABELS = {
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
    cleaned = " ".join(text.split())
    alias = ALIASES.get(cleaned.lower())
    found = licences.read(alias or cleaned)
    if not found.is_known:
        return NamedLicence((), LicenceStatus.TO_CONFIRM, cleaned)
    note = cleaned if len(found.identifiers) > 1 else ""
    return NamedLicence(found.identifiers, LicenceStatus.DECLARED, note)


def label(identifier: str) -> str:
    """Name a licence as people know it."""
    return LABELS.get(identifier, identifier)
