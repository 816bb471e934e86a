"""The published versions of a card: listed, read, compared, and silent on what was removed."""

import pytest
from django.test import Client

from catalogue.community.actions import maskings, reports
from catalogue.contributions.actions import drafts
from catalogue.enums import Access, Measure, ReportOutcome, ResourceKind
from catalogue.models import CardVersion, Resource
from catalogue.resources.actions import cards as card_changes
from portal.accounts.models import User
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.catalogue.ledger import cost, events, refused
from tests.factories import contributions as make
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def author() -> User:
    return make.person("autrice")


@pytest.fixture
def card(author: User) -> Resource:
    """Make a card of three versions."""
    made = make.published(author, title="Fiche à versions", contact="")
    for summary in ("Deuxième résumé de la fiche.", "Troisième résumé de la fiche."):
        made = make.changed(made, author, summary=summary)
    return made


def place(card: Resource, rest: str = "") -> str:
    return f"{card.get_absolute_url()}versions/{rest}"


def page(client: Client, card: Resource, rest: str = "") -> str:
    answer = client.get(place(card, rest))
    assert answer.status_code == 200
    return answer.text


def statuses(client: Client, card: Resource, *rests: str | int) -> list[int]:
    rests = tuple(f"{rest}/" if isinstance(rest, int) else rest for rest in rests)
    return [client.get(place(card, str(rest))).status_code for rest in rests]


def test_each_publication_is_a_version_that_says_what_changed_and_no_person(
    card: Resource, client: Client
) -> None:
    told = CardVersion.objects.order_by("number").values_list("number", "origin", "fields")
    assert list(told) == [
        (1, "reviewed", []),
        (2, "reviewed", ["summary"]),
        (3, "reviewed", ["summary"]),
    ]
    shown = page(client, card)
    assert "Première publication" in shown
    assert shown.count("Changé\u00a0: Résumé") == 2
    assert "autrice" not in shown
    assert "Comparer les versions" in client.get(card.get_absolute_url()).text


def test_a_former_version_is_read_and_two_are_compared(card: Resource, client: Client) -> None:
    former = page(client, card, "2/")
    assert ("Deuxième résumé" in former, "Troisième résumé" in former) == (True, False)
    assert "n’est plus en vigueur" in former
    compared = page(client, card, "comparer/?avant=2&apres=3")
    assert "<del>Deuxième</del>" in compared
    assert "<ins>Troisième</ins>" in compared
    assert page(client, card, "comparer/?avant=3&apres=2").count("<ins>Troisième</ins>") == 1
    assert "Deuxième résumé" in page(client, card, "comparer/?avant=2&apres=3&vue=cote-a-cote")


@pytest.mark.parametrize("asked", ["avant=x&apres=9999999999", "avant=²&apres=-1", "avant="])
def test_bad_numbers_compare_the_last_two(card: Resource, client: Client, asked: str) -> None:
    assert "De la version 2 à la version 3" in page(client, card, f"comparer/?{asked}")


def test_what_does_not_exist_is_not_found(card: Resource, client: Client) -> None:
    assert statuses(client, card, 4) == [404]
    assert client.get("/ressources/jamais-vue/versions/").status_code == 404
    one = ResourceFactory(published=True)
    assert client.get(place(one, "comparer/")).headers["Location"] == place(one)


def test_drafts_and_masked_cards_show_no_version(
    card: Resource, author: User, client: Client
) -> None:
    make.edit(drafts.propose(resource=card, by=author), author, summary="Brouillon zz.")
    assert "Brouillon zz" not in page(client, card)
    assert CardVersion.objects.count() == 3
    maskings.mask(resource=card, category="illegal", explanation="Propos.", by=make.moderator())
    assert statuses(client, card, "", 1, "comparer/") == [404] * 3


# What is withheld


def decided(card: Resource) -> None:
    """Have a notice upheld that asks for a correction."""
    judge = make.moderator()
    report = reports.file(
        address=card.get_absolute_url(),
        category="personal_data",
        explanation="Un nom.",
        good_faith=True,
        name="Une personne",
        email="x@exemple.example",
    )
    reasons = reports.Reasons(
        outcome=ReportOutcome.UPHELD,
        measure=Measure.CORRECT,
        facts="Un nom.",
        ground="law",
        ground_text="Règlement.",
    )
    reports.decide(report=reports.assess(report=report, by=judge), reasons=reasons, by=judge)


