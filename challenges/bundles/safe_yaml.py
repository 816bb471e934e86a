"""Read YAML written by strangers: no object, no duplicate key, no bomb, no refused character.

PostgreSQL refuses a NUL in a text; UTF-8 cannot write half of a surrogate pair."""

import re
from typing import Any, NamedTuple

import yaml

from portal.lib.prose import bounded_yaml

REFUSED_TEXT = "caractère nul ou demi-paire Unicode dans un texte"
_REFUSED = re.compile("[\0\ud800-\udfff]")
# As JSON writes them: an escape, or the bytes of a half that json.loads lets through.
_REFUSED_IN_JSON = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|\xed[\xa0-\xbf]")


def is_refused_text(text: str) -> bool:
    """Say whether a text holds such a character."""
    return _REFUSED.search(text) is not None


def fault_in_json(found: object, raw: bytes) -> str:
    """Say in French why a JSON document is refused, with a line; "" when it is not.

    found: what the standard reader made of `raw`, so it is a tree of a bounded depth.
    """
    if not _holds_refused(found):
        return ""
    first = _REFUSED_IN_JSON.search(raw)
    if first is None:
        return REFUSED_TEXT
    line = raw.count(b"\n", 0, first.start()) + 1
    return f"ligne {line} : {REFUSED_TEXT}"


def _holds_refused(value: object) -> bool:
    if isinstance(value, str):
        return is_refused_text(value)
    if isinstance(value, dict):
        return any(is_refused_text(key) or _holds_refused(one) for key, one in value.items())
    return isinstance(value, list) and any(_holds_refused(one) for one in value)


MAX_BYTES = 1_000_000
FRENCH = {
    bounded_yaml.TAG: "étiquette (!…) refusée",
    bounded_yaml.DOCUMENTS: "un seul document est attendu",
    bounded_yaml.SYNTAX: "syntaxe YAML incorrecte",
}


class YamlRefused(Exception):
    """A document that is not read, with the reason in French and its line if known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        self.reason, self.line = reason, line
        super().__init__(reason)


class Repeated(NamedTuple):
    """A key written twice in one mapping, and the 1-based line of the second."""

    key: str
    line: int


class _Loader(bounded_yaml.Loader):
    """Refuse what a challenge never holds: keys that are no text, or written twice."""

    def __init__(self, text: str, repeated: list[Repeated] | None = None) -> None:
        super().__init__(text)
        self._repeated = repeated

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        node = super().compose_node(parent, index)
        if isinstance(node, yaml.ScalarNode) and is_refused_text(node.value):
            raise YamlRefused(REFUSED_TEXT, node.start_mark.line + 1)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise YamlRefused("une clé doit être un texte", key.start_mark.line + 1)
            name = (key.tag, key.value)
            line = key.start_mark.line + 1
            if name in seen and self._repeated is None:
                raise YamlRefused(f"clé « {key.value} » en double", line)
            if name in seen and self._repeated is not None:
                self._repeated.append(Repeated(str(key.value), line))
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


# Old bundles written by Python 2 carry this tag on plain text.
def _text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:python/unicode", _text)


def _whole(loader: _Loader, node: yaml.ScalarNode) -> int:
    """Read a whole number; raises ValueError for one in another base that Python will not write."""
    number = int(loader.construct_yaml_int(node))
    str(number)
    return number


_Loader.add_constructor("tag:yaml.org,2002:int", _whole)


def load(raw: bytes, *, repeated: list[Repeated] | None = None) -> object:
    """Read one UTF-8 document of at most 1 MB and 10,000 nodes, 64 levels deep.

    repeated: a list that takes the keys written twice, whose last value counts as elsewhere;
    without it such a key is refused.

    Raises YamlRefused on anything else: unknown tag, duplicate key, several documents, a text
    with a NUL or half of a surrogate pair.
    """
    if len(raw) > MAX_BYTES:
        raise YamlRefused(f"plus de {MAX_BYTES} octets")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise YamlRefused("le fichier n’est pas en UTF-8", line) from error
    loader = None
    try:
        loader = _Loader(text, repeated)
        return loader.get_single_data()
    except bounded_yaml.Unbounded as error:
        raise YamlRefused(_beyond(error), error.line) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = FRENCH[bounded_yaml.cause(error)]
        raise YamlRefused(reason, mark.line + 1 if mark else None) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise YamlRefused("valeur ou caractère refusé") from error
    finally:
        if loader is not None:
            loader.dispose()


def lines(raw: bytes) -> dict[str, int]:
    """Give the 1-based line of each key of a document that `load` accepts, as a[0].b.

    An alias counts where it is written, its content is not walked again.
    """
    loader = _Loader(raw.decode("utf-8-sig"))
    try:
        return bounded_yaml.key_lines(loader.get_single_node())
    finally:
        loader.dispose()


def _beyond(error: bounded_yaml.Unbounded) -> str:
    return {
        bounded_yaml.LOOP: f"l’alias *{error.anchor} se contient lui-même",
        bounded_yaml.DEPTH: f"plus de {_Loader.most_depth} niveaux imbriqués",
        bounded_yaml.NODES: f"plus de {_Loader.most_nodes} nœuds, alias développés",
    }[error.why]
