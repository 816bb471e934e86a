"""An idea becomes a need or a solution: a draft filled and linked, reviewed, told both ways."""

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.actions import ideas
from catalogue.enums import ResourceKind
from catalogue.models import Contribution, Resource, ResourceLink
from catalogue.queries import chain
from portal.accounts.enums import Role
from portal.accounts.models import User
from portal.lib.refusals import Conflict, NotAllowed
from tests.factories import contributions as make
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db
K = ResourceKind
BY_HAND = {"beneficiary": "Les CFA", "description": "Un texte.", "scope": "regional"}


@pytest.fixture
def idea() -> Resource:
    return ResourceFactory(
        published=True,
        kind="idea",
        title="Lire les signaux faibles",
        organisation=make.organisation("Mission locale"),
        tags=["apprentissage", "rupture", "alerte"],
        territories=["Var (département 83)"],
        homepage_url="https://idee.example/",
        details={"problem": "Les ruptures arrivent.", "approach": "Une alerte expliquée."},
    )


@pytest.fixture
def editor(idea: Resource) -> User:
    assert idea.organisation is not None
    return make.joined(make.person("editrice"), idea.organisation, Role.EDITOR)


def test_the_draft_holds_what_the_idea_says_and_its_link(idea: Resource, editor: User) -> None:
    need = ideas.become(resource=idea, kind=K.NEED, by=editor)
    told = need.content
    assert (need.resource.kind, need.organisation) == ("need", idea.organisation)
    assert (told["title"], told["territories"]) == (idea.title, idea.territories)
    assert told["homepage_url"] == ""
    assert told["details"] == {
        "situation": "Les ruptures arrivent.",
        "expected_result": "Une alerte expliquée.",
        "relations": [{"type": "derived_from", "target": idea.slug}],
    }
    assert ideas.become(resource=idea, kind=K.NEED, by=editor) == need
    solution = ideas.become(resource=idea, kind=K.SOLUTION, by=editor)
    assert solution.content["details"]["needs_served"] == "Les ruptures arrivent."
    assert Contribution.objects.count() == 2


def test_it_is_not_for_others_nor_of_other_cards(idea: Resource, editor: User) -> None:
    with pytest.raises(NotAllowed):
        ideas.become(resource=idea, kind=K.NEED, by=make.person("autre"))
    with pytest.raises(Conflict):
        ideas.become(resource=idea, kind=K.DATASET, by=editor)
    Resource.objects.filter(pk=idea.pk).update(kind="need")
    with pytest.raises(Conflict):
        ideas.become(resource=idea, kind=K.SOLUTION, by=editor)
    assert Contribution.objects.count() == 0


def test_from_the_button_to_the_chain_of_both(idea: Resource, editor: User, client: Client) -> None:
    address = reverse("catalogue:become", args=(idea.slug,))
    assert f'href="{address}"' not in client.get(idea.get_absolute_url()).text
    client.force_login(editor)
    assert f'href="{address}"' in client.get(idea.get_absolute_url()).text
    assert "En faire un besoin" in client.get(address).text
    opened = client.post(address, {"kind": "need"})
    draft = Contribution.objects.get()
    assert opened.headers["Location"].endswith(f"{draft.public_id}/identification/")
    make.edit(draft, editor, **BY_HAND)
    sent = make.send(draft, editor)
    assert ResourceLink.objects.count() == 0
    make.put_online(sent)
    need = Resource.objects.get(kind="need")
    assert [each.title for each in chain.of(idea, [], []).after] == [need.title]
    assert [each.title for each in chain.of(need, [], []).before] == [idea.title]


def test_the_page_is_of_ideas_and_refuses_a_kind_it_does_not_offer(
    idea: Resource, editor: User, client: Client
) -> None:
    other = ResourceFactory(published=True, kind="need", organisation=idea.organisation)
    client.force_login(editor)
    assert client.get(reverse("catalogue:become", args=(other.slug,))).status_code == 404
    for kind in ("", "dataset", "moon"):
        answer = client.post(reverse("catalogue:become", args=(idea.slug,)), {"kind": kind})
        assert answer.status_code == 409
