"""Say in which language a text is written, where it is not that of the page (WCAG 3.1.2).

The pages speak the reader's language; what people write stays in theirs. Screen readers change
voice, and browsers hyphenate, by the `lang` attribute.
"""

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

NOTHING = mark_safe("")


def differs(language: str) -> bool:
    """Say whether a text in this language stands out on the page being rendered."""
    return bool(language) and language != (get_language() or "").partition("-")[0]


def attribute(language: str) -> SafeString:
    """Write the `lang` attribute of an element, with its leading space, or nothing."""
    return format_html(' lang="{}"', language) if differs(language) else NOTHING


def written(text: object, language: str) -> SafeString:
    """Escape a text and mark its language in a line of the page's own."""
    if not text or not differs(language):
        return format_html("{}", text)
    return format_html('<span lang="{}">{}</span>', language, text)


def said(sentence: str, *, language: str, **facts: object) -> SafeString:
    """Fill a translated sentence with texts in their own language; all is escaped.

    sentence: with named placeholders, « Terminer « %(title)s » ». facts: a safe string is
    already as it should be, such as a date in the words of the page.
    """
    marked = {
        name: fact if isinstance(fact, SafeString) else written(fact, language)
        for name, fact in facts.items()
    }
    return mark_safe(conditional_escape(sentence) % marked)  # noqa: S308  escaped, part by part
