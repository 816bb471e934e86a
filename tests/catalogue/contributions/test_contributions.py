"""A contribution of its author: acts and ledger, pages of the steps, preview, what is pasted."""

import html
import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalogue.contributions.actions import drafts
from catalogue.contributions.enums import ContributionStatus
from catalogue.contributions.forms.steps import Step
from catalogue.contributions.queries import descriptions, proposals, reviews
from catalogue.models import Contribution, Resource
from catalogue.resources.enums import ResourceKind
from catalogue.standards.readers.serve import read_here
from catalogue.templatetags.contributions import teaser
from portal.accounts.actions import notifications
from portal.accounts.enums import Role
from portal.accounts.models import Notification, User
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed, QuotaSpent
from tests.factories import contributions as make
from tests.factories.accounts import signed_in
from tests.factories.catalogue import ResourceFactory
from tests.ledger import cost, events, owed, refused, rows, same_for_three
from tests.sites import says, site

pytestmark = pytest.mark.django_db
CHARTER = make.CHARTER
ALONE = {"HX-Request": "true"}
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def author() -> User:
    return make.person()


@pytest.fixture
def own(author: User) -> Client:
    return signed_in(author)


@pytest.fixture
def need(author: User) -> Contribution:
    return make.draft(author)


@pytest.fixture
def data(author: User) -> Contribution:
    return make.draft(author, kind=ResourceKind.DATASET)


def step(contribution: Contribution, name: Step) -> str:
    return reverse("catalogue:contribution_step", args=(contribution.public_id, name))


def record(contribution: Contribution) -> dict[str, Any]:
    return proposals.proposed_record(make.again(contribution))


def save(contribution: Contribution, by: User) -> Contribution:
    return drafts.save_draft(contribution=contribution, values={"title": "Volé"}, by=by)


def submit(contribution: Contribution, by: User) -> Contribution:
    return drafts.submit(contribution=contribution, charter=CHARTER, by=by)


def amend(contribution: Contribution, by: User) -> Contribution:
    return drafts.amend(contribution=contribution, charter=CHARTER, by=by)


def withdraw(contribution: Contribution, by: User) -> Contribution:
    return drafts.withdraw(contribution=contribution, by=by)


def propose(contribution: Contribution, by: User) -> Contribution:
    return drafts.propose(resource=contribution.resource, by=by)


def catch_up(contribution: Contribution, by: User) -> Contribution:
    return drafts.catch_up(contribution=contribution, by=by)


def change(by: User | None = None) -> Contribution:
    """Open a change of a published card."""
    by = by or make.person()
    return drafts.propose(resource=make.published(by), by=by)


# Acts
def test_start_opens_a_draft_that_only_its_author_sees(author: User) -> None:
    contribution = drafts.start(kind=ResourceKind.NEED, by=author, title="Un titre")
    assert contribution.status == ContributionStatus.DRAFT
    assert contribution.resource.live is False
    assert proposals.proposed_record(contribution)["title"] == "Un titre"
    assert contribution.resource.licence_status == "not_applicable"
    seen = [
        list(Contribution.objects.visible_to(by))
        for by in (author, make.person(), make.moderator())
    ]
    assert seen == [[contribution], [], []]
    assert list(Resource.objects.public()) == []
    assert (events(), owed()) == (["contribution.started"], [])
    second = drafts.start(kind=ResourceKind.NEED, by=author)
    assert set(Contribution.objects.filter(author=author)) == {contribution, second}


def test_save_keeps_some_fields_and_leaves_the_others(author: User, need: Contribution) -> None:
    for title in ("Un", "Autre titre"):
        drafts.save_draft(contribution=need, values={"title": title, "situation": ""}, by=author)
    told = record(need)
    assert (told["title"], told["summary"]) == ("Autre titre", make.NEED["summary"])
    assert sorted(told["details"]) == ["beneficiary", "expected_result"]
    assert events() == ["contribution.started"]
    assert need.resource.revisions.count() == 1
    with refused(Invalid):
        drafts.save_draft(contribution=need, values={"slug": "x"}, by=author)


@pytest.mark.parametrize(
    ("state", "act"),
    [
        (make.draft, save),
        (make.draft, submit),
        (make.sent_back, amend),
        (make.draft, withdraw),
        (make.draft, propose),
        (change, catch_up),
    ],
    ids=["save", "submit", "amend", "withdraw", "propose", "catch up"],
)
def test_the_work_of_others_is_left_alone(
    state: Callable[[], Contribution], act: Callable[[Contribution, User], Any]
) -> None:
    contribution = state()
    for by in (make.person(), make.moderator()):
        with refused(NotAllowed):
            act(contribution, by)


@pytest.mark.parametrize(
    ("state", "act"),
    [(make.draft, submit), (make.sent_back, amend), (make.draft, withdraw)],
    ids=["submit", "amend", "withdraw"],
)
def test_done_twice_it_conflicts(
    author: User,
    state: Callable[[User], Contribution],
    act: Callable[[Contribution, User], Contribution],
) -> None:
    done = act(state(author), author)
    with refused(Conflict):
        act(make.again(done), author)


