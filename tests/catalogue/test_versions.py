"""The published versions of a card: listed, read, compared, and silent on what was removed."""

import pytest
from django.test import Client

from catalogue.actions import contributions, maskings, reports, versions
from catalogue.enums import Access, Measure, ReportOutcome, ResourceKind
from catalogue.models import CardVersion, Resource
from portal.accounts.models import User
from portal.audit.actors import SystemActor
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.catalogue.ledger import cost, events, rows
from tests.factories import contributions as make
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db
BY = SystemActor("test")


@pytest.fixture
def author() -> User:
    return make.person("autrice")


@pytest.fixture
def card(author: User) -> Resource:
    """Make a card of three versions."""
    made = make.published(author, title="Fiche à versions", contact="")
    for summary in ("Deuxième résumé de la fiche.", "Troisième résumé de la fiche."):
        changed(made, author, summary=summary)
    return Resource.objects.get(pk=made.pk)


def changed(card: Resource, by: User, **values: object) -> None:
    fresh = Resource.objects.get(pk=card.pk)
    draft = contributions.propose(resource=fresh, by=by)
    draft = make.edit(draft, by, **values)
    make.put_online(draft, by)


def page(client: Client, card: Resource, rest: str = "") -> str:
    answer = client.get(f"{card.get_absolute_url()}versions/{rest}")
    assert answer.status_code == 200
    return answer.text


def test_each_publication_is_a_version_that_says_what_changed(card: Resource) -> None:
    told = CardVersion.objects.order_by("number").values_list("number", "origin", "fields")
    assert list(told) == [
        (1, "reviewed", []),
        (2, "reviewed", ["summary"]),
        (3, "reviewed", ["summary"]),
    ]


def test_the_list_tells_dates_changes_and_no_person(card: Resource, client: Client) -> None:
    told = page(client, card)
    assert "Première publication" in told
    assert told.count("Changé\u00a0: Résumé") == 2
    assert "autrice" not in told
    assert "Comparer les versions" in client.get(card.get_absolute_url()).text


def test_a_former_version_is_read_and_two_are_compared(card: Resource, client: Client) -> None:
    former = page(client, card, "2/")
    assert "Deuxième résumé" in former
    assert "Troisième résumé" not in former
    assert "n’est plus en vigueur" in former
    compared = page(client, card, "comparer/?avant=2&apres=3")
    assert "<del>Deuxième</del>" in compared
    assert "<ins>Troisième</ins>" in compared
    assert page(client, card, "comparer/?avant=3&apres=2").count("<ins>Troisième</ins>") == 1
    side = page(client, card, "comparer/?avant=2&apres=3&vue=cote-a-cote")
    assert "Deuxième résumé" in side


@pytest.mark.parametrize("asked", ["avant=x&apres=9999999999", "avant=²&apres=-1", "avant="])
def test_bad_numbers_compare_the_last_two(card: Resource, client: Client, asked: str) -> None:
    assert "De la version 2 à la version 3" in page(client, card, f"comparer/?{asked}")


def test_what_does_not_exist_is_not_found(card: Resource, client: Client) -> None:
    base = f"{card.get_absolute_url()}versions/"
    assert client.get(f"{base}4/").status_code == 404
    assert client.get("/ressources/jamais-vue/versions/").status_code == 404
    one = ResourceFactory(published=True)
    alone = client.get(f"{one.get_absolute_url()}versions/comparer/")
    assert alone.headers["Location"] == f"{one.get_absolute_url()}versions/"


def test_drafts_and_masked_cards_show_no_version(
    card: Resource, author: User, client: Client
) -> None:
    draft = contributions.propose(resource=card, by=author)
    make.edit(draft, author, summary="Brouillon zz.")
    assert "Brouillon zz" not in page(client, card)
    assert CardVersion.objects.count() == 3
    maskings.mask(resource=card, category="illegal", explanation="Propos.", by=make.moderator())
    for rest in ("", "1/", "comparer/"):
        assert client.get(f"{card.get_absolute_url()}versions/{rest}").status_code == 404


def decided(card: Resource, measure: Measure) -> None:
    judge = make.moderator()
    report = reports.file(
        address=card.get_absolute_url(),
        category="personal_data",
        explanation="Un nom.",
        good_faith=True,
        name="Une personne",
        email="x@exemple.example",
    )
    reports.assess(report=report, by=judge)
    reasons = reports.Reasons(
        outcome=ReportOutcome.UPHELD,
        measure=measure,
        facts="Un nom.",
        ground="law",
        ground_text="Règlement.",
    )
    reports.decide(report=report, reasons=reasons, by=judge)


def test_an_upheld_notice_withholds_what_came_before(
    card: Resource, author: User, client: Client
) -> None:
    decided(card, Measure.CORRECT)
    changed(card, author, summary="Quatrième résumé, corrigé.")
    base = f"{card.get_absolute_url()}versions/"
    for rest in ("2/", "3/", "comparer/?avant=3&apres=4", "comparer/"):
        refused = client.get(f"{base}{rest}")
        assert refused.status_code == 451
        assert "Troisième" not in refused.text
        assert "Deuxième" not in refused.text
    assert page(client, card).count("non montrée") == 3
    assert "Quatrième" in page(client, card, "4/")


