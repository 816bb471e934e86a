"""What passes between the engine and its child: the shelf, and the identifiers it keeps."""

import os
from pathlib import Path

import pytest

from challenges.scoring import child, wire
from challenges.scoring.recent import Recent
from challenges.scoring.shelf import Shelf
from challenges.scoring.truth import keys_of
from tests.challenges.scoring.answers import spec


def test_a_shelf_hands_bytes_from_a_fork_and_forgets_them() -> None:
    shelf = Shelf.new()
    shelf.clear(2**20)
    pid = os.fork()
    if pid == 0:
        os._exit(shelf.put([b"abc", memoryview(b"de")]))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
    assert shelf.take(5) == b"abcde"
    shelf.clear(2**20)
    assert shelf.take(5) == b"\0" * 5
    assert shelf.put([]) == 0
    shelf.close()


def test_a_shelf_holds_no_more_than_its_size() -> None:
    shelf = Shelf.new()
    shelf.clear(4)
    with pytest.raises(ValueError, match="more than the shelf holds"):
        shelf.put([b"12345"])
    shelf.close()


def test_the_one_used_longest_ago_leaves_first() -> None:
    recent: Recent[str] = Recent(10)
    for name in "abc":
        recent.add(name, name.upper(), 3)
    assert recent.get("a") == "A"
    recent.add("d", "D", 3)
    assert [recent.get(name) for name in "abcd"] == ["A", None, "C", "D"]
    recent.add("e", "E", 99)
    assert len(recent) == 1
    assert recent.get("e") == "E"


def test_a_child_keeps_the_identifiers_it_saw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child.stop_children()
    sent: list[int] = []
    send = wire.send

    def noted(pipe: object, head: bytes, body: bytes) -> None:
        sent.append(len(body))
        send(pipe, head, body)  # type: ignore[arg-type]

    monkeypatch.setattr(wire, "send", noted)
    one, two = keys_of(["01", "02"]), keys_of(["01", "03"])
    path = tmp_path / "p.csv"
    path.write_text("id,p\n01,0.5\n03,1\n")
    told = [child.check(path, spec(), keys).accepted for keys in (one, two, one, two, two)]
    assert told == [False, True, False, True, True]
    assert sent == [len(one), len(two), 0, 0, 0]
