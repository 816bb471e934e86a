"""What the portal holds about a person: given on request, erased on request.

Apps above register their share at start (AppConfig.ready):

    account_data.register("equipes", describe=teams_as_json, erase=forget_teams)

`describe(user)` returns JSON-able data; `erase(user)` runs inside the closing transaction and
removes what identifies the person, leaving public objects in place. Each of `refusals` raises
Conflict while something rests on that person alone; it holds what it read, before the person is.
"""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from portal.accounts.models import User

Describe = Callable[[User], Any]
Erase = Callable[[User], None]
_shares: dict[str, tuple[Describe, Erase | None]] = {}
refusals: list[Callable[[User], None]] = []


def register(name: str, *, describe: Describe, erase: Erase | None = None) -> None:
    """Add an app's share under a name, which is also the name of its file in the archive."""
    _shares[name] = (describe, erase)


def refuse_orphans(user: User) -> None:
    """Let every app say what would be left without anybody, in the caller's transaction."""
    for refuse in refusals:
        refuse(user)


def erase_shares(user: User) -> None:
    """Let every app erase its share, in the caller's transaction."""
    for _describe, erase in _shares.values():
        if erase is not None:
            erase(user)


def archive(user: User) -> bytes:
    """Pack everything about a person: a zip of JSON files, one a share, and a reading note."""
    packed = io.BytesIO()
    shares = {"compte": account(user)} | {
        name: describe(user) for name, (describe, _erase) in sorted(_shares.items())
    }
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("LISEZMOI.txt", _note(list(shares)))
        for name, share in shares.items():
            text = json.dumps(share, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
            bundle.writestr(f"{name}.json", text)
    return packed.getvalue()


def columns_of(rows: Any, names: str) -> list[dict[str, Any]]:
    """Give columns, named in one text, of some rows, in the order in which they were written."""
    return list(rows.order_by("pk").values(*names.split()))


def account(user: User) -> dict[str, Any]:
    """Describe the account itself: identity, addresses, places, roles, sessions, factors."""
    return {
        "identifiant": user.username,
        "nom_public": user.display_name,
        "adresse": user.email,
        "cree_le": user.date_joined,
        "derniere_connexion": user.last_login,
        "avis_d_inactivite": {"envoye_le": user.warned_at, "efface_des_le": user.erased_from},
        "adresses": columns_of(EmailAddress.objects.filter(user=user), "email verified primary"),
        "organisations": columns_of(user.memberships, "organisation__name role joined_at left_at"),
        "demandes_d_adhesion": columns_of(
            user.join_requests, "organisation__name message created_at answer answered_at"
        ),
        "roles_de_la_region": columns_of(user.region_appointments, "role given_at ended_at"),
        "sessions": columns_of(
            UserSession.objects.filter(user=user), "created_at last_seen_at ip user_agent"
        ),
        "jetons": columns_of(
            user.portal_tokens, "name scopes created_at expires_at last_used_at revoked_at"
        ),
        "avis": columns_of(user.notifications, "letter facts path delivery created_at read_at"),
        "choix_des_avis": user.notification_choices,
        "seconds_facteurs": columns_of(
            Authenticator.objects.filter(user=user), "type created_at last_used_at"
        ),
    }


def _note(names: list[str]) -> str:
    files = "\n".join(f"- {name}.json" for name in names)
    return (
        _("Vos données sur Open Emploi, en JSON (texte UTF-8, dates en temps universel).")
        + f"\n\n{files}\n"
    )
