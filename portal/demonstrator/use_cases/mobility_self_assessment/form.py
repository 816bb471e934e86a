"""What somebody who thinks of moving is asked: nothing of who they are."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.demonstrator.forms import TrialForm, zone
from portal.demonstrator.use_cases.mobility_self_assessment.criteria import CRITERIA
from portal.demonstrator.use_cases.mobility_self_assessment.maturity import SIGNS, STAGES
from portal.lib.web.fields import line


def _ticks(label: Any, offered: Iterable[Any], hint: Any = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=[(each.key, each.text) for each in offered],
        help_text=hint,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class MobilityForm(TrialForm):
    """The present occupation and a zone; what one wants, feels, and has done, to tick."""

    sentence = "occupation"
    examples = (
        (_("Service en salle"), "serveuse"),
        (_("Maçonnerie"), "maçon"),
        (_("Soins"), "aide-soignante"),
    )

    folded = ("constraints", "signs")
    folded_label = _("Préciser : vos journées, vos raisons")

    occupation = line(
        _("Votre métier d’aujourd’hui"),
        120,
        _("Écrivez votre métier, ou le dernier que vous avez exercé."),
        _("Ni nom, ni employeur, ni téléphone, ni adresse. Votre texte n’est pas conservé."),
    )
    zone = zone()
    constraints = _ticks(_("Ce que vous voulez pour vos journées"), CRITERIA)
    signs = _ticks(_("Ce qui vous fait penser à bouger"), SIGNS)
    steps = _ticks(
        _("Où en êtes-vous ?"),
        [step for _title, steps in STAGES for step in steps],
        _("Cochez ce qui est déjà fait."),
    )
