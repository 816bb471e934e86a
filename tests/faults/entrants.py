"""A team's program that enters files by the API, and tries again until it holds a receipt."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

BOUNDARY = "entrant-5d41402abc4b2a76"
GIVEN_UP = {429}


@dataclass
class Answer:
    """What came back: no status when the connection broke; seconds until the last byte."""

    status: int | None
    headers: dict[str, str]
    body: dict[str, Any]
    seconds: float


@dataclass
class Entrant:
    """Who enters: where, with which token; what was acknowledged, by key; every status met."""

    site: str
    path: str
    token: str
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)

    @property
    def statuses(self) -> Counter[int | None]:
        """Count the answers by their status."""
        return Counter(answer.status for answer in self.answers)

    def enter(self, content: bytes, *, until: Callable[[], bool], pause: float = 0.3) -> None:
        """Send a file under one key until it is acknowledged, refused for good, or time is over."""
        key = str(uuid4())
        while True:
            answer = self._post(key, content)
            self.answers.append(answer)
            if answer.status in {200, 201}:
                self.receipts[key] = answer.body
                return
            if answer.status in GIVEN_UP:
                self.refused[key] = answer.status or 0
                return
            if until():
                return
            time.sleep(pause)

    def _post(self, key: str, content: bytes) -> Answer:
        began = time.monotonic()
        link = http.client.HTTPConnection(urlsplit(self.site).netloc, timeout=60)
        disposition = 'Content-Disposition: form-data; name="file"; filename="reponse.csv"'
        head = f"--{BOUNDARY}\r\n{disposition}\r\nContent-Type: text/csv\r\n\r\n"
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": key,
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        }
        try:
            link.request(
                "POST",
                self.path,
                head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode(),
                headers,
            )
            found = link.getresponse()
            said = found.read()
            status, given = found.status, dict(found.getheaders())
        except (OSError, http.client.HTTPException):
            return Answer(None, {}, {}, time.monotonic() - began)
        finally:
            link.close()
        told = json.loads(said) if "json" in given.get("Content-Type", "") else {}
        return Answer(status, given, told, time.monotonic() - began)