def test_submit_hands_a_draft_to_the_moderators(author: User, need: Contribution) -> None:
    sent = submit(need, author)
    assert (sent.status, sent.charter_version) == (ContributionStatus.SUBMITTED, CHARTER)
    assert sent.submitted_at == sent.first_submitted_at is not None
    names = "fields licence links personal_data files duplicate language markdown"
    assert [check["code"] for check in sent.checks] == names.split()
    assert sent.revision.content["description_html"].startswith("<p>")
    assert events() == ["contribution.started", "contribution.submitted"]
    assert owed() == ["mail.contribution_received", "mail.contribution_to_review"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"title": ""}, "missing"),
        ({"situation": ""}, "missing"),
        ({"title": "UN TITRE QUI CRIE TRÈS FORT"}, "shouting"),
        ({"summary": "Mon numéro : 1 85 05 78 006 084 91"}, "personal_nir"),
        ({"situation": "RIB FR76 3000 6000 0112 3456 7890 189"}, "personal_iban"),
        ({"description": "[" * 2_000}, "markdown"),
    ],
)
def test_a_blocking_check_keeps_the_draft(author: User, values: dict[str, Any], code: str) -> None:
    contribution = make.draft(author, **values)
    before = rows()
    with pytest.raises(Invalid) as refusal:
        submit(contribution, author)
    assert [fault.code for fault in refusal.value.faults] == [code]
    assert rows() == before


def test_so_many_wait_and_a_verified_organisation_is_exempt(author: User, settings: Any) -> None:
    settings.PENDING_CONTRIBUTIONS_PER_ACCOUNT = 2
    for _ in range(2):
        make.submitted(author)
    contribution = make.draft(author)
    with refused(QuotaSpent):
        submit(contribution, author)
    holder = make.organisation(verified_at=clock.now())
    editor = make.joined(author, holder, Role.EDITOR)
    assert make.submitted(editor, holder=holder).status == ContributionStatus.SUBMITTED


def test_signs_of_spam_hold_back_the_letter_to_moderators() -> None:
    make.submitted(description="Casino en ligne, jackpot et crypto pour les apprentis.")
    assert owed() == ["mail.contribution_received"]


def test_amend_sends_again_and_keeps_the_place_in_the_queue(author: User, own: Client) -> None:
    contribution = make.sent_back(author)
    page = reverse("catalogue:contribution", args=(contribution.public_id,))
    for path in (page, "/"):
        news = {"letter": "contribution_changes_requested", "event": path, "path": path}
        notifications.notify(people=[author], facts={"title": "Offres"}, **news)
    # Who sees a page has read its news.
    assert 'data-tone="ocre">1<span' in own.get(f"/en{page}").text
    assert [each.path for each in Notification.objects.unread()] == ["/"]
    judged, first = contribution.revision_id, contribution.first_submitted_at
    sent = drafts.amend(
        contribution=make.edit(contribution, author, situation="Depuis 2021."),
        charter=CHARTER,
        reply="C’est fait.",
        by=author,
    )
    assert (sent.status, sent.note) == (ContributionStatus.SUBMITTED, "C’est fait.")
    assert sent.first_submitted_at == first
    assert sent.submitted_at > first
    assert sent.revision_id != judged
    acts = ("started", "submitted", "changes_requested", "amended")
    assert events() == [f"contribution.{each}" for each in acts]
    topics = ("received", "to_review", "changes_requested", "received", "to_review")
    assert owed() == [f"mail.contribution_{each}" for each in topics]


@pytest.mark.parametrize("status", list(make.IN_STATE))
def test_withdraw_before_the_decision(author: User, status: ContributionStatus) -> None:
    taken = withdraw(make.IN_STATE[status](author), author)
    assert taken.status == ContributionStatus.WITHDRAWN
    assert events()[-1] == "contribution.withdrawn"


def test_a_change_of_a_published_card_leaves_it_alone(author: User, own: Client) -> None:
    resource = make.published(author)
    contribution = drafts.propose(resource=resource, by=author)
    assert drafts.propose(resource=resource, by=author) == contribution
    opened = make.edit(contribution, author, title="Titre proposé")
    assert "Titre proposé" in shown(own, opened)
    make.send(opened, author)
    resource.refresh_from_db()
    assert resource.title == make.NEED["title"]
    assert resource.live_revision_id == contribution.base_revision_id
    assert events()[-2:] == ["contribution.started", "contribution.submitted"]


def test_catch_up_takes_the_online_value_of_untouched_fields(author: User) -> None:
    other, resource = make.person(), make.published(author)
    late = drafts.propose(resource=resource, by=other)
    make.edit(late, other, title="Titre de l’autre", situation="Autre.")
    make.changed(resource, author, title="Titre en ligne", summary="Résumé neuf.")
    late = make.again(late)
    assert proposals.is_stale(late)
    assert [c.name for c in proposals.collisions(late)] == ["title"]
    catch_up(late, other)
    told = record(late)
    assert (told["title"], told["summary"]) == ("Titre de l’autre", "Résumé neuf.")
    assert told["details"]["situation"] == "Autre."
    assert not proposals.is_stale(make.again(late))
    assert events()[-1] == "contribution.caught_up"
    before = rows()
    catch_up(make.again(late), other)
    assert rows() == before


# Steps
def test_choosing_a_kind_opens_a_draft(author: User, own: Client) -> None:
    address = reverse("catalogue:contribute")
    assert Client().get(address).headers["Location"].startswith("/compte/")
    assert own.get(address).status_code == 200
    assert "Choisissez un type de ressource." in own.post(address, {}).text
    assert not Contribution.objects.exists()
    answer = own.post(address, {"kind": "need"})
    contribution = Contribution.objects.get()
    assert contribution.author == author
    assert answer.headers["Location"] == step(contribution, Step.ESSENTIAL)


