"""Links of cards: declared, reviewed, followed along the chain, from an idea to its need."""

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.community.actions import reuses
from catalogue.contributions.actions import drafts
from catalogue.enums import LinkType, RemovalReason, ResourceKind
from catalogue.models import Contribution, Resource, ResourceLink
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.queries import detail, published, relations
from portal.accounts.enums import Role
from portal.accounts.models import User
from portal.audit.actors import SystemActor
from portal.lib.refusals import Conflict, NotAllowed
from tests.catalogue.community.test_community import declared, known
from tests.catalogue.ledger import cost, queries, refused
from tests.factories import contributions as make
from tests.factories.accounts import signed_in
from tests.factories.catalogue import MeasurementFactory, ResourceFactory, ResourceLinkFactory

pytestmark = pytest.mark.django_db
K = ResourceKind


@pytest.fixture
def author() -> User:
    return make.person()


# Declared


def answers(slug: str) -> dict[str, str]:
    return {"type": "answers", "target": slug}


def tied(card: Resource) -> list[tuple[str, str]]:
    rows = ResourceLink.objects.filter(source=card).order_by("pk")
    return list(rows.values_list("type", "target_title"))


def test_a_card_is_found_by_its_address_a_former_one_or_its_title() -> None:
    card = ResourceFactory(published=True, title="Le besoin", slug="le-besoin")
    ResourceFactory(title="Caché", slug="cache")
    address = "/ressources/le-besoin/"
    for text in (address, f"https://x.example/en{address}?a=1", "le-besoin", "LE BESOIN"):
        assert relations.find_cards([text])[text] == card
    wrong = ["/ressources/cache/", "Caché", "http://["]
    assert relations.find_cards(wrong) == dict.fromkeys(wrong)
    ResourceFactory(published=True, title="Le besoin")
    assert relations.find_cards(["Le besoin"]) == {"Le besoin": None}


def test_many_links_are_found_at_once() -> None:
    cards = [ResourceFactory(published=True, title=f"Fiche publiée {n}") for n in range(6)]
    found: dict[str, Resource | None] = {}

    def asked(count: int) -> int:
        texts = [text for each in cards[:count] for text in (each.slug, each.title.upper())]
        return queries(lambda: found.update(relations.find_cards([*texts, "Nulle part"])))

    assert asked(1) == asked(6)
    assert [found[each.title.upper()] for each in cards] == cards


def test_the_step_takes_an_address_and_refuses_what_is_not_public(author: User) -> None:
    other = ResourceFactory(published=True, title="Repérer les ruptures", slug="autre")
    ResourceFactory(title="Caché zz", slug="cache")
    draft, client = make.draft(author), signed_in(author)
    address = reverse("catalogue:contribution_step", args=(draft.public_id, "classement"))
    page = client.get(address).text
    assert '<option value="derived_from">Dérive de</option>' in page
    assert f'<option value="{other.get_absolute_url()}">' in page
    asked = {"scope": "regional", "relations-0-type": "answers", "draft": "1"}
    wrong = client.post(address, asked | {"relations-0-target": "/ressources/cache/"})
    assert "Aucune fiche publiée" in wrong.text
    taken = client.post(address, asked | {"relations-0-target": "/ressources/autre/"})
    assert taken.status_code == 302
    assert make.again(draft).content["details"]["relations"] == [answers("autre")]
    assert ResourceLink.objects.count() == 0


def test_links_follow_the_version_in_force_and_leave_the_others(
    author: User, client: Client
) -> None:
    card = make.published(author, title="Carte qui se lie")
    need = ResourceFactory(published=True, title="Le besoin", slug="le-besoin")
    data = ResourceFactory(published=True, title="Les données", slug="les-donnees")
    ResourceLinkFactory(source=card, target=data, type=LinkType.DOCUMENTS)
    first = [answers("le-besoin"), {"type": "uses", "target": "les-donnees"}]
    make.changed(card, author, relations=first)
    documents, uses = ("documents", "Les données"), ("uses", "Les données")
    assert tied(card) == [documents, ("answers", "Le besoin"), uses]
    assert "A pour réponse" in client.get(need.get_absolute_url()).text
    make.changed(card, author, relations=first[1:])
    assert tied(card) == [documents, uses]


