"""What allauth asks of us: letters through the outbox, sealed seeds, a device remembered."""

import secrets
import uuid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.models import EmailAddress
from allauth.account.utils import get_next_redirect_url
from allauth.core import context as allauth_context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.accounts import sessions
from portal.accounts.actions import accounts
from portal.accounts.models import Notification, User
from portal.accounts.sealing import seal, unseal
from portal.audit.outbox import owe

DEVICE_SALT = "portal.accounts.device"
DEVICE_MAX_AGE_SECONDS = 365 * 24 * 3600
LETTERS = {
    "account/email/email_confirmation_signup": "confirm_address",
    "account/email/email_confirmation": "confirm_address",
    "account/email/account_already_exists": "account_exists",
    "account/email/unknown_account": "account_unknown",
    "account/email/password_reset_key": "reset_password",
    "account/email/password_reset": "password_changed",
    "account/email/password_changed": "password_changed",
    "account/email/password_set": "password_changed",
    "account/email/email_changed": "address_changed",
    "account/email/email_deleted": "address_removed",
    "mfa/email/totp_activated": "factor_added",
    "mfa/email/webauthn_added": "factor_added",
    "mfa/email/recovery_codes_generated": "recovery_codes",
    "mfa/email/totp_deactivated": "factor_removed",
    "mfa/email/webauthn_removed": "factor_removed",
}
WRONG = _("L’adresse ou le mot de passe ne convient pas.")
TOO_MANY = _("Trop d’essais. Attendez cinq minutes, ou demandez un nouveau mot de passe.")


def device_cookie_name() -> str:
    """Name the cookie that remembers a device."""
    return "__Host-appareil" if settings.SESSION_COOKIE_SECURE else "appareil"


class AccountBackend(AuthenticationBackend):
    """Read the signed-in person with what the header of each page tells of them."""

    def get_user(self, user_id: Any) -> User | None:
        """Count their unread news in the query that reads them."""
        own = Notification.objects.unread().filter(user=OuterRef("pk")).order_by().values("user")
        counted = {"unread_news": Coalesce(Subquery(own.annotate(n=Count("pk")).values("n")), 0)}
        person: User | None = User.objects.annotate(**counted).filter(pk=user_id).first()
        return person if person is not None and self.user_can_authenticate(person) else None


class AccountAdapter(DefaultAccountAdapter):
    """Accounts: one name, one address, letters owed rather than sent."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("Ce compte est fermé."),
        "email_password_mismatch": WRONG,
        "username_password_mismatch": WRONG,
        "duplicate_email": _("C’est déjà l’adresse de votre compte."),
        "email_taken": _("Un compte porte déjà cette adresse."),
        "enter_current_password": _("Ce n’est pas votre mot de passe actuel."),
        "incorrect_code": _("Ce code ne convient pas, ou il a déjà servi."),
        "incorrect_password": _("Ce mot de passe ne convient pas."),
        "invalid_password_reset": _("Ce lien ne vaut plus."),
        "too_many_login_attempts": TOO_MANY,
        "rate_limited": TOO_MANY,
        "same_as_current": _("La nouvelle valeur doit être différente."),
        "unverified_primary_email": _("Cette adresse doit d’abord être confirmée."),
    }

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """Give a random user name: the address is what people sign in with."""
        user.username = user.username or f"m{secrets.token_hex(8)}"

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """Save the public name with the account."""
        user.display_name = form.cleaned_data.get("display_name", "")
        return super().save_user(request, user, form, commit=commit)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Confirm an address, taking it from accounts that never did."""
        with transaction.atomic():
            accounts.discard_unconfirmed(email=email_address.email, keep=email_address.user)
            return bool(super().confirm_email(request, email_address))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Owe the letter; its links are signed when it is written, so no token is stored.

        It is written in the language of the page, and leads on to where the person was going.
        """
        user = context.get("user")
        onward = get_next_redirect_url(allauth_context.request) or ""
        owe(
            "mail.account",
            key=f"{LETTERS[template_prefix]}:{uuid.uuid4()}",
            letter=LETTERS[template_prefix],
            to=seal(email),
            user_id=user.pk if isinstance(user, User) else 0,
            language=get_language() or "",
            onward=seal(onward) if onward else "",
        )

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """Leave for the home page of the language."""
        return reverse("wagtail_serve", args=[""])

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count a known device apart, so that nobody can lock the owner out."""
        login = str(credentials.get("email") or credentials.get("username") or "").casefold()
        return f"{known_device(request, login)}:{login}"

    def post_login(self, request: HttpRequest, user: Any, **hooks: Any) -> HttpResponse:
        """Remember the device once the person is in."""
        response = super().post_login(request, user, **hooks)
        remember_device(response, user)
        return response

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Take a sign-in of less than ten minutes as proof enough."""
        if sessions.recent_authentication(allauth_context.request):
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Ask for the second factor where there is one; a password alone is then too little."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        words = {
            "reauthenticate": _("Par mot de passe"),
            "mfa_reauthenticate": _("Par code"),
            "mfa_reauthenticate:webauthn": _("Par clé d’accès"),
        }
        for method in methods:
            method["description"] = words[method["id"]]
        strong = [method for method in methods if method["id"] != "reauthenticate"]
        return strong or methods


class FactorAdapter(DefaultMFAAdapter):
    """Second factors: seeds sealed at rest, words of ours."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("Ce code ne convient pas, ou il a déjà servi."),
        "unverified_email": _("Confirmez d’abord votre adresse électronique."),
    }

    def encrypt(self, text: str) -> str:
        """Seal a seed."""
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Open a seed."""
        return unseal(encrypted_text)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Name the site in the browser's dialogue."""
        return {**super().get_public_key_credential_rp_entity(), "name": "Open Emploi"}

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """Suggest a name for a passkey."""
        return str(_("Clé d’accès"))


def known_device(request: HttpRequest, login: str) -> str:
    """Return the mark of a device that this login has used before, or ""."""
    try:
        login_seen, mark = signing.loads(
            request.COOKIES.get(device_cookie_name(), ""),
            salt=DEVICE_SALT,
            max_age=DEVICE_MAX_AGE_SECONDS,
        )
    except (signing.BadSignature, ValueError):
        return ""
    return str(mark) if login_seen == device_login(login) else ""


def device_login(login: str) -> str:
    """Name a login in the device cookie without writing it there."""
    return accounts.address_hmac(login)[:24]


def remember_device(response: HttpResponse, user: User) -> None:
    """Set the signed cookie of a known device."""
    value = signing.dumps([device_login(user.email), secrets.token_hex(8)], salt=DEVICE_SALT)
    response.set_cookie(
        device_cookie_name(),
        value,
        max_age=DEVICE_MAX_AGE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
