"""An organisation takes its cards away, and what it takes reads back as unchanged."""

import hashlib
import io
import json
import zipfile
from typing import Any

import pytest
from django.urls import reverse

from catalogue.actions import batches, contributions, moderation
from catalogue.enums import DecisionReason, ResourceKind
from catalogue.harvest import imports
from catalogue.models import ContributionBatch
from catalogue.queries import batches as told
from catalogue.queries import holdings as held
from catalogue.standards.readers import limits
from catalogue.standards.readers.dispatch import read_here
from catalogue.validators import sheets
from portal.accounts.enums import Role
from portal.accounts.models import Organisation, User
from tests.catalogue.ledger import events
from tests.catalogue.moderation.test_sheets import cards
from tests.factories import contributions as make
from tests.factories.accounts import signed_in
from tests.properties import HealthCheck, given, settings
from tests.properties import strategies as st

pytestmark = pytest.mark.django_db


def edited() -> tuple[Organisation, User]:
    holder = make.organisation()
    return holder, make.joined(make.person(), holder, Role.EDITOR)


def taken(holder: Organisation, by: User) -> dict[str, bytes]:
    return {each.path: b"".join(each.pieces()) for each in held.members(holder, by=by)}


def read(content: bytes, holder: Organisation, by: User) -> list[told.Line]:
    """Read a table as its import would, without the child."""
    header, *rows = read_here("cards_csv", content).records
    assert sheets.unknown(header.fields) == []
    table = [
        [int(row.remote_id), {name: cell.value for name, cell in row.fields.items()}, None]
        for row in rows
    ]
    batch = batches.prepare(
        organisation=holder, name="x.csv", columns=list(header.fields), rows=table, by=by
    )
    return told.plan(batch)


def test_what_is_taken_out_tells_everything_and_changes_nothing_when_brought_back() -> None:
    holder, editor = edited()
    online = make.published(editor, holder=holder)
    changed = contributions.propose(resource=online, by=editor)
    make.edit(changed, editor, summary="Un autre résumé.")
    data = make.draft(editor, kind=ResourceKind.DATASET, holder=holder, **make.DATASET)
    refused = make.submitted(editor, holder=holder, title="Refusée")
    moderation.refuse(
        contribution=refused, reason=DecisionReason.OFF_TOPIC, message="Non.", by=make.moderator()
    )
    make.published()  # somebody else's
    files = taken(holder, editor)
    assert sorted(files) == sorted(
        [
            "LISEZ-MOI.md",
            "tableaux/fiches-1.csv",
            *(
                f"fiches/{each.slug}.{ending}"
                for each in (online, data.resource, refused.resource)
                for ending in ("json", "md")
            ),
        ]
    )
    card = json.loads(files[f"fiches/{online.slug}.json"])
    assert card["values"]["title"] == online.title
    assert [each["status"] for each in card["contributions"]] == ["published", "draft"]
    assert card["contributions"][0]["decisions"][0]["outcome"] == "published"
    told_no = json.loads(files[f"fiches/{refused.resource.slug}.json"])["contributions"][0]
    assert told_no["decisions"][0]["message"] == "Non."
    page = files[f"fiches/{data.resource.slug}.md"].decode()
    assert page.startswith(f"# {make.DATASET['title']}\n\nJeu de données\n\n> ")
    assert "## Mise à jour\n\nMensuelle\n" in page
    lines = read(files["tableaux/fiches-1.csv"], holder, editor)
    assert [str(line.outcome) for line in lines] == ["unchanged", "unchanged"]


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(st.lists(cards(), min_size=3, max_size=6))
def test_whatever_cards_hold_their_table_reads_as_unchanged(
    made: list[tuple[str, dict[str, Any]]],
) -> None:
    holder, editor = edited()
    for kind, values in made:
        contributions.start(kind=ResourceKind(kind), by=editor, organisation=holder, **values)
    lines = read(taken(holder, editor)["tableaux/fiches-1.csv"], holder, editor)
    assert [str(line.outcome) for line in lines] == ["unchanged"] * len(made)


def test_tables_stay_within_what_an_import_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    holder, editor = edited()
    for number in range(5):
        make.draft(editor, holder=holder, **make.NEED | {"title": f"Fiche {number}"})
    monkeypatch.setattr(limits, "CSV_ROWS", 2)
    files = taken(holder, editor)
    tables = [name for name in files if name.startswith("tableaux/")]
    assert len(tables) == 3
    outcomes = [line.outcome for name in tables for line in read(files[name], holder, editor)]
    assert outcomes == ["unchanged"] * 5
    monkeypatch.setattr(held, "CSV_BYTES", 1_500)
    monkeypatch.setattr(limits, "CSV_ROWS", 1_000)
    sizes = [len(c) for n, c in taken(holder, editor).items() if n.startswith("tableaux/")]
    assert len(sizes) > 1
    assert max(sizes) <= 1_500


def test_the_archive_is_for_editors_and_traced() -> None:
    holder, editor = edited()
    make.draft(editor, holder=holder, **make.NEED)
    address = reverse("catalogue:holdings", args=(holder.slug,))
    for other in (
        make.person(),
        make.moderator(),
        make.joined(make.person(), holder, Role.CONTRIBUTOR),
    ):
        client = signed_in(other)
        assert client.get(address).status_code == 403
    assert "holdings.taken_out" not in events()
    client = signed_in(editor)
    answer = client.get(address)
    content = b"".join(answer.streaming_content)
    assert events()[-1] == "holdings.taken_out"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for line in archive.read("SHA256SUMS").decode().splitlines():
            digest, name = line.split("  ")
            assert hashlib.sha256(archive.read(name)).hexdigest() == digest
        table = archive.read("tableaux/fiches-1.csv")
    made = imports.read(table)  # by the child itself
    assert (made.faults, len(made.rows)) == ([], 1)
    assert f'href="{address}"' in client.get(reverse("catalogue:import")).content.decode()
    assert not ContributionBatch.objects.exists()


def test_the_archive_costs_the_same_for_three(django_assert_num_queries: Any) -> None:
    holder, editor = edited()
    for number in range(3):
        make.draft(editor, holder=holder, **make.NEED | {"title": f"Fiche {number}"})
        with django_assert_num_queries(8):
            taken(holder, editor)
