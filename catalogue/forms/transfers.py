"""The form of a transfer."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Organisation
from portal.lib.characters import plain_line


class TransferForm(forms.Form):
    """To whom a card goes, and a word."""

    use_required_attribute = False
    target = forms.CharField(
        label=_("Organisation qui reprendrait la fiche"),
        max_length=200,
        validators=[plain_line],
        help_text=_("Son nom exact sur le portail, ou l’adresse de sa page."),
        error_messages={"required": _("Dites à quelle organisation.")},
    )
    message = forms.CharField(
        label=_("Message"), max_length=500, required=False, validators=[plain_line]
    )

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
