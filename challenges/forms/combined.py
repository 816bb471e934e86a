"""The form by which an organiser combines boards of a draft."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.enums.combined import Combination
from challenges.models import Leaderboard

COMBINATIONS = {
    Combination.MEAN: _("La moyenne des rangs"),
    Combination.MEDIAN: _("La médiane des rangs"),
}


class CombinedForm(forms.Form):
    """Add a board that ranks by the ranks of others."""

    title = forms.CharField(
        label=_("Titre du classement"),
        max_length=64,
        error_messages={"required": _("Donnez un titre au classement.")},
    )
    combination = forms.ChoiceField(
        label=_("Il classe par"),
        choices=list(COMBINATIONS.items()),
        widget=forms.RadioSelect,
        initial=Combination.MEAN,
    )
    boards = forms.MultipleChoiceField(
        label=_("Classements combinés"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choisissez de deux à douze classements.")},
    )

    def __init__(self, data: Any = None, *, boards: Sequence[Leaderboard]) -> None:
        super().__init__(data)
        self._boards = {str(each.pk): each for each in boards}
        self.fields["boards"].choices = [  # type: ignore[attr-defined]  # a choice field
            (key, f"{each.phase.name} · {each.title}") for key, each in self._boards.items()
        ]

    @property
    def chosen(self) -> list[Leaderboard]:
        """List the boards that were chosen, in their usual order."""
        asked = set(self.cleaned_data["boards"])
        return [each for key, each in self._boards.items() if key in asked]
