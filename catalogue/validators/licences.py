"""Read licences as SPDX expressions, and say what an administration may choose.

Sources: SPDX licence list, through the license-expression library; code des relations entre le
public et l'administration, articles L323-2 and D323-2-1.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from license_expression import ExpressionError, Licensing, get_spdx_licensing

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
# Licences whose text limits who may reuse or what for: readable, never shown as open.
CLOSED = re.compile(
    r"(-NC\b|-NC-|-ND\b|-ND-|^BUSL|^SSPL|^Elastic|PolyForm|RAIL|Commons-Clause|proprietary|unfree)",
    re.IGNORECASE,
)
# A name used for several texts: the number must be asked.
AMBIGUOUS = re.compile(r"^\s*licence\s+ouverte(?:\s*/?\s*open\s+licence)?\s*(?:etalab)?\s*$", re.I)
LONGEST_EXPRESSION = 300


@dataclass(frozen=True)
class Licence:
    """Hold a licence expression as read.

    expression: normalised SPDX expression, "" when it cannot be read; identifiers: in order, once
    each; unknown: words that SPDX does not know.
    """

    expression: str
    identifiers: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Say whether every word belongs to SPDX and the expression holds."""
        return bool(self.expression) and not self.unknown

    @property
    def is_open(self) -> bool:
        """Say whether anyone may reuse for any purpose: unknown and restricted licences may not."""
        return self.is_known and not any(CLOSED.search(name) for name in self.identifiers)


@lru_cache(maxsize=1)
def _spdx() -> Licensing:
    return get_spdx_licensing()


@lru_cache(maxsize=2_000)
def read(text: str) -> Licence:
    """Read an SPDX identifier or expression, whatever its case; deprecated names are replaced."""
    if not text.strip() or len(text) > LONGEST_EXPRESSION:
        return Licence("", (), (text[:64],) if text.strip() else ())
    try:
        parsed = _spdx().parse(text)
    except (ExpressionError, AttributeError):  # the library builds its message from a missing token
        return Licence("", (), (text[:64],))
    names = tuple(dict.fromkeys(str(symbol.key) for symbol in _spdx().license_symbols(parsed)))
    unknown = tuple(str(name) for name in _spdx().unknown_license_keys(parsed))
    return Licence("" if unknown else str(parsed), names, unknown)


def is_ambiguous(text: str) -> bool:
    """Say whether « Licence Ouverte » was given without 1.0 or 2.0."""
    return AMBIGUOUS.match(text) is not None


def suits_administration(licence: Licence, *, is_data: bool) -> bool:
    """Say whether the decree lets an administration choose this licence without an approval.

    With a choice (OR), one suitable licence is enough to comply; we ask all to be suitable, which
    errs towards a warning.
    """
    allowed = PUBLIC_DATA if is_data else PUBLIC_SOFTWARE
    return licence.is_known and all(name in allowed for name in licence.identifiers)
