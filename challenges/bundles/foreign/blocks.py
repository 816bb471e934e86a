"""Read typed values out of a foreign document, remembering what was read and where it stands."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from challenges.bundles import safe_yaml
from challenges.bundles.folder import FileAbsent, Folder, PathRefused, TableRefused
from challenges.scoring.fields import MAX_ITEMS, MOST_WHOLE, Fields, Findings

TYPE = "E_KEY_TYPE"
UNKNOWN, NOT_MAPPED = "W_UNKNOWN_KEY", "W_KEY_NOT_MAPPED"
FLAGS = {"true": True, "false": False, "yes": True, "no": False}


@dataclass
class Document:
    """One file of a bundle, where its faults go, and the line of each of its keys."""

    file: str
    findings: Findings
    lines: Mapping[str, int] = field(default_factory=dict)

    def said(self, place: str, message: str) -> str:
        """Write a sentence with its line, when the document knows it."""
        line = self.lines.get(place)
        return f"ligne {line} : {message}" if line else message


class Block(Fields):
    """The keys of one mapping; `place` is its place in the document, as a[0].b."""

    wrong, longest, item = TYPE, 20_000, "{place}[{at}]"

    def __init__(
        self,
        document: Document,
        value: object,
        place: str = "",
    ) -> None:
        """Keep the mapping; anything else is a fault, then an empty mapping."""
        self.document = document
        self._read: set[str] = set()
        super().__init__(document.findings, value, place, file=document.file)

    def refuse(self, code: str, message: str, *, key: str = "", value: object = "") -> None:
        """Note a fault at a key of this mapping."""
        said = self.document.said(self.at(key), message)
        super().refuse(code, said, key=key, value=_brief(value))

    def warn(self, code: str, message: str, *, key: str = "", value: object = "") -> None:
        """Note a warning at a key of this mapping."""
        place = self.at(key)
        said = self.document.said(place, message)
        self.findings.warn(code, said, file=self.file, key=place, value=_brief(value))

    def raw(self, key: str) -> object:
        """Give a value as written, None when absent; the key is then one that was read."""
        self._read.add(key)
        return self.values.get(key)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Read true or false, written as such or as a text."""
        value = self.raw(key)
        if value is None or value == "":
            return default
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in FLAGS:
            return FLAGS[value.strip().lower()]
        if value in (0, 1):
            return value == 1
        self.refuse(TYPE, "true ou false est attendu", key=key, value=value)
        return default

    def whole(
        self,
        key: str,
        *,
        low: int = 0,
        high: int = MOST_WHOLE,
        default: int | None = None,
        code: str = TYPE,
    ) -> int | None:
        """Read a whole number of at least `low`; absent gives the default, empty gives None."""
        if key not in self.values:
            self._read.add(key)
            return default
        value = self.raw(key)
        if value is None or value == "":
            return None
        if isinstance(value, str) and value.strip().isdecimal():
            value = int(value.strip()[:10])
        if isinstance(value, float) and math.isfinite(value) and value == int(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.refuse(code, "un nombre entier positif est attendu", key=key, value=value)
            return default
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list of texts; one text is a list of one."""
        value = self.raw(key)
        if value is None or value == "":
            return ()
        if isinstance(value, str):
            return (value.strip(),)
        if not isinstance(value, list) or any(isinstance(one, dict | list) for one in value):
            self.refuse(TYPE, "une liste de textes est attendue", key=key, value=value)
            return ()
        return tuple(str(one) for one in value[:MAX_ITEMS])

    def numbers(self, key: str) -> tuple[int, ...]:
        """Read a list of whole numbers; one number is a list of one."""
        value = self.raw(key)
        if value is None or value == "":
            return ()
        found = value if isinstance(value, list) else [value]
        if any(isinstance(one, bool) or not isinstance(one, int) for one in found):
            self.refuse(TYPE, "une liste de nombres entiers est attendue", key=key, value=value)
            return ()
        return tuple(found[:MAX_ITEMS])

    def _below(self, value: object, place: str) -> Self:
        return type(self)(self.document, value, place)

    def entries(self, key: str) -> list[tuple[str, Self]]:
        """Enter each mapping of a mapping, in the order of the file."""
        block = self.mapping(key)
        return [
            (name, self._below("" if one is None else one, f"{block.place}.{name}"))
            for name, one in block.values.items()
        ]

    def dropped(self, keys: Iterable[str], why: str = "sans équivalent ici") -> None:
        """Warn of each known key that has no equivalent, kept for the export."""
        for key in keys:
            if self.raw(key) is not None:
                self.warn(NOT_MAPPED, f"{why}, gardé pour l’export", key=key, value=self.raw(key))

    def rest(self) -> dict[str, object]:
        """Warn of each key that nobody read and give them, to be kept for the export."""
        left = {key: one for key, one in self.values.items() if key not in self._read}
        for key, value in left.items():
            self.warn(
                UNKNOWN, "clé inconnue, gardée pour l’export et sans effet", key=key, value=value
            )
        return left


def _brief(value: object) -> object:
    """Show a list or a mapping by its size: aliases may make it huge."""
    if isinstance(value, dict | list):
        return f"{'liste' if isinstance(value, list) else 'clés'} ({len(value)})"
    return value


def load(folder: Folder, file: str, findings: Findings, *, ours: bool = False) -> Block | None:
    """Read a YAML file as a mapping; None once its fault is noted.

    ours: a key written twice is a fault, and every fault of the YAML is E_YAML. Codes:
    E_FILE_MISSING, E_YAML, E_YAML_TAG, E_YAML_ALIAS, E_KEY_TYPE, W_YAML_DUPLICATE.
    """
    repeated: list[safe_yaml.Repeated] = []
    try:
        raw = folder.read(file, limit_bytes=safe_yaml.MAX_BYTES)
        found = safe_yaml.load(raw, repeated=None if ours else repeated)
    except (FileAbsent, PathRefused):
        findings.refuse("E_FILE_MISSING", "ce fichier est attendu", file=file)
        return None
    except TableRefused as refusal:
        findings.refuse("E_YAML", str(refusal), file=file)
        return None
    except safe_yaml.YamlRefused as refusal:
        line = f"ligne {refusal.line} : " if refusal.line else ""
        code = "E_YAML" if ours else _code(refusal)
        findings.refuse(code, line + refusal.reason, file=file)
        return None
    if not isinstance(found, dict):
        findings.refuse("E_YAML" if ours else TYPE, "une liste de clés est attendue", file=file)
        return None
    for key, number in repeated:
        findings.warn(
            "W_YAML_DUPLICATE",
            f"ligne {number} : clé écrite deux fois, la dernière compte",
            file=file,
            key=key,
        )
    return Block(Document(file, findings, safe_yaml.lines(raw)), found)


def _code(refusal: safe_yaml.YamlRefused) -> str:
    if "étiquette" in refusal.reason:
        return "E_YAML_TAG"
    return "E_YAML_ALIAS" if "alias" in refusal.reason else "E_YAML"
