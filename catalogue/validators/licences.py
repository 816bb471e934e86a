"""Say what an administration may choose, and read licences as the standards do.

Sources: SPDX licence list; code des relations entre le public et l'administration, articles L323-2
and D323-2-1.
"""

from catalogue.standards.licences import (
    AMBIGUOUS,
    CLOSED,
    LONGEST_EXPRESSION,
    OPEN_LICENCE_1,
    Licence,
    is_ambiguous,
    read,
)

__all__ = [
    "AMBIGUOUS",
    "CLOSED",
    "LONGEST_EXPRESSION",
    "OPEN_LICENCE_1",
    "PUBLIC_DATA",
    "PUBLIC_SOFTWARE",
    "Licence",
    "is_ambiguous",
    "read",
    "suits_administration",
]

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


def suits_administration(licence: Licence, *, is_data: bool) -> bool:
    """Say whether the decree lets an administration choose this licence without an approval.

    With a choice (OR), one suitable licence is enough to comply; we ask all to be suitable, which
    errs towards a warning.
    """
    allowed = PUBLIC_DATA if is_data else PUBLIC_SOFTWARE
    return licence.is_known and all(name in allowed for name in licence.identifiers)
