"""Read YAML written by strangers: no object, no bomb of aliases, bounded in size and depth.

No Django here: readers of catalogues and of bundles call it in their child processes.
"""

from typing import ClassVar

import yaml

LOOP, DEPTH, NODES = "loop", "depth", "nodes"
TAG, DOCUMENTS, SYNTAX = "tag", "documents", "syntax"


class Unbounded(Exception):
    """A document beyond its bounds: why (LOOP, DEPTH or NODES), its 1-based line, the alias."""

    def __init__(self, why: str, line: int, anchor: str = "") -> None:
        self.why, self.line, self.anchor = why, line, anchor
        super().__init__(why)


class Loader(yaml.SafeLoader):
    """A safe loader that counts nodes as if aliases were written out."""

    most_nodes: ClassVar[int] = 10_000
    most_depth: ClassVar[int] = 64

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._nodes, self._depth = 0, 0
        self._sizes: dict[str, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose the next node; raises Unbounded."""
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call] # stubs lack it
        anchor = getattr(event, "anchor", None)
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            if anchor in self.anchors and anchor not in self._sizes:
                raise Unbounded(LOOP, line, str(anchor))
            self._count(self._sizes.get(str(anchor), 1), line)
            return super().compose_node(parent, index)
        before = self._nodes
        self._count(1, line)
        self._depth += 1
        if self._depth > self.most_depth:
            raise Unbounded(DEPTH, line)
        node = super().compose_node(parent, index)
        self._depth -= 1
        if anchor:
            self._sizes[anchor] = self._nodes - before
        return node

    def _count(self, nodes: int, line: int) -> None:
        self._nodes += nodes
        if self._nodes > self.most_nodes:
            raise Unbounded(NODES, line)


def cause(error: yaml.MarkedYAMLError) -> str:
    """Say what is wrong with a document: TAG, DOCUMENTS (several) or SYNTAX."""
    problem = error.problem or ""
    if "could not determine a constructor" in problem:
        return TAG
    if "found another document" in problem or "expected a single document" in str(error):
        return DOCUMENTS
    return SYNTAX


def key_lines(root: yaml.Node | None, first_line: int = 1) -> dict[str, int]:
    """Give the line of each key and item, as a[0].b; of a key written twice, the last.

    first_line: of the root in its file. An alias counts where it is written, its content is not
    walked again.
    """
    found: dict[str, int] = {}
    if root is not None:
        _walk(root, "", first_line, found, set())
    return found


def _walk(
    node: yaml.Node, place: str, first_line: int, found: dict[str, int], seen: set[int]
) -> None:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = f"{place}.{key.value}" if place else str(key.value)
            found[below] = key.start_mark.line + first_line
            _walk(value, below, first_line, found, seen)
    elif isinstance(node, yaml.SequenceNode):
        for at, value in enumerate(node.value):
            found[f"{place}[{at}]"] = value.start_mark.line + first_line
            _walk(value, f"{place}[{at}]", first_line, found, seen)
