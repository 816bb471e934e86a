"""Many at once: one place, one answer, one letter; somebody always stays."""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core import mail

from portal.accounts import account_data
from portal.accounts.actions import accounts, appointments, invitations, organisations
from portal.accounts.enums import ProposalKind, RegionRole, Role
from portal.accounts.models import Invitation, Membership, RegionAppointment, RoleProposal, User
from portal.audit import outbox
from portal.audit.invariants import chain_breaches
from portal.lib import clock
from portal.lib.immutable import writes
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.portal.accounts.test_organisations import invite
from tests.threads import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_twenty_clicks_on_one_invitation_make_one_place() -> None:
    referent = MembershipFactory(role=Role.REFERENT)
    user = UserFactory(email="invitee@exemple.test")
    offer = invite(referent, user.email)
    got = at_once(
        20,
        lambda _index: invitations.accept(
            invitation=Invitation.objects.get(pk=offer.pk), by=User.objects.get(pk=user.pk)
        ),
    )
    assert got == {"done": 1, "already_answered": 19}
    assert Membership.objects.live().filter(user=user).count() == 1
    assert list(chain_breaches()) == []


@pytest.fixture
def slow_to_leave(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    """Hold whoever is about to leave until another is as far, or half a second has gone.

    Without a lock both get here and both leave; with it the other waits for the first to end.
    """
    settings.ERASURE_JOURNAL_FILE = str(tmp_path / "erasures.jsonl")
    meeting = threading.Barrier(2)

    def meet(*_given: Any) -> None:
        with suppress(threading.BrokenBarrierError):
            meeting.wait(timeout=0.5)

    ended = appointments._end
    monkeypatch.setattr(account_data, "erase_shares", meet)
    monkeypatch.setattr(appointments, "_end", lambda *given: (meet(), ended(*given)))


def close(pk: int) -> User:
    return accounts.close(user=User.objects.get(pk=pk), by=User.objects.get(pk=pk))


@pytest.mark.usefixtures("slow_to_leave")
def test_two_administrators_closing_together_leave_one() -> None:
    people = [UserFactory(region="administrator").pk for _ in range(2)]
    got = at_once(2, lambda index: close(people[index]))
    assert got == {"done": 1, "last_administrator": 1}
    assert RegionAppointment.objects.filter(ended_at=None).count() == 1


@pytest.mark.usefixtures("slow_to_leave")
@pytest.mark.parametrize("closing", [0, 1, 2])
def test_of_two_referents_who_leave_or_close_together_one_stays(closing: int) -> None:
    first = MembershipFactory(role=Role.REFERENT)
    second = MembershipFactory(role=Role.REFERENT, organisation=first.organisation)
    MembershipFactory(organisation=first.organisation)
    people = [first.user_id, second.user_id]

    def go(index: int) -> None:
        if index < closing:
            close(people[index])
        else:
            organisations.leave(
                organisation=first.organisation, by=User.objects.get(pk=people[index])
            )

    assert at_once(2, go) == {"done": 1, "last_referent": 1}
    assert Membership.objects.live().filter(role=Role.REFERENT).count() == 1


@pytest.mark.usefixtures("slow_to_leave")
def test_an_administrator_ended_while_another_closes_leave_one() -> None:
    proposer, closing, ended = (UserFactory(region="administrator") for _ in range(3))
    proposal = appointments.propose(
        kind=ProposalKind.END,
        user=ended,
        role=RegionRole.ADMINISTRATOR,
        reason="Départ",
        by=proposer,
    )
    with writes(RegionAppointment):
        RegionAppointment.objects.filter(user=proposer).update(ended_at=clock.now())
    acts: list[Callable[[], Any]] = [
        lambda: close(closing.pk),
        lambda: appointments.confirm(proposal=proposal, by=closing),
    ]
    got = at_once(2, lambda index: acts[index]())
    assert got["done"] == 1
    assert RegionAppointment.objects.filter(ended_at=None).count() == 1


def test_two_administrators_confirm_once() -> None:
    person = UserFactory()
    proposal = appointments.propose(
        kind=ProposalKind.GIVE,
        user=person,
        role=RegionRole.DPO,
        reason="Renfort",
        by=UserFactory(region="administrator"),
    )
    others = [UserFactory(region="administrator").pk for _ in range(2)]
    got = at_once(
        2,
        lambda index: appointments.confirm(
            proposal=RoleProposal.objects.get(pk=proposal.pk),
            by=User.objects.get(pk=others[index]),
        ),
    )
    assert got == {"done": 1, "already_answered": 1}
    assert RegionAppointment.objects.filter(user=person).count() == 1


def test_two_relays_send_one_letter() -> None:
    invite(MembershipFactory(role=Role.REFERENT), "invitee@exemple.test")
    mail.outbox = []
    at_once(4, lambda _index: outbox.relay())
    assert [letter.to for letter in mail.outbox] == [["invitee@exemple.test"]]