def test_a_draft_left_blank_is_taken_up_again(author: User, own: Client) -> None:
    address = reverse("catalogue:contribute")
    editor = signed_in(make.joined(make.person(), make.organisation(), Role.EDITOR))
    says = "Vous publiez en votre nom."
    assert [says in each.get(address).text for each in (own, editor)] == [True, False]
    for kind in ("need", "need", "dataset", "dataset"):
        own.post(address, {"kind": kind})
    blank = {each.resource.kind: each for each in Contribution.objects.all()}
    assert Contribution.objects.count() == len(blank) == 2
    own.post(step(blank["need"], Step.ESSENTIAL), {"title": "", "draft": "1"})
    own.post(step(blank["dataset"], Step.ESSENTIAL), {"title": "Un titre", "draft": "1"})
    for kind in blank:
        own.post(address, {"kind": kind})
    kinds = Contribution.objects.values_list("resource__kind", flat=True)
    assert sorted(kinds) == ["dataset", "dataset", "need"]


@pytest.mark.parametrize("kind", list(ResourceKind))
def test_every_step_of_every_kind_is_shown_and_previewed_empty_too(
    author: User, own: Client, kind: ResourceKind
) -> None:
    contribution = make.draft(author, kind=kind)
    has_card = kind in ("model", "algorithm", "solution")
    for name in Step:
        wanted = 404 if name is Step.CARD and not has_card else 200
        assert own.get(step(contribution, name)).status_code == wanted
    assert "Sans titre" in shown(own, drafts.start(kind=kind, by=author))
    unplaced = drafts.start(kind=kind, by=author)
    drafts.save_draft(contribution=unplaced, values={"scope": ""}, by=author)
    assert "Sans titre" in shown(own, make.again(unplaced))


@pytest.mark.parametrize(
    ("button", "then"),
    [({"next": "1"}, Step.SEND), ({"draft": "1"}, Step.ESSENTIAL)],
    ids=["next", "draft"],
)
def test_a_step_is_saved_then_leads_on(
    own: Client, need: Contribution, button: dict[str, str], then: Step
) -> None:
    answer = own.post(f"{step(need, Step.ESSENTIAL)}?champ=tags", {"summary": "Court.", **button})
    assert answer.headers["Location"] == step(need, then)
    assert record(need)["summary"] == "Court."
    alone = own.post(step(need, Step.ESSENTIAL), {"summary": "Tout seul."}, headers=ALONE)
    assert (alone.status_code, 'id="aide"' in alone.text) == (200, True)
    assert record(need)["summary"] == "Tout seul."


def test_a_wrong_value_is_told_and_the_rest_is_kept(own: Client, need: Contribution) -> None:
    typed = {"title": "Gardé", "deposit": "owned", "homepage_url": "pas une adresse"}
    answer = own.post(step(need, Step.ESSENTIAL), typed)
    assert answer.status_code == 200
    for said in ("Erreur :", "Écrivez une adresse complète", "pas une adresse"):
        assert said in answer.text
    assert record(need)["title"] == "Gardé"
    alone = own.post(step(need, Step.ESSENTIAL), typed | {"title": "Seul"}, headers=ALONE)
    assert "sauf un champ à corriger" in html.unescape(alone.text)
    assert record(need)["title"] == "Seul"


def test_going_on_asks_for_what_is_needed_and_a_draft_may_lack_it(
    own: Client, author: User
) -> None:
    model = drafts.start(kind=ResourceKind.MODEL, by=author, title="Tri", scope="local")
    place, typed = step(model, Step.ESSENTIAL), {"title": " ", "summary": "Bref."}
    assert own.post(place, typed | {"draft": "1"}).headers["Location"] == place
    page = own.post(place, typed | {"next": "1"})
    seen = html.unescape(page.text)
    # Each at its field, and above the form.
    wanted = {"title", "description", "licence", "files"}
    assert set(page.context["form"].errors) == wanted
    assert seen.count("Remplissez ce champ") == 2 * len(wanted)
    assert (record(model)["title"], record(model)["summary"]) == ("", "Bref.")
    # Saving itself, that page says what is still to correct; another asks for nothing.
    assert "asked" in page.text
    assert "#points" in page.text
    alone = own.post(place, typed | {"title": "Tri", "asked": "1"}, headers=ALONE)
    assert set(alone.context["form"].errors) == wanted - {"title"}
    alone = own.post(place, typed, headers=ALONE)
    assert (alone.context["form"].errors, 'id="points" hidden' in alone.text) == ({}, True)
    # What was read stays what is stored: typed again, it clashes with nothing.
    marks = re.search(r'name="seen"[^>]*value="([^"]+)"', page.text)
    again = typed | {"title": "Tri", "seen": html.unescape(marks[1]) if marks else "", "draft": "1"}
    assert own.post(place, again).status_code == 302
    assert own.get(step(model, Step.SEND)).status_code == 200


def test_a_twin_is_told_on_each_page_of_a_draft_with_the_way_to_it(
    own: Client, author: User
) -> None:
    twin = make.published(homepage_url="https://forge.example/appariement")
    read = paste(own, text=CITATION).headers["Location"]
    draft = Contribution.objects.latest("pk")
    for place in (read, step(draft, Step.ESSENTIAL)):
        page = words(own.get(place))
        assert f"« {twin.title} » porte déjà cette adresse." in page
        assert f'href="{twin.get_absolute_url()}"' in page


