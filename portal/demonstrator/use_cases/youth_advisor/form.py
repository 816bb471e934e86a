"""What an adviser types: occupations, and nothing of the young person."""

from django.utils.translation import gettext_lazy as _

from portal.demonstrator.forms import TrialForm, zone
from portal.lib.web.fields import line

# The fields of the occupations, in their order.
EVOKED = ("first", "second", "third")


class InterviewForm(TrialForm):
    """One to three occupations, each on its line, and a zone."""

    sentence = "first"
    occupations = EVOKED
    examples = (
        (_("Petite enfance"), "auxiliaire de puériculture"),
        (_("Mécanique"), "mécanicienne automobile"),
        (_("Animation"), "animateur périscolaire"),
    )

    first = line(
        _("Métier évoqué en entretien"),
        120,
        _("Écrivez au moins un métier."),
        _("Des métiers, et rien du jeune reçu : ni nom, ni âge, ni téléphone, ni adresse."),
    )
    second = line(_("Deuxième métier"), 120)
    third = line(_("Troisième métier"), 120)
    zone = zone()
