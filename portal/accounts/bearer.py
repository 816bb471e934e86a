"""Say who asks the API: a token, never a session."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from portal.accounts import rules, sessions
from portal.accounts.actions import accounts
from portal.accounts.enums import TokenScope
from portal.accounts.models import ApiToken
from portal.lib import rates
from portal.lib.refusals import NotAllowed, NotIdentified, QuotaSpent

SECRET_MAX_CHARACTERS = 200


class Token(HttpBearer):
    """Ask for a live token that has a scope; who holds it becomes request.user.

    proven: only one made less than ten minutes ago, since its owner had to prove who they are
    to make it. For the acts that ask for the same proof on their pages.
    """

    def __init__(self, scope: TokenScope, *, proven: bool = False) -> None:
        super().__init__()
        self.scope = scope
        self.proven = proven

    def __call__(self, request: HttpRequest) -> ApiToken:
        """Identify, or raise NotIdentified, NotAllowed, QuotaSpent."""
        token = _presented(request)
        if token is None:
            raise NotIdentified
        if self.scope not in token.scopes:
            raise NotAllowed(
                _("Ce jeton ne permet pas cette action. Créez-en un qui la permet."),
                code="scope_required",
                scope=self.scope.value,
            )
        if self.proven and not sessions.is_recent(token.created_at):
            raise NotAllowed(
                _(
                    "Cet acte demande une preuve récente de votre identité : créez un jeton, "
                    "utilisez-le dans les dix minutes, ou décidez sur la page du challenge."
                ),
                code="step_up_required",
            )
        return token

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Stand for the interface; __call__ does the work."""
        raise NotImplementedError


def anyone(request: HttpRequest) -> bool:
    """Let everybody in; a token that is shown must be worth something."""
    _presented(request)
    return True


def reader(request: HttpRequest) -> bool:
    """Let everybody in; a token reads its owner's own rows only if it has the scope to read."""
    token = _presented(request)
    if token is not None and TokenScope.READ not in token.scopes:
        request.user = AnonymousUser()
    return True


def reads(request: HttpRequest) -> bool:
    """Say whether the token that asks may read: one that only writes is told nothing it gave not.

    For answers to what a program writes, which hold what others wrote of it.
    """
    token = getattr(request, "auth", None)
    return isinstance(token, ApiToken) and TokenScope.READ in token.scopes


def _presented(request: HttpRequest) -> ApiToken | None:
    """Read the token of a request; nothing when it shows none."""
    request.user = AnonymousUser()
    header = request.headers.get("Authorization", "")
    if not header:
        return None
    scheme, _space, secret = header.partition(" ")
    token = None
    if scheme.lower() == "bearer" and len(secret) <= SECRET_MAX_CHARACTERS:
        token = accounts.use_token(secret=secret.strip())
    if token is None:
        raise _worthless(request)
    request.user = token.user
    _refuse_bare(token)
    return token


def _worthless(request: HttpRequest) -> NotIdentified | QuotaSpent:
    rate = f"{settings.API_WRONG_TOKENS_PER_MINUTE}/m/ip"
    if not rates.may_ask(request, "token", rate, reads=True):
        return QuotaSpent(
            _("Trop de jetons refusés depuis cette adresse. Attendez une minute."),
            code="too_many_requests",
        )
    return NotIdentified(
        _("Ce jeton est inconnu, révoqué ou expiré."),
        code="token_invalid",
    )


def _refuse_bare(token: ApiToken) -> None:
    """Ask of a program's owner the second factor that the pages ask for."""
    if not settings.MFA_REQUIRED_FOR_ROLES or not rules.needs_second_factor(token.user):
        return
    if not sessions.has_second_factor(token.user):
        raise NotAllowed(
            _("Vos fonctions demandent un second facteur : ajoutez-le dans votre espace."),
            code="second_factor_required",
        )