def test_markdown_is_shown_without_script(own: Client, data: Contribution) -> None:
    typed = {"description": f"## Méthode\n\n- une **ligne**\n\n{SCRIPT}", "preview": "1"}
    shown = own.post(step(data, Step.ESSENTIAL), typed).text
    written = own.post(step(data, Step.ESSENTIAL), typed | {"preview": ""}).text
    assert written.count('formaction="#editeur"') == 2  # both tabs come back to the editor
    for page, place, is_hidden in ((shown, "apercu", True), (written, "ecrire", False)):
        assert re.findall(r'id="editeur-(\w+)"[^>]*aria-current', page) == [place]
        assert bool(re.search(r'<textarea[^>]*name="description"[^>]* hidden', page)) == is_hidden
        assert ("<strong>ligne</strong>" in page) == is_hidden
    last = own.get(step(data, Step.SEND)).text
    for page in (shown, last):
        assert re.search("<h[2-4][^>]*>Méthode</h[2-4]>", page)
        assert "<strong>ligne</strong>" in page
        assert SCRIPT not in page
    assert "Licence Ouverte 2.0" in last


def test_what_cannot_be_rendered_is_a_point_to_correct(own: Client, author: User) -> None:
    draft = make.draft(author, description="Avant [[[[" * 20)
    page = own.get(step(draft, Step.SEND)).text
    assert re.search('champ=description#id_description">Description</a> –', page)
    assert "Un point à corriger avant l’envoi" in page
    assert "La description ne peut pas être montrée" in shown(own, draft)


def test_rows_are_read_and_a_line_can_be_added(own: Client, data: Contribution) -> None:
    typed = {
        "licence": "etalab-2.0",
        "distributions-0-title": "CSV",
        "distributions-0-download_url": "https://data.example/b.csv",
        "distributions-0-bytes": "1 200",
        "distributions-1-title": "",
        "update_frequency": "daily",
        "rows": "distributions",
    }
    assert own.post(step(data, Step.ESSENTIAL), typed).status_code == 302
    saved = record(data)["details"]
    (row,) = saved["distributions"]
    assert (row["download_url"], row["bytes"]) == ("https://data.example/b.csv", 1200)
    assert saved["update_frequency"] == "daily"


@pytest.mark.parametrize(
    ("typed", "licences", "status"),
    [
        ({"licence": "ODbL-1.0"}, ["ODbL-1.0"], "declared"),
        ({"licence": "other", "licence_other": "cecill-2.1"}, ["CECILL-2.1"], "declared"),
        ({"licence": "other", "licence_other": "Licence Ouverte"}, ["etalab-2.0"], "declared"),
        ({"licence": "to_confirm"}, [], "to_confirm"),
    ],
)
def test_the_licence_is_kept_as_spdx(
    own: Client, data: Contribution, typed: dict[str, str], licences: list[str], status: str
) -> None:
    answer = own.post(step(data, Step.ESSENTIAL), typed)
    saved = record(data)
    assert (saved["licences"], saved["licence_status"]) == (licences, status)
    if answer.status_code == 200:  # refused: what was there stays
        assert "Précisez Licence Ouverte 1.0 ou 2.0." in answer.text


def test_the_holder_is_one_of_the_persons_organisations(author: User, need: Contribution) -> None:
    holder, other = make.organisation(), make.organisation()
    client = signed_in(make.joined(author, holder, Role.EDITOR))
    address, typed = step(need, Step.ESSENTIAL), {"title": "Titre", "deposit": "owned"}
    assert client.post(address, typed | {"organisation": other.pk}).status_code == 200
    assert make.again(need).organisation is None
    client.post(address, typed | {"organisation": holder.pk})
    assert make.again(need).organisation == holder
    # The step shows what was chosen: sent again as it stands, it keeps it.
    assert f'<option value="{holder.pk}" selected>' in client.get(address).text


def test_what_blocks_is_told_with_its_way(own: Client, author: User) -> None:
    contribution = make.draft(author, situation="")
    page = own.get(step(contribution, Step.SEND)).text
    assert "Un point à corriger avant l’envoi" in page
    assert f"{step(contribution, Step.ESSENTIAL)}?champ=situation#id_situation" in page
    assert own.post(step(contribution, Step.SEND), {"charter": "on"}).status_code == 200
    assert make.again(contribution).status == ContributionStatus.DRAFT


def test_sending_needs_the_charter_then_follows(own: Client, need: Contribution) -> None:
    said = "Acceptez la charte pour envoyer votre proposition."
    assert said in own.post(step(need, Step.SEND), {}).text
    answer = own.post(step(need, Step.SEND), {"charter": "on"})
    follow = reverse("catalogue:contribution", args=(need.public_id,))
    assert answer.headers["Location"] == follow
    assert make.again(need).status == ContributionStatus.SUBMITTED
    page = html.unescape(own.get(follow).text)
    assert "Votre proposition est en relecture" in page
    assert str(make.NEED["situation"]) in page


def test_withdrawing_asks_first(own: Client, author: User) -> None:
    contribution = make.submitted(author)
    address = reverse("catalogue:contribution_withdraw", args=(contribution.public_id,))
    assert own.get(address).status_code == 200
    assert make.again(contribution).status == ContributionStatus.SUBMITTED
    own.post(address)
    assert make.again(contribution).status == ContributionStatus.WITHDRAWN
    draft = make.draft(author)
    address = reverse("catalogue:contribution_withdraw", args=(draft.public_id,))
    assert "Retirer la proposition" not in own.get(address).text
    told = own.post(address, follow=True)
    assert told.redirect_chain[-1][0] == reverse("catalogue:contributions")
    assert "Le brouillon est abandonné." in told.text