def test_an_upheld_notice_withholds_what_came_before(
    card: Resource, author: User, client: Client
) -> None:
    decided(card)
    make.changed(card, author, summary="Quatrième résumé, corrigé.")
    for rest in ("2/", "3/", "comparer/?avant=3&apres=4", "comparer/"):
        told = client.get(place(card, rest))
        assert told.status_code == 451
        assert ("Troisième" in told.text, "Deuxième" in told.text) == (False, False)
    assert page(client, card).count("non montrée") == 3
    assert "Quatrième" in page(client, card, "4/")


def test_what_a_source_or_a_transfer_brings_meanwhile_corrects_nothing(
    card: Resource, author: User, client: Client
) -> None:
    decided(card)
    make.changed(card, author, summary="Quatrième résumé, le nom y est encore.")
    CardVersion.objects.filter(number=4).update(origin="harvested")
    make.changed(card, author, summary="Cinquième résumé, corrigé.")
    assert statuses(client, card, 3, 4, 5) == [451, 451, 200]
    make.changed(card, author, summary="Sixième résumé.")
    assert statuses(client, card, 4, 5, 6) == [451, 200, 200]


def test_a_lifted_masking_withholds_and_a_lapsed_one_does_not(
    card: Resource, client: Client
) -> None:
    one = make.moderator()
    hidden = maskings.mask(resource=card, category="illegal", explanation="Propos.", by=one)
    maskings.lift(masking=hidden, by=one)
    assert statuses(client, card, 2, 3) == [451, 200]
    hidden.refresh_from_db()
    hidden.end = "lapsed"
    hidden.save(update_fields=["end"])
    assert statuses(client, card, 2) == [200]


def test_personal_data_taken_out_of_the_card_is_struck_from_its_former_versions(
    card: Resource, author: User, client: Client
) -> None:
    address = "contact@exemple.fr"
    make.changed(card, author, summary=f"Écrire à jeanne.martin@exemple.fr ou à {address}.")
    assert "jeanne.martin@exemple.fr" in page(client, card, "4/")
    make.changed(card, author, summary=f"Écrire à {address}.")
    for rest in ("4/", "comparer/?avant=4&apres=5", "comparer/?avant=3&apres=4&vue=cote-a-cote"):
        told = page(client, card, rest)
        assert ("jeanne" in told, "[donnée personnelle retirée]" in told) == (False, True)


def test_names_of_persons_are_on_no_former_version(
    card: Resource, author: User, client: Client
) -> None:
    make.changed(card, author, authors=["Jeanne Martin"], contact="equipe@exemple.fr")
    make.changed(card, author, authors=[], contact="")
    for rest in ("4/", "comparer/?avant=4&apres=5"):
        told = page(client, card, rest)
        assert ("Jeanne" in told, "equipe@" in told) == (False, False)


def test_files_of_what_is_had_on_request_are_on_no_version(author: User, client: Client) -> None:
    card = make.published(author, kind=ResourceKind.DATASET)
    make.changed(card, author, access=Access.ON_REQUEST)
    for rest in ("1/", "2/", "comparer/"):
        assert "data.example" not in page(client, card, rest)


def test_a_moderator_withholds_a_former_version(card: Resource, client: Client) -> None:
    judge, address = make.moderator(), place(card, "2/")
    client.force_login(judge)
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "Un nom."}).status_code == 302
    client.logout()
    assert client.get(address).status_code == 451
    with refused(Conflict):
        version = CardVersion.objects.get(number=2)
        card_changes.withhold_version(version=version, reason="Encore.", by=judge)
    client.force_login(judge)
    assert client.post(address, {"show": "1"}).status_code == 302
    assert client.get(address).status_code == 200
    assert events()[-2:] == ["version.withheld", "version.shown"]


def test_who_may_not_withhold_changes_nothing(card: Resource, author: User) -> None:
    version, judge = CardVersion.objects.get(number=2), make.moderator()
    with refused(NotAllowed):
        card_changes.withhold_version(version=version, reason="À moi.", by=author)
    with refused(NotAllowed):
        card_changes.show_version(version=version, by=author)
    with refused(Invalid):
        card_changes.withhold_version(version=version, reason=" ", by=judge)
    with refused(Conflict):
        card_changes.show_version(version=version, by=judge)
    with refused(Conflict, code="version_in_force"):
        card_changes.withhold_version(
            version=CardVersion.objects.get(number=3), reason="Non.", by=judge
        )


def test_versions_cost_the_same_for_one_and_three(
    card: Resource, author: User, client: Client
) -> None:
    other = make.published(author, title="Fiche seule")
    for rest in ("", "1/"):
        assert cost(client, place(other, rest)) == cost(client, place(card, rest)) <= 25
