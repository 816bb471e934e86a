"""A text document that people go on writing: titles and paragraphs, as OpenDocument (ODF 1.2)."""

import io
import zipfile
from collections.abc import Iterable
from xml.etree import ElementTree as ET

MEDIA_TYPE = "application/vnd.oasis.opendocument.text"
OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
EPOCH = (1980, 1, 1, 0, 0, 0)


def draw(parts: Iterable[tuple[int, str]]) -> bytes:
    """Return the file of some parts: each a level (1 to 6, a title; 0, a paragraph) and its text.

    The same parts give the same bytes.
    """
    root = ET.Element(f"{{{OFFICE}}}document-content", {f"{{{OFFICE}}}version": "1.2"})
    body = ET.SubElement(ET.SubElement(root, f"{{{OFFICE}}}body"), f"{{{OFFICE}}}text")
    for level, text in parts:
        if level:
            told = {f"{{{TEXT}}}outline-level": str(level)}
            ET.SubElement(body, f"{{{TEXT}}}h", told).text = text
        else:
            ET.SubElement(body, f"{{{TEXT}}}p").text = text
    listed = ET.Element(f"{{{MANIFEST}}}manifest", {f"{{{MANIFEST}}}version": "1.2"})
    for path, media in (("/", MEDIA_TYPE), ("content.xml", "text/xml")):
        told = {f"{{{MANIFEST}}}full-path": path, f"{{{MANIFEST}}}media-type": media}
        ET.SubElement(listed, f"{{{MANIFEST}}}file-entry", told)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        # First and not compressed: readers know the file by it.
        archive.writestr(zipfile.ZipInfo("mimetype", EPOCH), MEDIA_TYPE)
        for name, tree in (("content.xml", root), ("META-INF/manifest.xml", listed)):
            content = ET.tostring(tree, encoding="utf-8", xml_declaration=True)
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return made.getvalue()
