"""A confirmed masking is lifted by two persons; collections are reported, hidden, shown again."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from catalogue.actions import collections, maskings, reports
from catalogue.enums import Measure, ReportOutcome
from catalogue.models import Collection, Masking, Report, Resource
from catalogue.queries import reported
from portal.accounts.models import Organisation, User
from portal.audit import outbox
from portal.lib.refusals import Conflict, NotAllowed
from tests.catalogue.ledger import cost, events, rows
from tests.factories import contributions as make
from tests.factories.accounts import MembershipFactory, OrganisationFactory, signed_in
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db
DISMISSED = reports.Reasons(outcome=ReportOutcome.DISMISSED, facts="Rien à redire.")
UPHELD = reports.Reasons(
    outcome=ReportOutcome.UPHELD,
    measure=Measure.HIDE,
    facts="Des propos injurieux.",
    ground="charter",
    ground_text="Charte, point 4.",
    duration="Tout le portail.",
)


@pytest.fixture
def card() -> Resource:
    return make.published(make.person("autrice"))


def sent(address: str, judge: User) -> Report:
    report = reports.file(
        address=address,
        category="illegal",
        explanation="Des injures.",
        good_faith=True,
        name="Camille",
        email="camille@exemple.fr",
    )
    return reports.assess(report=report, by=judge)


def again(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def masked(card: Resource, one: User, two: User, report: Report | None = None) -> Masking:
    masking = maskings.mask(
        resource=card, category="illegal", explanation="Propos.", by=one, report=report
    )
    return maskings.confirm(masking=masking, by=two)


def test_one_person_lifts_what_nobody_confirmed_and_two_what_was(card: Resource) -> None:
    one, two, stranger = make.moderator("un"), make.moderator("deux"), make.person("passante")
    alone = maskings.mask(resource=card, category="illegal", explanation="Propos.", by=one)
    with pytest.raises(Conflict):
        maskings.propose_lift(masking=alone, by=two)
    maskings.lift(masking=alone, by=one)
    assert again(card).live
    masking = masked(card, one, two)
    before = rows()
    for person in (one, two):
        with pytest.raises(Conflict) as refusal:
            maskings.lift(masking=masking, by=person)
        assert refusal.value.code == "masking_confirmed"
    with pytest.raises(Conflict):
        maskings.approve_lift(masking=masking, by=one)
    assert rows() == before
    maskings.propose_lift(masking=masking, by=one)
    assert not again(card).live
    for act in (maskings.approve_lift, maskings.refuse_lift):
        with pytest.raises(NotAllowed):
            act(masking=masking, by=one)
        with pytest.raises(NotAllowed):
            act(masking=masking, by=stranger)
    with pytest.raises(Conflict):
        maskings.propose_lift(masking=masking, by=two)
    maskings.refuse_lift(masking=masking, by=two)
    assert not again(card).live
    maskings.propose_lift(masking=masking, by=one)
    maskings.approve_lift(masking=masking, by=two)
    assert again(card).live
    assert [each for each in events() if each.startswith("masking.")] == [
        "masking.lifted",
        "masking.confirmed",
        "masking.lift_proposed",
        "masking.lift_refused",
        "masking.lift_proposed",
        "masking.lifted",
    ]


def test_a_first_decision_proposes_and_the_last_one_lifts(card: Resource) -> None:
    one, two, three = (make.moderator(name) for name in ("un", "deux", "trois"))
    report = sent(card.get_absolute_url(), one)
    masking = masked(card, one, two, report)
    reports.decide(report=report, reasons=DISMISSED, by=one)
    assert not again(card).live
    assert again(masking).lift_asked_by == one
    while outbox.relay():
        pass
    asked = [m.to for m in mail.outbox if "Répondez à la levée" in m.subject]
    assert [two.email] in asked
    assert [one.email] not in asked
    contested = reports.contest(report=again(report), words="Si.", by=reports.VISITOR)
    reports.settle(report=contested, reasons=DISMISSED, by=three)
    assert again(card).live


def test_the_page_leads_two_persons_through_it(card: Resource) -> None:
    one, two = make.moderator("un"), make.moderator("deux")
    report = sent(card.get_absolute_url(), one)
    masked(card, one, two, report)
    address, listed = f"/moderation/signalements/{report.public_id}/", "/moderation/signalements/"
    first, second = Client(), Client()
    first.force_login(one)
    second.force_login(two)
    page = first.get(address).text
    assert 'value="lift"' not in page
    assert 'value="propose_lift"' in page
    first.post(address, {"act": "propose_lift"})
    assert 'value="approve_lift"' not in first.get(address).text
    assert "Masquages que l’on propose de lever" in second.get(listed).text
    assert 'value="approve_lift"' in second.get(address).text
    second.post(address, {"act": "approve_lift"})
    assert again(card).live


# Collections


def collection(title: str = "Recruter sans biais") -> Collection:
    editor: User = MembershipFactory(organisation=OrganisationFactory(), role="editor").user
    held = Organisation.objects.get(memberships__user=editor)
    found = collections.make(title=title, summary="Zzrésumé.", organisation=held, by=editor)
    resource = ResourceFactory(published=True)
    collections.add(collection=found, resource=resource, by=editor)
    found.items.update(comment="Zzcommentaire.")
    return collections.publish(collection=found, by=editor)


def test_a_collection_is_reported_hidden_and_shown_again(client: Client) -> None:
    found = collection()
    page = found.get_absolute_url()
    assert f"/signaler/?adresse={page}" in client.get(page).text
    one, two = make.moderator("un"), make.moderator("deux")
    report = sent(page, one)
    assert (report.collection, report.title) == (found, found.title)
    assert (report.concerned, report.organisation) == (found.made_by, found.organisation)
    assert reports.measures(report) == [Measure.CORRECT, Measure.HIDE]
    judge = signed_in(one)
    shown = judge.get(f"/moderation/signalements/{report.public_id}/").text
    assert "Zzrésumé." in shown
    assert "Zzcommentaire." in shown
    decision = reports.decide(report=report, reasons=UPHELD, by=one)
    for address in (page, "/dossiers/", f"/organisations/{found.organisation.slug}/"):
        assert "Zzrésumé." not in client.get(address).text
    assert client.get(page).status_code == 404
    assert reported.locate(page) == reported.Place(page)
    writer = signed_in(found.made_by)
    assert "Charte, point 4." in writer.get(page).text
    told = writer.get(f"/signalements/decisions/{decision.public_id}/")
    assert told.status_code == 200
    collections.take_back(collection=found, by=found.made_by)
    collections.publish(collection=found, by=found.made_by)
    assert client.get(page).status_code == 404
    contested = reports.contest(report=again(report), words="Non.", by=found.made_by)
    reports.settle(report=contested, reasons=DISMISSED, by=two)
    assert client.get(page).status_code == 200
    assert again(found).hidden_by is None


def test_nobody_judges_the_collections_of_their_organisation() -> None:
    found = collection()
    one, other = make.moderator("un"), make.moderator("deux")
    MembershipFactory(user=one, organisation=found.organisation, role="editor")
    report = sent(found.get_absolute_url(), other)
    assert not Report.objects.visible_to(again(one)).exists()
    with pytest.raises(NotAllowed):
        reports.decide(report=report, reasons=UPHELD, by=again(one))
    with pytest.raises(NotAllowed):
        collections.hide(collection=found, reason="Non.", by=again(one))
    with pytest.raises(NotAllowed):
        collections.hide(collection=found, reason="Non.", by=found.made_by)
    assert again(found).hidden_at is None


def test_the_queue_costs_the_same_for_one_and_three_collections() -> None:
    one = make.moderator("un")
    client = signed_in(one)
    sent(collection().get_absolute_url(), one)
    once = cost(client, "/moderation/signalements/")
    for number in range(2):
        sent(collection(f"Autre {number}").get_absolute_url(), one)
    assert cost(client, "/moderation/signalements/") == once
