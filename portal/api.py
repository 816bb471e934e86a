"""The API of the portal: `/api/v1/`, its errors, its document and the page that explains it."""

import re
from collections.abc import Callable
from functools import lru_cache, wraps
from http import HTTPStatus
from typing import Any, NoReturn

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    JsonResponse,
)
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, path, re_path, reverse
from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi import get_schema
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser

from catalogue.api import routers as of_catalogue
from challenges.api import routers as of_challenges
from datasets.access.api import router as of_access
from datasets.releases.api import router as of_releases
from portal.demonstrator.api import router as of_demonstrator
from portal.lib.refusals import Hidden, Invalid, Refusal, TooLarge, Unsupported
from portal.lib.web.responses import PROBLEM

View = Callable[..., HttpResponseBase]
NAMESPACE = "api"
# What pydantic says in English, by its type; others are told by one sentence.
FIELD_WORDS: dict[str, Any] = {
    "missing": gettext_lazy("Ce champ est obligatoire."),
    "string_too_long": gettext_lazy("Ce texte est trop long."),
    "enum": gettext_lazy("Choisissez une des valeurs proposées."),
    "string_too_short": gettext_lazy("Ce texte est trop court."),
    "int_parsing": gettext_lazy("Écrivez un nombre entier."),
    "uuid_parsing": gettext_lazy("Cet identifiant n’est pas un UUID."),
    "bool_parsing": gettext_lazy("Écrivez true ou false."),
    "extra_forbidden": gettext_lazy("Ce champ n’existe pas."),
}


class ExactJson(Parser):
    """Read JSON that says it is JSON: a form of another site cannot.

    No text holds a NUL byte, which PostgreSQL cannot keep, nor half of a surrogate pair.
    """

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Parse the body; raises Unsupported for another media type."""
        if request.content_type != "application/json":
            raise Unsupported
        return self._whole(super().parse_body(request))

    def parse_querydict(self, data: Any, list_fields: list[str], request: HttpRequest) -> Any:
        """Read the fields of an address or of a form; raises Refusal for what none can keep."""
        return self._whole(super().parse_querydict(data, list_fields, request))

    def _whole(self, read: Any) -> Any:
        if _cannot_be_kept(read):
            raise Refusal(_("Cette requête ne peut pas être lue."), code="malformed")
        return read


_UNKEPT = re.compile("[\0\ud800-\udfff]")


def _cannot_be_kept(read: Any) -> bool:
    """Say whether a text holds what no database keeps: a NUL, half of a surrogate pair."""
    if isinstance(read, dict):
        return any(map(_cannot_be_kept, (*read, *read.values())))
    if isinstance(read, list):
        return any(map(_cannot_be_kept, read))
    return isinstance(read, str) and _UNKEPT.search(read) is not None


class DescribedOnce(NinjaAPI):
    """Write the document of the API once for each language: it takes half a second."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the document, which the caller does not change."""
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        return _document(prefix, translation.get_language())


@lru_cache
def _document(prefix: str, language: str | None) -> OpenAPISchema:
    document = get_schema(api, prefix)
    labels: dict[str, str] = {}
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"] = _answers(operation)
            with translation.override(settings.LANGUAGE_CODE):
                name = slugify(str(operation["tags"][0]))  # generated clients name modules so
            labels[name] = str(operation["tags"][0])
            operation["tags"] = [name]
    document["tags"] = [{"name": name, "description": each} for name, each in labels.items()]
    return document


def _answers(operation: dict[str, Any]) -> dict[Any, Any]:
    """List the answers of an operation, with the refusals that any may give, as they are sent."""
    answers = operation["responses"]
    given = bool(operation["parameters"]) or "requestBody" in operation
    problem = {PROBLEM: next(iter(answers[401]["content"].values()))}
    for status in (400, 422) if given else (400,):
        answers.setdefault(status, {"description": HTTPStatus(status).phrase})
    for status, answer in answers.items():
        if status >= HTTPStatus.BAD_REQUEST:
            answer["content"] = problem
    return dict(sorted(answers.items()))


api = DescribedOnce(
    title="Open Emploi",
    version="1",
    description=(
        "Le catalogue, les challenges, les équipes, les soumissions et les classements d’Open "
        "Emploi. Un jeton personnel, créé dans Mon espace, dit qui agit : « Authorization: Bearer "
        "oe_… ». Les refus sont des « application/problem+json » avec un code stable et une "
        "phrase, en français ou, selon « Accept-Language », en anglais."
    ),
    urls_namespace=NAMESPACE,
    docs_url=None,
    parser=ExactJson(),
)
ROUTERS = (
    *of_catalogue,
    *of_challenges,
    ("", of_access),
    ("", of_releases),
    ("", of_demonstrator),
)
for prefix, router in ROUTERS:
    api.add_router(prefix, router)


