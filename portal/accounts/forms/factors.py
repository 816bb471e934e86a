"""Second factors: allauth's forms in our words, and a code that serves once."""

import time
from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base_forms
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn import forms as webauthn_forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from portal.accounts.forms.dress import Dressed

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
        raise get_adapter().validation_error("incorrect_code")

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


class ReauthenticateForm(CodeOnce, base_forms.ReauthenticateForm):
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
