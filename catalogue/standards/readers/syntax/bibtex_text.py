"""Read the BibTeX entry that a text quotes."""

import re
import unicodedata

_INSIDE = r"[^{}]"
for _depth in range(4):
    _INSIDE = rf"(?:[^{{}}]|\{{{_INSIDE}*+\}})"
ENTRY = re.compile(rf"@\w++\s*+\{{{_INSIDE}*+\}}")
FIELD = re.compile(rf"\b(\w++)\s*+=\s*+(?:\{{({_INSIDE}*+)\}}|\"([^\"]*+)\"|(\d++))")
EMPTY_FENCE = re.compile(r"^ {0,3}(```|~~~)[^\n]*\n\s*\1[ \t]*$", re.M)
ACCENTS = {"'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "c": "\u0327"}
ACCENT = re.compile(r"\\(['`^\"~]|c(?=[{ ]))\s*\{?\\?(\w)\}?")


def first(text: str) -> tuple[dict[str, str], str]:
    """Give the fields of the first entry that names authors, its key, itself, and what is left.

    No field and the whole text when there is none.
    """
    for found in ENTRY.finditer(text):
        fields = {
            name.lower(): _plain(braced or quoted or number)
            for name, braced, quoted, number in FIELD.findall(found[0])
        }
        fields["key"] = found[0].partition("{")[2].partition(",")[0].strip()
        fields["entry"] = found[0]
        if fields.get("author"):
            rest = text[: found.start()] + text[found.end() :]
            return fields, EMPTY_FENCE.sub("", rest).strip()
    return {}, text


def persons(author: str) -> list[str]:
    """Name the authors of a field, each as « Given Family »; « others » is nobody."""
    names = (re.split(r"\s*,\s*", each) for each in re.split(r"\s+and\s+", author))
    told = [" ".join([*parts[1:], parts[0]]).strip() for parts in names]
    return [name for name in told if name and name != "others"]


def _plain(text: str) -> str:
    accented = ACCENT.sub(lambda found: found[2] + ACCENTS[found[1]], text)
    return unicodedata.normalize("NFC", " ".join(re.sub(r"[{}]", "", accented).split()))
