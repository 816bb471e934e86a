"""The review queue: who enters, what is shown, decisions, refusals and query counts."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.actions import contributions
from catalogue.enums import ContributionStatus, ResourceKind
from catalogue.models import Contribution, Decision
from catalogue.queries import reviews
from catalogue.views import moderation
from portal.accounts import space
from portal.lib import clock
from tests.catalogue.ledger import cost, events
from tests.factories import contributions as make
from tests.factories.accounts import signed_in

pytestmark = pytest.mark.django_db
QUEUE = "catalogue:moderation"
SATURDAY = datetime(2026, 11, 28, 11, 0, tzinfo=UTC)


def item(contribution: Contribution) -> str:
    return reverse("catalogue:moderation_item", args=(contribution.public_id,))


def aged(contribution: Contribution, days: int) -> Contribution:
    at = contribution.first_submitted_at - timedelta(days=days)
    Contribution.objects.filter(pk=contribution.pk).update(first_submitted_at=at, submitted_at=at)
    return make.again(contribution)


@pytest.mark.parametrize(
    "name", [QUEUE, "catalogue:moderation_answers", "catalogue:moderation_decisions"]
)
def test_only_moderators_enter(name: str) -> None:
    assert Client().get(reverse(name)).status_code == 302
    assert signed_in(make.person()).get(reverse(name)).status_code == 403
    assert signed_in(make.moderator()).get(reverse(name)).status_code == 200


def test_a_denial_is_written_down() -> None:
    stranger = make.person()

    signed_in(stranger).get(reverse(QUEUE))

    assert events() == ["access.denied"]


def test_the_oldest_comes_first_with_its_lateness() -> None:
    recent = make.submitted(title="Récente de la file")
    old = aged(make.submitted(title="Ancienne de la file"), 30)

    rows = reviews.waiting(reviews.queue())

    assert [row.contribution for row in rows] == [old, recent]
    assert [row.is_late for row in rows] == [True, False]
    page = signed_in(make.moderator()).get(reverse(QUEUE)).text
    assert page.index("Ancienne de la file") < page.index("Récente de la file")
    assert "hors délai" in page


def test_filters_and_order() -> None:
    make.submitted(title="Un besoin à relire")
    make.submitted(kind=ResourceKind.DATASET, title="Des données à relire")
    client = signed_in(make.moderator())

    page = client.get(reverse(QUEUE), {"kind": "dataset"}).text
    assert "Des données à relire" in page
    assert "Un besoin à relire" not in page
    page = client.get(reverse(QUEUE), {"order": "recent", "kind": "nonsense"}).text
    assert page.index("Des données à relire") < page.index("Un besoin à relire")


def test_answers_have_their_own_tab() -> None:
    author = make.person()
    contribution = make.sent_back(author, title="Revenue avec une réponse")
    contributions.amend(
        contribution=contribution, charter=make.CHARTER, reply="Fait, merci.", by=author
    )
    client = signed_in(make.moderator())

    assert "Revenue avec une réponse" not in client.get(reverse(QUEUE)).text
    answers = client.get(reverse("catalogue:moderation_answers")).text
    assert "Revenue avec une réponse" in answers
    assert "Fait, merci." in client.get(item(contribution)).text


def test_an_item_shows_the_proposal_and_the_checks() -> None:
    contribution = make.submitted(summary="Écrire à jeanne.durand@exemple.fr pour en savoir plus.")

    page = signed_in(make.moderator()).get(item(contribution)).text

    assert "Ce qui est proposé" in page
    assert "Adresse électronique" in page.replace("adresse électronique", "Adresse électronique")
    assert "je…@exemple.fr" in page
    assert "Votre décision" in page


def test_an_item_names_the_licence_and_speaks_to_its_reader() -> None:
    contribution = make.submitted(kind=ResourceKind.DATASET)

    page = signed_in(make.moderator()).get(item(contribution)).text

    assert "<dd>Licence Ouverte 2.0</dd>" in page
    assert "etalab-2.0" not in page
    assert "Votre lien" not in page


@pytest.mark.parametrize("view", ["", "apres"])
def test_a_change_is_compared_field_by_field(view: str) -> None:
    author = make.person()
    resource = make.published(author)
    contribution = contributions.propose(resource=resource, by=author)
    make.edit(contribution, author, title="Repérer les ruptures de stage")
    make.send(contribution, author)

    page = signed_in(make.moderator()).get(item(contribution), {"vue": view}).text

    assert "Ce qui change" in page
    assert ("<ins>stage</ins>" in page) is (view == "")


def test_what_changed_since_the_last_decision() -> None:
    author = make.person()
    contribution = make.sent_back(author)
    make.edit(contribution, author, situation="Depuis 2021.")
    contributions.amend(contribution=make.again(contribution), charter=make.CHARTER, by=author)

    page = signed_in(make.moderator()).get(item(contribution), {"vue": "depuis"}).text

    assert "<ins>Depuis 2021.</ins>" in page
    assert "Précisez la période." in page


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"outcome": "publish"}, ContributionStatus.PUBLISHED),
        (
            {"outcome": "request_changes", "reason": "licence", "message": "Laquelle ?"},
            ContributionStatus.CHANGES_REQUESTED,
        ),
        (
            {"outcome": "refuse", "reason": "off_topic", "message": "Hors sujet."},
            ContributionStatus.REFUSED,
        ),
    ],
)
def test_deciding_leads_to_the_next(typed: dict[str, str], status: ContributionStatus) -> None:
    contribution = make.submitted()
    following = make.submitted()

    client = signed_in(make.moderator())
    answer = client.post(item(contribution), typed | {"version": str(contribution.version)})

    assert answer.headers["Location"] == item(following)
    assert make.again(contribution).status == status
    shown = client.get(item(following)).text
    assert "Décision enregistrée pour" in shown
    assert str(status.label) in shown


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Choisissez une décision."),
        ({"outcome": "refuse"}, "Choisissez un motif."),
        ({"outcome": "request_changes", "reason": "other"}, "Écrivez à l’auteur"),
    ],
)
def test_an_incomplete_decision_is_told(typed: dict[str, str], said: str) -> None:
    contribution = make.submitted()

    answer = signed_in(make.moderator()).post(
        item(contribution), typed | {"version": str(contribution.version)}
    )

    assert answer.status_code == 200
    assert said in answer.text
    assert not Decision.objects.exists()


def test_a_version_that_was_not_read_conflicts() -> None:
    author = make.person()
    contribution = make.submitted(author)
    read = contribution.version
    contributions.withdraw(contribution=contribution, by=author)

    answer = signed_in(make.moderator()).post(
        item(contribution), {"outcome": "publish", "version": str(read)}
    )

    assert answer.status_code == 409
    assert make.again(contribution).status == ContributionStatus.WITHDRAWN


def test_ones_own_contribution_is_403_and_written_down() -> None:
    moderator = make.moderator()
    contribution = make.submitted(moderator)
    client = signed_in(moderator)

    shown = client.get(item(contribution)).text
    assert "Une autre personne doit décider" in shown
    answer = client.post(
        item(contribution), {"outcome": "publish", "version": str(contribution.version)}
    )

    assert answer.status_code == 403
    assert events() == ["contribution.started", "contribution.submitted", "access.denied"]
    assert make.again(contribution).status == ContributionStatus.SUBMITTED


def test_reading_is_reserved_and_shown() -> None:
    contribution, reader = make.submitted(), make.moderator("lectrice")
    address = reverse("catalogue:moderation_claim", args=(contribution.public_id,))
    mine, other = signed_in(reader), signed_in(make.moderator())

    assert mine.post(address, {"claim": "1"}).status_code == 302
    assert "en lecture par lectrice" in other.get(reverse(QUEUE)).text
    assert other.post(address, {"claim": "1"}).status_code == 409
    assert mine.post(address, {"release": "1"}).status_code == 302
    assert make.again(contribution).claimed_by is None


def test_a_draft_is_not_in_the_queue_nor_by_its_address() -> None:
    contribution = make.draft(title="Brouillon caché")
    client = signed_in(make.moderator())

    assert "Brouillon caché" not in client.get(reverse(QUEUE)).text
    assert client.get(item(contribution)).status_code == 404


def test_delays_are_measured_in_working_days() -> None:
    for _ in range(2):
        make.published()
    aged(make.submitted(), 60)

    delays = reviews.delays()

    assert (delays.waiting, delays.late, delays.median_days) == (1, 1, 0)
    assert delays.ninth_decile_days is None


def test_what_came_today_is_not_counted_in_days(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        make.published()
    sent = Contribution.objects.filter(pk=make.submitted().pk)
    sent.update(first_submitted_at=SATURDAY, submitted_at=SATURDAY)
    monkeypatch.setattr(clock, "now", lambda: SATURDAY)
    client = signed_in(make.moderator())
    page = client.get(reverse(QUEUE)).text
    assert ">aujourd’hui<" in page
    assert "le jour même" in page
    assert "0 jour" not in page.replace("\u202f", " ").replace("\u00a0", " ")
    monkeypatch.setattr(clock, "now", lambda: SATURDAY + timedelta(days=1))
    assert "moins d’un jour ouvré" in client.get(reverse(QUEUE)).text


@pytest.mark.parametrize(
    ("name", "queries"),
    [(QUEUE, 10), ("catalogue:moderation_answers", 8), ("catalogue:moderation_decisions", 8)],
)
def test_lists_cost_the_same_for_one_and_three(name: str, queries: int) -> None:
    client = signed_in(make.moderator())
    costs = []
    for count in (1, 2):
        for _ in range(count):
            make.submitted()
            make.published()
        costs.append(cost(client, reverse(name)))

    assert costs == [queries, queries]


def test_an_item_costs_the_same_beside_one_and_three() -> None:
    client = signed_in(make.moderator())
    contribution = make.submitted()
    costs = [cost(client, item(contribution))]
    for _ in range(2):
        make.submitted()
    costs.append(cost(client, item(contribution)))

    assert costs == [13, 13]


def test_a_long_queue_has_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        make.submitted(title=f"Numéro {number} de la file")
    client = signed_in(make.moderator())

    monkeypatch.setattr(moderation, "QUEUE_PER_PAGE", 2)
    first = client.get(reverse(QUEUE)).text
    second = client.get(reverse(QUEUE), {"page": "2"}).text

    assert [number for number in range(3) if f"Numéro {number}" in first] == [0, 1]
    assert [number for number in range(3) if f"Numéro {number}" in second] == [2]


def test_the_space_shows_what_waits() -> None:
    author, moderator = make.person(), make.moderator()
    draft = make.draft(author, title="Un brouillon à finir")
    back = make.sent_back(author, title="Une fiche revenue")
    aged(make.submitted(), 30)

    mine = space.items("todo", author)
    theirs = space.items("todo", moderator)

    assert [str(item.title) for item in mine] == [
        "Répondre à la relecture de « Une fiche revenue »",
        "Terminer « Un brouillon à finir »",
    ]
    assert [str(item.title) for item in theirs] == ["Relire 1 contribution"]
    assert theirs[0].badge == "1 hors délai"
    assert [item.badge for item in space.items("contributions", author)] == [
        back.status_enum.label,
        draft.status_enum.label,
    ]
    page = signed_in(author).get("/espace/").text
    assert "Une fiche revenue" in page


def test_an_import_is_checked_when_it_is_read() -> None:
    contribution = make.submitted()
    contribution.revision.content["provenance"] = {
        "title": {"origin": "import:opening", "verified": False},
        "summary": {"origin": "import:opening", "verified": True},
    }
    contribution.revision.save(update_fields=["content"])
    Contribution.objects.filter(pk=contribution.pk).update(checks=[], author=None)

    page = signed_in(make.moderator()).get(item(contribution)).text

    assert "Personne n’a encore vérifié" in page
    assert ": Titre." in page.replace("\u202f", " ").replace("\xa0", " ").replace("  ", " ")
    assert "Champs de la fiche" in page
