"""Letters: every template writes, and the embedded mode keeps them as files."""

import email
import email.policy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings

from portal.accounts import adapters
from portal.audit import letters

TEMPLATES = Path(django_settings.BASE_DIR) / "templates" / "emails"


def test_the_folder_keeps_a_letter_as_a_mail_reader_reads_it(settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "portal.audit.letters.FolderBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    letters.send("password_changed", to="camille@exemple.test", context={})
    [path] = (tmp_path / "mail").iterdir()
    assert path.suffix == ".eml"
    read = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert (read["To"], read["Subject"]) == (
        "camille@exemple.test",
        "Votre mot de passe a changé",
    )
    assert read["Auto-Submitted"] == "auto-generated"
    body = read.get_body()
    assert body is not None
    assert "vos autres sessions sont fermées" in body.get_content()
    assert django_settings.SITE_URL in body.get_content()


def test_a_subject_stays_on_its_line() -> None:
    organisation = SimpleNamespace(name="Nom\nBcc: autre@exemple.test")
    invitation = SimpleNamespace(
        organisation=organisation, invited_by="Zoé & Cie <z>", get_role_display="éditrice"
    )
    context = {"invitation": invitation, "link": "https://exemple.test/x?a=1&b=2"}
    letter = letters.write("invitation", to="a@exemple.test", context=context)
    assert letter.subject == "Invitation à rejoindre Nom Bcc: autre@exemple.test"
    assert "Zoé & Cie <z>" in letter.body
    assert "https://exemple.test/x?a=1&b=2" in letter.body


@pytest.mark.parametrize("letter", sorted(set(adapters.LETTERS.values())))
def test_every_letter_about_an_account_has_its_templates(letter: str) -> None:
    written = letters.write(
        letter, to="a@exemple.test", context={"link": "https://x.test/", "login_link": "y"}
    )
    assert written.subject
    assert written.body.startswith("Bonjour,")


def test_every_letter_has_a_subject_and_a_body() -> None:
    folders = [path for path in TEMPLATES.iterdir() if path.is_dir()]
    assert [
        path.name
        for path in folders
        if {one.name for one in path.iterdir()} != {"subject.txt", "body.txt"}
    ] == []
