"""A proposal as it would appear, before it is sent; the way to each missing item."""

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.actions import contributions
from catalogue.enums import ResourceKind
from catalogue.forms.steps import Step
from catalogue.models import Contribution, Resource
from portal.accounts.enums import Role
from tests.catalogue.ledger import cost
from tests.factories import contributions as make
from tests.factories.accounts import signed_in

pytestmark = pytest.mark.django_db


def preview(contribution: Contribution) -> str:
    return reverse("catalogue:contribution_preview", args=(contribution.public_id,))


def shown(client: Client, contribution: Contribution) -> str:
    answer = client.get(preview(contribution))
    assert answer.status_code == 200
    return html.unescape(answer.text)


@pytest.mark.parametrize("kind", list(ResourceKind))
def test_every_kind_is_previewed_empty_too(kind: ResourceKind) -> None:
    author = make.person()

    page = shown(signed_in(author), contributions.start(kind=kind, by=author))

    assert "Sans titre" in page


def test_the_preview_is_the_result_and_the_page() -> None:
    holder = make.organisation("Coopérative Bâtir Sud")
    author = make.joined(make.person(), holder, Role.EDITOR)
    contribution = make.draft(author, kind=ResourceKind.DATASET, holder=holder)

    page = shown(signed_in(author), contribution)

    assert page.count(make.DATASET["title"]) == 2
    assert page.count(make.DATASET["summary"]) == 2
    assert "Une ligne par offre publiée" in page
    assert "Coopérative Bâtir Sud" in page
    assert "https://data.example/a.csv" in page
    assert "brouillon-" not in page
    assert 'name="robots" content="noindex"' in page


def test_the_preview_of_a_change_shows_the_change_and_leaves_the_card() -> None:
    author = make.person()
    resource = make.published(author)
    change = contributions.propose(resource=resource, by=author)
    make.edit(change, author, title="Titre neuf")

    assert "Titre neuf" in shown(signed_in(author), change)
    assert Resource.objects.get(pk=resource.pk).title == resource.title


def test_a_description_that_cannot_be_rendered_says_so() -> None:
    author = make.person()
    contribution = make.draft(author, description="[" * 2_000)

    assert "La description ne peut pas être montrée" in shown(signed_in(author), contribution)


def test_only_who_reads_the_proposal_sees_it() -> None:
    holder = make.organisation()
    editor = make.joined(make.person(), holder, Role.EDITOR)
    mate = make.joined(make.person(), holder, Role.EDITOR)
    contribution = make.draft(editor, holder=holder)

    assert signed_in(mate).get(preview(contribution)).status_code == 200
    for stranger in (make.person(), make.moderator()):
        assert signed_in(stranger).get(preview(contribution)).status_code == 404
    assert Client().get(preview(contribution)).status_code == 302


def test_the_owner_of_a_card_previews_what_is_offered_not_what_is_written() -> None:
    owner = make.person()
    sent = make.offered(make.published(owner))
    assert signed_in(owner).get(preview(sent)).status_code == 200

    back = make.accepted(sent)
    Contribution.objects.filter(pk=back.pk).update(status="changes_requested")
    assert signed_in(owner).get(preview(sent)).status_code == 403


def test_the_preview_costs_the_same_for_one_file_and_three() -> None:
    author = make.person()
    file = {"title": "CSV", "download_url": "https://data.example/a.csv"}
    one = make.draft(author, kind=ResourceKind.DATASET, distributions=[file])
    three = make.draft(author, kind=ResourceKind.DATASET, distributions=[file] * 3)
    client = signed_in(author)

    assert cost(client, preview(one)) == cost(client, preview(three)) <= 25


def gains(page: str) -> list[tuple[str, str]]:
    """Give the address and the points of each missing item of a page."""
    found: Any = re.findall(r'<a href="([^"]+)">[^<]*</a><b class="nowrap">\+ (\d+)</b>', page)
    return list(found)


@pytest.mark.parametrize("kind", [ResourceKind.DATASET, ResourceKind.MODEL, ResourceKind.NEED])
def test_each_missing_item_says_its_gain_and_leads_to_its_field(kind: ResourceKind) -> None:
    author = make.person()
    contribution = contributions.start(kind=kind, by=author, title="Un titre")
    client = signed_in(author)
    address = reverse("catalogue:contribution_step", args=(contribution.public_id, Step.SEND))

    found = gains(client.get(address).text)

    assert found
    for href, points in found:
        path, anchor = href.split("#")
        assert int(points) > 0
        assert f'id="{anchor}"' in client.get(path).text, href
