"""The documents that the staff bring: what they really are, and nobody's numbers in them."""

from typing import IO, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.documents.forms import BaseDocumentForm

from portal.lib import personal_data

HEAD_BYTES = 4_096
STARTS = {"pdf": b"%PDF-", "zip": b"PK\x03\x04", "ods": b"PK\x03\x04", "odt": b"PK\x03\x04"}


class DocumentForm(BaseDocumentForm):
    """Take a document whose content is what its name says."""

    def clean_file(self) -> Any:
        """Refuse a page named .pdf, and a file that holds somebody's number."""
        file = self.cleaned_data["file"]
        if "file" not in self.changed_data:
            return file
        if not _agrees(file, file.name.rpartition(".")[2].lower()):
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


def _agrees(file: IO[bytes], extension: str) -> bool:
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if extension in STARTS:
        return head.startswith(STARTS[extension])
    return b"\0" not in head and not head.lstrip().lower().startswith((b"<!doctype", b"<html"))
