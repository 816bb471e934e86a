"""Sign-up, sign-in, passwords and address: allauth's forms in our words."""

import ipaddress
from types import SimpleNamespace
from typing import Any

from allauth.account import forms as account_forms
from allauth.account.adapter import get_adapter
from allauth.core import context as allauth_context
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.accounts.forms.dress import Dressed
from portal.accounts.passwords import OwnWordsValidator

ADDRESS = _("Adresse électronique")
PASSWORD = _("Mot de passe")
NEW_PASSWORD = _("Nouveau mot de passe")
AGAIN = _("Le même mot de passe, une seconde fois")
PASSWORD_HINT = _(
    "De 14 à 128 caractères. Une phrase à vous convient ; ni mot courant, ni suite de "
    "touches, ni votre nom, ni celui du site."
)


class SignupForm(Dressed, account_forms.SignupForm):
    """Create an account; a known address gets the same page and another letter."""

    labels = {"email": ADDRESS, "password1": PASSWORD, "password2": AGAIN}
    hints = {
        "email": _("Elle ne sera jamais affichée."),
        "password1": PASSWORD_HINT,
    }
    field_order = ["email", "display_name", "password1", "password2"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The trap for machines: hidden by a class of ours, since the policy forbids styles.
        self.fields["site"].widget.attrs = {"tabindex": "-1", "autocomplete": "off"}

    def clean(self) -> dict[str, Any]:
        """Compare the password with the chosen name too, which allauth does not know."""
        super().clean()
        password = self.cleaned_data.get("password1")
        if password:
            try:
                OwnWordsValidator().validate(
                    password,
                    SimpleNamespace(display_name=self.cleaned_data.get("display_name", "")),
                )
            except ValidationError as error:
                self.add_error("password1", error)
        if not self.errors and not _network_may_sign_up():
            raise get_adapter().validation_error("rate_limited")
        return self.cleaned_data

    def try_save(self, request: HttpRequest) -> Any:
        """Take as long for a known address as for a new one, whose password is hashed."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)


def _network_may_sign_up() -> bool:
    """Count a sign-up for the sender's network: mass accounts come from one."""
    request = allauth_context.request
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    size = 24 if address.version == 4 else 48
    network = ipaddress.ip_network(f"{address}/{size}", strict=False)
    rate = f"{settings.SIGNUPS_PER_NETWORK}/10m/key"
    used = ratelimit.consume(
        request,
        app="allauth.account",
        action="signup_network",
        config={"signup_network": rate},
        key=str(network),
    )
    return used is not None


class LoginForm(Dressed, account_forms.LoginForm):
    """Open a session by address or user name."""

    labels = {"login": _("Adresse électronique ou identifiant"), "password": PASSWORD}
    hints = {"password": ""}

    def user_credentials(self) -> dict[str, Any]:
        """Try one way only, so that a known login costs one hash, as an unknown one does."""
        login = self.cleaned_data["login"]
        way = "email" if "@" in login else "username"
        return {way: login, "password": self.cleaned_data.get("password")}


class ResetPasswordForm(Dressed, account_forms.ResetPasswordForm):
    """Ask for a reset link."""

    labels = {"email": ADDRESS}


class ResetPasswordKeyForm(Dressed, account_forms.ResetPasswordKeyForm):
    """Choose a password from a reset link."""

    labels = {"password1": NEW_PASSWORD, "password2": AGAIN}
    hints = {"password1": PASSWORD_HINT}


class SetPasswordForm(Dressed, account_forms.SetPasswordForm):
    """Choose a first password."""

    labels = {"password1": NEW_PASSWORD, "password2": AGAIN}
    hints = {"password1": PASSWORD_HINT}


class ChangePasswordForm(Dressed, account_forms.ChangePasswordForm):
    """Change a password, knowing the current one."""

    labels = {
        "oldpassword": _("Mot de passe actuel"),
        "password1": NEW_PASSWORD,
        "password2": AGAIN,
    }
    hints = {"oldpassword": "", "password1": PASSWORD_HINT}


class AddEmailForm(Dressed, account_forms.AddEmailForm):
    """Ask for a change of address."""

    labels = {"email": _("Nouvelle adresse électronique")}
    hints = {"email": _("Nous y envoyons un lien ; le changement attend que vous l’ouvriez.")}


class ReauthenticateForm(Dressed, account_forms.ReauthenticateForm):
    """Prove who one is by password."""

    labels = {"password": PASSWORD}
    hints = {"password": ""}
