"""Security: secrets, cookies, headers, passwords, sign-in."""

from portal.settings import mode
from portal.settings.django import SITE_URL

DEBUG = mode.yes(mode.optional("DEBUG"))
SECRET_KEY = mode.by_mode("SECRET_KEY", embedded=lambda: mode.generated_secret("secret_key"))
ALLOWED_HOSTS = mode.by_mode(
    "ALLOWED_HOSTS", embedded=["127.0.0.1", "localhost", "[::1]"], cast=mode.words
)
TRUSTED_PROXIES = mode.addresses(mode.optional("TRUSTED_PROXIES"))

_https = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_NAME = "__Host-session" if _https else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if _https else "csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_SAVE_EVERY_REQUEST = False
SESSION_ENGINE = "django.contrib.sessions.backends.db"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "portal.pages.views.csrf_failure"
SECURE_SSL_REDIRECT = _https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Django 6 names; read by portal.middleware until the stack has its own.
SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "manifest-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "object-src": ["'none'"],
    "frame-ancestors": ["'none'"],
    "report-uri": ["/csp/"],
}
# The embeddable standings alone: no script, no form, in a frame of any site.
SECURE_CSP_FRAMED = {
    "default-src": ["'none'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["*"],
}
# Wagtail's admin writes inline scripts and styles (wagtail#1288); relaxed there only.
SECURE_CSP_ADMIN = {
    **SECURE_CSP,
    "default-src": ["'self'"],
    "script-src": ["'self'", "'unsafe-inline'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:", "blob:"],
    "frame-src": ["'self'"],
    "frame-ancestors": ["'self'"],
}

AUTHENTICATION_BACKENDS = ["portal.accounts.adapters.AccountBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"portal.accounts.passwords.{name}"}
    for name in ("LengthValidator", "TopListValidator", "OwnWordsValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "space"

ACCOUNT_ADAPTER = "portal.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "portal.accounts.forms.profile.SignupProfile"
ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD = "site"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# Who opens the letter in the browser that signed up is let in at once, where they were going.
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _https else "http"
ACCOUNT_USER_DISPLAY = "builtins.str"
ACCOUNT_FORMS = {
    "signup": "portal.accounts.forms.signin.SignupForm",
    "login": "portal.accounts.forms.signin.LoginForm",
    "reset_password": "portal.accounts.forms.signin.ResetPasswordForm",
    "reset_password_from_key": "portal.accounts.forms.signin.ResetPasswordKeyForm",
    "set_password": "portal.accounts.forms.signin.SetPasswordForm",
    "change_password": "portal.accounts.forms.signin.ChangePasswordForm",
    "add_email": "portal.accounts.forms.signin.AddEmailForm",
    "reauthenticate": "portal.accounts.forms.signin.ReauthenticateForm",
}
# Limits: allauth's figures are those of the security design (30 sign-ins a minute per address,
# 10 failures a minute per address, 5 in five minutes per account, 20 sign-ups, 20 resets).
MFA_ADAPTER = "portal.accounts.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_FORMS = {
    "authenticate": "portal.accounts.forms.signin.AuthenticateForm",
    "reauthenticate": "portal.accounts.forms.signin.ReauthenticateByFactorForm",
    "activate_totp": "portal.accounts.forms.signin.ActivateTOTPForm",
    "add_webauthn": "portal.accounts.forms.signin.AddWebAuthnForm",
    "edit_webauthn": "portal.accounts.forms.signin.EditWebAuthnForm",
}
MFA_TOTP_ISSUER = "Open Emploi"
MFA_TOTP_TOLERANCE = 1
MFA_PASSKEY_LOGIN_ENABLED = True
# Nobody signs in before the address is confirmed, so a change of address may wait beside MFA.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = mode.EMBEDDED
# Second factors are compulsory for the roles of the security design, except on loopback.
MFA_REQUIRED_FOR_ROLES = not mode.EMBEDDED
# Erasures live outside the database, so that a restored backup can forget again.
ERASURE_JOURNAL_FILE = mode.optional("ERASURE_JOURNAL_FILE", str(mode.VAR_DIR / "erasures.jsonl"))
