"""Why a card is archived or removed, and to whom it is handed over."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from catalogue.resources.enums import RemovalReason
from portal.accounts.models import Organisation
from portal.lib.web.fields import PlainForm, box, line, prose


class ReasonForm(PlainForm):
    """Why a card is archived."""

    reason = prose(
        _("Pourquoi l’archiver ?"),
        300,
        _("Dites pourquoi cette fiche est archivée."),
        _("La raison est affichée sur la fiche."),
        check=None,
    )


class RemovalForm(PlainForm):
    """Why a card is to be removed, and what its address may still say."""

    reason = forms.ChoiceField(
        label=_("Motif"),
        choices=RemovalReason.choices,
        help_text=_("Il est affiché à l’adresse de la fiche."),
    )
    keep_title = box(_("Garder le titre à l’adresse de la fiche"), initial=True)
    explanation = prose(
        _("Explication pour la deuxième personne et pour l’auteur"),
        300,
        _("Dites pourquoi cette fiche doit être retirée."),
        check=None,
    )


class TransferForm(PlainForm):
    """To whom a card goes, and a word."""

    target = line(
        _("Organisation qui reprendrait la fiche"),
        200,
        _("Dites à quelle organisation."),
        _("Son nom exact sur le portail, ou l’adresse de sa page."),
    )
    message = line(_("Message"), 500)

    def __init__(
        self, *args: Any, places: list[Organisation] | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        if places is not None:
            self.fields["target"] = forms.ChoiceField(
                label=_("Organisation qui reprendrait la fiche"),
                choices=[(each.slug, each.name) for each in places],
            )

    def clean_target(self) -> Organisation:
        """Find the organisation by its name or its address."""
        said = self.cleaned_data["target"].strip()
        slug = said.rstrip("/").rsplit("/", 1)[-1]
        rows = Organisation.objects.all()
        found = rows.filter(slug=slug).first() or rows.filter(name__iexact=said).first()
        if found is None:
            raise ValidationError(_("Aucune organisation du portail ne porte ce nom."), code="none")
        return found
