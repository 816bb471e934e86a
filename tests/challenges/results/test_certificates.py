"""Certificates and cards of final results: who may have one, what it states, when it ends."""

import io
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from catalogue.contributions.actions import drafts, review
from catalogue.models import Contribution, Resource
from challenges.client.receipts import ReceiptState
from challenges.evaluation.enums import Split
from challenges.invariants import INVARIANTS
from challenges.models import (
    Certificate,
    Challenge,
    Entry,
    Leaderboard,
    Standing,
    Team,
    TeamMember,
)
from challenges.organising.enums import BoardRule
from challenges.results import actions as results
from challenges.teams.enums import TeamState
from challenges.verification.queries import judge
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.lib import clock, immutable
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.challenges.pages.scenes import Costs, clocked, listed, plain, reveal, url_of
from tests.challenges.refusals import refuses
from tests.factories.accounts import UserFactory
from tests.factories.challenges import ChallengeFactory, EntryFactory, captain_of
from tests.factories.contributions import CHARTER, again, moderator

pytestmark = pytest.mark.django_db


@pytest.fixture
def challenge() -> Challenge:
    """Return a revealed challenge: two teams share the first rank, a third is behind."""
    made: Challenge = ChallengeFactory(opened=True, slug="tensions", title="Tensions")
    for rank, name in ((1, "Alpha"), (1, "Bêta"), (3, "Gamma")):
        listed(made, name, 0.30 + rank / 100, rank=rank)
    listed(made, "Référence", 0.5, rank=0, baseline=True)
    reveal(made, {"Alpha": 0.3111, "Bêta": 0.3222, "Gamma": 0.4333})
    Standing.objects.filter(split=Split.PRIVATE, team__name="Bêta").update(rank=1)
    return made


def team_of(challenge: Challenge, name: str = "Bêta") -> Team:
    found: Team = challenge.teams.get(name=name)
    return found


def issued(team: Team, by: User | None = None) -> Certificate:
    phase = team.challenge.phases.get()
    return results.issue_certificate(team=team, phase=phase, by=by or captain_of(team))


def payload(certificate: Certificate) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(certificate.text)["payload"]
    return found


def state(certificate: Certificate) -> ReceiptState:
    return judge(certificate.text.encode()).state


def address(name: str, team: Team, *more: int) -> str:
    return reverse(f"challenges:{name}", args=["tensions", team.public_id, *more])


def test_a_certificate_states_the_final_board_and_verifies(challenge: Challenge) -> None:
    team = team_of(challenge)
    made = issued(team)
    told = payload(made)
    expected = {
        "kind": "certificate",
        "challenge": "tensions",
        "team": team.slug,
        "team_name": "Bêta",
        "metric": "mae",
        "value": "0.3222",
        "interval": ["0.2722", "0.3722"],
        "rank": 1,
        "tied_teams": 2,
        "teams": 3,
        "held_apart": True,
        "serial": 1,
        "replaces": None,
    }
    assert {key: told[key] for key in expected} == expected
    assert state(made) is ReceiptState.VALID
    assert judge(made.text.replace("0.3222", "0.3221").encode()).state is ReceiptState.ALTERED
    assert issued(team).pk == made.pk  # twice changes nothing
    assert AuditEvent.objects.filter(action="certificate.issued").count() == 1


def test_a_board_of_all_entries_certifies_teams(challenge: Challenge) -> None:
    """Alpha has three rows: Gamma, behind both other teams, is the third of three."""
    Leaderboard.objects.update(rule=BoardRule.ALL)
    for rank, value in ((1, 0.3112), (3, 0.35)):
        entry = EntryFactory(enrolment=team_of(challenge, "Alpha").enrolments.get(), scored=True)
        listed(challenge, "", value, rank=rank, split=Split.PRIVATE, entry=entry)
    Standing.objects.filter(split=Split.PRIVATE, team__name="Gamma").update(rank=5)
    told = [payload(issued(team_of(challenge, name))) for name in ("Alpha", "Gamma")]
    assert [[each[key] for key in ("value", "rank", "tied_teams", "teams")] for each in told] == [
        ["0.3111", 1, 2, 3],
        ["0.4333", 3, 1, 3],
    ]


