"""Read XML of strangers: no entity, no external reference, bounded in depth."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from catalogue.standards.readers import formats
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax.text import one_line, unreadable


def parse(content: bytes) -> Element:
    """Read an XML document; raises Unreadable with the line and the column."""
    try:
        root: Element = fromstring(content, forbid_dtd=False, forbid_entities=True)
    except DefusedXmlException as error:
        raise unreadable(
            "xml_entities", _("Ce XML déclare des entités : pour votre sécurité, il n’est pas lu.")
        ) from error
    except ParseError as error:
        line, column = error.position
        raise unreadable(
            "invalid_xml",
            _("XML mal formé : une balise n’est pas refermée ou un caractère est interdit."),
            line=line,
            column=column + 1,
        ) from error
    except (ValueError, LookupError) as error:
        raise unreadable(
            "xml_encoding", _("L’encodage que ce XML annonce n’est pas lu.")
        ) from error
    if _is_deep(root):
        raise unreadable(
            "too_deep",
            _("Ce document compte plus de %(most)s niveaux imbriqués."),
            most=formats.XML_DEPTH,
        )
    return root


def _is_deep(root: Element) -> bool:
    level: list[Element] = [root]
    for _level in range(formats.XML_DEPTH):
        level = [child for each in level for child in each]
        if not level:
            return False
    return True


def local(element: Element) -> str:
    """Give the name of an element without its namespace."""
    return str(element.tag).rsplit("}", 1)[-1]


def elements_at(element: Element, *path: str) -> Iterator[Element]:
    """Give the elements at a path of local names, whatever their namespaces."""
    if not path:
        yield element
        return
    for child in element:
        if local(child) == path[0]:
            yield from elements_at(child, *path[1:])


def anywhere(element: Element, name: str) -> Iterator[Element]:
    """Give the elements of a local name at any depth, in order."""
    return (each for each in element.iter() if local(each) == name)


def words(element: Element | None) -> str:
    """Give all the text inside an element, on one line."""
    return one_line("".join(element.itertext())) if element is not None else ""


def prose(element: Element | None) -> str:
    """Give all the text inside an element, its lines kept."""
    return "".join(element.itertext()).strip() if element is not None else ""


def first(element: Element, *path: str) -> Element | None:
    """Give the first element at a path, or None."""
    return next(elements_at(element, *path), None)
