"""Create and change organisations, and who belongs to them."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts import names, rules
from portal.accounts.actions import accounts
from portal.accounts.authorization import require
from portal.accounts.enums import OrganisationBadge, OrganisationKind, Role
from portal.accounts.models import FormerAddress, Membership, Organisation, User
from portal.accounts.names import clean_siret
from portal.audit.actors import Actor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.immutable import writes
from portal.lib.prose.texts import free_name
from portal.lib.refusals import Conflict, NotAllowed

FIELDS = ("name", "acronym", "kind", "siret", "homepage_url", "description")


class SiretTaken(Conflict):
    """Another organisation carries this number."""

    code, field = "siret_taken", "siret"
    message = gettext_lazy(
        "Une organisation porte déjà ce numéro : demandez plutôt à la rejoindre."
    )


class NameTaken(Conflict):
    """The name is, or passes for, that of another organisation or one that the Region gives."""

    code, field = "name_taken", "name"


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
    add(organisation=organisation, user=by, role=Role.REFERENT)
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
def attest(
    *,
    organisation: Organisation,
    badges: Iterable[str],
    by: Actor,
    other_names: Sequence[str] | None = None,
) -> Organisation:
    """Give the Region's badges to an organisation, or take them back; say its other names.

    other_names: those by which sources speak of it, so that its cards are found; None keeps them.
    In order: badges, names and date of verification; event "organisation.attested". The same
    again changes nothing. Raises NotAllowed, for members of the organisation too.
    """
    organisation = Organisation.objects.locked(organisation)
    require(rules.may_verify, by, organisation)
    before, after = list(organisation.badges), sorted({OrganisationBadge(b).value for b in badges})
    names = organisation.former_names if other_names is None else list(other_names)
    if before == after and names == organisation.former_names:
        return organisation
    organisation.badges, organisation.former_names = after, names
    verified = OrganisationBadge.VERIFIED in after
    if verified != (organisation.verified_at is not None):
        organisation.verified_at = clock.now() if verified else None
    organisation.save(update_fields=["badges", "former_names", "verified_at", "updated_at"])
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
    return free_name(base, taken)


def _owe_change(organisation: Organisation) -> None:
    """Let the apps above know that what they tell of an organisation is no longer so."""
    key = f"{organisation.pk}:{organisation.updated_at.isoformat()}"
    owe("organisation.changed", key=key, organisation_id=organisation.pk)


def _refuse_taken(
    by: Actor, *, name: str = "", acronym: str = "", own: Organisation | None = None
) -> None:
    """Raise NameTaken for a name or acronym that passes for another's, or that the Region gives.

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
    called = [
        each
        for current, short, former in others.values_list("name", "acronym", "former_names")
        for each in (current, short, *former)
        if each
    ]
    if imitated := names.imitated(name, called) or names.imitated(acronym, called):
        raise NameTaken(
            _(
                "Ce nom ressemble trop à « %(name)s » : demandez à rejoindre "
                "cette organisation, ou ajoutez ce qui distingue la vôtre, sa ville par exemple. "
                "Si elle porte votre nom sans droit, écrivez à la Région depuis la page Contact."
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


class LastReferent(Conflict):
    """The organisation would be left without a referent."""

    code = "last_referent"
    message = gettext_lazy(
        "Cette organisation n’aurait plus de référent. Donnez d’abord ce rôle à un autre membre."
    )


def add(*, organisation: Organisation, user: User, role: str) -> Membership:
    """Write a place; for the other actions of this package, inside their transaction."""
    with writes(Membership):
        membership = Membership(
            organisation=organisation, user=user, role=role, joined_at=clock.now()
        )
        membership.save()
    accounts.end_sessions(user=user)
    return membership


def give(*, organisation: Organisation, user: User, role: str) -> Membership:
    """Write a place or its new role, inside the transaction of `appointments`. LastReferent."""
    held = Membership.objects.live().filter(organisation=organisation, user=user).first()
    if held is None:
        return add(organisation=organisation, user=user, role=role)
    membership: Membership = held
    _write_role(membership, role)
    return membership


def end(*, membership: Membership) -> None:
    """Write that a place ends, inside the transaction of an action. Raises LastReferent."""
    others = Membership.objects.live().filter(organisation=membership.organisation_id)
    if others.exclude(pk=membership.pk).exists():
        _keep_a_referent(membership, membership.role)
    membership.left_at = clock.now()
    with writes(Membership):
        membership.save(update_fields=["left_at"])
    accounts.end_sessions(user=membership.user)


def _write_role(membership: Membership, role: str) -> str:
    """Write a role, and give the one before; a same role ends no session. Raises LastReferent."""
    before, membership.role = membership.role, Role(role).value
    if before != membership.role:
        _keep_a_referent(membership, before)
        with writes(Membership):
            membership.save(update_fields=["role"])
        accounts.end_sessions(user=membership.user)
    return before


@transaction.atomic
def change_role(*, membership: Membership, role: str, by: Actor) -> Membership:
    """Give a member another role.

    In order: role; the member's sessions end; event "membership.role_changed"; a letter to the
    member. The same role again changes nothing. Raises NotAllowed; LastReferent.
    """
    membership = _locked(membership)
    require(rules.may_change_member, by, membership)
    before = _write_role(membership, role)
    if before == membership.role:
        return membership
    record("membership.role_changed", by=by, on=membership, before=before, after=membership.role)
    _tell(membership, "mail.membership_role")
    return membership


@transaction.atomic
def remove(*, membership: Membership, by: Actor) -> Membership:
    """End another person's place.

    In order: date of leaving; the member's sessions end; event "membership.removed"; a letter.
    Raises NotAllowed; LastReferent; Conflict when the place has ended.
    """
    membership = _locked(membership)
    require(rules.may_change_member, by, membership)
    end(membership=membership)
    record("membership.removed", by=by, on=membership, role=membership.role)
    _tell(membership, "mail.membership_ended")
    return membership


@transaction.atomic
def leave(*, organisation: Organisation, by: User) -> Membership:
    """Leave an organisation.

    In order: date of leaving; sessions end; event "membership.left"; the last of its members
    closes it behind them. Raises NotAllowed for somebody who is not a member; LastReferent.
    """
    Organisation.objects.locked(organisation)
    by.forget_roles()
    require(rules.may_leave, by, organisation)
    membership = Membership.objects.live().get(organisation=organisation, user=by)
    end(membership=membership)
    by.forget_roles()
    record("membership.left", by=by, on=membership, role=membership.role)
    if not organisation.is_represented:
        accounts.shut(organisation=organisation, by=by)
    return membership


@transaction.atomic
def show(*, organisation: Organisation, shown: bool, by: User) -> Membership:
    """Appear on the public page of an organisation, or no more; event "membership.shown".

    Raises NotAllowed for somebody who is not a member. The same again writes nothing.
    """
    Organisation.objects.locked(organisation)
    by.forget_roles()
    require(rules.may_leave, by, organisation)
    membership = Membership.objects.live().get(organisation=organisation, user=by)
    if membership.is_shown != shown:
        membership.is_shown = shown
        with writes(Membership):
            membership.save(update_fields=["is_shown"])
        record("membership.shown", by=by, on=membership, shown=shown)
    return membership


def _locked(membership: Membership) -> Membership:
    """Lock the organisation, then read the place again: referents are counted under one lock."""
    Organisation.objects.locked(membership.organisation)
    fresh: Membership = Membership.objects.select_related("organisation", "user").get(
        pk=membership.pk
    )
    if fresh.left_at is not None:
        raise NotAllowed(gettext_lazy("Cette personne n’est plus membre."), code="not_a_member")
    return fresh


def _keep_a_referent(membership: Membership, before: str) -> None:
    if before != Role.REFERENT:
        return
    others = Membership.objects.live().filter(
        organisation=membership.organisation_id, role=Role.REFERENT
    )
    if not others.exclude(pk=membership.pk).exists():
        raise LastReferent(organisation=membership.organisation.slug)


def _tell(membership: Membership, topic: str) -> None:
    stamp = int(clock.now().timestamp() * 1_000_000)
    owe(topic, key=f"{membership.pk}:{stamp}", membership_id=membership.pk)
