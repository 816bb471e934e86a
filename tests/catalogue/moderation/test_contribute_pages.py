"""Pages of the author: steps, sending, following, withdrawing, refusals and query counts."""

import html
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.enums import ContributionStatus, ResourceKind
from catalogue.forms.steps import Step
from catalogue.models import Contribution
from catalogue.queries import proposals
from portal.accounts.enums import Role
from tests.catalogue.ledger import cost, events
from tests.factories import contributions as make
from tests.factories.accounts import signed_in

pytestmark = pytest.mark.django_db


def step(contribution: Contribution, name: Step) -> str:
    return reverse("catalogue:contribution_step", args=(contribution.public_id, name))


def record(contribution: Contribution) -> dict[str, Any]:
    return proposals.proposed_record(make.again(contribution))


def test_a_visitor_is_asked_to_sign_in() -> None:
    answer = Client().get(reverse("catalogue:contribute"))

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/compte/")


def test_choosing_a_kind_opens_a_draft() -> None:
    author = make.person()
    client = signed_in(author)

    assert client.get(reverse("catalogue:contribute")).status_code == 200
    answer = client.post(reverse("catalogue:contribute"), {"kind": "need"})

    contribution = Contribution.objects.get()
    assert contribution.author == author
    assert answer.headers["Location"] == step(contribution, Step.IDENTIFY)


def test_without_a_kind_the_page_says_so() -> None:
    answer = signed_in(make.person()).post(reverse("catalogue:contribute"), {})

    assert answer.status_code == 200
    assert "Choisissez un type de ressource." in answer.text
    assert not Contribution.objects.exists()


@pytest.mark.parametrize("kind", list(ResourceKind))
def test_every_step_of_every_kind_is_shown(kind: ResourceKind) -> None:
    author = make.person()
    contribution = make.draft(author, kind=kind)
    client = signed_in(author)

    for name in Step:
        answer = client.get(step(contribution, name))
        has_card = kind in ("model", "algorithm", "solution")
        assert answer.status_code == (404 if name is Step.CARD and not has_card else 200)


def test_a_step_is_saved_then_leads_to_the_next() -> None:
    author = make.person()
    contribution = make.draft(author)

    answer = signed_in(author).post(
        step(contribution, Step.IDENTIFY),
        {"title": "Titre neuf", "deposit": "owned", "homepage_url": "", "next": "1"},
    )

    assert answer.headers["Location"] == step(contribution, Step.DESCRIBE)
    assert record(contribution)["title"] == "Titre neuf"


def test_a_draft_button_stays_on_the_step() -> None:
    author = make.person()
    contribution = make.draft(author)

    answer = signed_in(author).post(
        step(contribution, Step.DESCRIBE), {"summary": "Court.", "draft": "1"}
    )

    assert answer.headers["Location"] == step(contribution, Step.DESCRIBE)
    assert record(contribution)["summary"] == "Court."


def test_a_wrong_value_is_told_and_the_rest_is_kept() -> None:
    author = make.person()
    contribution = make.draft(author)

    answer = signed_in(author).post(
        step(contribution, Step.IDENTIFY),
        {"title": "Gardé", "deposit": "owned", "homepage_url": "pas une adresse"},
    )

    page = answer.text
    assert answer.status_code == 200
    assert "Erreur :" in page
    assert "Écrivez une adresse complète" in page
    assert "pas une adresse" in page
    assert record(contribution)["title"] == "Gardé"


def test_autosave_answers_with_the_page_and_saves() -> None:
    author = make.person()
    contribution = make.draft(author)

    answer = signed_in(author).post(
        step(contribution, Step.DESCRIBE),
        {"summary": "Enregistré tout seul."},
        headers={"HX-Request": "true"},
    )

    assert answer.status_code == 200
    assert 'id="aide"' in answer.text
    assert record(contribution)["summary"] == "Enregistré tout seul."


def test_the_preview_renders_markdown_without_script() -> None:
    author = make.person()
    contribution = make.draft(author)

    answer = signed_in(author).post(
        step(contribution, Step.DESCRIBE),
        {"description": "## Méthode\n<script>alert(1)</script>", "preview": "1"},
    )

    page = answer.text
    assert "<h3>Méthode</h3>" in page.replace("<h4>", "<h3>").replace("</h4>", "</h3>")
    assert "<script>alert(1)" not in page


