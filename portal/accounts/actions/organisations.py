"""Organisations: create, describe, rename, attest."""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts import names, rules
from portal.accounts.actions import memberships
from portal.accounts.authorization import require
from portal.accounts.enums import OrganisationBadge, OrganisationKind, Role
from portal.accounts.models import FormerAddress, Organisation, User
from portal.accounts.validators import clean_siret
from portal.audit.actors import Actor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict

FIELDS = ("name", "acronym", "kind", "siret", "homepage_url", "description")


class SiretTaken(Conflict):
    """Another organisation carries this number."""

    code = "siret_taken"
    message = gettext_lazy(
        "Une organisation porte déjà ce numéro : demandez plutôt à la rejoindre."
    )


class NameTaken(Conflict):
    """The name is, or passes for, that of another organisation or one that the Region gives."""

    code = "name_taken"


@transaction.atomic
def create(
    *,
    name: str,
    kind: str,
    by: User,
    acronym: str = "",
    siret: str = "",
    homepage_url: str = "",
    description: str = "",
) -> Organisation:
    """Create an organisation whose author is its first referent.

    In order: the organisation; the referent's place; event "organisation.created". Raises
    NotAllowed; NameTaken; SiretTaken; ValidationError for a wrong number.
    """
    require(rules.is_person, by)
    _refuse_taken(by, name=name, acronym=acronym)
    organisation = write(
        name=name,
        kind=kind,
        acronym=acronym,
        siret=siret,
        homepage_url=homepage_url,
        description=description,
    )
    memberships.add(organisation=organisation, user=by, role=Role.REFERENT)
    record("organisation.created", by=by, on=organisation, kind=organisation.kind)
    return organisation


def write(*, name: str, kind: str, siret: str = "", **fields: Any) -> Organisation:
    """Write a new organisation under a free address; for the actions of this package."""
    organisation = Organisation(
        slug=free_slug(name),
        name=" ".join(name.split()),
        kind=OrganisationKind(kind).value,
        siret=clean_siret(siret),
        created_at=clock.now(),
        **fields,
    )
    organisation.full_clean(validate_unique=False, validate_constraints=False)
    _save(organisation)
    return organisation


@transaction.atomic
def describe(*, organisation: Organisation, by: Actor, **changes: str) -> Organisation:
    """Change what an organisation says of itself.

    In order: the fields; a new name keeps the former name and the former address; event
    "organisation.described" with the names of the changed fields. Nothing changed, nothing
    written. A new name or acronym is owed to the apps above. Raises NotAllowed; NameTaken;
    SiretTaken; ValidationError.
    """
    organisation = Organisation.objects.locked(organisation)
    require(rules.may_administer, by, organisation)
    if "siret" in changes:
        changes["siret"] = clean_siret(changes["siret"])
    changed = [
        field
        for field in FIELDS
        if field in changes and getattr(organisation, field) != changes[field]
    ]
    if not changed:
        return organisation
    renamed = {field: changes[field] for field in ("name", "acronym") if field in changed}
    _refuse_taken(by, **renamed, own=organisation)
    if "name" in changed:
        _rename(organisation, changes["name"])
    for field in changed:
        setattr(organisation, field, changes[field])
    organisation.full_clean(validate_unique=False, validate_constraints=False)
    _save(organisation)
    record("organisation.described", by=by, on=organisation, fields=changed)
    if {"name", "acronym"} & set(changed):
        _owe_change(organisation)
    return organisation


@transaction.atomic
def attest(*, organisation: Organisation, badges: Iterable[str], by: Actor) -> Organisation:
    """Give the Region's badges to an organisation, or take them back.

    In order: badges and date of verification; event "organisation.attested". The same badges
    again change nothing. Raises NotAllowed, for members of the organisation too.
    """
    organisation = Organisation.objects.locked(organisation)
    require(rules.may_verify, by, organisation)
    before, after = list(organisation.badges), sorted({OrganisationBadge(b).value for b in badges})
    if before == after:
        return organisation
    organisation.badges = after
    verified = OrganisationBadge.VERIFIED in after
    if verified != (organisation.verified_at is not None):
        organisation.verified_at = clock.now() if verified else None
    organisation.save(update_fields=["badges", "verified_at", "updated_at"])
    record("organisation.attested", by=by, on=organisation, before=before, after=after)
    _owe_change(organisation)
    return organisation


def free_slug(name: str) -> str:
    """Find an address that no organisation has or had."""
    base = slugify(name)[:70] or "organisation"
    base = f"{base}-organisation" if base in {"creer", "nouvelle"} else base
    taken = set(
        Organisation.objects.filter(slug__startswith=base).values_list("slug", flat=True)
    ) | set(FormerAddress.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number = 2
    slug = base
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug


def _owe_change(organisation: Organisation) -> None:
    """Let the apps above know that what they tell of an organisation is no longer so."""
    key = f"{organisation.pk}:{organisation.updated_at.isoformat()}"
    owe("organisation.changed", key=key, organisation_id=organisation.pk)


def _refuse_taken(
    by: Actor, *, name: str = "", acronym: str = "", own: Organisation | None = None
) -> None:
    """Raise NameTaken for a name that passes for another one, or that the Region gives.

    own: the organisation that is renamed; it keeps what it is called, and what it was called.
    The Region may give any name: it knows for whom it creates an organisation.
    """
    if rules.may_name_any(by):
        return
    reserved = names.reserved(name) or names.reserved(acronym)
    if reserved and not (own and names.reserved(own.name) == reserved):
        raise NameTaken(
            _(
                "« %(name)s » est un nom réservé : la Région crée elle-même cette organisation et "
                "vous en confie la charge. Écrivez-lui depuis la page Contact."
            )
            % {"name": reserved}
        )
    others = Organisation.objects.exclude(pk=own.pk if own else 0).order_by("pk")
    called = (
        each
        for current, former in others.values_list("name", "former_names")
        for each in (current, *former)
    )
    if imitated := names.imitated(name, called):
        raise NameTaken(
            _(
                "Ce nom se confond avec celui de « %(name)s » : demandez à rejoindre cette "
                "organisation, ou ajoutez ce qui distingue la vôtre, sa ville par exemple. Si elle "
                "porte votre nom sans droit, écrivez à la Région depuis la page Contact."
            )
            % {"name": imitated}
        )


def _rename(organisation: Organisation, name: str) -> None:
    if organisation.name not in organisation.former_names:
        organisation.former_names = [*organisation.former_names, organisation.name]
    former = organisation.slug
    organisation.slug = free_slug(name)
    FormerAddress.objects.create(slug=former, organisation=organisation)


def _save(organisation: Organisation) -> None:
    try:
        with transaction.atomic():
            organisation.save()
    except IntegrityError as error:
        if organisation.siret and "siret" in str(error):
            raise SiretTaken from error
        raise
