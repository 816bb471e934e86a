"""Answer 304 to who has the answer already."""

import hashlib

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag


def tagged(
    request: HttpRequest, response: HttpResponse, *, digest: str, cache: str = "no-cache"
) -> HttpResponseBase:
    """Tag an answer with a digest of the facts and that of its bytes; 304 when it is known.

    The bytes hold what the facts do not: the names of the teams, before and after a change.
    cache: for how long others may keep it, by default asking each time.
    """
    content = hashlib.sha256(response.content).hexdigest()[:32]
    etag = quote_etag(f"{digest}-{content}")
    response["ETag"] = etag
    response["Cache-Control"] = cache
    known = get_conditional_response(request, etag=etag, response=response)
    return known if isinstance(known, HttpResponseNotModified) else response
