"""Forms of the challenges pages."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django import forms
from django.forms.boundfield import BoundField
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from challenges.actions import fact_sheets
from challenges.client.receipts import MAX_BYTES
from challenges.models import Phase, Terms
from portal.lib.characters import plain_line
from portal.lib.files import safe_name


class TermsForm(forms.Form):
    """Accept one version of the rules."""

    terms = forms.IntegerField(widget=forms.HiddenInput)
    accepted = forms.BooleanField(
        label=_("J’ai lu le règlement et je l’accepte"),
        error_messages={"required": _("Cochez la case pour accepter le règlement.")},
    )

    def __init__(self, data: Any = None, *, version: Terms) -> None:
        super().__init__(data, initial={"terms": version.number})
        self.version = version

    def clean_terms(self) -> int:
        """Refuse an acceptance of a version that is no longer in force."""
        number: int = self.cleaned_data["terms"]
        if number != self.version.number:
            raise forms.ValidationError(
                _("Le règlement a changé depuis l’affichage de cette page. Relisez-le.")
            )
        return number


class TeamForm(forms.Form):
    """Name a new team."""

    name = forms.CharField(
        label=_("Nom de l’équipe"),
        max_length=80,
        validators=[plain_line],
        help_text=_("Ce nom est public : il paraît au classement."),
        error_messages={"required": _("Donnez un nom à votre équipe.")},
    )


class InvitationForm(forms.Form):
    """Invite a person by e-mail."""

    email = forms.EmailField(
        label=_("Adresse électronique"),
        max_length=254,
        help_text=_("L’invitation est valable sept jours, une seule fois, pour cette adresse."),
        error_messages={
            "required": _("Écrivez l’adresse de la personne à inviter."),
            "invalid": _("Cette adresse n’est pas valable. Exemple : prenom.nom@exemple.fr"),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


def _asked(question: Mapping[str, Any]) -> forms.Field:
    """Make the field of one of the organiser's questions, by its type."""
    options, kind = fact_sheets.choices(question), question.get("type")
    common: dict[str, Any] = {
        "label": str(question.get("label") or question["key"]),
        "required": bool(question.get("required", True)),
        "error_messages": {"required": _("L’organisateur demande cette réponse.")},
    }
    if kind == "checkbox" and options:
        named = [(each, each) for each in options]
        return forms.MultipleChoiceField(
            choices=named, widget=forms.CheckboxSelectMultiple, **common
        )
    if options:
        first = [] if common["required"] else [("", _("Sans réponse"))]
        return forms.ChoiceField(choices=[*first, *((each, each) for each in options)], **common)
    if kind in {"checkbox", "boolean"}:
        return forms.BooleanField(**common | {"required": False})
    return forms.CharField(max_length=fact_sheets.MOST_CHARACTERS, **common)


class EntryForm(forms.Form):
    """Submit a file of predictions, or only check its format."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    file = forms.FileField(
        label=_("Votre fichier de prédictions"),
        allow_empty_file=True,
        error_messages={"required": _("Choisissez le fichier à déposer.")},
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.parquet,.zip"}),
    )
    note = forms.CharField(
        label=_("Note pour votre équipe"),
        max_length=140,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("Ex. : lissage par zone")}),
    )
    check_only = forms.BooleanField(
        label=_("Vérifier seulement le format, sans utiliser d’essai"), required=False
    )
    again = forms.BooleanField(
        label=_("Déposer de nouveau ce même fichier"),
        help_text=_("Choisissez-le encore une fois ci-dessus. Il utilisera un essai."),
        required=False,
    )
    is_same = False

    def __init__(
        self, data: Any = None, files: Any = None, *, questions: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        super().__init__(data, files, initial={"key": str(uuid4())})
        self.questions: dict[str, str] = {}
        for at, question in enumerate(questions):
            name = f"fact_{slugify(question['key']) or at}"
            self.questions[name] = str(question["key"])
            self.fields[name] = _asked(question)

    def ask_again(self, sentence: str) -> None:
        """Say that the team already sent this file, and offer to send it all the same."""
        self.is_same = True
        self.add_error("file", sentence)

    def ask_code(self) -> None:
        """Ask for a package of code; trials take the place of a check of its format."""
        self.fields.pop("check_only", None)
        self.fields["file"].label = _("Votre archive de code")
        self.fields["file"].widget.attrs["accept"] = ".zip"

    def clean(self) -> dict[str, Any]:
        """Refuse to submit an empty file; a check of it has a verdict."""
        cleaned: dict[str, Any] = super().clean() or {}
        file = cleaned.get("file")
        if file is not None and file.size == 0 and not cleaned.get("check_only"):
            self.add_error(
                "file", _("Ce fichier est vide. Déposez un en-tête, puis une ligne par réponse.")
            )
        return cleaned

    @property
    def facts(self) -> list[BoundField]:
        """List the fields that the organiser added."""
        return [self[name] for name in self.questions]

    @property
    def fact_sheet(self) -> dict[str, Any]:
        """Return the answers to the organiser's questions."""
        return {key: self.cleaned_data[name] for name, key in self.questions.items()}

    @property
    def file_name(self) -> str:
        """Return the displayable name of the file."""
        return safe_name(self.cleaned_data["file"].name or "")