def test_the_next_one_names_the_one_it_replaces(challenge: Challenge) -> None:
    """Alpha falls behind: Gamma is second, its score is the same; then another score."""
    team = team_of(challenge, "Gamma")
    first = issued(team)
    Standing.objects.filter(split=Split.PRIVATE, team__name="Alpha").update(rank=4)
    assert state(first) is ReceiptState.REVOKED
    second = issued(team)
    assert [payload(each)["rank"] for each in (first, second)] == [3, 2]
    assert payload(second)["replaces"] == {"serial": 1, "sha256": first.sha256}
    assert (state(first), state(second)) == (ReceiptState.SUPERSEDED, ReceiptState.VALID)
    row = Standing.objects.get(split=Split.PRIVATE, team=team)
    row.cells["mae"]["text"] = "0.2999"
    row.save()
    assert state(second) is ReceiptState.REVOKED
    assert payload(issued(team))["value"] == "0.2999"


@pytest.mark.parametrize("why", ["sealed", "disqualified", "team", "rescored", "reference"])
def test_none_is_due(challenge: Challenge, why: str) -> None:
    team = team_of(challenge, "Référence" if why == "reference" else "Bêta")
    first = None if why == "reference" else issued(team)
    entry = team.enrolments.get().entries.get()
    if why == "sealed":
        challenge.phases.get().reveal.__class__.objects.update(executed_at=None)
    elif why == "disqualified":
        entry.disqualified_at, entry.disqualified_by = clock.now(), UserFactory()
        entry.save()
    elif why == "team":
        Team.objects.filter(pk=team.pk).update(state=TeamState.DISQUALIFIED)
    elif why == "rescored":
        entry.__class__.objects.filter(pk=entry.pk).update(status="queued")
    with refuses(Conflict, "certificate_not_due"):
        issued(team)
    assert Certificate.objects.count() == (first is not None)
    if first is not None:
        assert state(first) is ReceiptState.REVOKED


def test_the_paper_says_the_same_in_both_languages(client: Client, challenge: Challenge) -> None:
    team = team_of(challenge)
    made = issued(team)
    client.force_login(captain_of(team))
    sent = client.get(address("certificate_pdf", team, 0))
    assert (sent["Content-Type"], sent["Cache-Control"]) == (
        "application/pdf",
        "no-store, private",
    )
    assert sent["Content-Disposition"] == (
        f'attachment; filename="tensions-{team.slug}-0-certificat-1.pdf"'
    )
    assert sent.content == client.get(address("certificate_pdf", team, 0)).content
    paper = PdfReader(io.BytesIO(sent.content))
    text = " ".join(paper.pages[0].extract_text().split())
    for told in (
        "l’équipe « Bêta »",
        "1 ex æquo : 1 autre équipe partage ce rang",
        "0,3222 (Erreur absolue moyenne), intervalle à 95 % de 0,2722 à 0,3722",
        "Certificat n° 1, établi le",
        f"Empreinte SHA-256 du certificat : {made.sha256}",
    ):
        assert told in text
    root = paper.trailer["/Root"]
    kinds = [
        each.get_object()["/S"] for each in root["/StructTreeRoot"]["/K"][0].get_object()["/K"]
    ]
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("fr", True)
    assert (kinds.count("/H1"), kinds.count("/Figure"), kinds[:2]) == (1, 1, ["/P", "/P"])
    assert "Membres" not in text
    Team.objects.filter(pk=team.pk).update(show_members=True)
    left = UserFactory(display_name="Léa Partie")
    now = clock.now()
    TeamMember.objects.create(team=team, challenge=challenge, user=left, joined_at=now, left_at=now)
    again = client.get(address("certificate_pdf", team, 0)).content
    shown = PdfReader(io.BytesIO(again)).pages[0].extract_text()
    assert f"Membres {captain_of(team).display_name}" in shown
    assert left.display_name not in shown
    assert captain_of(team).display_name not in made.text
    english = client.get("/en" + address("certificate_pdf", team, 0))
    text = " ".join(PdfReader(io.BytesIO(english.content)).pages[0].extract_text().split())
    assert "tied 1st" in text.lower() or "1 (tied)" in text


