"""The shape of a file that the portal keeps for a card."""

from datetime import datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field


class CardFileOut(Schema):
    """A file. content: what its bytes are. state: waiting, sound or refused; signs: why.

    Signs: infected, unscannable, lost, mismatch, archive keep it from being given; unexamined tells
    an archive that was not opened; executable, inert tell what its format does when it is opened.
    """

    id: UUID
    name: str
    url: str
    bytes: int
    sha256: str
    media_type: str
    content: str
    state: str
    signs: list[str]


class CardUploadIn(Schema):
    """A file to come: its name, its length in bytes."""

    name: str = Field(max_length=200)
    length: int = Field(ge=1)


class CardUploadOut(Schema):
    """A file on its way: how many bytes are kept, until when it may be resumed."""

    id: UUID
    offset: int
    length: int
    expires_at: datetime
