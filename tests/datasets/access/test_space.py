"""What access to data shows in Mon espace: to each what waits for them, the late ones first."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from datasets import gate
from datasets.access import queries
from datasets.access.actions import drafts, grants, review
from datasets.access.enums import RefusalReason, Verdict
from datasets.access.models import Grant, NamedUser
from datasets.access.views import space
from datasets.releases.models import DataFile
from portal.accounts.enums import RegionRole, Role
from portal.accounts.models import User
from portal.accounts.space import places
from portal.audit.record import record
from portal.lib import clock
from tests.factories.access import World, again
from tests.factories.accounts import MembershipFactory, UserFactory, items, signed_in
from tests.ledger import cost, same_for_three

pytestmark = pytest.mark.django_db
TITLE = " « Former où l’on recrute »"


@pytest.fixture
def world() -> World:
    return World()


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def waits(user: User) -> list[str]:
    return [str(item.title).replace(TITLE, "") for item in items(space.to_do, user)]


def everybody(world: World) -> dict[str, list[str]]:
    people = {
        "asks": world.by,
        "lends": world.hands[0],
        "dpo": world.dpo,
        "officer": world.officer,
        "approver": world.approver,
        "reader": world.reader,
    }
    return {name: said for name, person in people.items() if (said := waits(person))}


def test_each_step_waits_for_whom_it_waits_for(world: World) -> None:
    request = world.draft()
    assert everybody(world) == {"asks": ["Finir la demande d’accès"]}
    drafts.submit(request=request, by=world.by)
    request = again(request)
    admit = "Dire si la demande d’accès est recevable"
    assert everybody(world) == {"officer": [admit]}
    review.admit(request=request, edits=request.edits, by=world.officer)
    opinion = "Donner un avis sur"
    assert everybody(world) == {"lends": [opinion], "dpo": [opinion]}
    hands = dict(zip([each.pk for each in world.producers], world.hands, strict=True))
    for each in queries.opinions_of(request):
        by = world.dpo if each.is_dpo else hands[each.organisation_id or 0]
        review.give_opinion(opinion=each, verdict=Verdict.FAVOURABLE, text="", by=by)
    assert everybody(world) == {"approver": ["Décider de la demande d’accès"]}
    request = again(request)
    grant = review.approve(
        request=request, months=12, text="Oui.", edits=request.edits, by=world.approver
    )
    assert everybody(world) == {"asks": ["Signer la convention de"]}
    grants.sign(grant=grant, by=world.by)
    assert everybody(world) == {"reader": ["Signer votre engagement pour"]}
    grants.suspend(grant=Grant.objects.get(pk=grant.pk), text="Un incident.", by=world.dpo)
    assert everybody(world) == {"approver": ["Reprendre ou révoquer l’habilitation"]}
    grants.revoke(grant=grant, text="Non.", by=world.approver)
    assert everybody(world) == {"asks": ["Attester la destruction des données de"]}
    grants.attest_destruction(grant=grant, text="Effacées.", by=world.by)
    assert everybody(world) == {}


def test_who_answers_for_two_producers_is_told_for_which(world: World) -> None:
    answers = world.hands[0]
    MembershipFactory(organisation=world.producers[1], user=answers, role=Role.EDITOR)
    world.admitted()
    asked = [item.detail for item in items(space.to_do, answers)]
    assert asked == [
        f"{world.organisation} demande « {dataset} », de {producer}"
        for dataset, producer in zip(world.datasets, world.producers, strict=True)
    ]


def test_changes_asked_wait_for_who_asks(world: World) -> None:
    request = world.admitted()
    review.request_changes(
        request=request, text="Précisez.", fields=["service"], edits=request.edits, by=world.officer
    )
    assert everybody(world) == {"asks": ["Corriger la demande d’accès"]}
    drafts.submit(request=again(request), by=world.by)
    assert everybody(world)["officer"] == ["Relire la demande d’accès, revenue de ses corrections"]


def test_who_is_tied_is_not_asked_to_decide(world: World) -> None:
    judge = UserFactory(region=RegionRole.APPROVER)
    MembershipFactory(organisation=world.organisation, user=judge)
    request = world.advised()
    assert waits(judge) == []
    review.refuse(
        request=request,
        reason=RefusalReason.PURPOSE,
        text="Non.",
        edits=request.edits,
        by=world.approver,
    )
    review.ask_review(request=again(request), by=world.by)
    administrator = UserFactory(region=RegionRole.ADMINISTRATOR)
    assert waits(world.approver) == []
    assert waits(administrator) == ["Nommer qui décidera de la demande d’accès"]
    assert waits(UserFactory(region=RegionRole.APPROVER)) == ["Réexaminer la demande d’accès"]
    assert waits(administrator) == []


def test_a_late_decision_stands_first_and_is_said_late(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = world.advised(title="En retard")
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=28))
    new = World(approver=world.approver).advised(title="Récente")
    rows = [row for row in items(space.to_do, world.approver) if "Décider" in row.title]
    assert [row.due and row.due < clock.now() for row in rows] == [True, False]
    assert [row.tone for row in rows] == ["garance", "lavande"]
    client.force_login(world.approver)
    page = client.get("/espace/").content.decode()
    assert page.index(str(late)) < page.index(str(new))


def test_a_return_is_asked_for_when_it_nears(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.active(returns=[("Un code", 6)])
    assert waits(world.by) == []
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=170))
    assert waits(world.by) == ["Donner ce que a promis de rendre"]


def test_the_side_links_are_for_those_who_use_them(world: World) -> None:
    world.active()
    NamedUser.objects.update(user=None, signed_at=None)

    def links(user: User) -> set[str]:
        routes = {place.route for place in places(fresh(user))}
        return routes & {"datasets:requests", "datasets:lent", "datasets:request_queue", "ledger"}

    assert links(UserFactory()) == set()
    for person in (world.by, world.reader):
        assert links(person) == {"datasets:requests"}
    assert links(world.hands[0]) == {"datasets:requests", "datasets:lent"}
    for person in (world.officer, world.approver, world.dpo):
        assert links(person) == {"datasets:request_queue", "ledger"}


def test_a_producer_sees_who_reads_their_data(world: World, client: Client) -> None:
    grant = world.active(world.datasets[0])
    other = world.granted(world.datasets[0])  # signed by nobody
    link = '<a href="/donnees/habilitations/">projet lit vos données</a>'
    assert list(space.figures(fresh(world.hands[0]))) == [(link, 1)]
    assert list(space.figures(fresh(world.hands[1]))) == []
    client.force_login(world.hands[0])
    reading, rest = client.get("/donnees/habilitations/").text.split('id="autres"')
    assert f"/donnees/habilitations/{grant.public_id}/" in reading
    assert f"/donnees/habilitations/{other.public_id}/" in rest
    assert str(other.public_id) not in reading


def test_the_acts_on_a_request_are_found_by_its_number(world: World, client: Client) -> None:
    grant = world.active(world.datasets[0])
    World().submitted()
    file = DataFile.objects.filter(role="data").first()
    record("data_file.read", by=world.by, on=file, grant=grant)
    record("data_file.read", by=world.by, on=file, grant="datasets.grant:another")
    page = grant.request.get_absolute_url()
    client.force_login(world.officer)
    link = re.search(r'href="(/espace/journal/\?objet=[^"]+)"', client.get(page).text)
    assert link
    found = client.get(link[1])
    acts = [each.action for each, *_said in found.context["rows"]]
    assert {"access_request.submitted", "opinion.given", "grant.approved"} < set(acts)
    assert acts.count("access_request.submitted") == acts.count("data_file.read") == 1
    # A reading that was refused once it was suspended is found there too.
    grants.suspend(grant=grant, text="Incident.", by=world.dpo)
    refused = Client()
    refused.force_login(world.reader)
    assert (
        refused.get(
            reverse("datasets:file", args=(file.release.dataset.resource.slug, file.public_id))
        ).status_code
        == 404
    )
    acts = [each.action for each, *_said in client.get(link[1]).context["rows"]]
    assert acts.count("access.denied") == 1
    lent = reverse("datasets:grant", args=(grant.public_id,))
    assert f'href="{lent}">{grant.number}</a>' in found.text
    assert "Convention signée" in found.text
    client.force_login(world.by)
    assert "/espace/journal/" not in client.get(page).text


def test_many_requests_cost_no_more_queries(
    world: World, django_assert_max_num_queries: Any
) -> None:
    for _number in range(2):
        world.granted()
        world.advised()
        world.admitted()
        world.submitted()
    for part in ("by", "officer", "approver", "dpo"):
        person = fresh(getattr(world, part))
        with django_assert_max_num_queries(10):
            assert items(space.to_do, person)
    administrator = fresh(UserFactory(region=RegionRole.ADMINISTRATOR))
    with django_assert_max_num_queries(14):  # each approver's roles, once
        items(space.to_do, administrator)


def test_a_page_takes_twenty_five_queries_at_most_for_one_and_for_three(world: World) -> None:
    page = world.datasets[0].get_absolute_url()
    administrator = UserFactory(region=RegionRole.ADMINISTRATOR)
    region = [world.officer, world.approver, world.dpo, administrator]
    asked = [(each, "/espace/") for each in (world.by, world.reader, world.hands[0], *region)]
    asked += [(each, page) for each in (world.by, world.reader, world.hands[0])]

    def more() -> None:
        for act in (world.lent, world.granted, world.advised, world.admitted, world.submitted):
            act()
        gate.open_file(data_file=DataFile.objects.first(), by=world.reader).close()

    counts = [partial(cost, signed_in(by), address) for by, address in asked]
    assert max(same_for_three(more, *counts)) <= 25
