"""The cockpit: what a challenge needs before the visa, the way between pages, the journal."""

import csv
import io
import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

from challenges import urls
from challenges.enums import ChallengeStatus, OrganiserRole
from challenges.models import (
    Challenge,
    ChallengeDraft,
    ChallengeOrganiser,
    PhaseTask,
    Rescoring,
    Reveal,
)
from challenges.organising import queries as organising
from challenges.organising.actions import challenges, texts
from challenges.organising.queries import JOURNAL_APART, JOURNAL_FAMILIES
from challenges.organising.views.layout import SECTIONS
from challenges.pages.views.journal import ACTS
from challenges.teams import actions as teams
from challenges.worker import drain
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Invalid
from tests.challenges import world
from tests.challenges.pages.scenes import Costs, url_of, with_contract
from tests.factories.accounts import UserFactory
from tests.factories.challenges import (
    ChallengeFactory,
    EnrolmentFactory,
    EntryFactory,
    PhaseFactory,
    TeamFactory,
    region_person,
)
from tests.routes.declared import routes

pytestmark = pytest.mark.django_db


def states(challenge: Challenge) -> dict[str, str]:
    """Return the state of each point of the first phase and of the challenge."""
    return {
        each.key: each.state
        for each in organising.checklist(challenge)
        if each.phase is None or each.phase.index == 0
    }


def test_an_imported_challenge_is_ready_and_says_what_could_be_better(tmp_path: Path) -> None:
    challenge = world.imported(tmp_path)
    assert drain()
    assert states(challenge) == {
        "page": "ready",
        "terms": "ready",
        "licence": "ready",
        "phase": "ready",
        "opens": "ready",
        "closes": "advice",
        "scoring": "ready",
        "primary": "ready",
        "quota": "ready",
        "compiled": "ready",
        "fairness": "ready",
        "baseline": "ready",
        "attempts": "advice",
        "interval": "ready",
    }
    assert organising.private_units(challenge.phases.get()) == 84
    said = next(each for each in organising.checklist(challenge) if each.key == "interval")
    assert said.sentence.startswith("Avec 84 unités privées, deux équipes à moins de 0,048 ")
    assert organising.missing(challenge) == []


def test_what_is_missing_is_named_and_the_visa_is_not_asked(tmp_path: Path) -> None:
    by = world.owner()
    challenge = world.imported(tmp_path, by)
    challenge.has_prizes = True
    challenge.save()
    PhaseFactory(challenge=challenge, index=1, name="Finale")
    ChallengeDraft.objects.create(challenge=challenge, number=1, state="refused")
    with pytest.raises(Invalid) as refused:
        challenges.submit(challenge=challenge, by=by)
    assert list(refused.value.faults) == [
        "la dotation n’est pas décrite",
        "la règle d’attribution de la dotation manque",
        "le dernier contrôle du brouillon n’a pas abouti",
        "« Finale » n’a pas de date d’ouverture",
        "la phase « Finale » n’a pas de notation",
    ]


@pytest.fixture
def run_by(client: Client) -> User:
    """Sign an owner in."""
    made: User = UserFactory(display_name="Dominique")
    client.force_login(made)
    return made


def test_the_journal_tells_the_acts_of_the_organisers_and_none_of_the_teams(
    client: Client, run_by: User
) -> None:
    challenge = ChallengeFactory(opened=True, owner=run_by)
    other = ChallengeFactory(opened=True, owner=run_by)
    texts.write_terms(challenge=challenge, text="Nouveau.", by=run_by)
    texts.write_terms(challenge=other, text="Ailleurs.", by=run_by)
    challenges.set_dates(
        phase=challenge.phases.get(),
        opens_at=challenge.phases.get().opens_at,
        closes_at=None,
        by=run_by,
    )
    member = UserFactory(display_name="Camille")
    teams.accept_terms(challenge=challenge, by=member)
    teams.create(challenge=challenge, name="Secrète", by=member)
    text = client.get(url_of(challenge, "journal")).text
    assert "Règlement enregistré" in text
    assert "Dominique" in text
    for hidden in ("Camille", "Secrète", "challenge.joined", "team.created", member.person_key):
        assert hidden not in text
    rows = list(csv.DictReader(io.StringIO(client.get(url_of(challenge, "journal_csv")).text)))
    assert [(row["acte"], row["auteur"]) for row in rows] == [
        ("challenge.terms_written", "Dominique")
    ]
    found = client.get(url_of(challenge, "journal_json")).json()
    assert [event["action"] for event in found["events"]] == ["challenge.terms_written"]
    assert found["events"][0]["actor"] == run_by.person_key


def test_the_journal_tells_one_act_of_each_family(run_by: User) -> None:
    challenge = ChallengeFactory(opened=True, owner=run_by)
    phase = challenge.phases.get()
    version = with_contract(challenge)
    former = phase.tasks.get()
    task = PhaseTask.objects.create(
        phase=phase, name="essai", scorer_version=version, holdout=former.holdout, current=False
    )
    now = clock.now()
    rescoring = Rescoring.objects.create(
        phase=phase, task=task, former=former, reason="x", proposed_by=run_by, proposed_at=now
    )
    reveal = Reveal.objects.create(phase=phase, proposed_by=run_by, proposed_at=now)
    baseline = EntryFactory(
        enrolment=EnrolmentFactory(team=TeamFactory(challenge=challenge, is_baseline=True)),
        is_baseline=True,
    )
    of_a_team = EntryFactory(enrolment=EnrolmentFactory(team=TeamFactory(challenge=challenge)))
    of_family = {
        "phase": phase,
        "holdout": former.holdout,
        "reveal": reveal,
        "rescoring": rescoring,
        "baseline": baseline,
    }
    for family in organising.JOURNAL_FAMILIES:
        record(f"{family}.tested", by=run_by, on=of_family.get(family, challenge))
    record("entry.tested", by=run_by, on=baseline)
    record("entry.tested", by=run_by, on=of_a_team)
    told = [each.action for each in reversed(organising.journal_acts(challenge))]
    assert told == [f"{family}.tested" for family in organising.JOURNAL_FAMILIES]


