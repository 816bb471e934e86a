"""What accounts put in a person's space: offers to answer, people to let in, roles to confirm."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts import rules
from portal.accounts.actions.invitations import token_of
from portal.accounts.enums import Role
from portal.accounts.models import Invitation, JoinRequest, RoleProposal, Transfer, User
from portal.accounts.space import Item
from portal.lib import clock


def invitations(user: User) -> Iterator[Item]:
    """Offer the places that wait for the person's answer."""
    open_ones = Invitation.objects.open(clock.now()).filter(email__iexact=user.email)
    for invitation in open_ones.select_related("organisation", "invited_by"):
        yield Item(
            title=_("Répondre à l’invitation de « %(name)s »") % {"name": invitation.organisation},
            url=reverse("invitation", args=[token_of(invitation)]),
            detail=_("%(who)s vous propose un rôle : %(role)s.")
            % {"who": invitation.invited_by, "role": invitation.get_role_display()},
            icon="users",
            tone="calanque",
            badge=_("invitation"),
            due=invitation.expires_at,
        )


def transfers(user: User) -> Iterator[Item]:
    """Offer the organisations whose care is proposed to the person."""
    offers = Transfer.objects.filter(receiver=user, answer="").select_related(
        "organisation", "giver"
    )
    for offer in offers:
        yield Item(
            title=_("Devenir la personne référente de « %(name)s »") % {"name": offer.organisation},
            url=reverse("organisation", args=[offer.organisation.slug]),
            detail=_("%(who)s vous transmet ce rôle.") % {"who": offer.giver},
            icon="flag",
            tone="ocre",
        )


def requests(user: User) -> Iterator[Item]:
    """List the people who ask to join an organisation of which the person is a referent."""
    administered = [pk for pk, role in user.roles_by_organisation.items() if role == Role.REFERENT]
    waiting = JoinRequest.objects.filter(organisation__in=administered, answer="").select_related(
        "organisation", "user"
    )
    for request in waiting if administered else ():
        yield Item(
            title=_("Répondre à la demande de %(who)s") % {"who": request.user},
            url=reverse("organisation_members", args=[request.organisation.slug]),
            detail=_("Pour rejoindre « %(name)s ».") % {"name": request.organisation},
            icon="users",
            tone="olivier",
        )


def proposals(user: User) -> Iterator[Item]:
    """List the roles that wait for this administrator's answer."""
    if not rules.may_give_roles(user):
        return
    for proposal in RoleProposal.objects.filter(answer="").select_related("user", "proposed_by"):
        if rules.may_answer_proposal(user, proposal):
            yield Item(
                title=_("Répondre à une proposition de rôle pour %(who)s") % {"who": proposal.user},
                url=reverse("region_roles"),
                detail=_("%(act)s « %(role)s », proposé par %(by)s.")
                % {
                    "act": proposal.get_kind_display(),
                    "role": proposal.get_role_display(),
                    "by": proposal.proposed_by,
                },
                icon="landmark",
                tone="lavande",
            )


PROVIDERS = (invitations, transfers, requests, proposals)
