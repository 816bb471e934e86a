"""Forms of the queue: pause the scoring of a phase, decide on an entry that broke down."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.evaluation.actions.interventions import REASON_MAX_CHARACTERS
from challenges.organising.forms.challenges import ReadForm
from challenges.organising.models.challenges import Phase
from portal.lib.web.fields import box, choice, prose


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


class ExaminationForm(ReadForm):
    """Decide on an entry whose scoring broke down on our side."""

    decision = choice(
        _("Décision"),
        [
            ("requeue", _("Relancer : la soumission garde sa date et son essai")),
            ("give_back", _("Clore, panne de notre côté : l’essai est rendu à l’équipe")),
            ("keep", _("Clore : l’essai reste décompté")),
        ],
        _("Choisissez une décision."),
        radio=True,
    )
    note = prose(
        _("Note pour le journal"),
        500,
        hint=_("Elle n’est lue que dans le journal d’audit."),
        rows=2,
    )
    sure = box(_("Je confirme cette décision"), _("Cochez la case pour confirmer."))

    def only_again(self) -> None:
        """Offer to score the entry again, and nothing else."""
        self.fields["decision"].choices = [  # type: ignore[attr-defined]  # a choice field
            ("again", _("Noter de nouveau : la soumission garde sa date et son essai"))
        ]
