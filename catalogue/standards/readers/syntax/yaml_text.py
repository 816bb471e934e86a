"""Read YAML of strangers: safe, no bomb of aliases, bounded in size and depth, lines known."""

import re
from typing import Any

import yaml

from catalogue.standards.readers import formats
from catalogue.standards.readers.record import Json
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax.text import Unreadable, unreadable
from portal.lib.prose import bounded_yaml

Lines = dict[str, int]


class _Loader(bounded_yaml.Loader):
    """Read the types of YAML 1.2."""

    most_nodes, most_depth = formats.YAML_NODES, formats.YAML_DEPTH


# The core schema of YAML 1.2: « no » and « NO » are words (Norwegian, Norway), 12:30 is no number,
# and a date stays the text that was written (2018-09-05T00:00:00Z is not 2018-09-05).
OLDER = {"bool", "int", "float", "timestamp"}
_Loader.yaml_implicit_resolvers = {
    letter: [pair for pair in pairs if pair[0].rsplit(":", 1)[-1] not in OLDER]
    for letter, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag, _rule, _letters in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)$",
        "-+0123456789.",
    ),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_rule), list(_letters))


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    return int(text, 0) if text.startswith(("0x", "0o")) else int(text[:400])


def _float(loader: _Loader, node: yaml.ScalarNode) -> float:
    return float(str(loader.construct_scalar(node)))


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:float", _float)

SENTENCES = {
    "yaml_size": _("Cet en-tête YAML dépasse 64 000 octets : il n’est pas lu."),
    "yaml_depth": _("Ce YAML compte plus de 20 niveaux imbriqués : il n’est pas lu."),
    "yaml_nodes": _("Ce YAML compte plus de 10 000 valeurs, alias développés : il n’est pas lu."),
    "yaml_loop": _("Un alias de ce YAML se contient lui-même : il n’est pas lu."),
    "yaml_tag": _("Étiquette YAML (!…) refusée."),
    "yaml_documents": _("Un seul document YAML est attendu."),
    "yaml_syntax": _("Syntaxe YAML incorrecte."),
    "yaml_template": _("Modèle non rempli : « %(text)s » attend encore sa valeur."),
    "yaml_value": _("Une valeur de ce YAML ne peut pas être lue."),
    "yaml_mapping": _("Un ensemble de clés et de valeurs est attendu."),
}


def _refusal(
    code: str, line: int | None = None, column: int | None = None, **facts: Any
) -> Unreadable:
    return unreadable(code, SENTENCES[code], line=line, column=column, **facts)


def parse(text: str, *, first_line: int = 1) -> tuple[dict[str, Json], Lines]:
    """Read a mapping of at most 64,000 bytes, 20 levels and 10,000 values.

    first_line: line of the file where the text begins. Returns the mapping, and the line of each
    key by its path, as authors[0].name. Raises Unreadable with the line.
    """
    if len(text.encode()) > formats.YAML_BYTES:
        raise _refusal("yaml_size", first_line)
    loader = None
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            return {}, {}
        lines = bounded_yaml.key_lines(root, first_line)
        found = loader.construct_document(root)
    except bounded_yaml.Unbounded as error:
        raise _refusal(f"yaml_{error.why}", error.line + first_line - 1) from error
    except yaml.MarkedYAMLError as error:
        raise _syntax(error, text, first_line) from error
    except (yaml.YAMLError, ValueError, OverflowError, TypeError) as error:
        raise _refusal("yaml_value", first_line) from error
    finally:
        if loader is not None:
            loader.dispose()
    if not isinstance(found, dict):
        raise _refusal("yaml_mapping", first_line)
    return {str(key): value for key, value in found.items()}, lines


def _syntax(error: yaml.MarkedYAMLError, text: str, first_line: int) -> Unreadable:
    mark = error.problem_mark or error.context_mark
    line = mark.line if mark else 0
    column = mark.column + 1 if mark else None
    written = text.split("\n")
    around = next((row for row in written[max(0, line - 1) : line + 1] if "{{" in row), "")
    if around:
        at = written.index(around) + first_line
        return _refusal("yaml_template", at, text=around.strip())
    return _refusal(f"yaml_{bounded_yaml.cause(error)}", line + first_line, column)