def test_a_change_is_proposed_on_a_public_card_only(own: Client) -> None:
    address = reverse("catalogue:propose", args=(make.published().slug,))
    assert own.get(address).status_code == 200
    asked = own.post(f"{address}?champ=situation").headers["Location"]
    draft = Contribution.objects.get(base_revision__isnull=False)
    assert asked == f"{step(draft, Step.ESSENTIAL)}?champ=situation#id_situation"
    assert "La fiche en ligne reste telle quelle" in html.unescape(own.get(asked).text)
    hidden = reverse("catalogue:propose", args=(make.draft().resource.slug,))
    assert own.get(hidden).status_code == 404


def test_the_list_costs_the_same_for_one_and_three(own: Client, author: User) -> None:
    address = reverse("catalogue:contributions")
    made = iter((make.draft, partial(make.offered, make.published()), make.draft))
    counts = (lambda: cost(own, address), lambda: cost(own, "/espace/"))
    assert same_for_three(lambda: next(made)(author), *counts) == [5, 12]
    page = own.get(address).text
    assert (page.count("<tr>"), page.count(make.NEED["title"])) == (4, 3)


def test_a_suggested_keyword_is_a_topic_that_several_cards_bear() -> None:
    ResourceFactory.create_batch(2, published=True, tags=["mobilité"])
    ResourceFactory(published=True, tags=["recherche"])
    assert reviews.tags({"title": "Mobilité", "summary": "Une recherche."}) == ["mobilité"]
    assert reviews.tags({"title": "Outil", "description": "La mobilité."}) == []


def test_the_list_holds_what_the_space_shows(author: User) -> None:
    holder = make.organisation("Coopérative Bâtir Sud")
    mate = make.joined(make.person(), holder, Role.EDITOR)
    theirs = partial(ResourceFactory, published=True, organisation=holder)
    theirs(title="Fiche moissonnée")
    shown = signed_in(make.joined(author, holder, Role.CONTRIBUTOR))
    make.draft(author, title="Un brouillon")
    make.published(mate, title="Fiche de la collègue", holder=holder)
    address = reverse("catalogue:contributions")
    wanted = ["Un brouillon", "Fiche de la collègue", "Fiche moissonnée"]
    for page in (shown.get(address).text, signed_in(mate).get(address).text):
        assert [page.count(title) for title in wanted[1:]] == [1, 1]
    assert [title in shown.get("/espace/").text for title in wanted] == [True] * 3
    counts = (lambda: cost(shown, address),)
    assert same_for_three(theirs, *counts) == [6]


@pytest.mark.parametrize(("name", "queries"), [(Step.ESSENTIAL, 23), (Step.SEND, 22)])
def test_the_cost_of_a_step(own: Client, need: Contribution, name: Step, queries: int) -> None:
    assert cost(own, step(need, name)) == queries


# Preview
def preview(contribution: Contribution) -> str:
    return reverse("catalogue:contribution_preview", args=(contribution.public_id,))


def shown(client: Client, contribution: Contribution) -> str:
    answer = client.get(preview(contribution))
    assert answer.status_code == 200
    return html.unescape(answer.text)


def test_the_preview_is_the_page(author: User) -> None:
    holder = make.organisation("Coopérative Bâtir Sud")
    author = make.joined(author, holder, Role.EDITOR)
    contribution = make.draft(author, kind=ResourceKind.DATASET, holder=holder)
    mate = make.joined(make.person(), holder, Role.EDITOR)
    for by in (author, mate):
        page = shown(signed_in(by), contribution)
        assert page.count(make.DATASET["title"]) == 1
        assert page.count(make.DATASET["summary"]) == 1
        for said in (make.DATASET["description"], holder.name, "https://data.example/a.csv"):
            assert said in page
        assert "brouillon-" not in page
        assert 'name="robots" content="noindex"' in page


def test_the_owner_of_a_card_previews_what_is_offered_not_what_is_written(
    author: User, own: Client
) -> None:
    sent = make.offered(make.published(author))
    assert own.get(preview(sent)).status_code == 200
    back = make.accepted(sent)
    Contribution.objects.filter(pk=back.pk).update(status="changes_requested")
    assert own.get(preview(sent)).status_code == 403


@pytest.mark.parametrize("kind", [ResourceKind.DATASET, ResourceKind.MODEL, ResourceKind.NEED])
def test_each_missing_item_says_its_gain_and_leads_to_its_field(
    author: User, own: Client, kind: ResourceKind
) -> None:
    contribution = drafts.start(kind=kind, by=author, title="Un titre")
    answer = own.get(step(contribution, Step.ESSENTIAL))
    page = answer.text
    # What a card is found by is wished for; what comes from elsewhere says so, after the rest.
    finding = re.findall(r"(Mots-clés|Tâches) <small>\((\w+)\)", " ".join(page.split()))
    assert {word for _label, word in finding} == {"conseillé"}
    elsewhere = [not href for line, href in answer.context["gains"] if not line.met]
    assert elsewhere == sorted(elsewhere)
    assert words(answer).count("établie par un challenge") == (kind == ResourceKind.MODEL)
    gains = re.findall(r'<a\s+href="([^"]+)">[^<]*</a>\s*<b\s+class="nowrap">\+ (\d+)</b>', page)
    assert gains
    for href, points in gains:
        path, anchor = href.split("#")
        assert int(points) > 0
        assert f'id="{anchor}"' in own.get(path).text, href


