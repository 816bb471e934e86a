"""OpenSearch: how a browser or a program searches the catalogue.

Source: OpenSearch 1.1, draft 6.
"""

from xml.etree import ElementTree as ET

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from catalogue.queries import published
from catalogue.views import documents

NAMESPACE = "http://a9.com/-/spec/opensearch/1.1/"
MEDIA_TYPE = "application/opensearchdescription+xml"


@login_not_required
@require_safe
def description(request: HttpRequest) -> HttpResponseBase:
    """Describe the search: its page, its Atom feed and its suggestions."""
    ET.register_namespace("", NAMESPACE)
    document = ET.Element(f"{{{NAMESPACE}}}OpenSearchDescription")
    with override(published.LANGUAGE):
        texts = {
            "ShortName": "Open Emploi",
            "Description": _("Chercher dans les ressources d’Open Emploi"),
            "Language": "fr",
            "InputEncoding": "UTF-8",
            "OutputEncoding": "UTF-8",
        }
        addresses = {
            "text/html": reverse("catalogue:list") + "?q={searchTerms}&page={startPage?}",
            "application/atom+xml": reverse("catalogue:feed") + "?q={searchTerms}",
            "text/html;suggestions": reverse("catalogue:suggest") + "?q={searchTerms}",
        }
    for name, text in texts.items():
        ET.SubElement(document, f"{{{NAMESPACE}}}{name}").text = text
    for media_type, address in addresses.items():
        kind, _colon, use = media_type.partition(";")
        url = ET.SubElement(document, f"{{{NAMESPACE}}}Url")
        url.set("type", kind)
        url.set("template", published.root() + address)
        if use:
            url.set("rel", use)
    content = ET.tostring(document, encoding="utf-8", xml_declaration=True)
    return documents.answer(request, content, MEDIA_TYPE)
