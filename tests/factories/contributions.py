"""People around the review, and contributions in the states that tests need."""

from itertools import count
from typing import Any

from django.utils.text import slugify

from catalogue.contributions.actions import drafts, review
from catalogue.contributions.actions import files as draft_files
from catalogue.contributions.actions import review as replies
from catalogue.contributions.enums import ContributionStatus, DecisionReason
from catalogue.models import CardFile, Contribution, Resource
from catalogue.resources.actions import files as file_care
from catalogue.resources.enums import ResourceKind
from catalogue.resources.queries.relations import owners_of
from portal.accounts.enums import OrganisationKind, RegionRole, Role
from portal.accounts.models import Membership, Organisation, RegionAppointment, User
from portal.lib import clock, immutable

_numbers = count(1)
CHARTER = "2026-11"

# A need that passes every blocking check.
NEED: dict[str, Any] = {
    "title": "Repérer les ruptures de contrat en apprentissage",
    "summary": "Prévenir les ruptures de contrat des apprentis avant la fin du troisième mois.",
    "description": "Les centres voient les ruptures trop tard.\n\n## Contexte\n\nUn an.",
    "scope": "regional",
    "tags": ["apprentissage", "rupture", "formation"],
    "beneficiary": "Les centres de formation d’apprentis",
    "situation": "Les signaux faibles sont connus mais dispersés.",
    "expected_result": "Une alerte expliquée, lue par une personne.",
}
# The same as a row of a table.
NEED_CELLS: dict[str, str] = {"kind": "need", **NEED, "tags": " | ".join(NEED["tags"])}
# A dataset that passes every blocking check.
DATASET: dict[str, Any] = {
    "title": "Offres d’emploi de la filière nautique",
    "summary": "Les offres de la filière nautique en région, par mois et par métier.",
    "description": "Une ligne par offre publiée, sans donnée personnelle.",
    "scope": "regional",
    "tags": ["nautisme", "offres", "emploi"],
    "licences": ["etalab-2.0"],
    "licence_status": "declared",
    "distributions": [{"title": "CSV", "download_url": "https://data.example/a.csv"}],
    "update_frequency": "monthly",
}


def person(name: str = "", **options: Any) -> User:
    """Make a person with a confirmed account."""
    name = name or f"membre{next(_numbers)}"
    return User.objects.create_user(
        username=name, email=f"{name}@exemple.example", password="x" * 16, **options
    )


def region(role: RegionRole, name: str = "") -> User:
    """Make a person who holds a role of the Region."""
    user = person(name)
    with immutable.writes(RegionAppointment):
        RegionAppointment.objects.create(
            user=user, role=role, given_by="test", confirmed_by="autre", given_at=clock.now()
        )
    return user


def moderator(name: str = "") -> User:
    """Make a moderator."""
    return region(RegionRole.MODERATOR, name)


def organisation(name: str = "", **options: Any) -> Organisation:
    """Make an organisation."""
    name = name or f"Organisation {next(_numbers)}"
    values = {"kind": OrganisationKind.COMPANY, "created_at": clock.now()} | options
    slug = slugify(name.replace("’", "-"))
    return Organisation.objects.create(name=name, slug=slug, **values)


def joined(user: User, holder: Organisation, role: Role) -> User:
    """Make a person a member, and give back the person as read anew."""
    with immutable.writes(Membership):
        Membership.objects.create(user=user, organisation=holder, role=role, joined_at=clock.now())
    return User.objects.get(pk=user.pk)


def draft(
    by: User | None = None,
    *,
    kind: ResourceKind = ResourceKind.NEED,
    holder: Organisation | None = None,
    **values: Any,
) -> Contribution:
    """Open a draft that is ready to send."""
    ready = {ResourceKind.NEED: NEED, ResourceKind.DATASET: DATASET}.get(kind, {})
    return drafts.start(kind=kind, by=by or person(), organisation=holder, **{**ready, **values})


def edit(contribution: Contribution, by: User, **values: Any) -> Contribution:
    """Write some fields of a draft."""
    return drafts.save_draft(contribution=again(contribution), values=values, by=by)


def send(contribution: Contribution, by: User) -> Contribution:
    """Send a draft, with the charter."""
    return drafts.submit(contribution=again(contribution), charter=CHARTER, by=by)


def put_online(contribution: Contribution, by: User | None = None) -> Resource:
    """Have a moderator publish what `by` sends here, or what was sent; its owner accepts first."""
    contribution = send(contribution, by) if by else again(contribution)
    if contribution.status == ContributionStatus.OFFERED:
        contribution = accepted(contribution)
    review.publish(contribution=contribution, by=moderator())
    return Resource.objects.get(pk=contribution.resource_id)


def changed(card: Resource, by: User, **values: Any) -> Resource:
    """Change a card, reviewed and published."""
    change = drafts.propose(resource=Resource.objects.get(pk=card.pk), by=by)
    return put_online(edit(change, by, **values), by)


def submitted(by: User | None = None, **options: Any) -> Contribution:
    """Send a draft."""
    by = by or person()
    return send(draft(by, **options), by)


def sent_back(by: User | None = None, **options: Any) -> Contribution:
    """Send a draft and have a moderator ask for changes."""
    contribution = submitted(by, **options)
    review.request_changes(
        contribution=contribution,
        reason=DecisionReason.INSUFFICIENT,
        message="Précisez la période.",
        by=moderator(),
    )
    return again(contribution)


def published(by: User | None = None, **options: Any) -> Resource:
    """Send a draft and have a moderator publish it."""
    return put_online(submitted(by, **options))


def filed(contribution: Contribution, name: str, content: bytes, *, by: User) -> CardFile:
    """Bring a file to a draft and have it examined."""
    file = draft_files.add(
        contribution=again(contribution), name=name, content=iter([content]), by=by
    )
    return file_care.begin_examination(file)


def offered(resource: Resource, by: User | None = None, **values: Any) -> Contribution:
    """Propose a change of somebody else's card and send it: its owner answers first."""
    by = by or person()
    contribution = drafts.propose(resource=resource, by=by)
    return send(edit(contribution, by, **(values or {"summary": "Une phrase plus juste."})), by)


def accepted(contribution: Contribution) -> Contribution:
    """Have an owner approve of a change, so that the Region reviews it."""
    owner = owners_of(contribution.resource).exclude(pk=contribution.author_id or 0)[0]
    return replies.accept_change(contribution=again(contribution), by=owner)


def declined(resource: Resource, by: User | None = None, **values: Any) -> Contribution:
    """Propose a change that the owner of the card declines."""
    contribution = offered(resource, by, **values)
    owner = owners_of(resource).exclude(pk=contribution.author_id or 0)[0]
    return replies.decline_change(contribution=contribution, reason="C’était voulu.", by=owner)


def again(contribution: Contribution) -> Contribution:
    """Read a contribution anew."""
    return Contribution.objects.select_related("resource", "revision").get(pk=contribution.pk)


IN_STATE = {
    ContributionStatus.DRAFT: draft,
    ContributionStatus.SUBMITTED: submitted,
    ContributionStatus.CHANGES_REQUESTED: sent_back,
}
