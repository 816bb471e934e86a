"""Read which part of a file a request asks for: so a download that broke goes on (RFC 9110, 14).

One part alone is given: several at once, units of others and what cannot be read get the whole, as
does a part of a file that is not the one the client began with (If-Range).
"""

import re
from dataclasses import dataclass

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from portal.lib.numbers import natural
from portal.lib.refusals import OutOfRange

PARTIAL = 206
_SPEC = re.compile(r"([0-9]*)-([0-9]*)")


@dataclass(frozen=True)
class Span:
    """A part of a file: its first byte, how many bytes, and of how many."""

    first: int
    size: int
    whole: int
    is_part: bool = True

    def told(self, answer: HttpResponseBase) -> HttpResponseBase:
        """Write in an answer which part it holds."""
        answer["Accept-Ranges"] = "bytes"
        if self.is_part:
            answer.status_code = PARTIAL
            last = self.first + self.size - 1
            answer["Content-Range"] = f"bytes {self.first}-{last}/{self.whole}"
        return answer


def asked(request: HttpRequest, *, size: int, etag: str) -> Span:
    """Give the part that a request asks of a file, or the whole; raises OutOfRange.

    size: of the file, above zero. etag: the strong one of its bytes, quoted.
    """
    whole = Span(0, size, size, is_part=False)
    text = request.headers.get("Range", "")
    if request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        return whole
    unit, _equals, listed = text.partition("=")
    specs = [each.strip() for each in listed.split(",") if each.strip()]
    found = _SPEC.fullmatch(specs[0]) if len(specs) == 1 else None
    if unit.lower() != "bytes" or found is None or found[0] == "-":
        return whole
    begins, ends = found.groups()
    if not begins:
        many = min(natural(ends), size)
        first, last = size - many, size - 1
    else:
        first, last = natural(begins), natural(ends) if ends else size - 1
        if ends and last < first:
            return whole
    if first >= size:
        raise OutOfRange(size_bytes=size)
    return Span(first, min(last, size - 1) - first + 1, size)
