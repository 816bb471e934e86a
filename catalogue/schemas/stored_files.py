"""The shape of a file that the portal keeps for a card."""

from uuid import UUID

from ninja import Schema


class CardFileOut(Schema):
    """A file. content: what its bytes are. state: waiting, sound or refused; signs: why.

    Signs: infected, unscannable, mismatch, archive keep it from being given; executable, inert
    tell what its format does when it is opened.
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