class ReceiptForm(forms.Form):
    """Bring a receipt to verify: a file, or its text."""

    file = forms.FileField(
        label=_("Fichier du récépissé"),
        required=False,
        max_length=200,
        error_messages={"empty": _("Ce fichier est vide.")},
        widget=forms.ClearableFileInput(attrs={"accept": ".json,application/json"}),
    )
    text = forms.CharField(
        label=_("Ou son texte"),
        required=False,
        help_text=_("Collez tout le contenu du fichier, de la première à la dernière accolade."),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two; refuse what is longer than any receipt."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        file, text = cleaned.get("file"), str(cleaned.get("text") or "")
        if not file and not text:
            raise forms.ValidationError(_("Choisissez un fichier ou collez le texte du récépissé."))
        if (file.size if file else len(text.encode())) > MAX_BYTES:
            raise forms.ValidationError(
                _("C’est plus long qu’un récépissé : 256 ko au plus."), code="too_large"
            )
        return cleaned

    @property
    def content(self) -> bytes:
        """Return the bytes to verify; the file wins over the text."""
        file = self.cleaned_data.get("file")
        content: bytes = file.read() if file else self.cleaned_data["text"].encode()
        return content


class ReadForm(forms.Form):
    """Carry the version of the challenge that the person had before their eyes."""

    version = forms.IntegerField(
        label=_("Version relue"),
        widget=forms.HiddenInput,
        min_value=1,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value"),
            _("Rechargez la page : elle ne dit pas quelle version vous avez lue."),
        ),
    )


class PublishForm(ReadForm):
    """Give the visa."""

    confirm_licence = forms.BooleanField(
        label=_("La licence des données a été confirmée par son titulaire"), required=False
    )


