"""One Markdown renderer for the whole site: capped, then rendered in a killable child.

Called when a text is saved or proofread by its author, never when it is read. Python-Markdown
takes minutes on some twenty-kilobyte inputs and a thread cannot be stopped, hence the process.
"""

import atexit
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.lib.refusals import Invalid

START_SECONDS = 10  # to import the parsers, on a busy machine
CHILD = Path(__file__).with_name("markdown_child.py")
_CAPS = (
    # Each has a quadratic or worse path in the parser; the counts keep all of them under 2 s.
    (re.compile(r"\["), 1_000),
    (re.compile(r"<"), 400),
    (re.compile(r"^\s{0,3}#", re.M), 300),
)
_DEEP = re.compile(r"^(?:\s*(?:>|[-*+]|\d+[.)])\s){11}", re.M)


def _refuse(reason: str) -> Invalid:
    return Invalid(
        _("Ce texte ne peut pas être mis en forme : %(reason)s. Simplifiez-le.")
        % {"reason": reason},
        code="markdown",
    )


def check(text: str) -> None:
    """Refuse a text over the caps; raises Invalid with the reason."""
    if "\x00" in text:
        raise _refuse(str(_("il contient un caractère nul")))
    if len(text) > settings.MARKDOWN_MAX_CHARACTERS:
        raise _refuse(str(_("il dépasse 20 000 caractères")))
    if _DEEP.search(text) or any(len(rule.findall(text)) > most for rule, most in _CAPS):
        raise _refuse(str(_("il compte trop de crochets, de chevrons, de titres ou de niveaux")))
    if _unmatched(text) > 25 or _unclosed_links(text) > 25:
        raise _refuse(str(_("il compte trop de crochets non refermés")))


def _unmatched(text: str) -> int:
    """Count the opening brackets that nothing closes."""
    open_now = 0
    for bracket in re.findall(r"[\[\]]", text):
        open_now = open_now + 1 if bracket == "[" else max(0, open_now - 1)
    return open_now


def _unclosed_links(text: str) -> int:
    return sum(")" not in rest.split("\n\n", 1)[0] for rest in text.split("](")[1:])


def render(text: str) -> str:
    """Return safe HTML for a Markdown text of at most 20,000 characters.

    Headings start at h3. Raises Invalid over the caps or after two seconds.
    """
    if not text.strip():
        return ""
    check(text)
    try:
        return _rendered(text, settings.MARKDOWN_SECONDS)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise _refuse(str(_("sa mise en forme prend trop de temps"))) from error


@lru_cache(maxsize=64)
def _rendered(text: str, seconds: int) -> str:
    """Run a child; a text proofread, then saved, costs one. Failures are not kept.

    The warm child of this process, when nobody uses it; otherwise one for this text alone, so that
    a text that takes its two seconds makes no other wait.
    """
    if not _warm.lock.acquire(blocking=False):
        return _alone(text, seconds)
    try:
        return _warm.ask(text.encode(), seconds)
    finally:
        _warm.lock.release()


def _alone(text: str, seconds: int) -> str:
    done = subprocess.run(  # noqa: S603  # our own interpreter and module
        [sys.executable, "-I", str(CHILD), str(seconds)],
        input=text.encode(),
        capture_output=True,
        env={},  # nothing of ours is within reach of what it parses
        timeout=seconds,
        check=True,
    )
    return done.stdout.decode()


class _Warm:
    """One child that has imported the parsers and forks for each text."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self.owner, self.seconds = 0, 0

    def ask(self, text: bytes, seconds: int) -> str:
        """Have a text rendered; raises TimeoutExpired, CalledProcessError."""
        fresh = self._start(seconds)
        try:
            return self._asked(text, seconds + (START_SECONDS if fresh else 0))
        except (BrokenPipeError, EOFError):
            self.stop()  # it had left, idle; one that dies at once is not tried again
            if fresh:
                raise subprocess.CalledProcessError(1, str(CHILD)) from None
            return self.ask(text, seconds)

    def stop(self) -> None:
        """Kill the child, and what it forked."""
        process, self.process = self.process, None
        if process is None or self.owner != os.getpid():
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _start(self, seconds: int) -> bool:
        """Start a child unless ours runs; one of before a fork of this process is not ours."""
        mine = self.owner == os.getpid() and self.seconds == seconds
        if mine and self.process is not None and self.process.poll() is None:
            return False
        self.stop()
        self.owner, self.seconds = os.getpid(), seconds
        self.process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            [sys.executable, "-I", str(CHILD), str(seconds), "serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},  # nothing of ours is within reach of what it parses
            start_new_session=True,
        )
        return True

    def _asked(self, text: bytes, seconds: float) -> str:
        assert self.process is not None  # noqa: S101  # started above
        assert self.process.stdin is not None  # noqa: S101  # a pipe was asked for
        until = time.monotonic() + seconds
        self.process.stdin.write(len(text).to_bytes(8, "big") + text)
        self.process.stdin.flush()
        failed = self._read(1, until) != b"\0"
        html = self._read(int.from_bytes(self._read(8, until), "big"), until)
        if failed:
            raise subprocess.CalledProcessError(1, str(CHILD))
        return html.decode()

    def _read(self, size: int, until: float) -> bytes:
        assert self.process is not None  # noqa: S101  # started above
        assert self.process.stdout is not None  # noqa: S101  # a pipe was asked for
        pipe, found = self.process.stdout.fileno(), b""
        while len(found) < size:
            left = until - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                self.stop()
                raise subprocess.TimeoutExpired(str(CHILD), left)
            piece = os.read(pipe, min(size - len(found), 65_536))
            if not piece:
                raise EOFError
            found += piece
        return found


_warm = _Warm()
atexit.register(_warm.stop)
