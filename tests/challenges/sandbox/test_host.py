"""A host that cannot isolate says precisely why."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from challenges.sandbox import host, seccomp
from challenges.sandbox.base import SYSTEM, Environment
from challenges.sandbox.bubblewrap import Bubblewrap


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Give a folder where every user of the host may run what it holds."""
    folder = Path(tempfile.mkdtemp(prefix="sandbox-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def stand_in(folder: Path, text: str) -> str:
    """Write a program that stands where bubblewrap does."""
    path = folder / "bwrap"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


def test_bubblewrap_is_absent(tmp_path: Path) -> None:
    missing = Bubblewrap(program=str(tmp_path / "bwrap")).available()
    assert missing is not None
    assert missing.cause == "bubblewrap"
    assert missing.sentence == "bubblewrap n’est pas installé : apt-get install bubblewrap."


@pytest.mark.parametrize(
    ("said", "shown"), [("echo bubblewrap 0.6.2", "0.6"), ("exit 1", "0"), ("sleep 0", "0")]
)
def test_bubblewrap_is_too_old(tmp_path: Path, said: str, shown: str) -> None:
    missing = Bubblewrap(program=stand_in(tmp_path, said)).available()
    assert missing is not None
    assert missing.cause == "bubblewrap_version"
    assert missing.sentence == f"bubblewrap {shown} est trop ancien : 0.8 au moins."


def test_the_environment_has_no_python(tmp_path: Path) -> None:
    program = stand_in(tmp_path, "echo bubblewrap 0.8.0")
    missing = Bubblewrap(Environment("vide", ("/usr",), "/usr/bin/absent"), program).available()
    assert missing is not None
    assert missing.cause == "environment"
    assert "« vide » n’a pas de Python en /usr/bin/absent" in missing.sentence


def test_the_kernel_refuses_namespaces(tmp_path: Path) -> None:
    refusal = "bwrap: setting up uid map: Permission denied"
    text = f'[ "$1" = --version ] && echo bubblewrap 0.8.0 && exit 0\necho {refusal} >&2\nexit 1\n'
    sandbox = Bubblewrap(program=stand_in(tmp_path, text))
    missing = sandbox.available()
    assert missing is not None
    assert missing.cause == "namespaces"
    assert refusal in missing.sentence
    assert sandbox.available() is missing


def test_the_trial_counts_not_the_word_of_the_program(tmp_path: Path) -> None:
    """A stand-in that starts the command without isolating it has no socket to answer with."""
    text = '[ "$1" = --version ] && echo bubblewrap 0.8.0 && exit 0\necho 42\n'
    missing = Bubblewrap(program=stand_in(tmp_path, text)).available()
    assert missing is not None
    assert missing.cause == "namespaces"


def test_a_switch_of_the_system_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch = tmp_path / "max_user_namespaces"
    switch.write_text("0\n")
    monkeypatch.setattr(host, "USER_NAMESPACES", str(switch))
    missing = host.host_lacks(stand_in(tmp_path, "echo bubblewrap 0.8.0"), SYSTEM)
    assert missing is not None
    assert missing.cause == "user_namespaces"
    assert str(switch).replace("/", ".") in missing.sentence


def test_apparmor_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch = tmp_path / "restrict"
    switch.write_text("1\n")
    monkeypatch.setattr(host, "APPARMOR", str(switch))
    missing = host.refused_namespaces("bwrap: setting up uid map: Permission denied\n")
    assert missing.cause == "apparmor"
    assert "donnez-en un à bwrap" in missing.sentence
    assert missing.sentence.endswith("« bwrap: setting up uid map: Permission denied ».")


def test_architectures_without_a_filter_are_named() -> None:
    assert seccomp.supported("x86_64")
    assert seccomp.supported("aarch64")
    assert not seccomp.supported("riscv64")
