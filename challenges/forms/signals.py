"""Forms of the pages of signals."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.enums import SignalStatus
from challenges.forms import ReadForm
from challenges.models import Signal, Team

# What may be decided on a signal, by where it stands; "ask" is not offered twice.
SIGNAL_CHOICES: Mapping[str, Sequence[tuple[str, Any]]] = {
    "ask": (("ask", _("Interroger les équipes : elles liront votre texte")),),
    "dismiss": (("dismiss", _("Classer sans suite")),),
    "act": (
        ("remind", _("Rappeler le règlement : les soumissions restent au classement")),
        ("set_aside", _("Retirer du classement les soumissions citées")),
    ),
    "undo": (("dismiss", _("Reprendre la décision : les soumissions reviennent au classement")),),
}
SIGNAL_STEPS: Mapping[str, Sequence[str]] = {
    SignalStatus.OPEN: ("ask", "dismiss"),
    SignalStatus.ASKED: ("dismiss", "act"),
    SignalStatus.ANSWERED: ("dismiss", "act"),
    SignalStatus.ACTED: ("undo",),
    SignalStatus.DISMISSED: (),
}


class TeamsField(forms.ModelMultipleChoiceField):
    """Choose teams; a number that SQLite cannot hold is none of them."""

    def clean(self, value: Any) -> Any:
        """Return the teams; raises ValidationError."""
        try:
            return super().clean(value)
        except OverflowError as error:
            raise forms.ValidationError(
                self.error_messages["invalid_choice"], code="invalid_choice"
            ) from error


class SignalDecisionForm(ReadForm):
    """Decide on a signal: ask, dismiss, or act once the teams were heard."""

    decision = forms.ChoiceField(
        label=_("Décision"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez une décision.")},
    )
    teams = TeamsField(
        label=_("Équipes concernées par la mesure"),
        queryset=Team.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Pour un rappel ou un retrait seulement."),
        error_messages={"invalid_choice": _("Choisissez une équipe de la liste.")},
    )
    reason = forms.CharField(
        label=_("Question ou motif"),
        max_length=2000,
        help_text=_(
            "Les équipes interrogées le liront : ne citez ni réponse, ni score privé, ni le nom "
            "d’une autre équipe."
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Écrivez la question, ou le motif de la décision.")},
    )
    sure = forms.BooleanField(
        label=_("Je confirme cette décision"),
        error_messages={"required": _("Cochez la case pour confirmer.")},
    )

    def __init__(self, data: Any = None, *, signal: Signal) -> None:
        super().__init__(data, initial={"version": signal.version})
        steps = SIGNAL_STEPS[signal.status]
        decision: Any = self.fields["decision"]
        decision.choices = [choice for step in steps for choice in SIGNAL_CHOICES[step]]
        if "act" in steps:
            teams: Any = self.fields["teams"]
            teams.queryset = Team.objects.filter(signals__signal=signal).order_by("pk")
        else:
            del self.fields["teams"]

    def clean(self) -> dict[str, Any]:
        """Ask for a team where a measure is about one."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("decision") in {"remind", "set_aside"} and not said.get("teams"):
            self.add_error("teams", _("Choisissez l’équipe que la mesure concerne."))
        return said


class SignalAnswerForm(forms.Form):
    """Answer, for a team, a question about its entries."""

    answer = forms.CharField(
        label=_("Réponse de l’équipe"),
        max_length=4000,
        help_text=_("Elle est lue par la Région seule, et ne peut plus être changée."),
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Écrivez la réponse de votre équipe.")},
    )
