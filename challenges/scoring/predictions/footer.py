"""Look into the footer of a Parquet file before any library builds what it claims.

The footer is a Thrift struct, compact protocol; only three of its facts are read. Standard
library only.
"""

from dataclasses import dataclass

SCHEMA, GROUPS = 2, 4  # fields of FileMetaData; 1 and 3 are its version and its rows
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
NUMBERS = (I16, I32, I64)
MAX_DEPTH = 8


class Unreadable(ValueError):
    """Say that the footer is not what it should be; a library decides what to answer."""


@dataclass(frozen=True)
class Claims:
    """Hold what a footer claims: elements of its schema, row groups; None when not reached."""

    elements: int | None
    groups: int | None


def peek(data: bytes, most_elements: int) -> Claims:
    """Read the claims of a whole Parquet file, and nothing past a schema that is too long.

    data: ends with the length of its footer and its magic bytes. Never raises.
    """
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    elements: int | None = None
    try:
        cursor = _Cursor(data, start)
        last = 0
        while (field := cursor.field(last)) is not None:
            last, kind = field
            if last == SCHEMA and kind == LIST:
                of, elements = cursor.list_head()
                if elements > most_elements:
                    return Claims(elements, None)
                cursor.skip_items(of, elements)
            elif last == GROUPS and kind == LIST:
                return Claims(elements, cursor.list_head()[1])
            else:
                cursor.skip(kind)
    except (Unreadable, IndexError):
        pass
    return Claims(elements, None)


class _Cursor:
    """Walk through compact Thrift."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def byte(self) -> int:
        value = self.data[self.at]
        self.at += 1
        return value

    def varint(self) -> int:
        value = shift = 0
        while shift < 70:
            read = self.byte()
            value |= (read & 0x7F) << shift
            if not read & 0x80:
                return value
            shift += 7
        raise Unreadable("a number is too long")

    def field(self, last: int) -> tuple[int, int] | None:
        """Return the number and the kind of the next field, None at the end of the struct."""
        head = self.byte()
        if head == 0:
            return None
        kind, step = head & 0x0F, head >> 4
        if step:
            return last + step, kind
        number = self.varint()
        return (number >> 1) ^ -(number & 1), kind

    def list_head(self) -> tuple[int, int]:
        """Return the kind and the claimed number of the items of a list."""
        head = self.byte()
        size = head >> 4
        return head & 0x0F, self.varint() if size == 15 else size

    def skip(self, kind: int, depth: int = 0) -> None:
        """Step over a value; raises Unreadable, IndexError at the end of the bytes."""
        if depth > MAX_DEPTH:
            raise Unreadable("nested too deep")
        if kind in NUMBERS:
            self.varint()
        elif kind == BYTE:
            self.at += 1
        elif kind == DOUBLE:
            self.at += 8
        elif kind == BINARY:
            size = self.varint()
            self.at += size
        elif kind in (LIST, SET):
            self.skip_items(*self.list_head(), depth)
        elif kind == STRUCT:
            last = 0
            while (found := self.field(last)) is not None:
                last = found[0]
                self.skip(found[1], depth + 1)
        elif kind not in (TRUE, FALSE):
            raise Unreadable("an unknown kind")

    def skip_items(self, kind: int, count: int, depth: int = 0) -> None:
        """Step over the items of a list."""
        if count > len(self.data):
            raise Unreadable("more items than bytes")
        for _ in range(count):
            self.skip(BYTE if kind in (TRUE, FALSE) else kind, depth + 1)
            if self.at > len(self.data):
                raise Unreadable("past the end")
