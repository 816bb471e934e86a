"""What every endpoint shares: the shape of a refusal, and the pages of a list."""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext, gettext_lazy
from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Field, ValidationInfo

from portal.lib.refusals import Invalid

M = TypeVar("M", bound=Model)
CURSOR_MAX_CHARACTERS = 300
# How many rows a page of a list has at most.
Limit = Annotated[int, Field(ge=1, le=50)]


def _absolute(path: str, info: ValidationInfo) -> str:
    address: str = (info.context or {})["request"].build_absolute_uri(path)
    return address


# What a row is read as: its public identifier, a thing by its words, an address by its path.
PublicId = Annotated[UUID, Field(alias="public_id")]
Words = Annotated[str, BeforeValidator(str)]
Address = Annotated[str, BeforeValidator(_absolute)]

# Ninja asks for text where a sentence may be said in the reader's language: imported as _.
lazy: Callable[[str], Any] = gettext_lazy


class Problem(Schema):
    """A refusal (RFC 9457): `code` is stable, `detail` a French sentence; further members vary."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str


def refused(*statuses: int) -> dict[int, type[Problem]]:
    """Declare, for the OpenAPI document, the refusals of an endpoint."""
    return dict.fromkeys(sorted(statuses), Problem)


def sent_as(media_type: str) -> dict[str, Any]:
    """Declare, for the OpenAPI document, an answer that is a file."""
    content = {"type": "string", "contentMediaType": media_type}
    return {"responses": {200: {"content": {media_type: {"schema": content}}}}}


@dataclass(frozen=True)
class Slice(Generic[M]):
    """Some rows of a list in order, and the cursor of those that follow, if any."""

    rows: list[M]
    next_cursor: str | None


def after(rows: "QuerySet[M, M]", *, by: str, cursor: str, limit: int) -> Slice[M]:
    """Cut a list, the latest first, where the cursor says; a row added meanwhile moves nothing.

    by: a date of the rows, never null; the primary key decides between equal ones. Raises
    Invalid for a cursor that no answer gave.
    """
    if cursor:
        at, pk = _read(cursor)
        try:
            rows = rows.filter(Q(**{f"{by}__lt": at}) | Q(**{by: at, "pk__lt": pk}))
        except (ValidationError, ValueError, TypeError) as error:
            raise _no_cursor() from error
    found = list(rows.order_by(f"-{by}", "-pk")[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    return Slice(found[:limit], _written(getattr(last, by), last.pk) if last else None)


def _read(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.urlsafe_b64decode(cursor[:CURSOR_MAX_CHARACTERS])
        at, pk = json.loads(text)
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not isinstance(pk, str):
            raise _no_cursor()
        return moment.astimezone(UTC), pk
    except (binascii.Error, ValueError, TypeError, OverflowError) as error:
        raise _no_cursor() from error


def _written(at: datetime, pk: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), str(pk)]).encode()).decode()


def _no_cursor() -> Invalid:
    return Invalid(
        gettext("Ce curseur n’est pas celui d’une page : recommencez au début."), code="cursor"
    )
