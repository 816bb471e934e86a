"""Gather the sentences to translate, from Python and templates, without gettext's programs."""

import io
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_python
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
Message = tuple[str | tuple[str, ...], str | None, str]
FIXED_DATE = datetime(2026, 1, 1, tzinfo=UTC)
# Tables of data whose titles and plain sentences are shown.
TABLES = ("challenges/scoring/metrics_fr.toml",)


def _from_template(
    file: IO[bytes], keywords: Any, comment_tags: Any, options: Any
) -> Iterator[tuple[Any, ...]]:
    """Read a template as the Python that Django makes of it for translators."""
    code = templatize(file.read().decode("utf-8"))
    # What is left of the markup is blanked, but its indentation would not be Python.
    lines = "\n".join(line.strip() for line in code.splitlines())
    return extract_python(io.BytesIO(lines.encode()), keywords, comment_tags, options)


CODE = [("**/migrations/**.py", "ignore"), ("migrations/**.py", "ignore"), ("**.py", "python")]
TEMPLATES = [("**.html", _from_template), ("**.txt", _from_template)]
FOLDERS: tuple[tuple[str, Any], ...] = (
    ("portal", CODE),
    ("catalogue", CODE),
    ("datasets", CODE),
    ("challenges", CODE),
    ("templates", TEMPLATES),
)


def gather() -> Iterator[Message]:
    """Yield (message or (singular, plural), context, place) for every sentence."""
    root = Path(settings.BASE_DIR)
    for folder, methods in FOLDERS:
        found = extract_from_dir(root / folder, methods, keywords=KEYWORDS)
        for path, _line, message, _comments, context in found:
            yield message, context, f"{folder}/{path}"
    for table in TABLES:
        for words in tomllib.loads((root / table).read_text(encoding="utf-8")).values():
            for key, sentence in words.items():
                if key in {"title", "formula", "short", "choose"} or key.startswith("plain"):
                    yield sentence, None, table


def po_file(locale: str) -> Path:
    """Return the place of a locale's sentences."""
    return Path(settings.BASE_DIR) / "portal" / "locale" / locale / "LC_MESSAGES" / "django.po"


def read(locale: str) -> Catalog:
    """Read a locale's catalogue, empty if there is none."""
    path = po_file(locale)
    if not path.exists():
        return Catalog(locale=locale, domain="django")
    with path.open("rb") as file:
        return read_po(file, locale=locale, domain="django")


def identity() -> tuple[int, int]:
    """Rewrite the French catalogue: the plural sentences as they are.

    French is the language of the code; only its plural rule (zero is singular) needs a file.
    """
    new = Catalog(locale="fr", domain="django", fuzzy=False)
    for message, context, place in gather():
        if isinstance(message, tuple):
            new.add(message, message, locations=[(place, 0)], context=context)
    _write(new, "fr")
    return len(new), 0


def _write(catalogue: Catalog, locale: str) -> None:
    catalogue.creation_date = catalogue.revision_date = FIXED_DATE  # a date would change each time
    for message in catalogue:
        message.locations.sort()  # the order of the file follows what it says
    path = po_file(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=100, sort_by_file=True, include_lineno=False)


def refresh(locale: str) -> tuple[int, int]:
    """Rewrite a catalogue with today's sentences; return (sentences, untranslated).

    Translations are kept by message and context; sentences no longer used are dropped.
    """
    if locale == settings.LANGUAGE_CODE:
        return identity()
    old = read(locale)
    new = Catalog(locale=locale, domain="django", fuzzy=False)
    for message, context, place in gather():
        known = old.get(message, context=context)
        translation = known.string if known is not None and not known.fuzzy else None
        new.add(message, translation, locations=[(place, 0)], context=context)
    _write(new, locale)
    return len(new), len(untranslated(new))


def untranslated(catalogue: Catalog) -> list[str]:
    """List the messages without a translation."""
    missing = []
    for message in catalogue:
        if not message.id:
            continue
        given = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        if not all(given):
            missing.append(message.id if isinstance(message.id, str) else message.id[0])
    return missing
