"""What the endpoints that write contributions take."""

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import BaseModel, ConfigDict, Field

from catalogue.enums import ResourceKind
from catalogue.schemas.contributions import CheckOut
from catalogue.validators.fields import COMMON, FieldType
from catalogue.validators.fields import Field as Own

# Said apart: the holder by its slug; the state of the licence follows from the licences.
APART = frozenset({"organisation", "licence_status"})


def _type(own: Own) -> dict[str, Any]:
    if own.type is FieldType.LIST:
        return {"type": ["array", "null"], "items": {"type": "string"}}
    return {"type": ["string", "null"], "maxLength": own.max_length}


def _with_common(schema: dict[str, Any]) -> None:
    """Name the common fields in the document; the validators of the form read them."""
    for own in COMMON:
        if own.name not in APART:
            schema["properties"][own.name] = _type(own)


class RecordIn(BaseModel):
    """Some fields of a card: what is not given stays, null empties.

    Which fields a kind takes, and their values: `GET vocabularies`. details: those of the kind.
    organisation: the slug of one where one writes, in whose name the card is proposed.
    """

    model_config = ConfigDict(extra="allow", json_schema_extra=_with_common)

    organisation: str | None = Field(None, max_length=80)
    details: dict[str, Any] = {}

    def given(self) -> dict[str, Any]:
        """Give the fields of the card alone, as they came."""
        return {**(self.model_extra or {}), "details": self.details}

    @property
    def is_empty(self) -> bool:
        """Say whether no field was given at all."""
        return not (self.model_extra or self.details or "organisation" in self.model_fields_set)


class CardIn(RecordIn):
    """A new card of some kind."""

    kind: ResourceKind


class ChangeIn(RecordIn):
    """A change of a card.

    base_revision: the revision that was read; when another one is online since, 409 base_changed.
    edited_at: the last edit of the draft that was read; when somebody saved it since, 409
    contribution_changed.
    """

    base_revision: int | None = None
    edited_at: datetime | None = None


class SendIn(Schema):
    """charter: the version accepted, that of `GET vocabularies`. reply: a word to the Region."""

    charter: str = Field(max_length=20)
    reply: str = Field("", max_length=4_000)


class PasteIn(Schema):
    """One description: the address where it stands, or its text.

    kind: of the card, by default after the document. record: which one of several, from 0.
    """

    url: str = Field("", max_length=2_000)
    text: str = Field("", max_length=1_000_000)
    kind: ResourceKind | None = None
    record: int | None = Field(None, ge=0, lt=50)


class ChecksOut(Schema):
    """What the checks find now. may_be_sent: nothing keeps it from being sent."""

    may_be_sent: bool
    checks: list[CheckOut]
    quality: int | None