class ReasonForm(forms.Form):
    """Say what must be corrected."""

    reason = forms.CharField(
        label=_("Corrections demandées"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Dites ce qui est à corriger.")},
    )


class ArchiveForm(forms.Form):
    """End a challenge for good."""

    reason = forms.CharField(
        label=_("Motif, public"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Dites pourquoi le challenge est archivé.")},
    )
    sure = forms.BooleanField(
        label=_("Je confirme l’archivage : il ne s’annule pas"),
        error_messages={"required": _("Cochez la case pour confirmer l’archivage.")},
    )


class SendBackForm(ReadForm, ReasonForm):
    """Ask for corrections of the version that was read."""


class ExaminationForm(ReadForm):
    """Decide on an entry whose scoring broke down on our side."""

    decision = forms.ChoiceField(
        label=_("Décision"),
        choices=[
            ("requeue", _("Relancer : la soumission garde sa date et son essai")),
            ("give_back", _("Clore, panne de la plateforme : l’essai est rendu à l’équipe")),
            ("keep", _("Clore : l’essai reste décompté")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez une décision.")},
    )
    note = forms.CharField(
        label=_("Note pour le journal"),
        required=False,
        max_length=500,
        help_text=_("Elle n’est lue que dans le journal d’audit."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    sure = forms.BooleanField(
        label=_("Je confirme cette décision"),
        error_messages={"required": _("Cochez la case pour confirmer.")},
    )

    def only_again(self) -> None:
        """Offer to score the entry again, and nothing else."""
        self.fields["decision"].choices = [  # type: ignore[attr-defined]  # a choice field
            ("again", _("Noter de nouveau : la soumission garde sa date et son essai"))
        ]


class RefusalForm(forms.Form):
    """Refuse a person who asks to take part."""

    reason = forms.CharField(
        label=_("Motif du refus"),
        max_length=500,
        help_text=_("La personne le lira."),
        widget=forms.TextInput,
        error_messages={"required": _("Dites pourquoi l’inscription est refusée.")},
    )


class LocalMoment(forms.DateTimeField):
    """Ask for a day and an hour of Paris; « 23 h 59 » means the end of that day."""

    years = (1990, 2200)

    def __init__(self, label: Any) -> None:
        super().__init__(
            label=label,
            required=False,
            input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M"],
            help_text=_("Heure de Paris. 23 h 59 vaut la fin de la journée."),
            error_messages={
                "invalid": _("Écrivez la date et l’heure, par exemple 17/12/2026 17:00."),
                "ambiguous_timezone": _(
                    "Cette heure n’existe pas, ou existe deux fois, le jour du changement d’heure."
                ),
                "year": _("Une année de 1990 à 2200 est attendue."),
            },
            widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        )

    def clean(self, value: Any) -> Any:
        """Read the moment, of a year that the portal can show; move 23 h 59 to midnight."""
        try:
            moment = super().clean(value)
        except OverflowError:
            raise forms.ValidationError(self.error_messages["year"], code="year") from None
        except forms.ValidationError as error:
            if error.code != "ambiguous_timezone":
                raise
            raise forms.ValidationError(
                self.error_messages["ambiguous_timezone"], code=error.code
            ) from error
        if moment is not None and not self.years[0] <= moment.year <= self.years[1]:
            raise forms.ValidationError(self.error_messages["year"], code="year")
        if moment is not None and (moment.hour, moment.minute) == (23, 59):
            moment = (moment + timedelta(minutes=1)).replace(second=0, microsecond=0)
        return moment


class PhaseForm(forms.Form):
    """A form about one phase: its fields have names of their own on the page of several."""

    act = "phase"

    def __init__(self, data: Any = None, *, phase: Phase, **options: Any) -> None:
        super().__init__(data, auto_id=f"id_{self.act}_{phase.index}_%s", **options)
        self.phase = phase


class DatesForm(PhaseForm):
    """Set when a phase opens and closes; what was not touched keeps its seconds."""

    act = "dates"

    opens_at = LocalMoment(_("Ouverture"))
    closes_at = LocalMoment(_("Clôture"))

    def __init__(self, data: Any = None, *, phase: Phase) -> None:
        stored = {"opens_at": phase.opens_at, "closes_at": phase.closes_at}
        super().__init__(data, phase=phase, initial=stored)

    def date(self, name: str) -> datetime | None:
        """Return the chosen moment, the stored one when the same minute was sent back."""
        chosen: datetime | None = self.cleaned_data[name]
        stored: datetime | None = getattr(self.phase, name)
        if chosen and stored and chosen == stored.replace(second=0, microsecond=0):
            return stored
        return chosen


class ClosingForm(PhaseForm):
    """Confirm the close of a phase."""

    act = "close"

    sure = forms.BooleanField(
        label=_("Je confirme la clôture : plus aucune soumission ne sera acceptée"),
        error_messages={"required": _("Cochez la case pour confirmer la clôture.")},
    )


class RevealForm(PhaseForm):
    """Propose or confirm the publication of the final results."""

    act = "reveal"

    sure = forms.BooleanField(
        label=_("Je confirme : les résultats définitifs deviendront publics"),
        error_messages={"required": _("Cochez la case pour confirmer.")},
    )
