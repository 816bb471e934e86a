"""The public name of a person, asked at sign-up. Apart: allauth's own forms read this module."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class DisplayName(forms.CharField):
    """The public name of a person: one line, no control or direction character."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=2, max_length=64, **kwargs)

    def clean(self, value: Any) -> str:
        """Return the name with single spaces. Raises ValidationError."""
        name = " ".join(str(super().clean(value) or "").split())
        if any(not char.isprintable() for char in name) or "@" in name:
            raise ValidationError(
                _("Ce nom sera public : ni adresse électronique, ni caractère invisible."),
                code="display_name",
            )
        return name


class SignupProfile(forms.Form):
    """What sign-up asks besides address and password (ACCOUNT_SIGNUP_FORM_CLASS)."""

    display_name = DisplayName(
        label=_("Nom public"),
        help_text=_("Il s’affiche près de vos contributions. Un pseudonyme convient."),
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )

    def signup(self, request: Any, user: Any) -> None:
        """Do nothing: the adapter has saved the name with the account."""
