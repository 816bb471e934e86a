"""What a small firm is asked."""

from django.utils.translation import gettext_lazy as _

from portal.demonstrator.forms import LONGEST, TrialForm, zone
from portal.lib.web.fields import prose


class NeedForm(TrialForm):
    """A sentence as on the phone, where the firm is."""

    sentence = "text"
    examples = (
        (
            _("Boulangerie"),
            "Je cherche quelqu’un de matinal pour pétrir, façonner le pain, surveiller les fours.",
        ),
        (
            _("Aide à domicile"),
            "On a besoin de quelqu’un pour aider une personne âgée à domicile : toilette, "
            "courses et repas.",
        ),
        (
            _("Maraîchage"),
            "Il me faut quelqu’un pour planter, arroser et récolter les légumes, "
            "et les vendre au marché.",
        ),
    )

    text = prose(
        _("Avec vos mots, comme au téléphone"),
        LONGEST,
        _("Dites en une phrase ou deux ce que la personne fera."),
        _("Ni nom, ni téléphone, ni adresse. Votre texte n’est pas conservé."),
        rows=5,
    )
    zone = zone()
