"""Forms of the queue of a challenge."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.actions.pauses import REASON_MAX_CHARACTERS
from challenges.models import Phase


class PauseForm(forms.Form):
    """Say why the scoring of a phase stops."""

    reason = forms.CharField(
        label=_("Motif de la pause"),
        max_length=REASON_MAX_CHARACTERS,
        help_text=_("Public : il paraît dans les annonces et à la page de chaque soumission."),
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": _("Dites pourquoi : les équipes le liront."),
            "max_length": _("500 caractères au plus."),
        },
    )

    def __init__(self, data: Any = None, *, phase: Phase) -> None:
        self.phase = phase
        super().__init__(data, auto_id=f"id_{phase.index}_%s")
