"""Send every file of the hostile corpus through the form and the API of a running portal.

usage: python -m tests.cases.judge CORPUS OUT [PORT]

Starts an embedded portal in a temporary folder, with one challenge for each task of the corpus,
and writes OUT/form.jsonl and OUT/api.jsonl, lines that the judge of the corpus reads
(compare.py --no-score). It needs no service; it leaves nothing behind.
"""

import html
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 60
ROW = re.compile(
    r'<tr data-code="([^"]*)" data-line="([^"]*)" data-hint="([^"]*)">.*?'
    r'<td data-label="Problème">(.*?)</td>',
    re.S,
)


@dataclass(frozen=True)
class Door:
    """Where one team of a challenge is received: its address, its session, its token."""

    address: str
    slug: str
    session: str
    token: str


def main() -> int:
    """Judge both surfaces."""
    corpus, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    port = sys.argv[3] if len(sys.argv) > 3 else "8937"
    out.mkdir(parents=True, exist_ok=True)
    cases = json.loads((corpus / "index.json").read_text("utf-8"))["cases"]
    with tempfile.TemporaryDirectory(prefix="judge-") as folder:
        _settle(folder, port)
        doors = _doors(corpus, Path(folder), sorted({case["task"] for case in cases}), port)
        with _serving(port):
            for name, ask in (("form", by_form), ("api", by_api)):
                with (out / f"{name}.jsonl").open("w", encoding="utf-8") as lines:
                    for case in cases:
                        told = _timed(ask, doors[case["task"]], corpus / case["file"])
                        lines.write(json.dumps({"file": case["file"], **told}) + "\n")
    return 0


def by_api(door: Door, path: Path) -> dict[str, Any]:
    """Ask the API."""
    status, text = _send(
        f"{door.address}/api/v1/challenges/{door.slug}/check",
        {},
        path,
        {"Authorization": f"Bearer {door.token}"},
    )
    told: dict[str, Any] = json.loads(text)
    return told if status == 200 else {"verdict": f"{status}", "message": text[:300]}


def by_form(door: Door, path: Path) -> dict[str, Any]:
    """Ask the page, as a browser does, and read what it shows."""
    address = f"{door.address}/challenges/{door.slug}/soumissions/"
    cookies = f"session={door.session}"
    request = urllib.request.Request(address, headers={"Cookie": cookies})
    with urllib.request.urlopen(request, timeout=30) as page:
        mark = re.search(r"csrf=(\w+)", page.headers.get("Set-Cookie", ""))
        (field, *_) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())
    fields = {"csrfmiddlewaretoken": field, "key": str(uuid4()), "note": "", "check_only": "on"}
    headers = {"Cookie": f"{cookies}; csrf={mark[1] if mark else ''}", "Referer": address}
    status, text = _send(address, fields, path, headers)
    verdict = re.search(r'data-verdict="(\w+)"', text)
    if verdict is None:
        return {"verdict": f"{status}", "message": text[:300]}
    told: dict[str, Any] = {
        "verdict": verdict[1],
        "warnings": re.findall(r'data-warning="(\w+)"', text),
    }
    row = ROW.search(text)
    if row:
        code, line, hint, cell = row.groups()
        told |= {"code": code, "line": int(line) if line else None, "hint": hint or None}
        told["message"] = html.unescape(re.sub(r"<[^>]+>", "", cell)).strip()
    return told


def _timed(ask: Callable[[Door, Path], dict[str, Any]], door: Door, path: Path) -> dict[str, Any]:
    started = time.monotonic()
    return ask(door, path) | {"seconds": time.monotonic() - started}


def _send(
    address: str, fields: dict[str, str], path: Path, headers: dict[str, str]
) -> tuple[int, str]:
    edge = uuid4().hex
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n'
    parts += [head.encode(), b"Content-Type: application/octet-stream\r\n\r\n", path.read_bytes()]
    request = urllib.request.Request(
        address,
        data=b"".join([*parts, f"\r\n--{edge}--\r\n".encode()]),
        headers={**headers, "Content-Type": f"multipart/form-data; boundary={edge}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def _settle(folder: str, port: str) -> None:
    """Point this process, and those it starts, at a new portal in a folder."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "VAR_DIR": folder,
        "PORT": port,
        "CHECKS_PER_HOUR": "100000",
    }


def _doors(corpus: Path, folder: Path, tasks: list[str], port: str) -> dict[str, Door]:
    import django  # noqa: PLC0415  # app ready

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415  # app ready
    from django.test import Client  # noqa: PLC0415  # app ready

    from portal.accounts.actions import accounts  # noqa: PLC0415  # app ready
    from portal.accounts.enums import TokenScope  # noqa: PLC0415  # app ready
    from portal.management import structure  # noqa: PLC0415  # app ready
    from tests.cases.corpus import corpus_folder, opened  # noqa: PLC0415  # app ready
    from tests.factories.challenges import TeamFactory, captain_of  # noqa: PLC0415  # app ready

    structure.build()
    call_command("collectstatic", verbosity=0, interactive=False)
    doors = {}
    for task in tasks:
        challenge = opened(corpus_folder(corpus, task, folder / "cases" / task))
        captain = captain_of(TeamFactory(challenge=challenge))
        browser = Client()
        browser.force_login(captain)
        made = accounts.create(name="judge", scopes=[TokenScope.ENTER], days=30, by=captain)
        session = browser.cookies["session"].value
        doors[task] = Door(f"http://127.0.0.1:{port}", challenge.slug, session, made.secret)
    return doors


@contextmanager
def _serving(port: str) -> Iterator[None]:
    gunicorn = "-m gunicorn portal.wsgi --threads 2 --log-level warning --bind".split()
    web = subprocess.Popen([sys.executable, *gunicorn, f"127.0.0.1:{port}"], cwd=ROOT)
    try:
        _wait(port)
        yield
    finally:
        web.terminate()
        web.wait(20)


def _wait(port: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/robots.txt", timeout=5).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
