"""A table cut to its granted columns: what is dropped, made anew, refused; apart, and stopped."""

import hashlib
import hmac
import io
from pathlib import Path
from typing import Any

import pytest

from datasets.standards import extraction
from datasets.standards.extraction import cut, cut_apart
from datasets.standards.profile import TableFault

KEY = b"k" * 32


def cut_bytes(content: bytes, *columns: str, pseudonyms: Any = (), key: bytes = KEY) -> bytes:
    target = io.BytesIO()
    cut(io.BytesIO(content), target, columns=columns, pseudonyms=pseudonyms, key=key)
    return target.getvalue()


def token(value: str) -> str:
    return hmac.new(KEY, value.encode(), hashlib.sha256).hexdigest()[:16]


def test_what_was_not_granted_is_dropped_and_the_rest_is_a_clean_csv() -> None:
    content = '\ufeffnom;zone ;"note"\r\nA;"Arles; nord";\r\n\r\nB;Gap;"dit ""oui"""\r\n'.encode()
    assert cut_bytes(content, "note", "zone") == (
        b'zone,note\r\nArles; nord,\r\nGap,"dit ""oui"""\r\n'
    )
    assert cut_bytes(b"a\tb\n1,5\t2\n", "a") == b'a\r\n"1,5"\r\n'
    mac = cut_bytes(b'a,b\r"1\r2",x\rNA,null\r', "a", "b")
    assert mac == b'a,b\r\n"1\r2",x\r\nNA,null\r\n'
    assert cut_bytes(b"a,b\n", "a") == b"a\r\n"
    long = b"x" * 90_000  # of several blocks: a row that is profiled is lent
    row = b",".join([long] * 40)
    header = b",".join(b"c%d" % n for n in range(40))
    assert cut_bytes(header + b"\n" + row + b"\n", "c3") == b"c3\r\n" + long + b"\r\n"


def test_a_pseudonym_is_made_anew_the_same_for_the_same_value_and_empty_stays_empty() -> None:
    content = b"jeton,n\np1,1\n p1 ,2\n,3\n  ,4\np2,5\n"
    made = cut_bytes(content, "jeton", "n", pseudonyms=["jeton", "absente"])
    one, two = token("p1"), token("p2")
    assert made.decode().split() == ["jeton,n", f"{one},1", f"{one},2", ",3", ",4", f"{two},5"]
    other = cut_bytes(content, "jeton", "n", pseudonyms=["jeton"], key=b"x" * 32)
    assert one not in other.decode()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"a,b\n1\n", "width"),
        (b"a,b\n1,\xff\n", "encoding"),
        (b"a,c\n1,2\n", "header"),
        (b"", "header"),
    ],
)
def test_a_table_that_is_not_what_was_published_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(TableFault) as fault:
        cut_bytes(content, "a", "b")
    assert fault.value.code == code


def test_a_child_cuts_or_says_why_not_and_is_stopped_for_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def apart(name: str, content: bytes, seconds: int = 20) -> tuple[Path, int]:
        folder = tmp_path / name
        folder.mkdir()
        given = io.BytesIO(content)
        return cut_apart(given, folder, columns=["a"], pseudonyms=["a"], key=KEY, seconds=seconds)

    made, rows = apart("good", b"a,b\np1,2\n,3\n")
    assert (made.read_bytes(), rows) == (f'a\r\n{token("p1")}\r\n""\r\n'.encode(), 2)
    with pytest.raises(TableFault, match="width"):
        apart("bad", b"a,b\n1\n")
    with pytest.raises(TableFault, match="heavy"):
        apart("slow", b"a\n" + b"1\n" * 4_000_000, seconds=1)
    assert extraction.TOKEN_BYTES == 8