CITATION = """cff-version: 1.2.0
message: Citez ce logiciel.
title: Appariement des offres
abstract: Rapproche une offre et un profil, et dit pourquoi. Le résultat est expliqué à la personne.
authors:
  - family-names: Roux
    given-names: Camille
    affiliation: Atelier des données
license: EUPL-1.2
repository-code: https://forge.example/appariement
version: 2.1.0
keywords: [appariement, offres, explication]
"""
README = """# Prévoir les embauches

Un modèle pré-entraîné qui prévoit les embauches à trois mois, par zone d’emploi.

## Limites

- Zones de moins de 200 offres : intervalle très large.

## Licence

MIT
"""


BROKEN = b'{\n "@context": {"cr": "http://mlcommons.org/croissant/"},\n "name": "x",\n}'


def paste(client: Client, **given: Any) -> Any:
    return client.post(reverse("catalogue:contribution_paste"), given)


def words(answer: Any) -> str:
    text = html.unescape(answer.text)
    return text.replace("\u202f", " ").replace("\xa0", " ")  # French typography


def draft_of(text: str, code: str, author: User, base_url: str = "") -> Contribution:
    reading = read_here(code, text.encode(), base_url=base_url)
    [record] = reading.records
    kept = descriptions.kept(code, reading, record)
    return drafts.begin(described=record, kind=record.kind, reading=kept, by=author)


def test_a_citation_becomes_a_draft_that_says_where_each_field_comes_from(
    author: User, own: Client
) -> None:
    answer = paste(own, text=CITATION)
    contribution = Contribution.objects.get()
    assert (contribution.author, contribution.resource.kind) == (author, "algorithm")
    told = contribution.content["provenance"]["title"]
    assert (told["origin"], told["verified"], told["guessed"]) == ("import:cff", True, False)
    page = words(own.get(answer.headers["Location"]))
    assert (contribution.content["deposit"], contribution.content["scope"]) == ("", "")
    assert page.count("Cette ressource est-elle la vôtre ?</a> – à remplir") == 1
    first, _table, below = page.partition('class="table table-stack"')
    assert below.count('<th scope="row">') == 10
    assert first.index("10 champs repris") < first.index("Relire et compléter")
    assert "CITATION.cff › repository-code" in page
    assert "Camille Roux" in page
    step = reverse("catalogue:contribution_step", args=(contribution.public_id, Step.ESSENTIAL))
    written = words(own.get(step))
    assert "D’après CITATION.cff › title" in written
    for label in ("Page de la ressource", "Détenteur"):
        assert f"{label} <small>(nécessaire si vous la signalez)</small>" in written


def test_a_kind_that_was_guessed_is_said_anew_and_nothing_is_lost(own: Client) -> None:
    place = paste(own, text=README).headers["Location"]
    contribution = Contribution.objects.get()
    kept = proposals.proposed_record(contribution)
    assert (contribution.resource.kind, "limits" in kept["details"]) == ("model", True)
    kinds = reverse("catalogue:contribution_kind", args=(contribution.public_id,))
    page = words(own.get(place))
    assert page.index("Modèle pré-entraîné</b>") < page.index("deviné") < page.index(kinds)
    assert own.post(kinds, {"kind": "dataset"}).headers["Location"] == place
    data = make.again(contribution)
    now = proposals.proposed_record(data)
    assert (data.resource.kind, "limits" in now["details"]) == ("dataset", False)
    assert "## Limites" in now["description"]  # its section is in the text again
    title = make.edit(data, data.author, title="Autre titre").content["title"]
    own.post(kinds, {"kind": "model"})
    again = proposals.proposed_record(make.again(contribution))
    assert (again["details"], again["description"]) == (kept["details"], kept["description"])
    assert again["title"] == title
    assert "deviné" not in words(own.get(place)).partition(kinds)[0]
    # Chosen on the page itself, it is no guess.
    chosen = paste(own, text=README, kind="model").headers["Location"]
    assert "deviné" not in words(own.get(chosen)).partition("Changer le type")[0]
    assert "README › text" in own.get(f"/en{place}").text  # the words that are ours


def test_one_sentence_is_the_text_of_every_kind_but_its_own() -> None:
    (record,) = read_here("readme", "Trie des offres par métier.".encode()).records
    for kind in ResourceKind:
        kept = descriptions.values(record, kind)
        assert kept.get("description", record.whole) == record.whole
        assert ("description" in kept) is (kind != record.kind)


def test_a_published_card_keeps_its_kind(author: User) -> None:
    change = drafts.propose(resource=make.published(author), by=author)
    with refused(Conflict):
        drafts.change_kind(contribution=change, kind=ResourceKind.NEED, by=author)


