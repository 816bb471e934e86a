"""The whole way of a team: the kit taken, its code tried, submitted, run, scored and ranked."""

import io
import re
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from challenges.bundles.code import CodeRules
from challenges.models import CodeTrial, Entry
from challenges.worker import drain
from tests.challenges import world
from tests.challenges.organising.test_authoring import IDS
from tests.challenges.programs.cases import isolated
from tests.challenges.test_coding import built
from tests.factories.accounts import UserFactory, signed_in

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SLUG = "niveau"
# What a team can learn: the level follows x.
LEARNT = """
    x = int(row["x"])
    cells[HEADER.index("niveau")] = (x * 7919 + x // 3) % 3 + 1
    return cells
"""


def at(route: str, *args: Any) -> str:
    """Return the address of a page of the challenge."""
    return reverse(f"challenges:{route}", args=[SLUG, *args])


def file(name: str, content: str | bytes) -> SimpleUploadedFile:
    """Make a file that somebody sends."""
    raw = content if isinstance(content, bytes) else content.encode()
    return SimpleUploadedFile(name, raw)


def package(team: Client) -> bytes:
    """Take the package of the kit and teach it what the sample shows."""
    kit = team.get(at("kit"))
    with zipfile.ZipFile(io.BytesIO(kit.content)) as archive:
        main = archive.read(f"{SLUG}/modele/main.py").decode()
        manifest = archive.read(f"{SLUG}/modele/manifest.toml")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("manifest.toml", manifest)
        made.writestr("main.py", main.replace("    return cells\n", LEARNT.lstrip("\n"), 1))
    return out.getvalue()


def test_a_team_is_ranked_by_the_code_of_its_kit() -> None:
    isolated()
    by = world.owner()
    organiser, team = signed_in(by), signed_in(UserFactory())
    sample = "id,x\n" + "".join(f"S{at:03},{at + 500}\n" for at in range(100))
    answers = "id,niveau\n" + "".join(f"S{at:03},1\n" for at in range(100))
    made = built(by, CodeRules(time_limit_s=30), sample_inputs=sample, sample_submission=answers)
    challenge = world.published(world.licensed(made), by)
    assert drain()
    team.post(at("rules"), {"accepted": "on", "terms": challenge.terms.get().number})
    team.post(at("team"), {"name": "Les codeurs"})
    code = package(team)
    team.post(at("trials"), {"file": file("code.zip", code)})
    trial = CodeTrial.objects.get()
    assert drain()
    page = team.get(at("trial", trial.pk)).text
    assert "Votre code est prêt à être soumis" in page
    assert "100 rows read" in page

    key = re.search(r'name="key" value="([^"]+)"', team.get(at("entries")).text)
    sent = team.post(at("entries"), {"key": key[1], "file": file("code.zip", code), "note": ""})
    entry = Entry.objects.of_teams().get()
    assert sent.headers["Location"] == at("entry", entry.pk)
    assert drain()
    entry.refresh_from_db()
    assert (entry.status, entry.reason_code) == ("scored", "")
    page = team.get(at("entry", entry.pk)).text
    assert "1,0000" in page
    board = Client().get(at("standings")).text
    assert "Les codeurs" in board
    for client in (team, organiser, Client()):
        for route in ("presentation", "data", "evaluation", "standings"):
            text = client.get(at(route)).text
            assert world.CANARY not in text
            assert f"{IDS[3]}," not in text
