"""The public register says who uses data, for what, until when: and nothing else (P2)."""

from datetime import timedelta
from typing import Any

import pytest
from defusedxml import ElementTree
from django.test import Client
from django.urls import reverse

from datasets.access import register
from datasets.access.actions import grants, review
from datasets.access.enums import GrantState, Purpose, RefusalReason, ReturnState
from datasets.access.models import Grant, Opinion, PromisedReturn
from portal.accounts.enums import RegionRole
from portal.lib import clock
from tests.factories.access import World, again
from tests.factories.accounts import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db
PAGES = ("register", "register_table", "register_feed")


@pytest.fixture
def world() -> World:
    return World()


def shown(query: str = "") -> str:
    return Client().get(f"/donnees/registre/{query}").content.decode()


def titles(query: str) -> set[str]:
    page = Client().get(f"/donnees/registre/{query}")
    assert page.status_code == 200
    return {row.title for row in page.context["rows"]}


def test_p2_only_what_is_public_is_public(world: World) -> None:
    world.organisation.name = "Organisme visible"
    world.organisation.save()
    texts = ("summary", "service", "use_cases", "beneficiaries", "legal_basis")
    hidden = dict.fromkeys((*texts, "impact_assessment", "security"), "CANARI " * 40)
    request = world.advised(
        **hidden | {"beneficiaries": "CANARI", "legal_basis": "CANARI", "summary": "CANARI"},
        title="Titre visible",
        persons=["canari@exemple.fr", world.by.email],
        returns=[("Rendu visible", 6)],
    )
    Opinion.objects.filter(request=request).update(text="CANARI")
    grant = review.approve(
        request=request, months=12, text="CANARI", edits=request.edits, by=world.approver
    )
    grants.sign(grant=grant, by=world.by)
    grants.suspend(grant=grant, text="CANARI", by=world.dpo)
    other = World().advised(title="CANARI refusé")
    judge = UserFactory(region=RegionRole.APPROVER, display_name="CANARI")
    review.refuse(
        request=other, reason=RefusalReason.DPO, text="CANARI", edits=other.edits, by=judge
    )
    World().submitted(title="CANARI en cours")
    people = [world.by, world.reader, world.officer, world.approver, world.dpo, *world.hands]

    for name in PAGES:
        answer = Client().get(reverse(f"datasets:{name}"))
        said = answer.content.decode()
        assert answer.status_code == 200
        assert "canari" not in said.lower()
        assert "Titre visible" in said
        assert "Organisme visible" in said
        for person in people:
            assert person.email not in said
            assert person.display_name not in said
        assert str(grant.public_id) not in said
        assert str(request.public_id) not in said
    assert "Rendu visible" in shown()
    assert "Avis du délégué défavorable" in shown()


def test_figures_count_grants_decisions_delays_and_refusals(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.active()
    for reason in (RefusalReason.EXCESSIVE, RefusalReason.EXCESSIVE, RefusalReason.PURPOSE):
        asked = world.advised()
        review.refuse(
            request=asked, reason=reason, text="Non.", edits=asked.edits, by=world.approver
        )
    slow = world.admitted()
    world.submitted()
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=28))
    review.refuse(
        request=slow, reason=RefusalReason.DPO, text="Non.", edits=slow.edits, by=world.approver
    )
    figures = register.figures(clock.now())
    assert (figures.active, figures.organisations) == (1, 1)
    assert (figures.decided, figures.granted, figures.refused) == (5, 1, 4)
    assert figures.refusals[0] == ("Données excessives", 2)
    assert figures.delay == 0
    assert figures.most_days == again(slow).decision_days > 15
    page = shown()
    assert "4 refus, par motif" in page


def test_a_register_without_decision_says_so(client: Client) -> None:
    page = client.get("/donnees/registre/")
    assert "Aucune habilitation pour l’instant" in page.content.decode()
    assert register.figures(clock.now()).delay is None


def test_filters_keep_what_they_say(world: World) -> None:
    signed = world.active(world.datasets[0], title="Former", purpose=Purpose.TRAINING_STEERING)
    other = World(organisation=OrganisationFactory(name="Université d’essai"))
    other.granted(title="Chercher", purpose=Purpose.RESEARCH)
    slug = world.datasets[0].resource.slug
    assert titles("") == {"Former", "Chercher"}
    assert titles("?q=former") == {"Former"}
    assert titles("?q=essai") == {"Chercher"}
    assert titles("?etat=pending") == {"Chercher"}
    assert titles("?etat=active") == {"Former"}
    assert titles("?finalite=research") == {"Chercher"}
    assert titles(f"?jeu={slug}") == {"Former"}
    assert titles("?etat=active&finalite=research") == set()
    assert titles("?rendu=awaited") == {"Former", "Chercher"}
    PromisedReturn.objects.filter(request=signed.request).update(due_at=clock.now())
    assert titles("?rendu=late") == {"Former"}
    assert titles("?etat=inconnu&page=zzz") == {"Former", "Chercher"}
    table = Client().get("/donnees/registre.csv?etat=active").content.decode()
    assert "Former" in table
    assert "Chercher" not in table