def test_what_a_person_changes_is_theirs_and_a_guess_they_save_is_verified(
    author: User, own: Client
) -> None:
    code = "\n## Essai\n\n```python\nrun()\n```\n"
    contribution = draft_of(README + code, "readme", author)
    step = reverse("catalogue:contribution_step", args=(contribution.public_id, Step.ESSENTIAL))
    by_hand = reverse(
        "catalogue:contribution_step", args=(make.draft(author).public_id, Step.ESSENTIAL)
    )
    assert "D’après README › texte" in words(own.get(step))
    assert "From README › text" in words(own.get(f"/en{step}"))
    says = "« Continuer » dit que vous avez relu"
    assert [says in words(own.get(each)) for each in (step, by_hand)] == [True, False]
    before = contribution.content["provenance"]
    assert before["summary"]["guessed"] is True
    assert before["summary"]["verified"] is False
    # A guess is in view on its page, and verified by « Continuer ».
    guessed = {"summary": contribution.content["summary"]}
    guessed |= {"licence": "MIT"}
    guessed["example"] = contribution.content["details"]["example"]

    def left(**button: str) -> list[str]:
        own.post(step, {**guessed, **button})
        return descriptions.guesses(make.again(contribution))

    in_view = own.get(step).text.partition('aria-labelledby="plus"')[0]
    assert 'name="example"' in in_view
    assert not re.search(r'aria-describedby="\s*"', own.get(step).text)
    assert left(draft="1") == left(send="1") == ["summary", "licences", "example"]
    sending = words(
        own.get(reverse("catalogue:contribution_step", args=(contribution.public_id, Step.SEND)))
    )
    assert "3 champs devinés restent à vérifier" in sending
    assert left(next="1") == []
    # On the page of what was read, one button for what it shows whole, unless it changed since.
    other = draft_of(README + code, "readme", author)
    read = reverse("catalogue:contribution_reading", args=(other.public_id,))
    page = own.get(read)
    assert page.text.index("run()") < page.text.index("Voir l")
    make.edit(other, author, title="Autre titre")
    seen = json.loads(page.context["seen"]) | {"licences": "0", "title": "0"}
    page = words(own.post(read, {"seen": json.dumps(seen)}, follow=True))
    assert descriptions.guesses(make.again(other)) == ["licences"]
    assert "3 valeurs confirmées." in page
    assert [page.count(each) for each in ("deviné, à vérifier", "deviné, puis confirmé")] == [1, 2]
    page = words(own.post(read, {"seen": own.get(read).context["seen"]}, follow=True))
    assert descriptions.guesses(make.again(other)) == []
    assert page.count("deviné, puis confirmé") == page.count("deviné,") == 3
    # What its new kind does not ask is not there to confirm.
    turned = draft_of(README + code, "readme", author)
    drafts.change_kind(contribution=turned, kind=ResourceKind.NEED, by=author)
    read = reverse("catalogue:contribution_reading", args=(turned.public_id,))
    own.post(read, {"seen": own.get(read).context["seen"]})
    assert descriptions.guesses(make.again(turned)) == []
    origins = make.again(contribution).content["provenance"]
    assert origins["summary"] == {**before["summary"], "verified": True}
    changed = make.edit(contribution, author, title="Prévoir les embauches saisonnières")
    after = changed.content["provenance"]
    assert after["title"] == {"origin": "contributor", "verified": True}
    assert after["description"] == before["description"]
    assert set(descriptions.origins(changed)) == set(before) - {"title"}


def test_a_guess_of_who_may_read_is_in_view_and_the_last_step_says_the_words_of_the_card(
    author: User, own: Client
) -> None:
    card = "---\nextra_gated_prompt: Qui ?\nlicense: mit\n---\n# tri\n\nTrie des offres."
    seen = []
    for base in ("", "https://huggingface.co/atelier/tri"):
        draft = draft_of(card, "hf", author, base)
        step, send = (
            own.get(reverse("catalogue:contribution_step", args=(draft.public_id, each))).text
            for each in (Step.ESSENTIAL, Step.SEND)
        )
        in_view = 'name="access"' in step.partition('aria-labelledby="plus"')[0]
        seen.append((in_view, "Accès libre" in send, "Sur demande" in send))
    assert seen == [(False, True, False), (True, False, True)]


def test_who_a_document_names_is_a_guess_of_who_deposits(author: User, own: Client) -> None:
    holder = make.organisation("Atelier des données")
    make.joined(author, holder, Role.EDITOR)
    named = "authors:\n  - name: Atelier des données\n"
    cited = re.sub(r"authors:\n(  .*\n|    .*\n)+", named, CITATION)
    for text, deposit in ((cited, "owned"), (cited.replace("Atelier", "Bureau"), "")):
        paste(own, text=text)
        draft = Contribution.objects.latest("pk")
        assert draft.content["deposit"] == deposit
        assert ("deposit" in descriptions.guesses(draft)) == bool(deposit)
        page = own.get(step(draft, Step.ESSENTIAL)).text
        asked = page.partition('id="id_deposit"')[2].partition('name="scope"')[0]
        assert ("deviné, à vérifier" in asked) == bool(deposit)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("import m\n\nm.run()", "import m"),
        (
            "Par âge :\n\n| Âge | n |\n|---|---|\n| 20 | 4 |\n| 40 | 5 |",
            "Par âge : – tableau de 2 lignes",
        ),
        ("| Âge |\n|---|\n| 20 |", "tableau d’une ligne"),
        ("|---|---|", ""),
        ('L\'offre < 30 mots & "courte"', 'L\'offre < 30 mots & "courte"'),
    ],
)
def test_a_long_text_is_shortened_to_its_first_line(text: str, short: str) -> None:
    assert teaser(text).replace("\u202f", " ").replace("\xa0", " ") == short


@pytest.mark.parametrize(
    ("chosen", "in_view"),
    [("", ["MIT", "EUPL-1.2", "Apache-2.0"]), ("CC-BY-4.0", ["MIT", "EUPL-1.2", "CC-BY-4.0"])],
)
def test_three_licences_are_in_view_the_chosen_one_among_them(
    own: Client, author: User, chosen: str, in_view: list[str]
) -> None:
    model = make.draft(author, kind=ResourceKind.MODEL, licences=[chosen] if chosen else [])
    shown, _fold, others = own.get(step(model, Step.ESSENTIAL)).text.partition(
        "Toutes les licences"
    )
    values = [
        re.findall(r'name="licence"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="licence"', each)
        for each in (shown, others)
    ]
    assert ["".join(pair) for pair in values[0]] == in_view
    assert "other" in ["".join(pair) for pair in values[1]]


