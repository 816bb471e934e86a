"""The rooms of organisers, teams and the Region in a real browser: accessible, without script."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from challenges.disqualifications import actions as disqualifications
from challenges.entries.enums import EntryStatus
from challenges.evaluation.actions import interventions
from challenges.evaluation.enums import RunState
from challenges.models import Challenge, Entry, Phase
from challenges.organising.actions import leaderboards, organisers, phases
from challenges.organising.enums import OrganiserRole, PhaseKind
from challenges.rescoring.actions import rescorings
from challenges.teams.actions import teams
from challenges.worker import drain
from portal.accounts.enums import RegionRole
from portal.discussions import actions as discussions
from portal.lib import clock
from tests.challenges import world
from tests.challenges.bundles.foreign.cases import NEEDED
from tests.challenges.bundles.foreign.tables import KAGGLE
from tests.challenges.exchange.test_bundle_imports import deposited, read, zipped
from tests.challenges.organising.test_authoring import TRUTH, built, deposit
from tests.challenges.programs.cases import Clock, isolated
from tests.challenges.programs.conftest import hour as hour
from tests.challenges.programs.test_runs import played
from tests.challenges.rescoring.test_rescorings import corrected, region, tried
from tests.factories import code
from tests.factories.accounts import UserFactory
from tests.factories.challenges import (
    ChallengeFactory,
    EnrolmentFactory,
    EntryFactory,
    TeamFactory,
    accepted_person,
    captain_of,
    member_of,
    region_person,
)
from tests.factories.disqualifications import asked
from tests.journeys import axe, browser
from tests.journeys.conftest import CheckPages, Cookies

pytestmark = [pytest.mark.journey, pytest.mark.slow]


ROOMS = (
    "",
    "textes/",
    "pages/",
    "dates/",
    "fichiers/",
    "notation/",
    "phases/",
    "phases/0/",
    "equipe/",
    "annonces/",
    "journal/",
)


def spreadsheets(folder: Path) -> list[str]:
    """Write the three files of a ranking challenge as a French spreadsheet saves them."""
    pairs = [(f"P{person:03}", f"O{offer}") for person in range(40) for offer in range(4)]
    files = {
        "test.csv": ["personne;offre", *(f"{who};{offer}" for who, offer in pairs)],
        "exemple.csv": [
            "personne;offre;rang",
            *(f"{who};{offer};{int(offer[1:]) + 1}" for who, offer in pairs),
        ],
        "solution.csv": [
            "personne;offre;pertinence;région",
            *(
                f"{who};{offer};{('0,00', '0,33', '2,67', '3,00')[(at * 7) % 4]};Corse"
                for at, (who, offer) in enumerate(pairs)
            ),
        ],
    }
    for name, lines in files.items():
        (folder / name).write_text("".join(f"{line}\r\n" for line in lines), encoding="cp1252")
    return [str(folder / name) for name in files]


@pytest.mark.ci  # make test sends the same forms by the client: organising/test_authoring.py
@pytest.mark.parametrize("script", [False, True])
def test_a_ranking_challenge_is_created_in_few_fields_and_opens(
    running: Any, site: str, tmp_path: Path, as_user: Cookies, script: bool
) -> None:
    by, moderator = world.owner(), region_person(RegionRole.MODERATOR)
    closes = (clock.now() + timedelta(days=60)).strftime("%Y-%m-%dT23:59")
    fields, submits = 0, 0
    with browser.tab(running, script=script, cookies=as_user(by)) as page:

        def fill(name: str, value: Any) -> None:
            nonlocal fields
            fields += 1
            if name == "uploads":
                page.set_input_files(f"#id_{name}", value)
            elif name == "licence_status":
                page.select_option(f"#id_{name}", value)
            elif name in ("gain_0", "task"):
                page.check(f"input[name={name}][value={value}]")
            else:
                page.fill(f"#id_{name}", value)

        def go_on() -> None:
            nonlocal submits
            submits += 1
            page.click("button:has-text('Continuer')")
            page.wait_for_load_state()

        page.goto(f"{site}/espace/challenges/")
        page.click("a:has-text('Nouveau challenge')")
        fill("title", "Proposer les bonnes offres")
        fill("task", "ranking")
        go_on()
        fill("summary", "Classer des offres pour chaque personne.")
        fill("body_md", "Une offre utile doit venir en tête.")
        fill("licence_name", "Licence Ouverte 2.0")
        fill("licence_status", "verified")
        go_on()
        fill("uploads", spreadsheets(tmp_path))
        if not script:  # else they are sent as soon as they are chosen
            go_on()
        page.locator("table.cols-guess").wait_for()
        assert page.inner_text("table.cols-guess").count("0,33") == 1
        go_on()
        fill("gain_0", "linear")
        go_on()
        fill("closes_at_0", closes)
        go_on()
        assert (fields, submits) == (9, 5 if script else 6)
        assert drain()
        page.reload()
        page.get_by_text("Contrôle réussi").wait_for()
        page.click("button:has-text('Demander le visa')")
        page.get_by_text("La Région relit le challenge.").wait_for()
    challenge = Challenge.objects.get()
    with browser.tab(running, script=script, cookies=as_user(moderator)) as page:
        page.goto(f"{site}/espace/challenges/{challenge.slug}/")
        page.click("button:has-text('Publier le challenge')")
        page.get_by_text("Challenge publié.").wait_for()
        page.goto(f"{site}/challenges/{challenge.slug}/")
        page.get_by_text("23 h 59").first.wait_for()
    phase = Phase.objects.get(challenge=challenge)
    assert phase.takes_entries(clock.now())
    assert phase.public_units == 12  # of the 40 persons, none of them in both parts
    (figure,) = phase.tasks.get().scorer_version.spec["metrics"]
    assert (figure["metric"], figure["params"]) == ("ndcg", {"k": 10, "gain": "linear"})


@axe.other_pages
def test_rooms_of_the_organisers_have_no_fault(tmp_path: Path, check_pages: CheckPages) -> None:
    challenge = world.opened(tmp_path)
    by, member = world.owner_of(challenge), UserFactory()
    world.entered(challenge)
    organisers.invite(challenge=challenge, email=member.email, role=OrganiserRole.ORGANISER, by=by)
    thread = discussions.open_discussion(
        on=challenge, title="Une question", body_md="# Où ?\n\n- ici", by=member
    )
    post = discussions.answer(discussion=thread, body_md="Là.", by=by)
    rude = discussions.answer(discussion=thread, body_md="Non.", by=member)
    discussions.flag(message=post, reason="Un doute", by=member)
    discussions.hide(message=rude, reason="Sec", by=by)
    discussions.block(on=challenge, user=UserFactory(), reason="Injures", by=by)
    assert drain()
    home, space = f"/challenges/{challenge.slug}/", f"/espace/challenges/{challenge.slug}/"
    check_pages(
        by,
        "/espace/challenges/nouveau/",
        *(space + path for path in ROOMS),
        f"{home}entraide/",
        f"{home}entraide/moderer/",
        f"{home}entraide/{thread.public_id}/",
        f"{home}entraide/messages/{post.public_id}/masquer/",
    )
    Challenge.objects.update(status="draft", published_at=None)
    check_pages(by, *(space + path for path in ("", "notation/", "phases/0/")))
    check_pages(member, "/espace/challenges/")


@axe.other_pages
def test_rooms_of_a_draft_have_no_fault(check_pages: CheckPages) -> None:
    by = world.owner()
    challenge = built(by)
    final = phases.add_phase(challenge=challenge, name="Finale", kind=PhaseKind.FINAL, by=by)
    board = leaderboards.add(phase=final, title="Par la dernière", by=by)
    phases.add_task(phase=final, name="Second avis", truth=deposit("avis.csv", TRUTH), by=by)
    leaderboards.ask_questions(
        challenge=challenge,
        questions=[{"key": "outil", "label": "Outil ?", "type": "text", "on_leaderboard": True}],
        by=by,
    )
    rooms = (
        "fiche/",
        "equite/",
        "notation/?forme=quantiles",
        "phases/",
        "phases/1/",
        "phases/0/notation/",
        "phases/1/notation/",
        "classements/",
        f"classements/{board.pk}/",
    )
    check_pages(by, *(f"/espace/challenges/{challenge.slug}/{path}" for path in rooms))


@axe.rooms
def test_rooms_of_teams_and_of_a_finished_challenge(
    check_pages: CheckPages, tmp_path: Path
) -> None:
    challenge = world.opened(tmp_path)
    by, home = world.owner_of(challenge), f"/challenges/{challenge.slug}/"
    space = f"/espace/challenges/{challenge.slug}/"
    Challenge.objects.update(team_max=3)
    one, other = (
        TeamFactory(challenge=challenge, name=name, slug=name.lower())
        for name in ("Sud", "Alpilles")
    )
    member = member_of(one)
    first = world.entered(challenge, 0.9, team=one)
    world.entered(challenge, 0.6, team=other, seed=1)
    guest = accepted_person(challenge)
    call = teams.invite(team=one, email=guest.email, by=captain_of(one))
    link = f"{home}equipe/invitation/{call.public_id}/{call.token}/"
    check_pages(guest, link, f"{home}equipe/")
    check_pages(UserFactory(), link)
    assert drain()
    check_pages(
        captain_of(one),
        f"{home}equipe/",
        f"{home}equipe/membre/{member.pk}/capitaine/",
        f"{home}equipe/membre/{member.pk}/retirer/",
        f"{home}soumissions/{first.pk}/fiche/",
        "/espace/avis/",
        "/compte/avis/",
    )
    change = tried(challenge, truth=corrected())
    check_pages(by, f"{space}reevaluation/")
    check_pages(UserFactory(region="administrator"), f"{space}reevaluation/")
    rescorings.withdraw(rescoring=change, by=by)
    Phase.objects.update(benchmark_after_close=True)
    world.revealed(challenge)
    late = world.entered(challenge, 0.95, team=other, seed=5)
    assert drain()
    check_pages(captain_of(other), f"{home}soumissions/{late.pk}/")
    check_pages(
        captain_of(one),
        f"{home}banc-essai/",
        f"{home}certificats/{one.public_id}/",
        f"{home}classement/",
        f"{home}bilan/",
    )
    check_pages(by, space)


@axe.rooms
def test_the_report_of_an_import_and_its_questions(check_pages: CheckPages) -> None:
    by = world.owner()
    asks = read(by, zipped(KAGGLE))
    faulty = read(by, zipped({"competition.yaml": "version: 2\ntitle: [1]\n"}))
    imports_page = "/espace/challenges/importer/"
    check_pages(
        by,
        imports_page,
        f"{imports_page}{asks.pk}/",
        f"{imports_page}{faulty.pk}/",
    )


@NEEDED
@axe.rooms
def test_rooms_of_a_challenge_scored_by_a_program(check_pages: CheckPages, hour: Clock) -> None:
    isolated()
    challenge, entry, team = played(hour)
    home = f"/challenges/{challenge.slug}/"
    check_pages(
        captain_of(team),
        f"{home}evaluation/",
        f"{home}classement/",
        f"{home}soumissions/{entry.pk}/",
    )
    space = f"/espace/challenges/{challenge.slug}/"
    check_pages(
        world.owner_of(challenge),
        f"{space}programme/",
        f"{space}reevaluation/",
    )


LOG = "reading inputs.csv\n100 rows read\nTraceback (most recent call last): …\n"


def scene() -> tuple[Challenge, Entry]:
    """Open a challenge of code, where a team entered, unstable, and tried thrice."""
    challenge: Challenge = ChallengeFactory(
        opened=True, owner=UserFactory(), bundle={"code": {}}, title="Estimer un niveau, par code"
    )
    code.plan_of(challenge.phases.get())
    team = TeamFactory(challenge=challenge, name="Les codeurs")
    entry: Entry = EntryFactory(
        enrolment=EnrolmentFactory(team=team, phase=challenge.phases.get()),
        status=EntryStatus.SCORED,
        verdict={"faults": [], "warnings": [], "rows": None},
        submitted_by=captain_of(team),
    )
    code.run(entry, log=LOG)
    return challenge, entry


@axe.rooms
def test_pages_of_code_are_accessible(check_pages: CheckPages) -> None:
    challenge, entry = scene()
    team = entry.enrolment.team
    done = code.trial(team)
    fault = {"code": "E_ID_UNKNOWN", "message": "12 identifiants inconnus.", "line": 2}
    failed = code.trial(
        team,
        state=RunState.FAILED,
        reason_code="X_OUTPUT",
        detail="E_ID_UNKNOWN : 12 identifiants inconnus.",
        verdict={"faults": [fault], "warnings": [], "rows": None},
        log=LOG,
    )
    waiting: dict[str, Any] = {"state": RunState.QUEUED, "finished_at": None, "measures": {}}
    queued = code.trial(team, **waiting, verdict={})
    home, space = f"/challenges/{challenge.slug}/", f"/espace/challenges/{challenge.slug}/"

    check_pages(
        captain_of(team),
        f"{home}essais/",
        f"{home}essais/{done.pk}/",
        f"{home}essais/{failed.pk}/",
        f"{home}essais/{queued.pk}/",
        f"{home}soumissions/",
        f"{home}soumissions/{entry.pk}/",
        f"{home}evaluation/",
    )
    check_pages(
        challenge.organisers.get().user,
        f"{space}code/",
        f"{space}executions/",
        f"{space}file/",
    )
    draft = ChallengeFactory(owner=challenge.organisers.get().user)
    check_pages(challenge.organisers.get().user, f"/espace/challenges/{draft.slug}/code/")


def reported(challenge: Challenge) -> None:
    """Have a message of a discussion reported."""
    author = UserFactory()
    thread = discussions.open_discussion(
        on=challenge, title="Une question", body_md="# Où ?\n\n- ici", by=author
    )
    post = discussions.answer(discussion=thread, body_md="Là.", by=author)
    discussions.flag(message=post, reason="Un doute", by=UserFactory())


def broken(entry: Entry) -> None:
    """Let an entry have stopped by our fault."""
    Entry.objects.filter(pk=entry.pk).update(status="needs_attention", reason_code="X_PLATFORM")


@axe.rooms
def test_pages_of_decisions_are_accessible(check_pages: CheckPages, tmp_path: Path) -> None:
    challenge = world.opened(tmp_path)
    entries = [world.entered(challenge, 0.9 - seed / 10, seed=seed) for seed in range(4)]
    assert drain()
    by, decider = world.owner_of(challenge), region()
    home, space = f"/challenges/{challenge.slug}/", f"/espace/challenges/{challenge.slug}/"
    queue = "/moderation/disqualifications/"
    waiting = asked(entries[0])
    decided = asked(entries[1], days=0)
    decided = disqualifications.pronounce(
        found=decided, reason="Article 4.", by=decider, version=decided.version
    )
    reported(challenge)
    check_pages(
        by,
        f"{space}disqualifications/",
        f"{space}disqualifications/{waiting.public_id}/",
        f"{space}disqualifications/{decided.public_id}/",
        f"{space}file/",
    )
    check_pages(captain_of(waiting.team), f"{home}equipe/disqualification/{waiting.public_id}/")
    check_pages(
        captain_of(decided.team),
        f"{home}equipe/disqualification/{decided.public_id}/",
        f"{home}soumissions/{entries[1].pk}/",
    )
    check_pages(
        decider,
        queue,
        f"{queue}{waiting.public_id}/",
        f"{queue}{decided.public_id}/",
    )
    disqualifications.withdraw(found=waiting, reason="Une erreur.", by=by)
    before = Entry.objects.get(pk=entries[3].pk).status
    broken(entries[3])
    phase = interventions.pause(phase=challenge.phases.get(), reason="Une ligne fausse.", by=by)
    check_pages(by, f"{space}file/")
    check_pages(captain_of(entries[0].enrolment.team), f"{home}soumissions/")
    Entry.objects.filter(pk=entries[3].pk).update(status=before, reason_code="")
    interventions.resume(phase=phase, by=by)
    Phase.objects.update(benchmark_after_close=True)
    world.revealed(challenge)
    check_pages(by, f"{space}reevaluation/")
    change = tried(challenge, truth=corrected(60), reason="Soixante réponses étaient fausses.")
    check_pages(decider, f"{space}reevaluation/")
    rescorings.accept(rescoring=change, digest=change.facts["digest"], by=decider)
    assert drain()
    check_pages(
        None,
        f"{home}classement/",
        f"{home}bilan/",
        f"{home}classement/cadre/",
    )
    check_pages(captain_of(entries[0].enrolment.team), f"{home}soumissions/{entries[0].pk}/")
    made = deposited(by, zipped(KAGGLE))
    check_pages(by, f"/espace/challenges/importer/{made.pk}/")
