"""Forms of reports: the notice, the decision on it, the contestation, the masking."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalogue.enums import NAMELESS, URGENT, Ground, Measure, ReportCategory, ReportOutcome
from portal.lib.characters import plain_line, plain_text


class ReportForm(forms.Form):
    """Tell the Region of a content that would be unlawful or against the charter."""

    use_required_attribute = False
    address = forms.CharField(
        label=_("Adresse du contenu"),
        max_length=500,
        validators=[plain_line],
        help_text=_("L’adresse de la page du portail où il se trouve."),
        error_messages={"required": _("Donnez l’adresse de la page.")},
    )
    field = forms.CharField(
        label=_("Endroit de la page"),
        max_length=200,
        required=False,
        validators=[plain_line],
        help_text=_("Le champ, la phrase, le fichier ou l’auteur du message."),
    )
    category = forms.ChoiceField(
        label=_("Nature"),
        choices=ReportCategory.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez la nature du contenu.")},
    )
    explanation = forms.CharField(
        label=_("Explication"),
        max_length=4_000,
        validators=[plain_text],
        help_text=_("Ce qui ne va pas et pourquoi : la règle enfreinte, le droit atteint."),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Dites ce qui ne va pas et pourquoi.")},
    )
    name = forms.CharField(
        label=_("Nom"),
        max_length=160,
        validators=[plain_line],
        help_text=_("Seules les personnes qui examinent le signalement le lisent."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Donnez votre nom.")},
    )
    email = forms.EmailField(
        label=_("Adresse électronique"),
        max_length=254,
        help_text=_("Pour un contenu explicite, le nom et l’adresse sont facultatifs."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": _("Donnez votre adresse : la décision y sera envoyée."),
            "invalid": _("Cette adresse n’est pas complète : il y faut un « @ » et un domaine."),
        },
    )
    good_faith = forms.BooleanField(
        label=_("Je crois de bonne foi que ce que j’écris est exact et complet"),
        error_messages={"required": _("Cette déclaration est nécessaire.")},
    )
    # Filled by machines alone: the field is hidden from people.
    site = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, signed_in: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("name", "email"):
            if signed_in:
                del self.fields[name]
            elif self.data.get("category") in NAMELESS:  # the regulation exempts
                self.fields[name].required = False


class ReasonsForm(forms.Form):
    """What is decided of a report, and its reasons."""

    use_required_attribute = False
    outcome = forms.ChoiceField(
        label=_("Décision"),
        choices=ReportOutcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez une décision.")},
    )
    measure = forms.ChoiceField(label=_("Mesure"), required=False)
    facts = forms.CharField(
        label=_("Faits"),
        max_length=2_000,
        validators=[plain_text],
        help_text=_(
            "Ce qui a été constaté. L’auteur du contenu et la personne qui a signalé le lisent : "
            "n’y nommez personne."
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Dites ce qui a été constaté.")},
    )
    ground = forms.ChoiceField(
        label=_("Fondement"), required=False, choices=[("", "—"), *Ground.choices]
    )
    ground_text = forms.CharField(
        label=_("Règle appliquée"),
        max_length=500,
        required=False,
        validators=[plain_line],
        help_text=_("L’article de loi ou le point de la charte, et pourquoi il s’applique."),
    )
    duration = forms.CharField(
        label=_("Étendue et durée"),
        max_length=200,
        required=False,
        validators=[plain_line],
        initial=_("Tout le portail, jusqu’à correction."),
    )

    def __init__(self, *args: Any, measures: Sequence[Measure] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["measure"]
        field.choices = [("", "—"), *((each.value, each.label) for each in measures)]

    def clean(self) -> dict[str, Any]:
        """Ask for a measure and a ground where the report is upheld."""
        cleaned = super().clean() or {}
        if cleaned.get("outcome") == ReportOutcome.UPHELD:
            if not cleaned.get("measure"):
                self.add_error("measure", _("Choisissez une mesure."))
            if not cleaned.get("ground"):
                self.add_error("ground", _("Choisissez le fondement."))
            if not str(cleaned.get("ground_text") or "").strip():
                self.add_error("ground_text", _("Dites quelle règle s’applique, et pourquoi."))
        return cleaned


class ContestForm(forms.Form):
    """Say why a decision is contested."""

    use_required_attribute = False
    words = forms.CharField(
        label=_("Pourquoi vous contestez"),
        max_length=4_000,
        validators=[plain_text],
        help_text=_("Une autre personne de la Région lira ceci et décidera."),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Dites pourquoi vous contestez.")},
    )


class MaskForm(forms.Form):
    """Why a card is hidden at once."""

    use_required_attribute = False
    category = forms.ChoiceField(
        label=_("Urgence"),
        choices=[choice for choice in ReportCategory.choices if choice[0] in URGENT],
    )
    explanation = forms.CharField(
        label=_("Motif du masquage"),
        max_length=300,
        validators=[plain_line],
        help_text=_("La seconde personne et l’auteur de la fiche le liront."),
        error_messages={"required": _("Dites pourquoi la fiche est masquée.")},
    )