def test_a_declared_card_that_is_hidden_since_is_named_nowhere(
    author: User, client: Client
) -> None:
    card = make.published(author, title="Carte qui se lie")
    ResourceFactory(published=True, title="Nom zzcache", slug="nom-zzcache")
    for rows in ([answers("nom-zzcache")], [], [answers("nom-zzcache")]):
        make.changed(card, author, relations=rows)
    Resource.objects.filter(slug="nom-zzcache").update(live=False)
    base = card.get_absolute_url()
    for address in (
        base,
        f"{base}versions/2/",
        f"{base}versions/comparer/?avant=1&apres=2",
        f"{base[:-1]}.json",
        "/ressources/?q=zzcache",
        f"/api/v1/resources/{card.public_id}",
    ):
        told = client.get(address)
        assert (told.status_code, "nom-zzcache" in told.text) == (200, False), address


def test_a_record_names_no_card_that_is_not_public() -> None:
    card, public = ResourceFactory(published=True), ResourceFactory(published=True)
    for target in (public, ResourceFactory(title="Caché")):
        ResourceLinkFactory(source=card, target=target, type=LinkType.PART_OF)
    told = published.published_one(Resource.objects.get(pk=card.pk)).references
    assert [each.title for each in told] == [public.title]


# The chain: what led to a card and what came of it, nothing hidden told on the way


def made(kind: ResourceKind, title: str, **options: object) -> Resource:
    return ResourceFactory(kind=kind, title=title, **{"published": True, **options})


@pytest.fixture
def cards() -> dict[str, Resource]:
    """Make a need, an idea, data, a model and a solution, each tied to what led to it."""
    found = {
        "need": made(K.NEED, "Le besoin"),
        "idea": made(K.IDEA, "L’idée"),
        "data": made(K.DATASET, "Les données"),
        "model": made(K.MODEL, "Le modèle"),
        "solution": made(K.SOLUTION, "La solution"),
    }
    for source, kind, target in (
        ("idea", LinkType.ANSWERS, "need"),
        ("model", LinkType.DERIVED_FROM, "idea"),
        ("model", LinkType.TRAINED_ON, "data"),
        ("solution", LinkType.USES, "model"),
    ):
        ResourceLinkFactory(source=found[source], target=found[target], type=kind)
    return found


def walked(card: Resource) -> detail.Chain:
    return detail.chain_of(card, list(card.measurements.all()), ())


def before(card: Resource) -> list[str]:
    return [node.title for node in walked(card).before]


def after(card: Resource) -> list[str]:
    return [node.title for node in walked(card).after]


def test_each_card_tells_both_ways_in_the_order_of_the_chain(cards: dict[str, Resource]) -> None:
    solution, model = cards["solution"], cards["model"]
    assert before(solution) == ["Le besoin", "L’idée", "Les données", "Le modèle"]
    assert after(solution) == []
    assert after(cards["need"]) == ["L’idée", "Le modèle", "La solution"]
    assert before(model) == ["Le besoin", "L’idée", "Les données"]
    assert [(node.title, node.words) for node in walked(model).after] == [
        ("La solution", "Utilisé par")
    ]


def test_a_figure_of_a_challenge_is_told_along_the_chain(
    cards: dict[str, Resource], client: Client
) -> None:
    address = "/challenges/offres/classement/"
    MeasurementFactory(
        resource=cards["model"], metric="Exactitude", from_challenge=True, source_url=address
    )
    assert after(cards["need"]) == ["L’idée", "Le modèle", "Exactitude", "La solution"]
    page = client.get(cards["model"].get_absolute_url()).text
    for said in ("Ce qui y a mené", "Ce qui en est venu", address, "[0,792"):
        assert said in page


def test_a_hidden_end_is_neither_named_nor_gone_through(
    cards: dict[str, Resource], client: Client
) -> None:
    Resource.objects.filter(pk=cards["model"].pk).update(live=False)
    assert (after(cards["need"]), before(cards["solution"])) == (["L’idée"], [])
    assert "Le modèle" not in client.get(cards["need"].get_absolute_url()).text


def test_a_removed_end_keeps_its_title_when_it_may(
    cards: dict[str, Resource], client: Client
) -> None:
    card_changes.bury(resource=cards["model"], reason=RemovalReason.OWNER, by=SystemActor("test"))
    page = client.get(cards["solution"].get_absolute_url()).text
    assert ("Le modèle" in page, "(retirée)" in page) == (True, True)


