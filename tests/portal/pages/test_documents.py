"""Documents of the staff are what their names say, and hold nobody's number."""

import io
import zipfile

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from wagtail.documents.forms import get_document_form
from wagtail.documents.models import Document
from wagtail.models import Collection

from portal.accounts.actions.appointments import BACKOFFICE_GROUPS
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
PAGE = b"<!DOCTYPE html><script>alert(1)</script>"


def packed(text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("content.xml", text)
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("notice.pdf", b"%PDF-1.7 ...", ""),
        ("notice.pdf", PAGE, "type"),
        ("notice.txt", b"\n" + PAGE, "type"),
        ("notice.zip", PAGE, "type"),
        ("notice.csv", "métier;offres\n".encode("cp1252"), ""),
        ("notice.odt", packed("<p>Bonjour</p>"), ""),
        ("notice.odt", packed("<p>1 84 12 76 451 089 46</p>"), "personal_number"),
        ("notice.odt", b"PK\x03\x04 cut short", "unread"),
    ],
)
def test_a_document_is_what_its_name_says(name: str, content: bytes, code: str) -> None:
    staff = UserFactory()
    staff.groups.add(Group.objects.get(name=BACKOFFICE_GROUPS["administrator"]))
    form = get_document_form(Document)(
        {"title": "Notice", "collection": Collection.get_first_root_node().pk},
        {"file": SimpleUploadedFile(name, content)},
        user=staff,
    )
    form.is_valid()
    codes = [each.code for each in form.errors.as_data().get("file", [])]
    assert codes[:1] == ([code] if code else [])