def test_the_page_says_when_it_ends_and_keeps_the_former(
    client: Client, challenge: Challenge
) -> None:
    team = team_of(challenge)
    client.force_login(captain_of(team))
    own = client.get(reverse("challenges:team", args=["tensions"])).text
    assert "Certificats de l’équipe" in own
    page = address("certificates", team)
    files = {kind: address(f"certificate_{kind}", team, 0) for kind in ("pdf", "json")}
    assert "Établir le certificat" in client.get(page).text
    assert "Certificat établi et signé." in client.post(page, {"phase": "0"}, follow=True).text
    assert {client.get(file).status_code for file in files.values()} == {200}
    Standing.objects.filter(split=Split.PRIVATE, team=team).update(rank=2)
    assert "Ce certificat ne tient plus" in client.get(page).text
    said = "Ce certificat ne tient plus : le classement définitif a changé"
    for file in files.values():
        for asked in (file, f"{file}?numero=1"):
            sent = client.get(asked)
            assert (sent.status_code, said in plain(sent.text)) == (409, True)
    client.post(page, {"phase": "0"})
    text = client.get(page).text
    assert ("Ce certificat ne tient plus" in text, "?numero=1" in text) == (False, True)
    assert {client.get(file).status_code for file in files.values()} == {200}
    # The register keeps the signed text of the former one; its paper would deceive.
    assert client.get(f"{files['pdf']}?numero=1").status_code == 409
    assert client.get(f"{files['json']}?numero=1").json()["payload"]["serial"] == 1
    for wrong, status in (("?numero=9", 404), ("?numero=x%00", 200)):
        assert client.get(files["json"] + wrong).status_code == status
    for phase, status in (("", 422), ("7", 404), ("x", 422), ("²", 422)):
        assert client.post(page, {"phase": phase}).status_code == status


def test_the_page_costs_the_same(
    client: Client, challenge: Challenge, count: int, costs: Costs
) -> None:
    team = team_of(challenge)
    for rank in range(count):
        Standing.objects.filter(split=Split.PRIVATE, team=team).update(rank=rank + 1)
        issued(team)
    client.force_login(captain_of(team))
    with costs(clocked(19)):
        client.get(address("certificates", team))


def test_its_printed_digest_leads_to_what_it_is_worth(client: Client, challenge: Challenge) -> None:
    made = issued(team_of(challenge))
    page = reverse("challenges:receipts")
    text = client.get(f"{page}?empreinte={made.sha256}").text
    assert ("Récépissé authentique" in text, "Ce que dit ce certificat" in text) == (True, True)
    assert "0,3222" in text
    pasted = client.post(page, {"text": made.text}).text
    assert "Ce que dit ce certificat" in pasted
    for unknown in ("0" * 64, "x", "é%00"):
        text = client.get(f"{page}?empreinte={unknown}").text
        assert ("absent du registre" in text, "Ce que dit" in text) == (True, False)
    Team.objects.filter(name="Bêta").update(state=TeamState.DISQUALIFIED)
    assert "dont le résultat ne tient plus" in client.post(page, {"text": made.text}).text


def breaches() -> list[str]:
    return list(INVARIANTS["I13"][1]())


def test_verify_finds_bytes_signed_for_another_row(challenge: Challenge) -> None:
    made = issued(team_of(challenge))
    assert breaches() == []
    text = made.text
    twin = Certificate.objects.get(pk=made.pk)
    twin.pk, twin.team, twin.sha256 = None, team_of(challenge, "Alpha"), "0" * 64
    twin._state.adding = True
    with immutable.writes(Certificate):
        twin.save()
    assert twin.text == text
    assert f"certificate:{twin.pk}" in breaches()


MISSING = {
    "tags": ["emploi", "tension", "bassin"],
    "licences": ["MIT"],
    "licence_status": "declared",
    "repository_url": "https://code.exemple.test/depot",
    "scope": "regional",
}


@pytest.fixture
def told_challenge() -> Challenge:
    """Return a revealed challenge whose first team told its method."""
    made: Challenge = ChallengeFactory(opened=True, slug="tensions", title="Tensions")
    made.fact_sheet = [{"key": "modele", "label": "Quel modèle ?"}]
    made.use_cases = ["UC2"]
    made.save()
    for rank, name in ((1, "Alpha"), (2, "Bêta")):
        row = listed(made, name, 0.3 + rank / 100, rank=rank)
        row.entry.fact_sheet = {"modele": "Une forêt de cent arbres."}
        row.entry.save()
    reveal(made, {"Alpha": 0.3111, "Bêta": 0.4222})
    return made


def card_of(team: Team) -> str:
    return reverse("challenges:card", args=["tensions", team.public_id])


