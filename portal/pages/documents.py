"""The documents that the staff bring: what they really are, and nobody's numbers in them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.files import File
from django.utils.translation import gettext as _
from wagtail.documents.forms import BaseDocumentForm

from catalogue.resources import file_types
from portal.lib.prose import personal_data

PAGES = (b"<!doctype", b"<html")


class DocumentForm(BaseDocumentForm):
    """Take a document whose content is what its name says."""

    def clean_file(self) -> Any:
        """Refuse a page named .pdf, and a file that holds somebody's number."""
        file = self.cleaned_data["file"]
        if "file" not in self.changed_data:
            return file
        if not _agrees(file):
            raise ValidationError(
                _("Le contenu de ce fichier n’est pas celui que son nom annonce."), code="type"
            )
        try:
            found = personal_data.scan_file(file)
        except personal_data.Unread as error:
            raise ValidationError(
                _("Ce fichier ne se lit pas : enregistrez-le de nouveau."), code="unread"
            ) from error
        if any(each.kind in personal_data.CERTAIN for each in found):
            raise ValidationError(
                _("Ce fichier contient un numéro de sécurité sociale ou de compte bancaire."),
                code="personal_number",
            )
        return file


def _agrees(file: File) -> bool:
    head = file.read(file_types.HEAD_BYTES)
    file.seek(0)
    is_page = head.lstrip().lower().startswith(PAGES)
    kind = file_types.kind_of(head)
    hides = kind == "text" and b"\0" in head  # in UTF-16, what it begins with was not looked at
    return not is_page and not hides and file_types.agrees(file.name or "", kind)
