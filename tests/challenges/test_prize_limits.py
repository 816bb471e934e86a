"""The limit that bars from prizes: said before the opening, frozen by it, judged at the reveal."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from challenges.enums import Split
from challenges.exchange.actions.imports import import_folder
from challenges.models import Challenge, Column, Entry, Phase, ScorerVersion
from challenges.organising.actions import challenges
from challenges.results import actions as results
from challenges.results.queries import boards
from challenges.worker import drain
from portal.accounts.models import User
from portal.audit.actors import SystemActor
from portal.lib.refusals import Conflict
from tests.challenges.bundles import folders
from tests.challenges.world import entered, folder, imported, opened, owner_of
from tests.factories.accounts import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LIMIT = 0.55


def declared(limit: float) -> dict[str, Any]:
    """Return a challenge with prizes whose worst group must reach a limit."""
    fairness: Any = folders.document()["fairness"]
    column = {"limit": limit, "label": "Pire zone"}
    return {"prizes": True, "fairness": {**fairness, "audit": {"positive": 3, "column": column}}}


def told(client: Client, name: str) -> str:
    """Read a page of the challenge as a visitor, with ordinary spaces."""
    page = client.get(reverse(f"challenges:{name}", args=["niveau"])).text
    return page.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_the_limit_is_said_before_the_opening(tmp_path: Path, client: Client) -> None:
    draft = imported(tmp_path, **declared(LIMIT))
    client.force_login(owner_of(draft))
    sentence = "Pour recevoir un prix : « Pire zone » d’au moins 0,5500."
    for name in ("presentation", "evaluation"):
        assert sentence in told(client, name)
    Column.objects.filter(key="equite").update(valid_min=None, valid_max=0.00125)
    assert "« Pire zone » d’au plus 0,00125." in told(client, "evaluation")
    Column.objects.filter(key="equite").update(valid_max=None)
    for name in ("presentation", "evaluation"):
        assert "Pour recevoir un prix" not in told(client, name)


def test_a_change_of_the_limit_after_the_opening_is_refused(tmp_path: Path) -> None:
    made = opened(tmp_path, **declared(LIMIT))
    before = facts(made)
    with pytest.raises(Conflict) as refusal:
        import_folder(folder=folder(tmp_path, **declared(0.1)), by=owner_of(made))
    assert refusal.value.code == "challenge_open"
    assert facts(made) == before


def facts(made: Challenge) -> list[Any]:
    """Return all that a limit stands in."""
    return [
        list(Column.objects.order_by("pk").values()),
        list(ScorerVersion.objects.order_by("pk").values_list("digest", flat=True)),
        made.phases.get().tasks.get(current=True).scorer_version.spec["fairness"]["audit"],
    ]


def test_a_change_of_the_limit_in_a_draft_sends_it_back_to_review(tmp_path: Path) -> None:
    draft = imported(tmp_path, **declared(LIMIT))
    by = owner_of(draft)
    challenges.submit(challenge=draft, by=by)
    found = import_folder(folder=folder(tmp_path, **declared(0.1)), by=by).challenge
    assert found is not None
    assert found.status == "draft"
    assert Column.objects.get(key="equite").valid_min == 0.1


def test_an_entry_beyond_the_limit_stays_ranked_without_a_prize(
    tmp_path: Path, client: Client
) -> None:
    made = opened(tmp_path, **declared(LIMIT))
    good, bad = entered(made, 0.95, seed=1), entered(made, 0.2, seed=2)
    assert drain()
    public = client.get(reverse("challenges:standings_json", args=["niveau"])).json()["rows"]
    assert not any("no_prize" in row for row in public)
    assert "hors seuil" not in told(client, "standings")
    phase = challenges.close(phase=made.phases.get(), by=owner_of(made))
    results.propose_reveal(phase=phase, by=owner_of(made))
    confirmer: User = UserFactory(region="administrator")
    results.confirm_reveal(phase=phase, by=confirmer)
    assert drain()
    read = boards.whole_board(Phase.objects.get(), Split.PRIVATE, SystemActor("visitor"))
    found = {row.standing.entry_id: row for row in read.rows}
    assert not found[good.pk].is_barred(read.columns)
    assert found[bad.pk].is_barred(read.columns)
    assert found[bad.pk].standing.rank == 2
    page = told(client, "standings")
    assert page.count("hors seuil : pas de prix") == sum(
        row.is_barred(read.columns) for row in read.rows
    )
    audit = client.get(reverse("challenges:audit", args=["niveau", bad.pk])).text
    assert "elle reste classée et ne peut pas recevoir de prix" in audit
    records = client.get(reverse("challenges:standings_json", args=["niveau"])).json()["rows"]
    barred = {row["team"]: row["no_prize"] for row in records}
    for entry, wanted in ((good, False), (bad, True)):
        assert barred[Entry.objects.get(pk=entry.pk).enrolment.team.name] is wanted