def proposed(team: Team) -> Resource:
    phase = team.challenge.phases.get()
    return results.propose_card(team=team, phase=phase, kind="solution", by=captain_of(team))


def published(team: Team) -> Resource:
    """Complete, send and publish the card of a team, as the Region does."""
    resource = proposed(team)
    draft = Contribution.objects.get(resource=resource)
    captain = captain_of(team)
    drafts.save_draft(contribution=draft, values=MISSING, by=captain)
    drafts.submit(contribution=again(draft), charter=CHARTER, by=captain)
    review.publish(contribution=again(draft), by=moderator())
    return Resource.objects.get(pk=resource.pk)


def test_the_captain_opens_a_prefilled_draft_once(
    client: Client, told_challenge: Challenge
) -> None:
    team: Team = told_challenge.teams.get(name="Alpha")
    captain = captain_of(team)
    client.force_login(captain)
    assert "0,3111" in client.get(card_of(team)).text
    assert client.post(card_of(team), {"kind": "dataset"}).status_code == 422
    sent = client.post(card_of(team), {"kind": "solution"})
    draft = Contribution.objects.get()
    assert sent["Location"] == reverse("catalogue:contribution", args=[draft.public_id])
    card = draft.proposed
    assert (draft.author, card.kind, card.title) == (captain, "solution", "Tensions : Alpha")
    assert card.description == "### Quel modèle ?\n\nUne forêt de cent arbres."
    assert (card.use_cases, card.authors) == (["sme_needs"], ["Alpha"])
    assert card.details["origin_challenge"] == "Tensions"
    assert client.post(card_of(team), {"kind": "model"})["Location"] == sent["Location"]
    assert Entry.objects.get(card__isnull=False).enrolment.team == team
    assert Contribution.objects.count() == 1
    assert AuditEvent.objects.filter(action="card.proposed").count() == 1
    assert "Ouvrir la fiche" in client.get(card_of(team)).text


def test_who_may_not_and_what_is_not_due(client: Client, told_challenge: Challenge) -> None:
    team, second = (told_challenge.teams.get(name=name) for name in ("Alpha", "Bêta"))
    phase, organiser = told_challenge.phases.get(), told_challenge.organisers.get().user
    with refuses(Conflict, "card_not_due"):
        proposed(second)
    with pytest.raises(Invalid):
        results.propose_card(team=team, phase=phase, kind="news", by=captain_of(team))
    for person in (organiser, captain_of(second), UserFactory(region="administrator")):
        client.force_login(person)
        assert client.get(card_of(team)).status_code == 404
        with pytest.raises(NotAllowed):
            results.propose_card(team=team, phase=phase, kind="solution", by=person)
    for query in ("?phase=9", "?phase=x"):
        client.force_login(captain_of(team))
        assert client.get(card_of(team) + query).status_code == 404
    client.force_login(organiser)
    cockpit = url_of(told_challenge, "organiser")
    assert card_of(team) not in client.get(cockpit).text
    Team.objects.filter(pk=team.pk).update(allow_card=True)
    assert card_of(team) in client.get(cockpit).text
    assert client.post(card_of(team), {"kind": "solution"}).status_code == 302
    assert Contribution.objects.get().author == organiser


def test_the_published_card_shows_the_score_and_follows_it(
    client: Client, told_challenge: Challenge
) -> None:
    team = told_challenge.teams.get(name="Alpha")
    resource = published(team)
    page = resource.get_absolute_url()
    text = client.get(page).text
    for said in ("Score vérifié", "0,3111", "de 0,2611 à 0,3611", "Évalué sur un challenge"):
        assert said in text
    assert f"{reverse('challenges:report', args=['tensions'])}?phase=0" in text
    row = Standing.objects.get(split=Split.PRIVATE, team=team)  # rescored: another value
    row.cells["mae"]["text"] = "0.2999"
    row.save()
    text = client.get(page).text
    assert ("0,2999" in text, "0,3111" in text) == (True, False)
    Challenge.objects.update(status="draft", published_at=None)
    assert "Score vérifié" not in client.get(page).text
    Challenge.objects.update(status="revealed", published_at=clock.now())
    assert "Score vérifié" in client.get(page).text
    Team.objects.filter(pk=team.pk).update(state=TeamState.DISQUALIFIED)
    text = client.get(page).text
    assert ("Score retiré" in text, "0,2999" in text, "Évalué sur un challenge" in text) == (
        True,
        False,
        False,
    )
