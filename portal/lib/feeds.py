"""Write the words of people as Atom: what XML cannot write is left out, never an error."""

from typing import Any

from django.utils.feedgenerator import Atom1Feed
from django.utils.functional import Promise

from portal.lib.characters import for_xml


class Feed(Atom1Feed):
    """An Atom feed that stays readable whatever its titles and texts hold."""

    def __init__(self, **said: Any) -> None:
        super().__init__(**_writable(said))

    def add_item(self, **said: Any) -> None:
        """Add an item; the arguments are those of Django."""
        super().add_item(**_writable(said))


def _writable(said: dict[str, Any]) -> dict[str, Any]:
    return {name: _one(value) for name, value in said.items()}


def _one(value: Any) -> Any:
    if isinstance(value, str | Promise):
        return for_xml(str(value))
    return [_one(each) for each in value] if isinstance(value, list) else value
