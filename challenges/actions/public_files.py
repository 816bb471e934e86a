"""Look for personal data in the files of a challenge that anybody will download."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import IO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.bundles.report import Findings
from portal.lib import personal_files
from portal.lib.personal_data import Kind

CODE, DOUBT = "E_PERSONAL_DATA", "W_PERSONAL_DATA"
_DOUBTS = {
    Kind.EMAIL: gettext_lazy("adresse d’une personne dans un fichier public : retirez-la"),
    Kind.PHONE: gettext_lazy("numéro de téléphone dans un fichier public : retirez-le"),
    Kind.ADDRESS: gettext_lazy("adresse postale dans un fichier public : retirez-la"),
}
Opened = Callable[[], AbstractContextManager[IO[bytes]]]


def check(files: Iterable[tuple[str, Opened]]) -> Findings:
    """Refuse social security and bank account numbers; warn of addresses and telephones."""
    findings = Findings()
    for name, opened in files:
        with opened() as content:
            try:
                found = personal_files.scan(content)
            except personal_files.Unread:
                said = _("ce fichier ne se lit pas : on ne peut y chercher de données personnelles")
                findings.refuse(CODE, said, file=name)
                continue
        for each in found:
            place = {"file": name, "key": _("ligne %(n)s") % {"n": each.line}}
            if each.kind in personal_files.CERTAIN:
                said = _("numéro de sécurité sociale ou de compte bancaire dans un fichier public")
                findings.refuse(CODE, said, value=each.excerpt, **place)
            else:
                findings.warn(DOUBT, str(_DOUBTS[each.kind]), value=each.excerpt, **place)
    return findings
