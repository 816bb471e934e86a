"""What the pages of a person's space ask: its links, the factor rule, the letters folder."""

import ipaddress
from dataclasses import dataclass
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from portal.accounts import ledger, rules, sessions, space
from portal.accounts.enums import RegionRole

register = template.Library()


@dataclass(frozen=True)
class Link:
    """A link of the side navigation. count: what waits there, in words; "" for nothing."""

    label: Any
    icon: str
    url: str
    current: bool
    count: str = ""


@dataclass(frozen=True)
class FactorRule:
    """What the rule of second factors says to a person: owed now, or waived on this machine."""

    owed: bool
    waived: bool


@register.simple_tag(takes_context=True)
def space_navigation(context: Context) -> list[Link]:
    """List the pages of a person's space, those of the Region for whom may enter them."""
    request = context["request"]
    entries = [
        (_("À faire"), "inbox", "space"),
        *((place.label, place.icon, place.route) for place in space.places(request.user)),
        (_("Avis"), "bell", "notifications"),
        (_("Organisations"), "users", "my_organisations"),
        (_("Compte"), "settings", "account_home"),
    ]
    if rules.may_give_roles(request.user):
        entries.append((_("Rôles de la Région"), "landmark", "region_roles"))
    links = [(label, icon, reverse(name)) for label, icon, name in entries]
    under = max(
        (url for _label, _icon, url in links if request.path.startswith(url)), key=len, default=""
    )
    unread, todo = request.user.unread_news, context.get("todo")
    told = ngettext("%(n)s non lu", "%(n)s non lus", unread) % {"n": unread}
    counts = {
        reverse("notifications"): told if unread else "",
        reverse("space"): str(len(todo)) if todo else "",  # known on its own page
    }
    return [Link(label, icon, url, url == under, counts.get(url, "")) for label, icon, url in links]


@register.simple_tag(takes_context=True)
def ledger_link(context: Context, number: str) -> SafeString:
    """Lead who reads the ledger to the acts on what this number names; nothing for others."""
    if not ledger.may_read(context["request"].user):
        return SafeString("")
    address = f"{reverse('ledger')}?objet={number}"
    return format_html('<p class="small"><a href="{}">{}</a></p>', address, _("Voir au journal"))


BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@register.filter
def device(user_agent: str) -> str:
    """Name the browser and the system of a session; what we do not know is shown as it came."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    if browser and system:
        return gettext("%(browser)s sur %(system)s") % {"browser": browser, "system": system}
    return browser or Truncator(user_agent).chars(64) or gettext("Appareil inconnu")


@register.filter
def standing(user: Any) -> str:
    """Name what a person is for the Region, in the order of the roles; empty for a member."""
    return ", ".join(str(role.label) for role in RegionRole if role in user.region_roles)


DUTIES = {
    RegionRole.OFFICER: _(
        "Vous préparez les réponses aux demandes d’accès aux données. Elles arriveront ici : "
        "aucune n’attend."
    ),
    RegionRole.APPROVER: _(
        "Vous décidez des demandes d’accès aux données, une fois préparées. Elles arriveront ici : "
        "aucune n’attend."
    ),
    RegionRole.DPO: _(
        "Vous veillez aux données personnelles. Les demandes d’accès qui attendent votre avis "
        "arriveront ici : aucune n’attend."
    ),
    RegionRole.AUDITOR: _(
        "Vous vérifiez sans rien changer : vous pouvez lire toutes les contributions, publiées ou "
        "non. Rien ne vous sera demandé ici."
    ),
}


@register.filter
def duties(user: Any) -> list[Any]:
    """Say what is for a person to do here, of the roles that nothing waits for yet."""
    return [text for role, text in DUTIES.items() if role in user.region_roles]


@register.simple_tag(takes_context=True)
def passkeys_possible(context: Context) -> bool:
    """Say whether this address can carry passkeys: browsers refuse them on an IP address."""
    host = context["request"].get_host().rsplit(":", 1)[0].strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


@register.simple_tag(takes_context=True)
def factor_rule(context: Context) -> FactorRule:
    """Apply the rule of second factors to the person reading."""
    user = context["request"].user
    bare = rules.needs_second_factor(user) and not sessions.has_second_factor(user)
    required = settings.MFA_REQUIRED_FOR_ROLES
    return FactorRule(owed=bare and required, waived=bare and not required)


@register.simple_tag
def mail_folder() -> str:
    """Return the folder of letters in embedded mode, or ""."""
    return str(getattr(settings, "EMAIL_FILE_PATH", "") or "") if settings.EMBEDDED else ""
