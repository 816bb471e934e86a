"""A catalogue proposed, approved, previewed, run twice, emptied, restored; its pages audited."""

import json
from typing import Any

import pytest
from django.urls import reverse

from catalogue.enums import RunState
from catalogue.models import HarvestRun, Resource
from catalogue.tasks.harvests import harvest
from portal.accounts.enums import Role
from portal.accounts.models import User
from tests.factories import contributions as make
from tests.factories.harvests import HarvestRunFactory, LinkCheckFactory, SourceFactory, datagouv
from tests.journeys import axe, browser
from tests.journeys.test_contributions import session
from tests.sites import says
from tests.sites import site as foreign

pytestmark = [pytest.mark.journey, pytest.mark.slow]
LINES = [
    {"id": f"n{n}", "title": f"Notice {n}", "state": state, "message": "Parce que.", "code": "x"}
    for n, state in enumerate(["created", "updated", "refused", "failed", "missing", "archived"])
]


def work() -> HarvestRun:
    """Do the waiting passage, as a worker does."""
    run = HarvestRun.objects.get(state=RunState.WAITING)
    harvest(run_id=run.pk)
    run.refresh_from_db()
    return run


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_catalogue_is_harvested(running: Any, site: str, settings: Any, script: bool) -> None:
    holder = make.organisation("Observatoire du Sud")
    editor, moderator = make.joined(make.person(), holder, Role.EDITOR), make.moderator()

    def shown(there: Any, *numbers: int) -> None:
        rows = [datagouv(n) for n in numbers]
        body = json.dumps({"data": rows, "total": len(rows), "next_page": None})
        there.replies["/api/1/datasets/"] = says(body.encode())

    def press(who: User, act: str) -> str:
        with browser.tab(running, script=script, cookies=session(site, who)) as page:
            page.goto(source)
            page.click(f"button[value={act}]")
            assert page.errors == []
            return str(page.locator("main").inner_text())

    with foreign(settings) as there:
        shown(there, 1, 2, 3)
        with browser.tab(running, script=script, cookies=session(site, editor)) as page:
            page.goto(site + reverse("catalogue:harvest_propose"))
            page.fill("#id_title", "Catalogue de l’observatoire")
            page.select_option("#id_kind", "datagouv")
            page.fill("#id_url", f"{there.url}/api/1/datasets/")
            page.click("main form .btn-primary")
            source = page.url
        assert "Aperçu demandé" in press(moderator, "preview")
        assert work().counts == {"created": 3}
        assert not Resource.objects.exists()
        press(moderator, "approve")
        press(editor, "run")
        assert work().counts == {"created": 3}
        press(editor, "run")
        assert work().counts == {"unchanged": 3}
        shown(there)
        press(editor, "run")
        assert work().state == RunState.SUSPICIOUS
        assert "aucune notice" in press(editor, "pause")
        assert Resource.objects.public().filter(archived_at=None).count() == 3
        shown(there, 1, 2, 3)
        press(editor, "resume")
        press(editor, "run")
        assert work().counts == {"unchanged": 3}


@axe.in_each_look
def test_no_violation_no_overflow(running: Any, site: str, looks: tuple[axe.Look, ...]) -> None:
    moderator = make.moderator()
    waits, paused = SourceFactory(), SourceFactory(approved=True, status="paused")
    refused = SourceFactory(approved=True, status="refused", message="Hors du sujet.")
    runs = [
        HarvestRunFactory(source=waits, complete=True, lines=LINES, counts={"created": 1}),
        HarvestRunFactory(source=waits, complete=True, state="suspicious", message="Vide."),
        HarvestRunFactory(source=paused, complete=True, state="failed", message="Arrêté."),
        HarvestRunFactory(source=paused),
    ]
    since = runs[0].asked_at.replace(year=2025)
    LinkCheckFactory(dead_since=since, failures=3, first_failed_at=since, state="gone")
    paths = [
        reverse("catalogue:harvest_sources"),
        reverse("catalogue:harvest_propose"),
        *(
            reverse("catalogue:harvest_source", args=(each.public_id,))
            for each in (waits, paused, refused)
        ),
        *(
            reverse("catalogue:harvest_run", args=(run.source.public_id, run.public_id))
            for run in runs
        ),
        reverse("catalogue:dead_links"),
    ]
    with browser.tab(running, cookies=session(site, moderator)) as page:
        found = {path: faults for path in paths if (faults := axe.audit(page, site + path, *looks))}
    assert found == {}
