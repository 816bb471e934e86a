"""Sign-up, sign-in, passwords, addresses, second factors: allauth's forms in our words."""

import ipaddress
import time
from types import SimpleNamespace
from typing import Any

from allauth.account import forms as account_forms
from allauth.account.adapter import get_adapter
from allauth.core import context as allauth_context
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter as get_factor_adapter
from allauth.mfa.base import forms as base_forms
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn import forms as webauthn_forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.accounts.forms.profile import Dressed
from portal.accounts.passwords import OwnWordsValidator
from portal.lib import rates

ADDRESS = _("Adresse électronique")
PASSWORD = _("Mot de passe")
NEW_PASSWORD = _("Nouveau mot de passe")
AGAIN = _("Le même mot de passe, une seconde fois")
PASSWORD_HINT = _("De 14 à 128 caractères. Une phrase à vous convient.")


class SignupForm(Dressed, account_forms.SignupForm):
    """Create an account; a known address gets the same page and another letter."""

    labels = {"email": ADDRESS, "password1": PASSWORD}
    hints = {
        "email": _("Elle ne sera jamais affichée."),
        "password1": PASSWORD_HINT,
    }
    field_order = ["email", "display_name", "password1"]

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
    return rates.may_ask(request, "signup_network", rate, key=str(network))


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


CODE = _("Code à six chiffres, ou code de secours")


def accepted_step(secret: str, code: str, *, now_seconds: float) -> int | None:
    """Find the time step whose code this is, within one step either way, or None.

    secret: base32. Source: RFC 6238 §5.2; the step returned is stored, and a code of that
    step or an earlier one is refused from then on.
    """
    current = int(now_seconds) // app_settings.TOTP_PERIOD
    for step in range(current - 1, current + 2):
        expected = format_hotp_value(hotp_value(secret, step))
        if compare_user_code(actual=code, expected=expected):
            return step
    return None


@transaction.atomic
def use_totp(authenticator: Authenticator, code: str) -> bool:
    """Accept a code once: the last step used is kept beside the seed, under a lock."""
    fresh = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
    step = accepted_step(decrypt(fresh.data["secret"]), code, now_seconds=time.time())
    if step is None or step <= fresh.data.get("last_step", -1):
        return False
    fresh.data = authenticator.data = {**fresh.data, "last_step": step}
    fresh.save(update_fields=["data"])
    return True


class CodeOnce(Dressed):
    """Read a code of the application or a recovery code; either serves once."""

    labels = {"code": CODE}
    user: Any

    def clean_code(self) -> str:
        """Return the code. Raises ValidationError, alike for wrong, used and late codes."""
        clear_limit = check_rate_limit(self.user)
        code = self.cleaned_data["code"]
        for authenticator in Authenticator.objects.filter(user=self.user).order_by("-type"):
            if self._takes(authenticator, code):
                authenticator.user = self.user
                self.authenticator = authenticator
                clear_limit()
                return code
        raise get_factor_adapter().validation_error("incorrect_code")

    def _takes(self, authenticator: Authenticator, code: str) -> bool:
        match authenticator.type:
            case Authenticator.Type.TOTP:
                return use_totp(authenticator, code)
            case Authenticator.Type.RECOVERY_CODES:
                return bool(authenticator.wrap().validate_code(code))
            case _:
                return False


class AuthenticateForm(CodeOnce, base_forms.AuthenticateForm):
    """The second step of signing in."""


class ReauthenticateByFactorForm(CodeOnce, base_forms.ReauthenticateForm):
    """Prove who one is by second factor."""


class ActivateTOTPForm(Dressed, totp_forms.ActivateTOTPForm):
    """Confirm a new application by its first code."""

    labels = {"code": _("Code à six chiffres affiché par l’application")}


class AddWebAuthnForm(Dressed, webauthn_forms.AddWebAuthnForm):
    """Add a passkey."""

    labels = {
        "name": _("Nom de la clé"),
        "passwordless": _("Permettre de se connecter avec cette clé seule"),
    }
    hints = {
        "passwordless": _(
            "L’appareil demandera alors toujours un code, une empreinte ou le visage."
        )
    }


class EditWebAuthnForm(Dressed, webauthn_forms.EditWebAuthnForm):
    """Rename a passkey."""

    labels = {"name": _("Nom de la clé")}