def test_what_a_source_or_a_transfer_brings_meanwhile_corrects_nothing(
    card: Resource, author: User, client: Client
) -> None:
    decided(card, Measure.CORRECT)
    changed(card, author, summary="Quatrième résumé, le nom y est encore.")
    CardVersion.objects.filter(number=4).update(origin="harvested")
    changed(card, author, summary="Cinquième résumé, corrigé.")
    base = f"{card.get_absolute_url()}versions/"
    assert [client.get(f"{base}{n}/").status_code for n in (3, 4, 5)] == [451, 451, 200]
    changed(card, author, summary="Sixième résumé.")
    assert [client.get(f"{base}{n}/").status_code for n in (4, 5, 6)] == [451, 200, 200]


def test_a_lifted_masking_withholds_and_a_lapsed_one_does_not(
    card: Resource, author: User, client: Client
) -> None:
    one = make.moderator()
    hidden = maskings.mask(resource=card, category="illegal", explanation="Propos.", by=one)
    maskings.lift(masking=hidden, by=one)
    assert client.get(f"{card.get_absolute_url()}versions/2/").status_code == 451
    assert client.get(f"{card.get_absolute_url()}versions/3/").status_code == 200
    hidden.refresh_from_db()
    hidden.end = "lapsed"
    hidden.save(update_fields=["end"])
    assert client.get(f"{card.get_absolute_url()}versions/2/").status_code == 200


def test_personal_data_taken_out_of_the_card_is_struck_from_its_former_versions(
    card: Resource, author: User, client: Client
) -> None:
    changed(card, author, summary="Écrire à jeanne.martin@exemple.fr ou à contact@exemple.fr.")
    assert "jeanne.martin@exemple.fr" in page(client, card, "4/")
    changed(card, author, summary="Écrire à contact@exemple.fr.")
    for rest in ("4/", "comparer/?avant=4&apres=5", "comparer/?avant=3&apres=4&vue=cote-a-cote"):
        told = page(client, card, rest)
        assert "jeanne" not in told
        assert "[donnée personnelle retirée]" in told


def test_names_of_persons_are_on_no_former_version(
    card: Resource, author: User, client: Client
) -> None:
    changed(card, author, authors=["Jeanne Martin"], contact="equipe@exemple.fr")
    changed(card, author, authors=[], contact="")
    for rest in ("4/", "comparer/?avant=4&apres=5"):
        told = page(client, card, rest)
        assert "Jeanne" not in told
        assert "equipe@" not in told


def test_files_of_what_is_had_on_request_are_on_no_version(author: User, client: Client) -> None:
    card = make.published(author, kind=ResourceKind.DATASET)
    changed(card, author, access=Access.ON_REQUEST)
    for rest in ("1/", "2/", "comparer/"):
        assert "data.example" not in page(client, card, rest)


def test_a_moderator_withholds_a_former_version(card: Resource, client: Client) -> None:
    judge = make.moderator()
    client.force_login(judge)
    address = f"{card.get_absolute_url()}versions/2/"
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "Un nom."}).status_code == 302
    client.logout()
    assert client.get(address).status_code == 451
    version = CardVersion.objects.get(number=2)
    with pytest.raises(Conflict):
        versions.withhold(version=version, reason="Encore.", by=judge)
    client.force_login(judge)
    assert client.post(address, {"show": "1"}).status_code == 302
    assert client.get(address).status_code == 200
    assert events()[-2:] == ["version.withheld", "version.shown"]


def test_who_may_not_withhold_changes_nothing(card: Resource, author: User) -> None:
    version, before = CardVersion.objects.get(number=2), rows()
    with pytest.raises(NotAllowed):
        versions.withhold(version=version, reason="À moi.", by=author)
    with pytest.raises(NotAllowed):
        versions.show_again(version=version, by=author)
    judge = make.moderator()
    with pytest.raises(Invalid):
        versions.withhold(version=version, reason=" ", by=judge)
    with pytest.raises(Conflict):
        versions.show_again(version=version, by=judge)
    with pytest.raises(Conflict) as refusal:
        versions.withhold(version=CardVersion.objects.get(number=3), reason="Non.", by=judge)
    assert refusal.value.code == "version_in_force"
    judged = rows()
    judged.pop("accounts.User", None)
    assert judged == before


def test_versions_cost_the_same_for_one_and_three(
    card: Resource, author: User, client: Client
) -> None:
    other = make.published(author, title="Fiche seule")
    for rest in ("versions/", "versions/1/"):
        one = cost(client, f"{other.get_absolute_url()}{rest}")
        three = cost(client, f"{card.get_absolute_url()}{rest}")
        assert (one, three) == (three, three)
        assert three <= 25
