"""A text document that people go on writing: titles, paragraphs and bullets, as OpenDocument 1.2.

Its titles and its lists bear the usual names of styles: an editor shows them in its outline.
"""

import io
import zipfile
from collections.abc import Iterable, Mapping
from xml.etree import ElementTree as ET

MEDIA_TYPE = "application/vnd.oasis.opendocument.text"
EPOCH = (1980, 1, 1, 0, 0, 0)
# The level of a bullet; 0 is a paragraph, 1 to 6 a title.
BULLET = -1
NAMES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
}
for _prefix, _address in NAMES.items():
    ET.register_namespace(_prefix, _address)
# Size of the letters, space above and below, of a title by its level; deeper ones are as the last.
TITLES = (("20pt", "0cm", "0.3cm"), ("14pt", "0.6cm", "0.2cm"), ("11.5pt", "0.35cm", "0.05cm"))
FONT = "Liberation Sans"


def draw(parts: Iterable[tuple[int, str]], *, title: str = "", language: str = "fr") -> bytes:
    """Return the file of some parts: each a level (see BULLET) and its text.

    The same parts give the same bytes. title, language: of the document.
    """
    trees = {
        "content.xml": _content(parts),
        "styles.xml": _styles(language),
        "meta.xml": _meta(title, language),
    }
    listed = _made("manifest:manifest", {"manifest:version": "1.2"})
    for path, media in (("/", MEDIA_TYPE), *((name, "text/xml") for name in trees)):
        told = {"manifest:full-path": path, "manifest:media-type": media}
        _under(listed, "manifest:file-entry", told)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        # First and not compressed: readers know the file by it.
        archive.writestr(zipfile.ZipInfo("mimetype", EPOCH), MEDIA_TYPE)
        for name, tree in {**trees, "META-INF/manifest.xml": listed}.items():
            content = ET.tostring(tree, encoding="utf-8", xml_declaration=True)
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return made.getvalue()


def _content(parts: Iterable[tuple[int, str]]) -> ET.Element:
    root = _made("office:document-content", {"office:version": "1.2"})
    body = _under(_under(root, "office:body"), "office:text")
    bullets: ET.Element | None = None
    for level, text in parts:
        if level == BULLET:
            if bullets is None:
                bullets = _under(body, "text:list", {"text:style-name": "Bullets"})
            item = _under(bullets, "text:list-item")
            _under(item, "text:p", {"text:style-name": "List"}).text = text
            continue
        bullets = None
        if level:
            told = {"text:style-name": f"Heading_20_{level}", "text:outline-level": str(level)}
            _under(body, "text:h", told).text = text
        else:
            _under(body, "text:p", {"text:style-name": "Standard"}).text = text
    return root


def _styles(language: str) -> ET.Element:
    root = _made("office:document-styles", {"office:version": "1.2"})
    styles = _under(root, "office:styles")
    usual = _style(styles, "Standard", below="0.2cm", size="11pt")
    properties = usual[-1]
    properties.set(_name("fo:font-family"), FONT)
    properties.set(_name("fo:language"), language.partition("-")[0])
    properties.set(_name("fo:country"), "FR" if language.startswith("fr") else "GB")
    _style(styles, "List", below="0.05cm")
    for level in range(1, 7):
        size, above, below = TITLES[min(level, len(TITLES)) - 1]
        title = _style(styles, f"Heading_20_{level}", above=above, below=below, size=size)
        title.set(_name("style:display-name"), f"Heading {level}")
        title.set(_name("style:default-outline-level"), str(level))
        title[0].set(_name("fo:keep-with-next"), "always")
        title[-1].set(_name("fo:font-weight"), "bold")
    bullets = _under(styles, "text:list-style", {"style:name": "Bullets"})
    bullet = _under(
        bullets, "text:list-level-style-bullet", {"text:level": "1", "text:bullet-char": "•"}
    )
    told = {"text:space-before": "0.4cm", "text:min-label-width": "0.45cm"}
    _under(bullet, "style:list-level-properties", told)
    return root


def _style(
    styles: ET.Element, name: str, *, above: str = "0cm", below: str, size: str = ""
) -> ET.Element:
    """Add a style of paragraphs; all but the usual one come from it."""
    told = {"style:name": name, "style:family": "paragraph"}
    if name != "Standard":
        told["style:parent-style-name"] = "Standard"
    style = _under(styles, "style:style", told)
    spaced = {"fo:margin-top": above, "fo:margin-bottom": below}
    _under(style, "style:paragraph-properties", spaced)
    _under(style, "style:text-properties", {"fo:font-size": size} if size else {})
    return style


def _meta(title: str, language: str) -> ET.Element:
    root = _made("office:document-meta", {"office:version": "1.2"})
    meta = _under(root, "office:meta")
    _under(meta, "dc:title").text = title
    _under(meta, "dc:language").text = language
    return root


def _name(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{NAMES[prefix]}}}{local}"


def _made(name: str, told: Mapping[str, str] | None = None) -> ET.Element:
    return ET.Element(_name(name), {_name(key): value for key, value in (told or {}).items()})


def _under(parent: ET.Element, name: str, told: Mapping[str, str] | None = None) -> ET.Element:
    made = _made(name, told)
    parent.append(made)
    return made
