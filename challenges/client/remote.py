"""Ask the portal by its API, in the name of the person at the terminal; standard library only."""

import base64
import hashlib
import json
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

from challenges.scoring.contract import UsageFault
from challenges.scoring.fields import ContractFault

# Names another file, for tests and for several accounts on one machine.
VARIABLE = "OPENEMPLOI_CONFIG"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True)
class Access:
    """Where the portal is, and the token that says who asks."""

    server: str
    token: str


def access_file() -> Path:
    """Return the file that remembers, readable by its owner alone."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else Path.home() / ".config" / "openemploi" / "acces.json"


def load_access() -> Access:
    """Read what is remembered; raises UsageFault when nothing is."""
    try:
        read = json.loads(access_file().read_text("utf-8"))
        return Access(portal_address(read["server"]), str(read["token"]))
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise UsageFault("U_LOGIN") from fault


def save_access(access: Access) -> Path:
    """Remember, in a file that nobody else may read."""
    path = access_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with open(draft, "x", opener=_for_oneself) as file:
        json.dump({"server": access.server, "token": access.token}, file)
    draft.replace(path)
    return path


def portal_address(text: str) -> str:
    """Return the address of a portal: https, or http on this machine; raises UsageFault."""
    try:
        parts = urlsplit(text.strip().rstrip("/"))
        safe = parts.scheme == "https" or (
            parts.scheme == "http" and (parts.hostname or "") in LOOPBACK
        )
        whole = safe and parts.hostname and not (parts.username or parts.query or parts.fragment)
    except ValueError as fault:
        raise UsageFault("U_SERVER", text) from fault
    if not whole:
        raise UsageFault("U_SERVER", text)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


Json = dict[str, Any]
SECONDS = 60
TRIES = 3
# Beyond this a file goes in parts, so that a cut costs one part.
WHOLE_BYTES = 8 << 20
PART_BYTES, PARTS_MOST = 4 << 20, 900
READ_BYTES = 1 << 20


class Refused(ContractFault):
    """The portal said no: its code, its sentence, what helps to go on."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code") or f"http_{status}")
        self.problem = dict(problem)
        super().__init__(str(problem.get("detail") or problem.get("title") or status))


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follow no redirection: a token goes to the portal that was named, nowhere else."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """Refuse."""


class Portal:
    """One portal, and who asks it."""

    def __init__(self, access: Access, language: str = "fr") -> None:
        """Keep both; language: in which the portal is asked to say its sentences."""
        self.access, self.language = access, language
        self._opener = urllib.request.build_opener(_Stay)

    def get(self, path: str, **query: Any) -> Json:
        """Read a JSON document."""
        asked = {key: value for key, value in query.items() if value not in (None, "")}
        return self._json("GET", f"{path}?{urlencode(asked)}" if asked else path)

    def post(self, path: str, body: Mapping[str, Any]) -> Json:
        """Send a JSON document."""
        data = json.dumps(dict(body)).encode()
        return self._json("POST", path, data, {"Content-Type": "application/json"})

    def check(self, slug: str, file: Path, phase: int | None = None) -> Json:
        """Ask for the verdict on a file, in the phase in view by default; no attempt is used."""
        kind, data = _form({} if phase is None else {"phase": str(phase)}, file)
        return self._json("POST", f"challenges/{quote(slug)}/check", data, kind)

    def start_trial(self, slug: str, phase: int, file: Path) -> Json:
        """Try a package on the public sample; no attempt is used."""
        kind, data = _form({}, file)
        return self._json("POST", f"challenges/{quote(slug)}/phases/{phase}/trials", data, kind)

    def deposit(self, file: Path) -> Json:
        """Deposit a bundle to import; returns its import."""
        kind, data = _form({}, file)
        return self._json("POST", "challenges/imports", data, kind)

    def take(self, path: str, target: Path) -> int:
        """Download a file of the API in one's own name; returns its size in bytes."""
        headers = {"Authorization": f"Bearer {self.access.token}"}
        request = urllib.request.Request(  # noqa: S310  # the scheme was checked
            f"{self.access.server}/api/v1/{path}", headers=headers
        )
        return self._kept(request, target, None)

    def resume(self, place: str, target: Path, *, name: str, size: int) -> None:
        """Download a file of the API in one's own name, from where a former try was cut.

        name, size: of what is asked. What came stays in `name.part`, for its owner alone, until all
        of it is there. Raises UsageFault for anything but that many bytes.
        """
        draft = target.with_name(f"{name}.part")
        begun = draft.stat().st_size if draft.exists() else 0
        if begun != size or not begun:
            self._append_rest(place, draft, begun if begun < size else 0)
        if draft.stat().st_size != size:
            raise UsageFault("U_SIZE", str(target))
        draft.replace(target)

    def _append_rest(self, place: str, draft: Path, begun: int) -> None:
        """Write what follows `begun` bytes; all anew when the portal gives the whole."""
        headers = {"Authorization": f"Bearer {self.access.token}"}
        if begun:
            headers["Range"] = f"bytes={begun}-"
        address = f"{self.access.server}{urlsplit(place).path}"
        request = urllib.request.Request(address, headers=headers)  # noqa: S310  # checked at login
        with self._open(request) as answer:
            told = answer.headers.get("Content-Range", "")
            follows = answer.status == HTTPStatus.PARTIAL_CONTENT
            if follows and not told.startswith(f"bytes {begun}-"):
                raise UsageFault("U_PORTAL", address)
            with open(draft, "ab" if follows else "wb", opener=_for_oneself) as file:
                shutil.copyfileobj(answer, file, READ_BYTES)

    def submit(self, slug: str, phase: int, file: Path, fields: Mapping[str, str]) -> Json:
        """Submit a file, at once or in parts; returns the receipt.

        The key of the deposit stays the same while this call tries again, so that a cut costs no
        attempt.
        """
        path = f"challenges/{quote(slug)}/phases/{phase}/entries"
        key = {"Idempotency-Key": str(uuid4())}
        if file.stat().st_size > WHOLE_BYTES:
            body = {"challenge": slug, "phase": phase}
            upload = self.send_in_parts("uploads", "uploads", file, body)
            kind, data = _form({**fields, "upload": upload}, None)
        else:
            kind, data = _form(fields, file)
        return self._json("POST", path, data, {**kind, **key})

    def fetch(self, place: str, target: Path, *, sha256: str | None = None) -> int:
        """Download a public file, without the token; returns its size in bytes.

        Raises UsageFault when its digest is not the one announced; the file is then not kept.
        """
        request = urllib.request.Request(portal_address(place))  # noqa: S310  # checked there
        return self._kept(request, target, sha256)

    def _kept(self, request: urllib.request.Request, target: Path, sha256: str | None) -> int:
        """Write an answer to a file that gets its name once whole."""
        draft = target.with_name(f"{target.name}.part")
        digest, size = hashlib.sha256(), 0
        try:
            with self._open(request) as answer, draft.open("wb") as file:
                while chunk := answer.read(READ_BYTES):
                    digest.update(chunk)
                    size += file.write(chunk)
            if sha256 and digest.hexdigest() != sha256:
                raise UsageFault("U_DIGEST", target.name)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        return size

    def send_in_parts(
        self,
        begin: str,
        place: str,
        file: Path,
        body: Mapping[str, Any] = {},
        tell: Callable[[int, int], object] = lambda _sent, _length: None,
    ) -> str:
        """Send a file in parts; returns the identifier of its upload.

        begin: where it is announced, with body. place: where parts go. tell: called with the bytes
        that are there, of how many. Parts are larger where a thousand would not do.
        """
        length, offset = file.stat().st_size, 0
        size = max(PART_BYTES, -(-length // PARTS_MOST))
        announced = {**body, "length": length, "name": file.name}
        upload = str(self.post(begin, announced)["id"])
        with file.open("rb") as content:
            while offset < length:
                content.seek(offset)
                offset = self._append(f"{place}/{upload}", offset, content.read(size))
                tell(offset, length)
        return upload

    def _append(self, place: str, offset: int, part: bytes) -> int:
        """Send a part; returns where the file then stops, whoever moved it there."""
        digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
        headers = {
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {digest}",
        }
        try:
            self._json("PATCH", place, part, headers)
        except Refused as refused:
            if refused.code == "upload_offset" and refused.problem["offset"] == offset + len(part):
                return offset + len(part)  # it had arrived before the answer was lost
            raise
        return offset + len(part)

    def _json(
        self,
        method: str,
        path: str,
        data: bytes | None = None,
        headers: Mapping[str, str] = {},
    ) -> Json:
        place = f"{self.access.server}/api/v1/{path}"
        sent = {
            "Authorization": f"Bearer {self.access.token}",
            "Accept": "application/json",
            "Accept-Language": self.language,
        }
        request = urllib.request.Request(  # noqa: S310  # the scheme was checked
            place, data=data, headers={**sent, **headers}, method=method
        )
        with self._open(request) as answer:
            text = answer.read()
        try:
            read = json.loads(text) if text else {}
        except ValueError as fault:
            raise UsageFault("U_PORTAL", place) from fault
        if not isinstance(read, dict):
            raise UsageFault("U_PORTAL", place)
        return read

    def _open(self, request: urllib.request.Request) -> HTTPResponse:
        """Send a request; try again when the portal does not answer, or is busy."""
        for attempt in range(1, TRIES + 1):
            try:
                opened: HTTPResponse = self._opener.open(request, timeout=SECONDS)
                return opened
            except urllib.error.HTTPError as error:
                if error.code not in (502, 503, 504) or attempt == TRIES:
                    raise Refused(error.code, _problem(error)) from error
            except (OSError, HTTPException) as error:
                if attempt == TRIES:
                    raise UsageFault("U_OFFLINE", self.access.server) from error
            time.sleep(attempt)
        raise AssertionError("unreachable")


def _for_oneself(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _problem(error: urllib.error.HTTPError) -> Json:
    try:
        read = json.loads(error.read() or b"{}")
    except (OSError, ValueError, HTTPException):
        read = {}
    return read if isinstance(read, dict) else {}


def _form(fields: Mapping[str, str], file: Path | None) -> tuple[dict[str, str], bytes]:
    """Write a multipart form; returns its Content-Type header and its bytes."""
    edge = uuid4().hex
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    if file is not None:
        name = file.name.replace("\\", "_").replace('"', "_").replace("\r", "_").replace("\n", "_")
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"'
        kind = "Content-Type: application/octet-stream"
        parts += [f"--{edge}\r\n{head}\r\n{kind}\r\n\r\n".encode(), file.read_bytes(), b"\r\n"]
    body = b"".join([*parts, f"--{edge}--\r\n".encode()])
    return {"Content-Type": f"multipart/form-data; boundary={edge}"}, body
