"""Gather the sentences to translate, from Python and templates, without gettext's programs."""

import io
import tomllib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
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
APPS = ("portal", "catalogue", "datasets", "challenges")


def _sources() -> Iterator[tuple[Path, str]]:
    root = Path(settings.BASE_DIR)
    for app in APPS:
        for path in sorted((root / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, path.read_text(encoding="utf-8")
    for kind in ("*.html", "*.txt"):
        for path in sorted((root / "templates").rglob(kind)):
            code = templatize(path.read_text(encoding="utf-8"), origin=str(path))
            # What is left of the markup is blanked, but its indentation would not be Python.
            yield path, "\n".join(line.strip() for line in code.splitlines())


def _message(
    found: str | Sequence[str | None], name: str
) -> tuple[str | tuple[str, ...], str | None]:
    parts = (
        (found,) if isinstance(found, str) else tuple(part for part in found if part is not None)
    )
    if name.startswith(("pgettext", "npgettext")):
        context, parts = parts[0], parts[1:]
    else:
        context = None
    if name.startswith(("ngettext", "npgettext")):
        return (parts[0], parts[1]), context
    return parts[0], context


def gather() -> Iterator[Message]:
    """Yield (message or (singular, plural), context, place) for every sentence."""
    root = Path(settings.BASE_DIR)
    for path, code in _sources():
        file = io.BytesIO(code.encode())
        for _line, name, found, _comments in extract_python(file, KEYWORDS, [], {}):
            if not found or not (found if isinstance(found, str) else found[0]):
                continue
            message, context = _message(found, str(name))
            yield message, context, str(path.relative_to(root))
    for table, key, sentence in _tables():
        if key == "title" or key.startswith("plain"):
            yield sentence, None, table


def _tables() -> Iterator[tuple[str, str, str]]:
    """Give each sentence of the tables whose words pages translate: place, key, sentence."""
    root = Path(settings.BASE_DIR)
    for name in TABLES:
        for words in tomllib.loads((root / name).read_text(encoding="utf-8")).values():
            for key, sentence in words.items():
                yield name, key, sentence


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
