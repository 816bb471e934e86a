"""Forms by which a challenge is published, dated, closed, revealed, archived."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.models import Phase


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


class SendBackForm(ReadForm, ReasonForm):
    """Ask for corrections of the version that was read."""


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
