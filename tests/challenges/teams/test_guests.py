"""A challenge by invitation: who is invited, once, and who may register; its pages."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from challenges.models import Challenge, FormerOrganiser, Guest, Registration, Team
from challenges.organising.enums import ChallengeStatus, OrganiserRole, RegistrationMode
from challenges.organising.forms.challenges import OrganiserInvitationForm
from challenges.teams.actions import guests as acts
from challenges.teams.actions import teams
from challenges.teams.actions.guests import ADDRESSES_A_DAY, Outcome
from challenges.teams.enums import RegistrationState
from challenges.teams.forms import InvitationForm
from portal.accounts import space
from portal.accounts.actions import notifications
from portal.accounts.enums import Delivery, InvitationState
from portal.accounts.models import User
from portal.audit import outbox
from portal.audit.models import AuditBody, Outbox
from portal.audit.reading import events as events_of
from portal.audit.record import reference
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests import ledger
from tests.challenges.pages.scenes import Costs, clocked, url_of
from tests.challenges.refusals import refuses
from tests.challenges.world import owner_of
from tests.factories.accounts import UserFactory, signed_in
from tests.factories.challenges import ChallengeFactory

pytestmark = pytest.mark.django_db
INVITED = RegistrationMode.INVITED


@pytest.fixture
def challenge() -> Challenge:
    """Return an open challenge by invitation."""
    return ChallengeFactory(opened=True, owner=UserFactory(), registration=INVITED)


def invited(challenge: Challenge, *lines: str) -> list[Outcome]:
    report = acts.invite(challenge=challenge, lines=lines, by=owner_of(challenge))
    return [each.outcome for each in report]


def events() -> list[str]:
    return [each for each in ledger.events() if each.startswith("guests.")]


def joined(challenge: Challenge, person: User) -> str:
    teams.accept_terms(challenge=challenge, by=person)
    return str(Registration.objects.get(challenge=challenge, user=person).state)


def test_each_line_has_its_own_outcome(challenge: Challenge) -> None:
    Challenge.objects.update(blocked_domains=["jetable.test"])
    challenge.refresh_from_db()
    inside = UserFactory(email="dedans@exemple.test")
    assert invited(challenge, inside.email) == [Outcome.INVITED]
    joined(challenge, inside)
    lines = ["a@exemple.test", " A@Exemple.Test ", "", "pas une adresse", "x@jetable.test"]
    assert invited(challenge, *lines, inside.email, owner_of(challenge).email) == [
        Outcome.INVITED,
        Outcome.KNOWN,
        Outcome.REFUSED,
        Outcome.REFUSED,
        Outcome.IN,
        Outcome.REFUSED,
    ]
    assert invited(challenge, "a@exemple.test") == [Outcome.KNOWN]
    former = UserFactory(email="avant@exemple.test")
    role = OrganiserRole.JURY
    FormerOrganiser.objects.create(challenge=challenge, user=former, role=role, left_at=clock.now())
    assert invited(challenge, former.email) == [Outcome.REFUSED]
    assert events() == ["guests.invited"] * 2
    told = "".join(str(each) for each in AuditBody.objects.values())
    assert "a@exemple.test" not in told


def test_an_address_longer_than_a_row_holds_is_refused(challenge: Challenge) -> None:
    domain = ".".join(["a" * 60] * 4)
    assert invited(challenge, f"prenom.nom@{domain}.fr", f"p@{domain}.fr") == [
        Outcome.REFUSED,
        Outcome.INVITED,
    ]
    assert not InvitationForm({"email": f"prenom.nom@{domain}.fr"}).is_valid()
    assert not OrganiserInvitationForm(
        {"email": f"prenom.nom@{domain}.fr", "role": "organiser"}
    ).is_valid()


def test_only_the_invited_register_by_their_address(challenge: Challenge) -> None:
    guest, other = UserFactory(), UserFactory()
    invited(challenge, guest.email.upper())
    assert joined(challenge, guest) == RegistrationState.ACCEPTED
    with refuses(NotAllowed, "invitation_required"):
        joined(challenge, other)
    assert Registration.objects.count() == 1
    assert Guest.objects.get(email=guest.email).state == InvitationState.ACCEPTED
    assert teams.create(challenge=challenge, name="Alpha", by=guest).has_captain(guest)


def test_an_invitation_that_ended_lets_nobody_in(challenge: Challenge) -> None:
    late, out = UserFactory(), UserFactory()
    invited(challenge, late.email, out.email)
    acts.withdraw(guest=Guest.objects.get(email=out.email), by=owner_of(challenge))
    Guest.objects.filter(email=late.email).update(expires_at=clock.now())
    for person in (late, out):
        assert "ne vaut plus" in Client().get(link_of(Guest.objects.get(email=person.email))).text
        with pytest.raises(NotAllowed):
            joined(challenge, person)
    assert events() == ["guests.invited", "guests.withdrawn"]
    assert invited(challenge, late.email) == [Outcome.INVITED]  # made anew
    Challenge.objects.update(status=ChallengeStatus.CLOSED)
    made = Guest.objects.get(email=late.email, state=InvitationState.SENT)
    assert "ne vaut plus" in Client().get(link_of(made)).text
    Challenge.objects.update(status=ChallengeStatus.PUBLISHED)
    assert joined(challenge, late) == RegistrationState.ACCEPTED


def out_of(challenge: Challenge, state: str) -> User:
    """Return a person who asked to take part, and was refused or left if that is the state."""
    Challenge.objects.update(registration=RegistrationMode.APPROVAL)
    person: User = UserFactory()
    joined(challenge, person)
    asked, by = Registration.objects.get(user=person), owner_of(challenge)
    if state == "refused":
        teams.refuse_registration(registration=asked, reason="Complet.", by=by)
    elif state == "withdrawn":
        teams.leave_challenge(challenge=challenge, by=person)
    Challenge.objects.update(registration=INVITED)
    challenge.refresh_from_db()
    return person


@pytest.mark.parametrize("state", ["pending", "refused", "withdrawn"])
def test_an_invitation_lets_in_who_asked_left_or_was_refused(
    challenge: Challenge, state: str
) -> None:
    person = out_of(challenge, state)
    if state != "withdrawn":  # who left asks again by it
        assert joined(challenge, person) == state
    assert invited(challenge, person.email) == [Outcome.INVITED]
    if state == "withdrawn":  # who comes back is judged by their domain
        assert "Accepter et participer" in signed_in(person).get(url_of(challenge, "team")).text
        Challenge.objects.update(blocked_domains=[person.email.partition("@")[2]])
        with refuses(NotAllowed, "domain_refused"):
            teams.accept_terms(challenge=challenge, by=person)
        Challenge.objects.update(blocked_domains=[])
        teams.accept_terms(challenge=challenge, by=person)
    assert joined(challenge, person) == RegistrationState.ACCEPTED
    assert Guest.objects.get().state == InvitationState.ACCEPTED
    found = Registration.objects.get()
    assert (found.reason, found.decided_by) == ("", None)


def test_each_is_written_to_once_as_they_chose(challenge: Challenge) -> None:
    known, quiet = UserFactory(), UserFactory()
    notifications.choose(ways={"announcements": Delivery.SPACE}, by=quiet)
    lines = ["inconnue@exemple.test", known.email, quiet.email]
    for _again in range(2):
        invited(challenge, *lines)
        for _each in range(3):
            outbox.relay()
    assert sorted(each.to[0] for each in mail.outbox) == sorted(lines[:2])
    secret = Guest.objects.get(email=lines[0]).token
    assert [secret in str(each.body) for each in mail.outbox if each.to == [lines[0]]] == [True]
    kept = "".join(str(each) for each in Outbox.objects.values())
    assert secret not in kept


def test_an_address_is_written_to_three_times_in_thirty_days(
    challenge: Challenge, settings: Any
) -> None:
    by, address = owner_of(challenge), "a@exemple.test"
    for _again in range(3):
        assert invited(challenge, address) == [Outcome.INVITED]
        acts.withdraw(guest=Guest.objects.get(state=InvitationState.SENT), by=by)
    assert invited(challenge, address) == [Outcome.REFUSED]
    Guest.objects.update(sent_at=clock.now() - timedelta(days=settings.GUEST_DAYS))
    assert invited(challenge, address) == [Outcome.INVITED]
    Guest.objects.all().delete()
    lines = [f"n{n}@exemple.test" for n in range(ADDRESSES_A_DAY + 1)]  # a day has its most
    with pytest.raises(Invalid):
        invited(challenge, *lines)
    assert set(invited(challenge, *lines[1:])) == {Outcome.INVITED}
    assert invited(challenge, lines[0]) == [Outcome.LATER]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"registration": RegistrationMode.OPEN}, "not_by_invitation"),
        ({"status": ChallengeStatus.DRAFT, "published_at": None}, "guests_not_now"),
        ({"status": ChallengeStatus.CLOSED}, "guests_not_now"),
    ],
)
def test_nobody_is_invited_where_nobody_could_come(
    challenge: Challenge, change: dict[str, Any], code: str
) -> None:
    Challenge.objects.update(**change)
    with refuses(Conflict, code):
        invited(challenge, "a@exemple.test")
    assert (Guest.objects.count(), Outbox.objects.count()) == (0, 0)


def test_addresses_are_not_kept_longer_than_announced(challenge: Challenge, settings: Any) -> None:
    here, gone, closing, moved = UserFactory(), "parti@exemple.test", UserFactory(), UserFactory()
    invited(challenge, here.email, gone, closing.email, moved.email)
    for person in (here, moved):
        joined(challenge, person)
    moved.email = "ailleurs@exemple.test"
    moved.save()
    for person in (closing, moved):  # the former address of an account that closes too
        teams.forget(person=person)
    assert set(Guest.objects.values_list("email", flat=True)) == {here.email, gone}
    old = clock.now() - timedelta(days=settings.GUESTS_KEPT_DAYS, seconds=1)
    Guest.objects.update(expires_at=old)
    assert acts.forget_old() == 1
    assert Guest.objects.get().email == here.email
    assert acts.forget_old() == 0
    (event,) = events_of([reference(challenge)], families=["guests"])[:1]
    assert (event.action, event.facts) == ("guests.forgotten", {"addresses": 1})


UNINVITED = "Ce challenge est sur invitation"


@pytest.fixture
def organiser(challenge: Challenge, client: Client) -> User:
    """Sign the organiser in."""
    made = owner_of(challenge)
    client.force_login(made)
    return made


def link_of(guest: Guest) -> str:
    secret = guest.token
    return url_of(guest.challenge, "guest_invitation", guest.public_id, secret)


def test_a_list_is_reported_line_by_line_and_what_failed_stays(
    client: Client, challenge: Challenge, organiser: User
) -> None:
    sent = {"addresses": "a@exemple.test\nfaux\na@exemple.test"}
    text = client.post(url_of(challenge, "guests"), sent).text
    report = text[text.index("Ce qu’est devenue chaque ligne") :].partition("</table>")[0]
    lines = ["a@exemple.test", "faux", "a@exemple.test"]
    assert re.findall(r'<th scope="row">([^<]*)', report) == lines
    assert ">\nfaux</textarea>" in text
    empty = client.post(url_of(challenge, "guests"), {"addresses": " "})
    assert (empty.status_code, Guest.objects.count()) == (422, 1)
    [guest] = Guest.objects.all()
    client.post(url_of(challenge, "guest_withdraw", guest.public_id))
    assert "Personne n’est encore invité" in client.get(url_of(challenge, "guests")).text


def test_the_page_costs_the_same_for_one_and_three(
    client: Client, challenge: Challenge, organiser: User, count: int, costs: Costs
) -> None:
    invited(challenge, *(f"n{n}@exemple.test" for n in range(count)))
    with costs(clocked(13, reads=2)):
        text = client.get(url_of(challenge, "guests")).text
    assert text.count("@exemple.test</th>") == count


def test_who_is_invited_takes_part_from_the_link(challenge: Challenge) -> None:
    person = UserFactory()
    invited(challenge, person.email)
    [guest] = Guest.objects.all()
    link = link_of(guest)
    shown = Client().get(link)
    assert "Créer un compte" in shown.text
    assert person.email not in shown.text
    browser = signed_in(person)
    assert url_of(challenge, "rules") in browser.get(link).text
    assert [str(each.url) for each in space.gathered(person)["todo"]] == [
        url_of(challenge, "rules")
    ]
    assert UNINVITED not in browser.get(url_of(challenge, "rules")).text
    number = challenge.terms.get().number
    browser.post(url_of(challenge, "rules"), {"terms": number, "accepted": "on"})
    browser.post(url_of(challenge, "team"), {"name": "Alpha"})
    assert Team.objects.get().has_captain(person)
    assert "Vous êtes déjà inscrit" in browser.get(link).text
    assert "déjà servi" in Client().get(link).text
    assert space.gathered(person)["todo"] == []


def test_who_is_not_invited_reads_the_same_whoever_is(challenge: Challenge) -> None:
    browser = signed_in(UserFactory())
    before = [browser.get(url_of(challenge, name)) for name in ("rules", "team")]
    invited(challenge, "quelqu.une@exemple.test")
    after = [browser.get(url_of(challenge, name)) for name in ("rules", "team")]
    for one, two in zip(before, after, strict=True):
        assert UNINVITED in one.text
        assert len(one.text) == len(two.text)
        assert "quelqu.une" not in two.text
    number = challenge.terms.get().number
    sent = browser.post(url_of(challenge, "rules"), {"terms": number, "accepted": "on"})
    assert (sent.status_code, Registration.objects.count()) == (409, 0)
    assert UNINVITED in sent.text
    link = link_of(Guest.objects.get())
    assert "pour une autre adresse" in browser.get(link).text
    assert browser.get(link[:-2] + "x/").status_code == 404


def test_a_team_mate_who_is_not_invited_cannot_join(challenge: Challenge) -> None:
    captain, mate = UserFactory(), UserFactory()
    invited(challenge, captain.email)
    teams.accept_terms(challenge=challenge, by=captain)
    team = teams.create(challenge=challenge, name="Alpha", by=captain)
    sent = teams.invite(team=team, email=mate.email, by=captain)
    browser = signed_in(mate)
    link = url_of(challenge, "team_join", sent.public_id, sent.token)
    assert UNINVITED in browser.get(link).text
    number = challenge.terms.get().number
    assert browser.post(link, {"terms": number, "accepted": "on"}).status_code == 409
    assert not team.has_member(mate)


def test_new_rules_accepted_bring_back_who_had_left(challenge: Challenge) -> None:
    Challenge.objects.update(registration=RegistrationMode.APPROVAL)
    person = UserFactory()
    teams.accept_terms(challenge=challenge, by=person)
    teams.leave_challenge(challenge=challenge, by=person)
    Registration.objects.update(terms=None, terms_accepted_at=None)
    browser = signed_in(person)
    sent = browser.post(
        url_of(challenge, "rules"), {"accepted": "on", "terms": challenge.terms.get().number}
    )
    told = browser.get(sent["Location"]).text
    assert "Créez une équipe" not in told
    assert "attend l’accord de l’organisateur" in told
