"""The rules that a challenge has as long as its organiser writes none."""

from pathlib import Path

STANDARD_TERMS = {
    "fr": Path(__file__).with_name("standard_terms.md"),
    "en": Path(__file__).with_name("standard_terms_en.md"),
}


def standard_terms(language: str) -> str:
    """Return the rules of a challenge whose organiser wrote none, in Markdown.

    language: that of the challenge, of its pages; French where there is none in it.
    """
    return STANDARD_TERMS.get(language, STANDARD_TERMS["fr"]).read_text(encoding="utf-8")