def test_the_journal_costs_the_same_for_one_and_three(
    client: Client, run_by: User, count: int, costs: Costs
) -> None:
    challenge = ChallengeFactory(opened=True, owner=run_by)
    for number in range(count):
        texts.write_terms(challenge=challenge, text=f"Règle {number}.", by=run_by)
    with costs(21):
        assert client.get(url_of(challenge, "journal")).status_code == 200


# Pages of one thing, each listed by another page; files, listed by the page of exports.
LISTED = {
    "write_page",
    "write_phase",
    "write_phase_scoring",
    "write_board",
    "disqualification_proposal",
    "statistics_csv",
    "journal_csv",
    "journal_json",
}
LINK = re.compile(r'<a href="(/espace/challenges/[^"?#]+)"')


@pytest.fixture
def challenge() -> Challenge:
    """Return an open challenge with a scoring."""
    made: Challenge = ChallengeFactory(opened=True, owner=UserFactory())
    with_contract(made)
    return made


def led_to(client: Client, address: str) -> set[str]:
    """Follow the entries of a page, and gather every page that they lead to."""
    entries = halls(client.get(address).text)
    found = set(entries)
    for each in entries:
        page = client.get(each)
        assert page.status_code == 200
        navs = re.findall(r'<nav class="(?:tabs|segment row)".*?</nav>', page.text, re.S)
        assert len(re.findall(rf'<a href="{each}"\s+aria-current="page"', "".join(navs))) == 1
        found |= set(LINK.findall("".join(navs)))
    return found


def halls(text: str) -> list[str]:
    """Return the addresses of the entries of a page."""
    nav = re.search(r'<nav class="tabs".*?</nav>', text, re.S)
    assert nav
    return LINK.findall(nav[0])


def role_of(challenge: Challenge, name: str) -> User:
    """Return the organiser, a member of the jury, or a person of the Region."""
    if name == "region":
        return region_person(RegionRole.MODERATOR)
    if name == "administrator":
        return region_person(RegionRole.ADMINISTRATOR)
    if name == "jury":
        role = OrganiserRole.JURY
        made = ChallengeOrganiser.objects.create(challenge=challenge, user=UserFactory(), role=role)
        return made.user
    return challenge.organisers.get().user


@pytest.mark.parametrize("name", ["organiser", "jury", "region", "administrator"])
def test_every_page_is_behind_an_entry_and_none_is_refused(
    client: Client, challenge: Challenge, name: str
) -> None:
    client.force_login(role_of(challenge, name))
    home = url_of(challenge, "organiser")
    found = led_to(client, home)
    assert home in found
    assert {client.get(each).status_code for each in found} == {200}
    assert len(halls(client.get(home).text)) <= 4
    if name == "organiser":
        # Of code, of a program, of guests: none here.
        kept = {"code_runs", "program_reports", "guests"}
        named = {route for _label, pages in SECTIONS for route, _words in pages} - kept
        assert found == {url_of(challenge, each) for each in named}


def test_no_page_of_the_organisers_is_left_out() -> None:
    named = {route for _label, pages in SECTIONS for route, _words in pages}
    under = "espace/challenges/<slug:slug>/"
    declared = [each for each in routes() if each.pattern.startswith(under)]
    read = {each.pattern for each in declared if "GET" in each.methods}
    reached = {
        under + str(each.pattern) for each in urls.organiser_patterns if each.name in named | LISTED
    }
    assert read == reached


@pytest.mark.parametrize(
    ("status", "words", "route"),
    [
        (ChallengeStatus.PUBLISHED, "réévaluation", "rescorings"),
        (ChallengeStatus.IN_REVIEW, "Retirer la demande de visa", "organiser"),
    ],
)
def test_what_is_locked_leads_to_how_it_changes(
    client: Client, challenge: Challenge, status: ChallengeStatus, words: str, route: str
) -> None:
    if status == ChallengeStatus.IN_REVIEW:
        Challenge.objects.update(status=status, published_at=None)
    client.force_login(challenge.organisers.get().user)
    leads = url_of(challenge, route)
    for page in ("write_scoring", "write_files"):
        text = client.get(url_of(challenge, page)).text
        assert re.search(rf'<a\s+href="{leads}">[^<]*{words}', text)


ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(rf'(?<!alias=)"((?:{"|".join(JOURNAL_FAMILIES)})\.[a-z_]+)"')
# The name of a file, and that of a point where tests cut the worker.
NO_ACTS = {"challenge.yaml", "reveal.computed"}


def acts_of_the_code() -> set[str]:
    found = {"registration.accepted", "registration.refused"}
    for app in ("challenges", "datasets"):
        for path in (ROOT / app).rglob("*.py"):
            if path.name != "journal.py":
                found |= set(NAMED.findall(path.read_text(encoding="utf-8")))
    return found


def test_every_act_has_its_sentence() -> None:
    known = set(ACTS)
    assert acts_of_the_code() - JOURNAL_APART - NO_ACTS - known == set()
    assert known - acts_of_the_code() == set()
    with translation.override("en"):
        assert {action for action, said in ACTS.items() if "." in str(said)} == set()