def _moved(grant: Grant, **columns: Any) -> Grant:
    Grant.objects.filter(pk=grant.pk).update(**columns)
    return Grant.objects.get(pk=grant.pk)


def test_each_state_of_a_grant_is_found_by_its_filter(world: World) -> None:
    now, by, long = clock.now(), world.approver, timedelta(days=400)
    ended = {"starts_at": now - 2 * long, "ends_at": now - timedelta(seconds=1)}
    revoked = {"revoked_at": now, "revoked_by": by, "revocation": "."}
    suspended = {"suspended_at": now, "suspended_by": by, "suspension": "."}
    closed = {"closed_at": now, "closed_by": by, "destruction": "."}
    cases: list[dict[str, Any]] = [
        {},
        suspended,
        revoked,
        {"starts_at": now, "ends_at": now + long},
        {"starts_at": now, "ends_at": now + long} | suspended,
        {"starts_at": now, "ends_at": now + long} | suspended | revoked,
        ended,
        ended | suspended,
        ended | revoked,
        ended | closed,
        {"starts_at": now - long, "ends_at": now},
    ]
    grant, met = world.granted(world.datasets[0]), set()
    untouched = {name: getattr(grant, name) for case in cases for name in case}
    for case in cases:
        moved = _moved(grant, **untouched | case)
        found = [each for each in GrantState if Grant.objects.in_state(each, now).exists()]
        assert found == [moved.state(now)]
        met.update(found)
    assert met == set(GrantState)


def test_each_state_of_a_return_is_found_by_its_filter(world: World) -> None:
    now, day = clock.now(), timedelta(days=1)
    kept, gone = world.active(world.datasets[0]), world.active(world.datasets[0])
    grants.revoke(grant=gone, text="Non.", by=world.approver)
    PromisedReturn.objects.all().delete()
    given = {"delivered_at": now, "delivered_by": world.by, "link": "https://exemple.fr"}
    for grant in (kept, gone):
        for values in ({"due_at": now}, {"due_at": now + day}, {}, {"due_at": now, **given}):
            PromisedReturn.objects.create(request=grant.request, text="Un code", months=6, **values)
    every = list(PromisedReturn.objects.select_related("request__grant"))
    for state in ReturnState:
        found = set(PromisedReturn.objects.in_state(state, now))
        expected = {
            each
            for each in every
            if each.state(now, revoked=each.request.grant.revoked_at is not None) is state
        }
        assert found == expected
        assert found


def test_a_row_shows_dates_datasets_and_what_is_given_back(world: World) -> None:
    grant = world.active(returns=[("Un code ouvert", 6)])
    promised = PromisedReturn.objects.get()
    assert "attendu le" in shown()
    grants.deliver(promised=promised, link="https://exemple.fr/code", by=world.by)
    page = shown()
    assert 'href="https://exemple.fr/code" rel="nofollow ugc"' in page
    assert "rendu le" in page
    for dataset in world.datasets:
        assert dataset.get_absolute_url() in page
    row = register.rows(register.grants(), clock.now())[0]
    assert row.ended_at == Grant.objects.get(pk=grant.pk).ends_at
    grants.revoke(grant=grant, text="Non.", by=world.approver)
    row = register.rows(register.grants(), clock.now())[0]
    assert row.state is GrantState.REVOKED
    assert row.ended_at == row.changed_at


def test_the_feed_is_read_by_a_machine_and_moves_when_a_grant_does(world: World) -> None:
    grant = world.active()

    def updated() -> str:
        content = Client().get("/donnees/registre.atom").content
        return ElementTree.fromstring(content).findtext("{*}entry/{*}updated", "")

    before, later = updated(), clock.now() + timedelta(hours=1)
    _moved(grant, suspended_at=later, suspended_by=world.dpo, suspension=".")
    assert updated() > before


def test_a_title_that_is_a_formula_is_no_formula_in_the_table(world: World) -> None:
    world.active(title="=1+1")
    assert "'=1+1" in Client().get("/donnees/registre.csv").content.decode()


def test_the_page_asks_the_same_of_the_database_for_one_and_for_many(
    world: World, django_assert_num_queries: Any
) -> None:
    world.active()
    client = Client()
    client.get("/donnees/registre/")
    with django_assert_num_queries(7):
        client.get("/donnees/registre/")
    world.active()
    World().granted()
    with django_assert_num_queries(7):
        client.get("/donnees/registre/")
