"""The Region's organisation, and in embedded mode one account for each role."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from django.db import transaction
from django.utils.text import slugify

from portal.accounts.actions import accounts, appointments
from portal.accounts.enums import OrganisationBadge, OrganisationKind, RegionRole, Role
from portal.accounts.models import Membership, Organisation, User
from portal.audit.actors import SystemActor
from portal.audit.record import record
from portal.lib import clock
from portal.lib.immutable import writes

OPENING = SystemActor("opening")
PRODUCERS = Path(__file__).with_name("producers.yaml")
REGION_NAMES = (
    "Région Sud Provence-Alpes-Côte d’Azur",
    "Région Sud",
    "Région Sud PACA",
    "Région PACA",
)
WORDS = (
    "amande anis aube barque brise calanque cedre cigale colline crique dune ecume figue galet "
    "genet lavande maquis mistral mimosa olive orage palme pin pierre plage port rade restanque "
    "romarin sable safran sauge soleil source thym tuile vague vallon verger vigne voile"
).split()


@dataclass(frozen=True)
class Account:
    """An account that start-up makes: its name, what it shows, what it may do."""

    user: str
    shown: str
    region_role: str = ""
    organisations: tuple[str, ...] = ()
    role: str = ""


ACCOUNTS = (
    Account("administration", "Administration du portail", RegionRole.ADMINISTRATOR),
    Account("moderation", "Relecture de la Région", RegionRole.MODERATOR),
    Account(
        "organisation",
        "Organisation de démonstration",
        organisations=("organisation-de-demonstration",),
        role=Role.REFERENT,
    ),
    Account("equipe", "Équipe de démonstration"),
    Account(
        "producteur",
        "Producteur de démonstration",
        organisations=("producteur-de-demonstration", "second-producteur-de-demonstration"),
        role=Role.REFERENT,
    ),
    Account("instruction", "Instruction des accès", RegionRole.OFFICER),
    Account("approbation", "Décision des accès", RegionRole.APPROVER),
    Account("dpo", "Protection des données", RegionRole.DPO),
    Account("audit", "Audit", RegionRole.AUDITOR),
)


def region() -> Organisation:
    """Return the Region's organisation, made at first use."""
    return _organisation(
        "region-sud",
        "Région Provence-Alpes-Côte d’Azur",
        OrganisationKind.LOCAL_AUTHORITY,
        badges=[OrganisationBadge.PUBLIC_SERVICE, OrganisationBadge.VERIFIED],
        is_region=True,
        former_names=REGION_NAMES,
        description=(
            "La Région pilote Open Emploi avec France Travail, l’Apec et le réseau régional des "
            "Missions locales. Elle relit les contributions, exprime ici ses besoins et ouvre des "
            "challenges pour y répondre."
        ),
    )


@transaction.atomic
def producers() -> None:
    """Describe the organisations that the opening catalogue names and that hold no account."""
    for name, (kind, *others) in yaml.safe_load(PRODUCERS.read_text("utf-8")).items():
        _organisation(slugify(name), name, kind, former_names=others)


def password() -> str:
    """Draw a password of six words, easy to read from a screen and hard to guess."""
    return "-".join(secrets.choice(WORDS) for _ in range(6))


@transaction.atomic
def open_accounts() -> list[dict[str, str]]:
    """Make the missing accounts; return [{"user", "role", "password"}] of those just made."""
    organisations = {
        "organisation-de-demonstration": _organisation(
            "organisation-de-demonstration",
            "Organisation de démonstration",
            OrganisationKind.ASSOCIATION,
        ),
        "producteur-de-demonstration": _organisation(
            "producteur-de-demonstration",
            "Producteur de démonstration",
            OrganisationKind.ADMINISTRATION,
            badges=[OrganisationBadge.DATA_PRODUCER],
        ),
        "second-producteur-de-demonstration": _organisation(
            "second-producteur-de-demonstration",
            "Second producteur de démonstration",
            OrganisationKind.ASSOCIATION,
            badges=[OrganisationBadge.DATA_PRODUCER],
        ),
    }
    made = []
    for account in ACCOUNTS:
        if User.objects.filter(username=account.user).exists():
            continue
        secret = password()
        user = _user(account, secret)
        if account.region_role:
            appointments.install(user=user, role=account.region_role, by=OPENING)
        for organisation in account.organisations:
            _join(user, organisations[organisation], account.role)
        made.append(
            {
                "user": account.user,
                "role": account.region_role or account.role or "member",
                "password": secret,
            }
        )
    return made


def _organisation(
    slug: str,
    name: str,
    kind: str,
    *,
    badges: Sequence[str] = (),
    is_region: bool = False,
    former_names: Sequence[str] = (),
    description: str = "",
) -> Organisation:
    at = clock.now()
    organisation, made = Organisation.objects.get_or_create(
        slug=slug,
        defaults={
            "name": name,
            "kind": kind,
            "badges": list(badges),
            "former_names": list(former_names),
            "description": description,
            "is_region": is_region,
            "created_at": at,
            "verified_at": at if is_region else None,
        },
    )
    if made:
        record("organisation.created", by=OPENING, on=organisation)
    return organisation


def _user(account: Account, secret: str) -> User:
    return accounts.install(
        username=account.user,
        email=f"{account.user}@demonstration.invalid",
        display_name=account.shown,
        password=secret,
        demonstration=True,
        by=OPENING,
    )


def _join(user: User, organisation: Organisation, role: str) -> None:
    with writes(Membership):
        Membership.objects.create(
            user=user, organisation=organisation, role=role, joined_at=clock.now()
        )