def test_a_rare_language_stays_when_its_page_is_saved(author: User, own: Client) -> None:
    card = "---\nlanguage: [bzd, fr]\nlicense: mit\npretty_name: Corpus\n---\n# Corpus\n"
    contribution = draft_of(card, "hf", author)
    step = reverse("catalogue:contribution_step", args=(contribution.public_id, Step.ESSENTIAL))
    # A page sends its boxes in their order: those of the card come first, in its own.
    boxes = re.findall(r'name="languages"[^>]*value="(\w+)"', own.get(step).text)
    assert (boxes[:2], len(boxes)) == (["bzd", "fr"], len({*boxes}))
    own.post(step, {"languages": boxes[:2], "scope": "national"})
    record = proposals.proposed_record(make.again(contribution))
    assert (record["languages"], record["scope"]) == (["bzd", "fr"], "national")


def test_a_model_is_asked_where_its_files_are_unless_an_address_leads_to_them(
    author: User, own: Client
) -> None:
    index = "model-index: [{results: [{metrics: [{type: f1, value: 0.842}]}]}]"
    head = f"pipeline_tag: text-classification\ntags: [tri, text-classification]\n{index}\n"
    card = f"---\n{head}---\n# Tri\n\n"
    coded = draft_of(f"{card}- **Repository:** https://exemple.fr/tri\n", "hf", author)
    bare = draft_of(card, "hf", author)
    asked = [
        words(own.get(reverse("catalogue:contribution_reading", args=(each.public_id,))))
        for each in (coded, bare)
    ]
    assert ["Fichiers</a> –" in page for page in asked] == [False, True]
    assert ("f1 ; 0,842" in asked[1], "0.842" in asked[1]) == (True, False)
    assert bare.content["tags"] == ["classification de textes", "tri"]
    # Where its page is given, the model needs no files: they are folded.
    page = make.edit(bare, author, homepage_url="https://exemple.fr/tri")
    folded = [
        own.get(step(each, Step.ESSENTIAL)).text.partition('aria-labelledby="plus"')[2]
        for each in (draft_of(card, "hf", author), page)
    ]
    assert ['id="id_file"' in each for each in folded] == [False, True]
    # The repository is one: nobody said that it is the page, or a file.
    read = proposals.proposed_record(coded)
    assert (read["homepage_url"], "files" in read["details"]) == ("", False)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Donnez une adresse, un fichier ou un texte."),
        ({"text": "a", "url": "https://a.example"}, "Donnez une seule chose à la fois"),
        ({"text": "cff-version: [1"}, "Syntaxe YAML incorrecte."),
        ({"text": CITATION.replace("title: ", "titre: ")}, "« titre » : cette clé n’existe pas"),
        ({"url": "ftp://a.example/x"}, "ne commence ni par https:// ni par http://"),
        ({"file": ("a.png", b"\x89PNG\r\n\x1a\n\x00")}, "dans aucun des formats lus"),
        ({"file": ("a.txt", b"a" * 5_000_001)}, "Ce fichier dépasse 5 Mo."),
        ({"file": ("jeu.json", BROKEN)}, "Ligne 4, colonne 1"),
    ],
    ids=["nothing", "two", "yaml", "key", "scheme", "picture", "large", "broken"],
)
def test_what_cannot_be_taken_is_said(own: Client, given: dict[str, Any], said: str) -> None:
    if "file" in given:
        given = {"file": SimpleUploadedFile(*given["file"])}
    answer = paste(own, **given)
    assert answer.status_code == 422
    assert said in words(answer)
    assert not Contribution.objects.exists()


def test_one_record_of_several_is_chosen_without_losing_what_was_given(own: Client) -> None:
    packages = [
        {"id": f"p{at}", "title": f"Jeu {at}", "license_id": "odc-odbl", "resources": []}
        for at in (1, 2)
    ]
    listing = SimpleUploadedFile("liste.json", json.dumps(packages).encode())
    asked = paste(own, file=listing)
    assert asked.status_code == 200
    assert "Ce document contient 2 notices" in words(asked)
    again = paste(own, text=json.dumps(packages), which="1")
    assert "Choisissez une des notices." in words(again)
    answer = paste(own, text=json.dumps(packages), which="1", record="1")
    assert answer.status_code == 302
    record = proposals.proposed_record(Contribution.objects.get())
    assert (record["title"], record["licences"]) == ("Jeu 2", ["ODbL-1.0"])


def test_an_address_is_read_through_the_one_client(own: Client, settings: Any) -> None:
    with site(settings) as there:
        there.replies["/CITATION.cff"] = says(CITATION.encode(), kind="text/plain")
        answer = paste(own, url=f"{there.url}/CITATION.cff")
        assert answer.status_code == 302
        assert [path for _method, path, _headers in there.asked] == ["/CITATION.cff"]
        missing = paste(own, url=f"{there.url}/rien")
    assert "n’a rien donné à cette adresse (état 404)" in words(missing)


def test_one_person_pastes_so_many_times_a_minute(own: Client, settings: Any) -> None:
    settings.PASTES_PER_MINUTE = 1
    assert paste(own, text=CITATION).status_code == 302
    assert paste(own, text=CITATION).status_code == 429
    assert Contribution.objects.count() == 1


def test_active_html_of_a_document_is_shown_as_text(own: Client) -> None:
    text = CITATION.replace("Appariement des offres", '"Avec <img src=x onerror=alert(1)> image"')
    answer = paste(own, text=text)
    page = own.get(answer.headers["Location"]).text
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page
