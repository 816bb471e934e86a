"""Read typed values out of a document, noting each one that is absent or of another kind."""

from __future__ import annotations

import math
from datetime import date

from challenges.bundles.report import Findings

MISSING = "E_KEY_MISSING"
MAX_TEXT = 5_000
MAX_ITEMS = 2_000


class Fields:
    """The keys of one mapping, with its place in the document."""

    def __init__(self, findings: Findings, value: object, place: str, *, file: str) -> None:
        """Keep the mapping; anything else is a fault, then an empty mapping."""
        self.findings, self.place, self.file = findings, place, file
        self.values: dict[str, object] = {}
        if isinstance(value, dict):
            self.values = {str(key): one for key, one in value.items()}
        elif value is not None:
            self.refuse(MISSING, "une liste de clés est attendue", value=value)

    def at(self, key: str) -> str:
        """Give the dotted place of a key."""
        return ".".join(part for part in (self.place, key) if part)

    def refuse(self, code: str, message: str, *, key: str = "", value: object = "") -> None:
        """Note a fault at a key of this mapping."""
        self.findings.refuse(code, message, file=self.file, key=self.at(key), value=value)

    def has(self, key: str) -> bool:
        """Say whether a key holds something."""
        return self.values.get(key) not in (None, "", [], {})

    def text(self, key: str, *, default: str = "", code: str = MISSING) -> str:
        """Read an optional text; a number or a date is taken as written."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int | float | date):
            self.refuse(code, "un texte est attendu", key=key, value=value)
            return default
        text = str(value).strip()
        if len(text) > MAX_TEXT:
            self.refuse(code, f"plus de {MAX_TEXT} caractères", key=key, value=text)
            return text[:MAX_TEXT]
        return text

    def optional(self, key: str) -> str | None:
        """Read an optional text, None when absent or empty."""
        return self.text(key) or None

    def needed(self, key: str, *, code: str = MISSING) -> str:
        """Read a text that must be there."""
        if not self.has(key):
            self.refuse(code, "cette clé est obligatoire", key=key)
            return ""
        return self.text(key, code=code)

    def chosen(self, key: str, allowed: tuple[str, ...], *, default: str = "", code: str) -> str:
        """Read one of the allowed words; without default the key must be there."""
        text = self.text(key, default=default, code=code)
        if text in allowed:
            return text
        self.refuse(
            code, f"valeurs admises : {', '.join(allowed)}", key=key, value=self.values.get(key)
        )
        return default or allowed[0]

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Read true or false."""
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.refuse(MISSING, "true ou false est attendu", key=key, value=value)
            return default
        return value

    def whole(
        self, key: str, *, low: int = 0, default: int | None = None, code: str = MISSING
    ) -> int | None:
        """Read an optional whole number of at least `low`."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value < 2**31:
            self.refuse(
                code, f"un nombre entier d’au moins {low} est attendu", key=key, value=value
            )
            return default
        return value

    def number(self, key: str, *, code: str = MISSING) -> float | None:
        """Read an optional finite number, whole numbers kept whole."""
        value = self.values.get(key)
        if value is None:
            return None
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        if not plain or not math.isfinite(value):  # type: ignore[arg-type] # plain says it
            self.refuse(code, "un nombre est attendu", key=key, value=value)
            return None
        return value  # type: ignore[return-value] # plain says it

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list of texts."""
        value = self.values.get(key)
        if value is None:
            return ()
        plain = isinstance(value, list) and len(value) <= MAX_ITEMS
        if not plain or any(isinstance(one, dict | list | bool) or one is None for one in value):  # type: ignore[attr-defined] # plain says it
            self.refuse(MISSING, "une liste de textes est attendue", key=key, value=value)
            return ()
        return tuple(str(one) for one in value)  # type: ignore[attr-defined] # plain says it

    def mapping(self, key: str) -> Fields:
        """Enter a mapping, empty when absent."""
        return Fields(self.findings, self.values.get(key), self.at(key), file=self.file)

    def items(self, key: str) -> list[Fields]:
        """Enter a list of mappings, empty when absent."""
        value = self.values.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > MAX_ITEMS:
            self.refuse(MISSING, "une liste est attendue", key=key, value=value)
            return []
        return [
            Fields(
                self.findings,
                one if one is not None else "",
                f"{self.at(key)}.{at}",
                file=self.file,
            )
            for at, one in enumerate(value)
        ]
