"""What an employee in post is asked."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.demonstrator.enums import Contract
from portal.demonstrator.forms import TrialForm
from portal.demonstrator.models import FundingRule
from portal.lib.web.fields import choice, line

LONGEST_TITLE = 200
LONG = (("", _("Je ne sais pas encore")), ("yes", _("Oui, s’il le faut")), ("no", _("Non")))


class TransitionForm(TrialForm):
    """The occupation one has, the one wished for if any, and what the funding depends on."""

    sentence = "occupation"
    occupations = ("occupation", "wish")
    examples = tuple((title, title) for title in ("Boulangère", "Hôte de caisse", "Maçon"))

    occupation = line(
        _("Votre métier aujourd’hui"),
        LONGEST_TITLE,
        _("Écrivez votre métier, comme « hôtesse de caisse »."),
        _("Sans nom, employeur, téléphone ni adresse. Votre texte n’est pas conservé."),
    )
    wish = line(
        _("Le métier souhaité"),
        LONGEST_TITLE,
        hint=_("Laissez vide pour voir les mobilités les mieux classées, et où elles mènent."),
    )
    contract = choice(_("Votre contrat"), [("", _("Je ne le précise pas")), *Contract.choices])
    long_training = choice(_("Suivre une formation longue ?"), LONG)

    def inputs(self) -> dict[str, Any]:
        """Give the funding rules of the Region beside what was typed."""
        return {**super().inputs(), "rules": list(FundingRule.objects.all())}
