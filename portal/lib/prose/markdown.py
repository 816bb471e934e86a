"""One Markdown renderer for the whole site: capped, then rendered in a killable child.

Called when a text is saved or proofread by its author, never when it is read. Python-Markdown
takes minutes on some twenty-kilobyte inputs and a thread cannot be stopped, hence the process.
"""

import re
from functools import lru_cache

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.lib import children
from portal.lib.children import ChildLost
from portal.lib.refusals import Invalid

_CAPS = (
    # Each has a quadratic or worse path in the parser; the counts keep all of them under 2 s.
    (re.compile(r"\["), 1_000),
    (re.compile(r"<"), 400),
    (re.compile(r"^\s{0,3}#", re.M), 300),
)
_DEEP = re.compile(r"^(?:\s*(?:>|[-*+]|\d+[.)])\s){11}", re.M)


def _refuse(reason: str) -> Invalid:
    return Invalid(
        _("Ce texte ne peut pas être mis en forme : %(reason)s. Simplifiez-le.")
        % {"reason": reason},
        code="markdown",
    )


def check(text: str) -> None:
    """Refuse a text over the caps; raises Invalid with the reason."""
    if "\x00" in text:
        raise _refuse(str(_("il contient un caractère nul")))
    if len(text) > settings.MARKDOWN_MAX_CHARACTERS:
        raise _refuse(str(_("il dépasse 20 000 caractères")))
    if _DEEP.search(text) or any(len(rule.findall(text)) > most for rule, most in _CAPS):
        raise _refuse(str(_("il compte trop de crochets, de chevrons, de titres ou de niveaux")))
    if _unmatched(text) > 25 or _unclosed_links(text) > 25:
        raise _refuse(str(_("il compte trop de crochets non refermés")))


def _unmatched(text: str) -> int:
    """Count the opening brackets that nothing closes."""
    open_now = 0
    for bracket in re.findall(r"[\[\]]", text):
        open_now = open_now + 1 if bracket == "[" else max(0, open_now - 1)
    return open_now


def _unclosed_links(text: str) -> int:
    return sum(")" not in rest.split("\n\n", 1)[0] for rest in text.split("](")[1:])


def render(text: str) -> str:
    """Return safe HTML for a Markdown text of at most 20,000 characters.

    Headings start at h3. Raises Invalid over the caps or after two seconds.
    """
    if not text.strip():
        return ""
    check(text)
    try:
        return _rendered(text, settings.MARKDOWN_SECONDS)
    except ChildLost as error:
        raise _refuse(str(_("sa mise en forme prend trop de temps"))) from error


@lru_cache(maxsize=64)
def _rendered(text: str, seconds: int) -> str:
    """Ask a child; a text proofread, then saved, costs one. Failures are not kept."""
    return _renderers.ask(b"", text.encode(), seconds=seconds).decode()


_renderers = children.Warm("portal.lib.prose.markdown_child")
