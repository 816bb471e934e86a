"""What a buyer of training is asked."""

from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.demonstrator.forms import TrialForm, zone
from portal.lib.web.fields import choice

# The first letter of an occupation's code, ours as in the official ROME.
DOMAINS = {
    "A": _("Agriculture et pêche, espaces naturels et espaces verts, soins aux animaux"),
    "B": _("Arts et façonnage d’ouvrages d’art"),
    "C": _("Banque, assurance, immobilier"),
    "D": _("Commerce, vente et grande distribution"),
    "E": _("Communication, média et multimédia"),
    "F": _("Construction, bâtiment et travaux publics"),
    "G": _("Hôtellerie-restauration, tourisme, loisirs et animation"),
    "H": _("Industrie"),
    "I": _("Installation et maintenance"),
    "J": _("Santé"),
    "K": _("Services à la personne et à la collectivité"),
    "L": _("Spectacle"),
    "M": _("Support à l’entreprise"),
    "N": _("Transport et logistique"),
}


class ProcurementForm(TrialForm):
    """A domain of the occupations in service, and a zone or the whole region."""

    stated = ("zone",)
    shown = MappingProxyType({"domain": "G"})

    domain = choice(_("Domaine"), fault=_("Choisissez un domaine de métiers."))
    zone = zone(hint=_("Sans zone choisie, toutes comptent autant."))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        met = sorted({code[0] for code in self.served.referential.occupations})
        domains = [(letter, DOMAINS.get(letter, letter)) for letter in met]
        self.offer("domain", [("", _("Choisir un domaine")), *domains])