def test_circles_end_and_neighbours_stand_beside(cards: dict[str, Resource]) -> None:
    ResourceLinkFactory(source=cards["need"], target=cards["solution"], type=LinkType.DERIVED_FROM)
    other = made(K.NEWS, "Une actualité")
    ResourceLinkFactory(source=other, target=cards["need"], type=LinkType.DOCUMENTS)
    found = walked(cards["need"])
    assert [node.title for node in found.beside] == ["Une actualité"]
    titles = [node.title for node in (*found.before, *found.after)]
    assert titles == ["La solution", "L’idée", "Le modèle"]


def test_a_long_chain_is_bounded(
    cards: dict[str, Resource], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    need, once = cards["need"], cost(client, cards["need"].get_absolute_url())
    for number in range(60):
        answer = made(K.MODEL, f"Modèle {number}")
        ResourceLinkFactory(source=answer, target=need, type=LinkType.ANSWERS)
    assert len(walked(need).after) <= detail.MOST_CARDS + 1
    assert cost(client, need.get_absolute_url()) <= once
    monkeypatch.setattr(detail, "MOST_LINKS", 2)
    assert len(walked(need).after) <= 2 * detail.DEPTH


def test_a_reuse_leads_to_the_page_of_the_card_reused(cards: dict[str, Resource]) -> None:
    solution = cards["solution"]
    reuses.publish(brought=declared(known(), solution), by=make.moderator())
    (reuse,) = [node for node in walked(cards["model"]).after if node.stage == detail.REUSE]
    assert reuse.href == f"/ressources/{solution.slug}/reutilisations/"


# An idea becomes a need or a solution


@pytest.fixture
def idea() -> Resource:
    return made(
        K.IDEA,
        "Lire les signaux faibles",
        organisation=make.organisation("Mission locale"),
        tags=["apprentissage", "rupture", "alerte"],
        territories=["Var (département 83)"],
        homepage_url="https://idee.example/",
        details={"problem": "Les ruptures arrivent.", "approach": "Une alerte expliquée."},
    )


@pytest.fixture
def editor(idea: Resource, author: User) -> User:
    assert idea.organisation is not None
    return make.joined(author, idea.organisation, Role.EDITOR)


def test_the_draft_holds_what_the_idea_says_and_its_link(idea: Resource, editor: User) -> None:
    need = drafts.become(resource=idea, kind=K.NEED, by=editor)
    told = need.content
    assert (need.resource.kind, need.organisation) == ("need", idea.organisation)
    kept = (told["title"], told["territories"], told["homepage_url"])
    assert kept == (idea.title, idea.territories, "")
    assert told["details"] == {
        "situation": "Les ruptures arrivent.",
        "expected_result": "Une alerte expliquée.",
        "relations": [{"type": "derived_from", "target": idea.slug}],
    }
    assert drafts.become(resource=idea, kind=K.NEED, by=editor) == need
    solution = drafts.become(resource=idea, kind=K.SOLUTION, by=editor)
    assert solution.content["details"]["needs_served"] == "Les ruptures arrivent."
    assert Contribution.objects.count() == 2


def test_it_is_not_for_others_nor_of_other_cards(idea: Resource, editor: User) -> None:
    with refused(NotAllowed):
        drafts.become(resource=idea, kind=K.NEED, by=make.person())
    with refused(Conflict):
        drafts.become(resource=idea, kind=K.DATASET, by=editor)
    Resource.objects.filter(pk=idea.pk).update(kind="need")
    with refused(Conflict):
        drafts.become(resource=idea, kind=K.SOLUTION, by=editor)
    assert signed_in(editor).get(reverse("catalogue:become", args=(idea.slug,))).status_code == 404


def test_from_the_button_to_the_chain_of_both(idea: Resource, editor: User, client: Client) -> None:
    page, address = idea.get_absolute_url(), reverse("catalogue:become", args=(idea.slug,))
    assert f'href="{address}"' not in client.get(page).text
    client.force_login(editor)
    assert f'href="{address}"' in client.get(page).text
    assert "En faire un besoin" in client.get(address).text
    for kind in ("", "dataset", "moon"):
        assert client.post(address, {"kind": kind}).status_code == 409
    opened = client.post(address, {"kind": "need"})
    draft = Contribution.objects.get()
    assert opened.headers["Location"].endswith(f"{draft.public_id}/identification/")
    make.edit(draft, editor, beneficiary="Les CFA", description="Un texte.", scope="regional")
    sent = make.send(draft, editor)
    assert ResourceLink.objects.count() == 0
    need = make.put_online(sent)
    assert (after(idea), before(need)) == ([need.title], [idea.title])
