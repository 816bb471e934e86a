"""Write the words of people as Atom: what XML cannot write is left out, never an error."""

from typing import Any

from django.utils.feedgenerator import Atom1Feed

from portal.lib.characters import for_xml


class Feed(Atom1Feed):
    """An Atom feed that stays readable whatever its titles and texts hold."""

    def write(self, outfile: Any, encoding: str) -> None:
        """Write the feed to a file, without the characters that XML refuses."""
        self.feed = _writable(self.feed)
        self.items = [_writable(each) for each in self.items]
        super().write(outfile, encoding)


def _writable(said: dict[str, Any]) -> dict[str, Any]:
    return {name: _one(value) for name, value in said.items()}


def _one(value: Any) -> Any:
    if isinstance(value, list):
        return [_one(each) for each in value]
    return for_xml(value) if isinstance(value, str) else value