def test_the_last_step_shows_the_text_as_its_page_will() -> None:
    author = make.person()
    contribution = make.draft(
        author,
        kind=ResourceKind.DATASET,
        description="## Contenu\n\n- une **ligne**\n\n<script>alert(1)</script>",
    )

    page = signed_in(author).get(step(contribution, Step.SEND)).text

    assert "<strong>ligne</strong>" in page
    assert "**ligne**" not in page
    assert "<script>alert(1)" not in page
    assert "Licence Ouverte 2.0" in page


def test_the_last_step_shows_what_cannot_be_rendered_as_typed() -> None:
    author = make.person()
    contribution = make.draft(author, description="Avant [[[[" * 20)

    page = signed_in(author).get(step(contribution, Step.SEND)).text

    assert "Avant [[[[" in page
    assert "Un point à corriger avant l’envoi" in page


def test_rows_are_read_and_a_line_can_be_added() -> None:
    author = make.person()
    contribution = make.draft(author, kind=ResourceKind.DATASET)

    answer = signed_in(author).post(
        step(contribution, Step.RIGHTS),
        {
            "licence": "etalab-2.0",
            "distributions-0-title": "CSV",
            "distributions-0-download_url": "https://data.example/b.csv",
            "distributions-0-bytes": "1 200",
            "distributions-1-title": "",
            "update_frequency": "daily",
            "rows": "distributions",
        },
    )

    assert answer.status_code == 302
    saved = record(contribution)["details"]
    assert saved["distributions"][0]["download_url"] == "https://data.example/b.csv"
    assert saved["distributions"][0]["bytes"] == 1200
    assert len(saved["distributions"]) == 1
    assert saved["update_frequency"] == "daily"


@pytest.mark.parametrize(
    ("typed", "licences", "status"),
    [
        ({"licence": "MIT"}, ["MIT"], "declared"),
        ({"licence": "other", "licence_other": "cecill-2.1"}, ["CECILL-2.1"], "declared"),
        ({"licence": "to_confirm"}, [], "to_confirm"),
    ],
)
def test_the_licence_is_kept_as_spdx(
    typed: dict[str, str], licences: list[str], status: str
) -> None:
    author = make.person()
    contribution = make.draft(author, kind=ResourceKind.DATASET)

    signed_in(author).post(step(contribution, Step.RIGHTS), typed)

    saved = record(contribution)
    assert (saved["licences"], saved["licence_status"]) == (licences, status)


def test_a_licence_that_spdx_does_not_know_is_refused() -> None:
    author = make.person()
    contribution = make.draft(author, kind=ResourceKind.DATASET)

    answer = signed_in(author).post(
        step(contribution, Step.RIGHTS), {"licence": "other", "licence_other": "Licence Ouverte"}
    )

    assert "Précisez Licence Ouverte 1.0 ou 2.0." in answer.text
    assert record(contribution)["licences"] == ["etalab-2.0"]


def test_the_holder_is_one_of_the_persons_organisations() -> None:
    holder, other = make.organisation(), make.organisation()
    author = make.joined(make.person(), holder, Role.EDITOR)
    contribution = make.draft(author)
    client = signed_in(author)
    typed = {"title": "Titre", "deposit": "owned"}

    refused = client.post(step(contribution, Step.IDENTIFY), typed | {"organisation": other.pk})
    assert refused.status_code == 200
    assert make.again(contribution).organisation is None

    client.post(step(contribution, Step.IDENTIFY), typed | {"organisation": holder.pk})
    assert make.again(contribution).organisation == holder
    # The step shows what was chosen: sent again as it stands, it keeps it.
    assert (
        f'<option value="{holder.pk}" selected>'
        in client.get(step(contribution, Step.IDENTIFY)).text
    )


def test_the_last_step_tells_what_blocks() -> None:
    author = make.person()
    contribution = make.draft(author, situation="")

    page = signed_in(author).get(step(contribution, Step.SEND)).text

    assert "Un point à corriger avant l’envoi" in page
    assert "Situation actuelle" in page
    assert f"{step(contribution, Step.DESCRIBE)}#id_situation" in page


