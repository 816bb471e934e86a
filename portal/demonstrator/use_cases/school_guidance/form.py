"""What a pupil is asked: what they like, and nothing else."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.demonstrator.forms import TrialForm
from portal.demonstrator.use_cases.school_guidance.interests import INTERESTS
from portal.lib.web.fields import prose


class GuidanceForm(TrialForm):
    """Interests to tick, words of one's own, or both."""

    sentence = "text"
    examples = (
        (_("Moteurs et cuisine"), "J’aime les moteurs et la cuisine."),
        (_("Dessin et enfants"), "Le dessin, et m’occuper des enfants."),
        (_("Ordinateurs et nature"), "Les ordinateurs, mais aussi la nature."),
    )

    interests = forms.MultipleChoiceField(
        label=_("Ce que vous aimez faire"),
        choices=[(each.key, each.text) for each in INTERESTS],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    text = prose(
        _("Ou avec vos mots"),
        500,
        hint=_("Ni nom, ni école, ni téléphone, ni adresse. Votre texte n’est pas conservé."),
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not said.get("interests") and "text" not in self.errors:
            self.need("text", _("Cochez ce que vous aimez faire, ou écrivez-le."))
        return said
