"""What is read of a sentence: neither how to reach somebody, nor what it refuses."""

import re

from django.utils.translation import gettext as _

from portal.lib.prose import personal_data

# A number and a street with its name, its town or none. What one may count, as « 3 cours », is a
# street where its name has a capital.
STREET = re.compile(
    r"(?<!\d)\d{1,4}(?: ?(?:bis|ter|quater))?,? (?i:(?:rue|avenue|av\.|boulevard|bd|impasse)(?= )|"
    r"(?:allées?|chemin|cours|montée|place|quai|route|traverse)"
    r"(?= (?:(?:de|du|des|la|le|les) )*(?:[dl]['’])?(?-i:[A-ZÀ-Ý])))"
    r"(?: (?:de|du|des|la|le|les)\b)*(?: [dl]['’]| )[\w-]+"
    r"(?: [A-ZÀ-Ý][\w-]*)*(?:,? \d{5}\b(?: [A-ZÀ-Ý][\w-]*)*)?"
)
SITE = re.compile(r"\b(?:https?://|www\.)\S*\w")


def contacts_mark() -> str:
    """Give what stands where contact details were."""
    return _("(coordonnées retirées)")


def without_contacts(text: str) -> str:
    """Take e-mail addresses, telephone numbers, sites and streets with their number out of a text.

    So are the numbers of a person or of a bank account.
    """
    mark = contacts_mark()
    return personal_data.strike(STREET.sub(mark, SITE.sub(mark, text)), kept="", by=mark)