def test_sending_needs_the_charter_then_follows() -> None:
    author = make.person()
    contribution = make.draft(author)
    client = signed_in(author)

    refused = client.post(step(contribution, Step.SEND), {})
    assert "Acceptez la charte pour envoyer votre proposition." in refused.text

    answer = client.post(step(contribution, Step.SEND), {"charter": "on"})
    follow = reverse("catalogue:contribution", args=(contribution.public_id,))
    assert answer.headers["Location"] == follow
    assert make.again(contribution).status == ContributionStatus.SUBMITTED
    page = client.get(follow).text
    assert "Votre proposition est en relecture" in page
    assert "Ce que vous proposez" in page
    assert str(make.NEED["situation"]) in html.unescape(page)


def test_what_blocks_is_told_when_sending() -> None:
    author = make.person()
    contribution = make.draft(author, situation="")

    answer = signed_in(author).post(step(contribution, Step.SEND), {"charter": "on"})

    assert answer.status_code == 200
    assert make.again(contribution).status == ContributionStatus.DRAFT


def test_withdrawing_asks_first() -> None:
    author = make.person()
    contribution = make.submitted(author)
    address = reverse("catalogue:contribution_withdraw", args=(contribution.public_id,))
    client = signed_in(author)

    assert client.get(address).status_code == 200
    assert make.again(contribution).status == ContributionStatus.SUBMITTED
    client.post(address)
    assert make.again(contribution).status == ContributionStatus.WITHDRAWN


@pytest.mark.parametrize("name", ["catalogue:contribution", "catalogue:contribution_withdraw"])
def test_a_draft_does_not_exist_for_others(name: str) -> None:
    contribution = make.draft()

    for stranger in (make.person(), make.moderator()):
        answer = signed_in(stranger).get(reverse(name, args=(contribution.public_id,)))
        assert answer.status_code == 404


def test_a_reader_of_the_region_sees_but_does_not_write() -> None:
    contribution = make.submitted()
    client = signed_in(make.moderator())

    follow = client.get(reverse("catalogue:contribution", args=(contribution.public_id,)))
    write = client.post(step(contribution, Step.IDENTIFY), {"title": "Volé"})

    assert follow.status_code == 200
    assert write.status_code == 403
    assert record(contribution)["title"] == make.NEED["title"]


def test_a_change_is_proposed_on_a_public_card_only() -> None:
    author = make.person()
    resource = make.published(author)
    client = signed_in(make.person())

    address = reverse("catalogue:propose", args=(resource.slug,))
    assert client.get(address).status_code == 200
    assert client.post(address).status_code == 302
    draft = make.draft()
    hidden = reverse("catalogue:propose", args=(draft.resource.slug,))
    assert client.get(hidden).status_code == 404


def test_archiving_needs_a_reason_and_comes_back() -> None:
    author = make.person()
    resource = make.published(author)
    client = signed_in(author)
    address = reverse("catalogue:archive", args=(resource.slug,))

    assert client.post(address, {"reason": ""}).status_code == 422
    client.post(address, {"reason": "Remplacée."})
    resource.refresh_from_db()
    assert resource.archive_reason == "Remplacée."
    assert client.get(address).status_code == 200
    client.post(address)
    resource.refresh_from_db()
    assert resource.archived_at is None
    assert events()[-2:] == ["resource.archived", "resource.restored"]


def test_archiving_anothers_card_is_refused() -> None:
    resource = make.published()

    answer = signed_in(make.person()).get(reverse("catalogue:archive", args=(resource.slug,)))

    assert answer.status_code == 403


def test_the_list_costs_the_same_for_one_and_three() -> None:
    author = make.person()
    client, address = signed_in(author), reverse("catalogue:contributions")
    make.draft(author)
    costs = [cost(client, address)]
    make.submitted(author)
    make.draft(author)
    costs.append(cost(client, address))

    assert costs == [4, 4]
    page = client.get(address).text
    assert page.count("<tr>") == 4
    assert page.count(make.NEED["title"]) == 3


@pytest.mark.parametrize(("name", "queries"), [(Step.DESCRIBE, 8), (Step.SEND, 12)])
def test_the_cost_of_a_step(name: Step, queries: int) -> None:
    author = make.person()
    contribution = make.draft(author)

    assert cost(signed_in(author), step(contribution, name)) == queries
