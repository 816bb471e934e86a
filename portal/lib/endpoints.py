"""What every endpoint shares: the shape of a refusal."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy
from ninja import Schema
from pydantic import ConfigDict

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
