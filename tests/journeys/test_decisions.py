"""What organisers ask, teams reply, the Region decides, in a browser: accessible, without script.

The pictures of each page are written under var/journeys/rooms (not committed).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from challenges.disqualifications import actions as disqualifications
from challenges.evaluation.actions import interventions
from challenges.forum import actions as forum
from challenges.models import Challenge, Disqualification, Entry, Phase, Rescoring
from challenges.rescoring import actions as rescorings
from challenges.worker import drain
from portal.accounts.models import User
from tests.challenges import world
from tests.challenges.bundles.foreign.tables import KAGGLE
from tests.challenges.test_bundle_imports import deposited, zipped
from tests.challenges.test_rescorings import corrected, region, tried
from tests.factories.accounts import UserFactory
from tests.factories.challenges import captain_of
from tests.factories.disqualifications import asked
from tests.journeys import browser
from tests.journeys.test_challenges import prove
from tests.journeys.test_rooms import Cookies, Walk, final, walk

__all__ = ["walk"]
pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.full]


def reported(challenge: Challenge) -> None:
    """Have a message of a discussion reported."""
    author = UserFactory()
    thread = forum.open_thread(
        challenge=challenge, title="Une question", body_md="# Où ?\n\n- ici", by=author
    )
    post = forum.answer(thread=thread, body_md="Là.", by=author)
    forum.report(post=post, reason="Un doute", by=UserFactory())


def broken(entry: Entry) -> None:
    """Let an entry have stopped by our fault."""
    Entry.objects.filter(pk=entry.pk).update(status="needs_attention", reason_code="X_PLATFORM")


def test_pages_of_decisions_are_accessible(walk: Walk, tmp_path: Path) -> None:
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
    walk.read(
        by,
        asked=f"{space}disqualifications/",
        asked_one=f"{space}disqualifications/{waiting.public_id}/",
        asked_decided=f"{space}disqualifications/{decided.public_id}/",
        running=f"{space}file/",
    )
    walk.read(captain_of(waiting.team), reply=f"{home}equipe/disqualification/{waiting.public_id}/")
    walk.read(
        captain_of(decided.team),
        replied=f"{home}equipe/disqualification/{decided.public_id}/",
        team_disqualified=f"{home}soumissions/{entries[1].pk}/",
    )
    walk.read(
        decider,
        disqualifications=queue,
        to_decide=f"{queue}{waiting.public_id}/",
        decided=f"{queue}{decided.public_id}/",
    )
    walk.read(UserFactory(region="moderator"), help_queue="/moderation/entraide/")
    disqualifications.withdraw(found=waiting, reason="Une erreur.", by=by)
    before = Entry.objects.get(pk=entries[3].pk).status
    broken(entries[3])
    phase = interventions.pause(phase=challenge.phases.get(), reason="Une ligne fausse.", by=by)
    walk.read(by, paused=f"{space}file/")
    walk.read(captain_of(entries[0].enrolment.team), paused_entries=f"{home}soumissions/")
    Entry.objects.filter(pk=entries[3].pk).update(status=before, reason_code="")
    interventions.resume(phase=phase, by=by)
    final(challenge)
    walk.read(by, erratum_form=f"{space}reevaluation/")
    change = tried(challenge, truth=corrected(60), reason="Soixante réponses étaient fausses.")
    walk.read(decider, erratum=f"{space}reevaluation/")
    rescorings.accept(rescoring=change, digest=change.facts["digest"], by=decider)
    assert drain()
    walk.read(
        None,
        corrected=f"{home}classement/",
        corrected_report=f"{home}bilan/",
        corrected_frame=f"{home}classement/cadre/",
    )
    walk.read(captain_of(entries[0].enrolment.team), rescored=f"{home}soumissions/{entries[0].pk}/")
    made = deposited(by, zipped(KAGGLE))
    walk.read(by, import_waiting=f"/espace/challenges/importer/{made.pk}/")
    assert walk.found == {}


class Plain:
    """Act on pages without script."""

    def __init__(self, running: Any, site: str, cookies: Cookies) -> None:
        self.running, self.site, self.cookies = running, site, cookies

    def act(self, by: User, address: str, fill: Callable[[Any], None], button: str) -> str:
        """Open a page, fill its form, press the button; return what the next page says."""
        with browser.tab(self.running, script=False, cookies=self.cookies(by)) as page:
            page.goto(self.site + address)
            fill(page)
            page.locator("main").get_by_role("button", name=button, exact=False).first.click()
            if page.locator("main [name=password]").count():
                prove(page)
            assert not page.title().startswith("Erreur"), page.inner_text("main")
            return str(page.inner_text("main"))


def test_decisions_are_taken_without_script(
    running: Any, site: str, as_user: Cookies, tmp_path: Path
) -> None:
    challenge = world.opened(tmp_path)
    entries = [world.entered(challenge, 0.9 - seed / 10, seed=seed) for seed in range(2)]
    assert drain()
    by, decider = world.owner_of(challenge), region()
    home, space = f"/challenges/{challenge.slug}/", f"/espace/challenges/{challenge.slug}/"
    plain, phase = Plain(running, site, as_user), challenge.phases.get()
    accused = entries[0].enrolment.team

    def ask(page: Any) -> None:
        page.select_option("#id_team", str(accused.pk))
        page.check("input[name=scope][value=entry]", force=True)
        page.select_option("#id_phase", str(phase.pk))
        page.fill("#id_number", str(entries[0].number))
        page.fill("#id_reason", "Données externes.")
        page.check("#id_sure", force=True)

    assert "Données externes." in plain.act(
        by, f"{space}disqualifications/", ask, "Envoyer la demande"
    )
    found = Disqualification.objects.get()
    reply = f"{home}equipe/disqualification/{found.public_id}/"
    assert "Elles sont libres." in plain.act(
        captain_of(accused),
        reply,
        lambda page: page.fill("#id_reply", "Elles sont libres."),
        "Envoyer la réponse",
    )

    def dismiss(page: Any) -> None:
        page.check("input[name=decision][value=dismiss]", force=True)
        page.fill("#id_reason", "Les données sont libres.")
        page.check("#id_sure", force=True)

    item = f"/moderation/disqualifications/{found.public_id}/"
    plain.act(decider, item, dismiss, "Enregistrer la décision")
    found.refresh_from_db()
    assert found.decided_at is not None
    assert not Entry.objects.get(pk=entries[0].pk).is_disqualified

    reported(challenge)
    moderator = UserFactory(region="moderator")
    said = plain.act(moderator, "/moderation/entraide/", lambda page: None, "Laisser")
    assert "Aucun signalement" in said

    queue = f"{space}file/"
    said = plain.act(
        by, queue, lambda page: page.fill("textarea", "Une ligne fausse."), "Mettre la notation"
    )
    assert "La notation est en pause" in said
    said = plain.act(by, queue, lambda page: None, "Reprendre la notation")
    assert "La notation reprend." in said

    truth = tmp_path / "corrige.csv"
    truth.write_bytes(corrected())
    scorings = f"{space}reevaluation/"

    def propose(page: Any) -> None:
        page.fill("[name=reason]", "Quarante réponses étaient fausses.")
        page.set_input_files("[name=truth]", str(truth))

    plain.act(by, scorings, propose, "Proposer ce changement")
    assert drain()
    plain.act(by, scorings, lambda page: None, "Noter toutes les soumissions à part")
    assert drain()

    def accept(page: Any) -> None:
        page.check("input[name=decision][value=accept]", force=True)
        page.check("[name=sure]", force=True)

    plain.act(decider, scorings, accept, "Enregistrer la décision")
    assert drain()
    assert Rescoring.objects.get().state == "in_force"
    assert Phase.objects.get().paused_at is None
