"""Which characters a text of a person may hold, and which ones XML can write."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.lib.refusals import Invalid

CODE = "characters"
REFUSED = _(
    "Ce texte contient un caractère invisible (de commande, ou qui inverse le sens de lecture) : "
    "retapez-le au lieu de le coller."
)
# C0, DEL and C1; halves of surrogate pairs; what makes a name read as another one.
_BREAKS = "\t\n\r"
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069"
_IN_TEXT = re.compile(f"[{_CONTROLS}]")
_IN_LINE = re.compile(f"[{_BREAKS}{_CONTROLS}]")
# XML 1.0, production 2 (Char), the other way round.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def plain_line(text: str) -> None:
    """Validate a field of one line: no control character, no tab or line break."""
    if _IN_LINE.search(text):
        raise ValidationError(REFUSED, code=CODE)


def plain_text(text: str) -> None:
    """Validate a field of several lines: no control character but tabs and line breaks."""
    if _IN_TEXT.search(text):
        raise ValidationError(REFUSED, code=CODE)


def require_plain_line(text: str) -> None:
    """Refuse what `plain_line` does, whatever the surface; raises Invalid."""
    if _IN_LINE.search(text):
        raise Invalid(REFUSED, code=CODE)


def require_plain_text(text: str) -> None:
    """Refuse what `plain_text` does, whatever the surface; raises Invalid."""
    if _IN_TEXT.search(text):
        raise Invalid(REFUSED, code=CODE)


def for_xml(text: str) -> str:
    """Leave out of a text what no XML document can write."""
    # What is printable needs no reading of the expression: nearly all that is written.
    return text if text.isprintable() else _NOT_XML.sub("", text)
