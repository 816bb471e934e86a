"""An organiser in a real browser: a challenge by form without script, and every page accessible."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from challenges.enums import OrganiserRole, PhaseKind
from challenges.forum import actions as forum
from challenges.models import Challenge
from challenges.organising.actions import leaderboards, organisers, phases
from challenges.worker import drain
from portal.accounts.models import User
from tests.challenges import world
from tests.challenges.test_authoring import SAMPLE, TEST, TRUTH, built, deposit
from tests.factories.accounts import UserFactory
from tests.journeys import axe, browser

pytestmark = [pytest.mark.journey, pytest.mark.slow]
Cookies = Callable[[User], list[dict[str, Any]]]
ROOMS = (
    "",
    "textes/",
    "pages/",
    "reglement/",
    "participation/",
    "fichiers/",
    "notation/",
    "phases/",
    "phases/0/",
    "equipe/",
    "annonces/",
    "statistiques/",
    "entraide/",
    "journal/",
)


def test_a_challenge_is_created_by_form_without_script(
    running: Any, site: str, tmp_path: Path, as_user: Cookies
) -> None:
    by = world.owner()
    files = {"test": TEST, "sample_submission": SAMPLE, "truth": TRUTH}
    for role, content in files.items():
        (tmp_path / f"{role}.csv").write_text(content, encoding="utf-8")
    with browser.tab(running, script=False, cookies=as_user(by)) as page:
        page.goto(f"{site}/espace/challenges/")
        page.click("a:has-text('Nouveau challenge')")
        page.fill("#id_title", "Estimer un niveau")
        page.fill("#id_summary", "Un exemple.")
        page.select_option("#id_task", "ordinal")
        page.click("button:has-text('Créer le brouillon')")
        space = page.url.removesuffix("textes/")
        for role in files:
            page.goto(f"{space}fichiers/")
            page.select_option("#id_role", role)
            page.set_input_files("#id_file", str(tmp_path / f"{role}.csv"))
            page.click("main button:has-text('Déposer')")
        page.goto(f"{space}notation/")
        page.select_option("#id_type", "integer")
        page.fill("#id_minimum", "1")
        page.fill("#id_maximum", "3")
        page.click("summary:has-text('Mesure 1')")
        page.select_option("#id_metric_0", "accuracy")
        page.click("button:has-text('Enregistrer et contrôler')")
        assert page.get_by_text("Le contrôle est en cours :").is_visible()
        assert drain()
        page.click("a:has-text('Actualiser')")
        assert page.get_by_text("la phase, la notation et le classement sont prêts").is_visible()
        page.goto(f"{space}reglement/")
        page.fill("#id_text", "Une équipe par personne.")
        page.click("button:has-text('Enregistrer')")
        page.goto(space)
        page.click("button:has-text('Demander le visa')")
        assert Challenge.objects.get().status == "in_review"


@axe.in_each_look
def test_rooms_of_the_organisers_are_accessible(
    running: Any,
    site: str,
    tmp_path: Path,
    as_user: Cookies,
    looks: tuple[axe.Look, ...],
) -> None:
    challenge = world.opened(tmp_path)
    by, member = world.owner_of(challenge), UserFactory()
    world.entered(challenge)
    organisers.invite(challenge=challenge, email=member.email, role=OrganiserRole.ORGANISER, by=by)
    thread = forum.open_thread(
        challenge=challenge, title="Une question", body_md="# Où ?\n\n- ici", by=member
    )
    post = forum.answer(thread=thread, body_md="Là.", by=by)
    rude = forum.answer(thread=thread, body_md="Non.", by=member)
    forum.report(post=post, reason="Un doute", by=member)
    forum.hide(post=rude, reason="Sec", by=by)
    forum.block(challenge=challenge, user=UserFactory(), reason="Injures", by=by)
    assert drain()
    home, space = f"{site}/challenges/{challenge.slug}/", f"{site}/espace/challenges/"
    found: dict[str, list[str]] = {}

    def audit(page: Any, *addresses: str) -> None:
        for address in addresses:
            if faults := axe.audit(page, address, *looks):
                found[address.removeprefix(site)] = faults

    with browser.tab(running, cookies=as_user(by)) as page:
        audit(page, f"{space}nouveau/", *(f"{space}{challenge.slug}/{path}" for path in ROOMS))
        audit(
            page,
            f"{home}entraide/",
            f"{home}entraide/{thread.public_id}/",
            f"{home}entraide/messages/{post.public_id}/masquer/",
        )
        Challenge.objects.update(status="draft", published_at=None)
        audit(page, *(f"{space}{challenge.slug}/{path}" for path in ("", "notation/", "phases/0/")))
    with browser.tab(running, cookies=as_user(member)) as page:
        audit(page, space)
    assert found == {}


@axe.in_each_look
def test_rooms_of_a_draft_are_accessible(
    running: Any, site: str, as_user: Cookies, looks: tuple[axe.Look, ...]
) -> None:
    by = world.owner()
    challenge = built(by)
    final = phases.add(challenge=challenge, name="Finale", kind=PhaseKind.FINAL, by=by)
    board = leaderboards.add(phase=final, title="Par la dernière", by=by)
    phases.add_task(phase=final, name="Second avis", truth=deposit("avis.csv", TRUTH), by=by)
    leaderboards.ask_questions(
        challenge=challenge,
        questions=[{"key": "outil", "label": "Outil ?", "type": "text", "on_leaderboard": True}],
        by=by,
    )
    space, found = f"{site}/espace/challenges/{challenge.slug}/", dict[str, list[str]]()
    with browser.tab(running, cookies=as_user(by)) as page:
        for path in (
            "fiche/",
            "equite/",
            "notation/?forme=quantiles",
            "phases/",
            "phases/1/",
            "phases/0/notation/",
            "phases/1/notation/",
            "classements/",
            f"classements/{board.pk}/",
        ):
            if faults := axe.audit(page, space + path, *looks):
                found[path] = faults
    assert found == {}