@api.exception_handler(Exception)
def leave(request: HttpRequest, error: Exception) -> NoReturn:
    """Leave refusals to the middleware that answers for every surface, and errors to Django."""
    raise error


@api.exception_handler(Http404)
def missing(request: HttpRequest, error: Http404) -> NoReturn:
    """Tell nothing more of what is not there."""
    raise Hidden from error


@api.exception_handler(RequestDataTooBig)
def too_big(request: HttpRequest, error: RequestDataTooBig) -> NoReturn:
    """Refuse a body past the limit."""
    raise TooLarge from error


@api.exception_handler(HttpError)
@api.exception_handler(SuspiciousOperation)
@api.exception_handler(MultiPartParserError)
@api.exception_handler(BadRequest)
def malformed(request: HttpRequest, error: Exception) -> NoReturn:
    """Refuse what cannot be read; a refusal met on the way stands."""
    if isinstance(error.__context__, Refusal):
        raise error.__context__
    raise Refusal(_("Cette requête ne peut pas être lue."), code="malformed") from error


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> NoReturn:
    """Name each value that is missing or not acceptable."""
    faults = [
        {
            "field": ".".join(str(part) for part in fault["loc"][1:]) or str(fault["loc"][0]),
            "code": fault["type"],
            "message": str(FIELD_WORDS.get(fault["type"], _("Cette valeur ne convient pas."))),
        }
        for fault in error.errors
    ]
    raise Invalid(faults=faults) from error


@csrf_exempt
@login_not_required
@require_safe
def root(request: HttpRequest) -> HttpResponse:
    """Say where the document and the explanations are."""
    return JsonResponse(
        {
            "openapi": request.build_absolute_uri(reverse(f"{NAMESPACE}:openapi-json")),
            "documentation": request.build_absolute_uri(reverse("api_guide")),
        }
    )


@csrf_exempt
@login_not_required
def unknown(request: HttpRequest) -> HttpResponse:
    """Answer 404 in the manner of the API."""
    raise Hidden


@login_not_required
@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """Explain the API: how to be identified, each address, each refusal."""
    schema = api.get_openapi_schema()
    labels = {each["name"]: each["description"] for each in schema["tags"]}
    context = {
        "groups": _groups(schema["paths"], labels),
        "base": request.build_absolute_uri(_base()),
    }
    return render(request, "pages/api.html", context)


def _base() -> str:
    return reverse(f"{NAMESPACE}:api-root")


def _groups(
    paths: dict[str, dict[str, Any]], labels: dict[str, str]
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Lay the operations out by subject, in the order of the routers."""
    found: dict[str, list[dict[str, Any]]] = {}
    for address, operations in paths.items():
        for method, operation in operations.items():
            row = {
                "method": method.upper(),
                "path": address.removeprefix(_base()),
                "summary": operation["summary"],
                "token": "security" in operation,
            }
            found.setdefault(labels[operation["tags"][0]], []).append(row)
    return list(found.items())


def _open(pattern: URLPattern | URLResolver) -> URLPattern | URLResolver:
    """Let a route in without a session: each endpoint asks for its own token."""
    if isinstance(pattern, URLPattern):
        pattern.callback = _spoken(_answering_head(pattern.callback))
        login_not_required(pattern.callback)
    return pattern


def _spoken(view: View) -> View:
    """Speak the language that the request prefers: the address names none."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Not put back: the middleware that words a refusal comes after, and each request sets it.
        translation.activate(translation.get_language_from_request(request))
        return view(request, *args, **kwargs)

    return answer


def _answering_head(view: View) -> View:
    """Answer HEAD wherever GET is answered; the server leaves the body out."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = view(request, *args, **kwargs)
        if request.method != "HEAD" or not isinstance(found, HttpResponseNotAllowed):
            return found
        if "GET" not in found.headers["Allow"].split(", "):
            return found
        request.method = "GET"
        try:
            return view(request, *args, **kwargs)
        finally:
            request.method = "HEAD"

    return answer


def elsewhere() -> URLPattern:
    """Route what stands under /api/ and is no version of it."""
    return re_path(r"^api/.+$", _spoken(unknown))


def urls() -> tuple[list[URLPattern | URLResolver], str, str]:
    """List the routes of the API, the last one for all that is not there."""
    ours = [_open(each) for each in api.urls[0] if getattr(each, "name", "") != "api-root"]
    last = [path("", root, name="api-root"), re_path(r"^.+$", _spoken(unknown))]
    return [*ours, *last], "ninja", NAMESPACE
