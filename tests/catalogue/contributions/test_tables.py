"""A table of cards: told row by row, imported as one lot, sent, decided, taken back, taken out."""

import csv
import hashlib
import html
import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from catalogue.contributions import tasks
from catalogue.contributions.actions import drafts, review, tables
from catalogue.contributions.enums import BatchState, DecisionReason
from catalogue.contributions.queries import holdings as held
from catalogue.contributions.queries import tables as table_rows
from catalogue.contributions.queries import tables as told
from catalogue.models import Contribution, ContributionBatch, Resource
from catalogue.resources.enums import ResourceKind
from portal.accounts.enums import Role
from portal.accounts.models import User
from portal.lib import clock
from portal.lib.refusals import Conflict, NotAllowed, QuotaSpent
from tests.factories import contributions as make
from tests.factories.accounts import signed_in
from tests.factories.letters import letters
from tests.ledger import cost, events, owed, queries, refused, rows

pytestmark = pytest.mark.django_db
Cells = dict[str, str]


def need(**more: str) -> Cells:
    """Give the row of a need that passes every blocking check."""
    return make.NEED_CELLS | more


def table(*found: Cells) -> bytes:
    columns = list(dict.fromkeys(name for row in found for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, delimiter=";", restval="")
    writer.writeheader()
    writer.writerows(found)
    return ("\ufeff" + out.getvalue()).encode()


class Desk:
    """An organisation, and an editor of it who imports tables."""

    def __init__(self, name: str = "") -> None:
        self.holder = make.organisation(name)
        self.editor = self.member()

    def member(self, role: Role = Role.EDITOR) -> User:
        return make.joined(make.person(), self.holder, role)

    def card(self, **values: Any) -> Resource:
        return make.published(self.editor, holder=self.holder, **values)

    def draft(self, **values: Any) -> Contribution:
        return make.draft(self.editor, holder=self.holder, **values)

    def read(self, *found: Cells, by: User | None = None) -> ContributionBatch:
        made = tables.read_table(table(*found))
        assert made.faults == []
        return tables.prepare(
            organisation=self.holder,
            name="fiches.csv",
            columns=made.columns,
            rows=made.rows,
            by=by or self.editor,
        )

    def ask(self, *found: Cells, sends: bool = False) -> ContributionBatch:
        """Read these rows and ask that they be imported."""
        return self.asked(self.read(*found), sends=sends)

    def asked(self, batch: ContributionBatch, *, sends: bool = False) -> ContributionBatch:
        charter = make.CHARTER if sends else ""
        tables.ask(batch=batch, sends=sends, charter=charter, by=self.editor)
        return again(batch)

    def take(self, *found: Cells, sends: bool = False) -> ContributionBatch:
        """Import these rows."""
        batch = self.ask(*found, sends=sends)
        tables.carry_out(batch)
        return again(batch)

    def send(self, batch: ContributionBatch, by: User | None = None) -> None:
        tables.send(batch=batch, charter=make.CHARTER, by=by or self.editor)
        tables.carry_out(batch)

    def taken_out(self) -> dict[str, bytes]:
        return {each.path: b"".join(each.pieces()) for each in held.members(self.holder)}


@pytest.fixture
def desk() -> Desk:
    return Desk("Mission locale du Var")


def again(batch: ContributionBatch) -> ContributionBatch:
    return ContributionBatch.objects.get(pk=batch.pk)


def outcomes(batch: ContributionBatch) -> list[str]:
    return [str(line.outcome) for line in told.plan(batch)]


def causes(batch: ContributionBatch) -> list[tuple[str, str]]:
    return [(row[2], row[3]) for row in told.fault_rows(told.plan(batch))]


def words(answer: Any) -> str:
    return html.unescape(answer.text).replace("\u202f", " ").replace("\xa0", " ")


def silent(batch: ContributionBatch) -> None:
    """Let the worker of a lot be without a sign of life for six minutes."""
    past = clock.now() - timedelta(minutes=6)
    ContributionBatch.objects.filter(pk=batch.pk).update(beat_at=past)


def letters_of_the_hour(batch: ContributionBatch) -> dict[str, str]:
    """Write the letters of what was decided of a lot within the hour; give each by its receiver."""
    end = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    mail.outbox.clear()
    tasks.decided_letter(batch_id=batch.pk, before=end.isoformat())
    return {each.to[0]: each.body for each in mail.outbox}


def address(batch: ContributionBatch, name: str = "import_batch") -> str:
    return reverse(f"catalogue:{name}", args=(batch.public_id,))


# Read


def test_a_dry_run_tells_each_row_and_writes_no_card(desk: Desk) -> None:
    online, elsewhere = desk.card(), make.published(title="D’une autre organisation")
    desk.draft(title="Un brouillon")
    batch = desk.read(
        need(title="Toute nouvelle"),
        need(title=online.title.upper(), kind="Besoin"),
        need(title="Un  brouillon", summary="Un autre résumé."),
        need(title=elsewhere.title),
        need(title="Toute  NOUVELLE"),
        {"kind": "besoins", "title": "Mal typée"},
        {"kind": "need", "title": "Mal remplie", "scope": "mondiale"},
        {"title": "Sans type"},
        {"kind": "need", "title": "Incomplète"},
        {"kind": "need", "title": table_rows.EXAMPLES["title"]},
    )
    before = rows()
    lines = told.plan(batch)
    assert rows() == before
    assert [str(line.outcome) for line in lines] == [
        *("create", "known", "known", "create"),
        *["refused"] * 4,
        *("create", "example"),
    ]
    assert lines[8].changed == ("title",)
    assert [(line.title, bool(line.remarks)) for line in lines if line.outcome == "create"] == [
        ("Toute nouvelle", False),
        (elsewhere.title, False),
        ("Incomplète", True),
    ]
    assert causes(batch) == [
        ("title", "Toute NOUVELLE"),
        ("kind", "besoins"),
        ("scope", "mondiale"),
        ("kind", ""),
    ]


@pytest.mark.parametrize("kind", list(ResourceKind))
def test_the_example_of_a_template_reads_without_a_fault(kind: ResourceKind) -> None:
    head, example = table_rows.template(kind)
    values, faults = table_rows.read_row(kind, dict(zip(head, example, strict=True)), head)
    assert (faults, table_rows.unknown(head)) == ([], [])
    assert values["title"]
    assert {each["name"] for each in table_rows.described(kind)} >= {"kind", "title"}


def test_links_to_other_cards_are_found_by_address_or_title(desk: Desk) -> None:
    one, two = make.published(title="Première fiche"), make.published(title="Seconde fiche")
    row = need(title="Liée")
    row |= {"relations.1.type": "Répond à", "relations.1.target": f"/ressources/{one.slug}/"}
    row |= {"relations.2.type": "uses", "relations.2.target": "seconde fiche"}
    batch = desk.take(row)
    assert batch.contributions.get().content["details"]["relations"] == [
        {"type": "answers", "target": one.slug},
        {"type": "uses", "target": two.slug},
    ]
    wrong = desk.read(row | {"title": "Autre", "relations.2.target": "Nulle part"})
    assert causes(wrong) == [("relations", "Nulle part")]


def test_tables_never_imported_are_forgotten(desk: Desk) -> None:
    old, young = desk.read(need()), desk.read(need())
    past = clock.now() - timedelta(days=8)
    ContributionBatch.objects.filter(pk=old.pk).update(read_at=past)
    tables.forget_old()
    assert list(ContributionBatch.objects.all()) == [young]


# Imported and sent


def test_an_import_makes_one_lot_and_the_same_file_again_changes_nothing(desk: Desk) -> None:
    file = [need(title="Une"), need(title="Deux")]
    batch = desk.take(*file)
    assert (batch.state, batch.counts) == ("done", {"create": 2})
    assert batch.rows == []
    found = list(batch.contributions.order_by("pk"))
    assert [each.status for each in found] == ["draft"] * 2
    assert [each.content["title"] for each in found] == ["Une", "Deux"]
    assert found[0].content["provenance"]["title"]["origin"] == "import:csv"
    second = desk.take(*file)
    assert (second.counts, second.contributions.count()) == ({"known": 2}, 0)
    assert Contribution.objects.filter(organisation=desk.holder).count() == 2
    # Online, then brought a third time: still the same cards.
    desk.send(batch)
    for each in batch.contributions.all():
        make.put_online(each)
    assert outcomes(desk.read(*file)) == ["known"] * 2


def test_a_lot_is_one_pending_proposal_and_two_letters(desk: Desk) -> None:
    judge = make.moderator()
    for number in range(4):
        make.submitted(desk.editor, title=f"À la main {number}")
    letters()
    batch = desk.take(*(need(title=f"Fiche {n}") for n in range(7)), sends=True)
    assert told.states(batch) == {"submitted": 7}
    assert events()[-2:] == ["contribution.submitted", "batch.imported"]
    assert owed()[-2:] == ["mail.batch_received", "mail.batch_to_review"]
    assert set(letters()) == {
        (desk.editor.email, "Votre lot « fiches.csv » est en relecture"),
        (judge.email, "À relire : le lot « fiches.csv »"),
    }
    with pytest.raises(QuotaSpent):
        make.submitted(desk.editor, title="La sixième")
    other = desk.take(need(title="D’un autre lot"), sends=True)
    assert (told.states(other), bool(other.message)) == ({"draft": 1}, True)


def test_what_lacks_something_stays_a_draft(desk: Desk) -> None:
    batch = desk.take(need(title="Entière"), {"kind": "need", "title": "Nue"}, sends=True)
    assert told.states(batch) == {"draft": 1, "submitted": 1}
    make.edit(batch.contributions.get(status="draft"), desk.editor, **make.NEED)
    desk.send(batch)
    assert told.states(batch) == {"submitted": 2}


def test_what_came_back_goes_again_with_the_lot_once_corrected(desk: Desk) -> None:
    batch = desk.take(need(title="Une"), need(title="Deux"), sends=True)
    one = batch.contributions.order_by("pk")[0]
    review.request_changes(
        contribution=make.again(one),
        reason=DecisionReason.INSUFFICIENT,
        message="Précisez.",
        by=make.moderator(),
    )
    desk.send(batch)
    assert told.states(batch) == {"submitted": 1, "changes_requested": 1}
    make.edit(one, desk.editor, situation="Dite autrement.")
    desk.send(again(batch))
    assert told.states(batch) == {"submitted": 2}


def test_decisions_of_an_hour_are_one_letter_to_who_brought_and_who_sent(desk: Desk) -> None:
    judge, colleague = make.moderator(), desk.member()
    batch = desk.take(need(title="Une"), need(title="Deux"))
    desk.send(batch, by=colleague)
    letters()
    one, two = (make.again(each) for each in batch.contributions.order_by("pk"))
    review.publish(contribution=one, by=judge)
    review.refuse(contribution=two, reason=DecisionReason.DUPLICATE, message="Déjà là.", by=judge)
    assert owed().count("mail.batch_decided") in (1, 2)  # 2 when the hour turns in between
    assert not any("contribution_published" in topic for topic in owed())
    read = letters_of_the_hour(batch)
    assert set(read) == {desk.editor.email, colleague.email}
    for body in read.values():
        assert "- Une : Publiée" in body
        assert "- Deux : Refusée" in body


def test_an_import_cut_short_goes_on_where_it_was(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = desk.ask(*(need(title=f"Fiche {n}") for n in range(5)), sends=True)

    class Killed(BaseException):
        pass

    def kill(*_given: Any, **_named: Any) -> None:
        if again(batch).cursor in (3, 5):
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(tables.failpoints, "hit", kill)
        with pytest.raises(Killed):
            tables.carry_out(batch)
    assert again(batch).cursor == 3
    with pytest.raises(Conflict):
        tables.carry_out(batch)  # its worker may still be there
    silent(batch)
    with monkeypatch.context() as patch:  # after the last sending, before the letters
        patch.setattr(tables, "finish", kill)
        with pytest.raises(Killed):
            tables.carry_out(batch)
    silent(batch)
    assert tables.nudge_waiting() == 1
    for _ in range(2):
        tasks.import_cards(batch_id=batch.pk)
    assert {"mail.batch_received", "mail.batch_to_review"} <= set(owed())
    titles = [each.content["title"] for each in Contribution.objects.order_by("pk")]
    assert titles == [f"Fiche {n}" for n in range(5)]
    assert again(batch).counts == {"create": 5}


def test_one_import_of_an_organisation_at_a_time(desk: Desk) -> None:
    first, second = (desk.read(need(title=title)) for title in ("Une", "Deux"))
    desk.asked(first)
    with refused(Conflict, code="under_way"):
        desk.asked(second)
    for act in (tables.withdraw, tables.discard):
        with refused(Conflict):
            act(batch=first, by=desk.editor)


def test_only_who_sends_for_an_organisation_imports_and_until_the_end(desk: Desk) -> None:
    for other in (desk.member(Role.CONTRIBUTOR), make.person(), make.moderator()):
        with pytest.raises(NotAllowed):
            desk.read(need(), by=other)
    batch = desk.ask(need(title="Une"))
    User.objects.filter(pk=desk.editor.pk).update(is_active=False)
    tables.carry_out(batch)
    assert Contribution.objects.count() == 0
    assert again(batch).message
    desk.send(again(batch), by=desk.member())  # a colleague takes it up
    assert again(batch).state == BatchState.DONE


def test_a_lot_is_taken_back_whole_and_what_is_online_stays(desk: Desk) -> None:
    batch = desk.take(*(need(title=f"Fiche {n}") for n in range(3)), sends=True)
    make.put_online(batch.contributions.order_by("pk")[0])
    assert [tables.withdraw(batch=batch, by=desk.editor) for _ in range(2)] == [2, 0]
    assert told.states(batch) == {"published": 1, "withdrawn": 2}
    assert events().count("batch.withdrawn") == 2
    # Withdrawn, then brought again: a new try.
    lines = outcomes(desk.read(*(need(title=f"Fiche {n}") for n in range(3))))
    assert lines == ["known", "create", "create"]


def test_a_lot_holds_what_it_opened_for_its_organisation_alone(desk: Desk) -> None:
    colleague, other = desk.member(), make.organisation("Autre")
    theirs = make.draft(colleague, holder=desk.holder, title="À la main")
    desk.editor = make.joined(desk.editor, other, Role.EDITOR)
    batch = desk.take(need(title="Partie"), need(title="À la main", summary="Du tableau."))
    assert make.again(theirs).content["summary"] == make.NEED["summary"]
    moved = Contribution.objects.get(batch=batch)
    make.edit(moved, desk.editor, organisation=other)
    assert batch.contributions.count() == 0
    assert tables.withdraw(batch=batch, by=colleague) == 0
    assert {make.again(each).status for each in (moved, theirs)} == {"draft"}


def test_another_worker_writes_no_row_twice(desk: Desk) -> None:
    batch = tables.begin(batch=desk.ask(need(title="Une")))
    [line] = told.plan(batch)
    assert tables.write(batch=batch, at=0, line=line, by=desk.editor) == "create"
    with pytest.raises(Conflict):
        tables.write(batch=batch, at=0, line=line, by=desk.editor)


# Pages


def test_the_pages_from_the_file_to_the_lot(desk: Desk) -> None:
    client, page = signed_in(desk.editor), reverse("catalogue:import")
    assert desk.holder.name in words(client.get(page))
    bare = {"kind": "need", "title": "Trois"}
    content = table(need(title="Une"), need(title="Deux", scope="ici"), bare)
    answer = client.post(
        page, {"organisation": str(desk.holder.pk), "file": SimpleUploadedFile("f.csv", content)}
    )
    batch = ContributionBatch.objects.get()
    assert answer.headers["Location"] == address(batch)

    def first_fault() -> str:
        content = client.get(address(batch, "import_faults")).content
        return content.decode("utf-8-sig").splitlines()[1]

    shown = words(client.get(address(batch)))
    for said in (
        "Une ligne est refusée",
        "Importer ces 2 fiches",
        "« Situation actuelle » n’est pas rempli.",
    ):
        assert said in shown
    assert first_fault().startswith("7;Deux;scope;ici;")
    go = {"act": "import", "then": "review"}
    assert client.post(address(batch), go).status_code == 422  # without the charter
    assert again(batch).state == BatchState.READ
    assert client.post(address(batch), go | {"charter": "on"}).status_code == 302
    assert "L’import est en cours" in words(client.get(address(batch)))
    tasks.import_cards(batch_id=batch.pk)
    assert "En relecture" in words(client.get(address(batch)))
    assert first_fault().startswith("7;Deux;scope;ici;")
    assert "Retirer le lot" in words(client.post(address(batch), {"act": "withdraw"}))
    assert told.states(batch) == {"draft": 1, "submitted": 1}
    client.post(address(batch), {"act": "withdraw", "confirm": "1"})
    assert told.states(batch) == {"withdrawn": 2}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"titre;kind\nA;need\n", "Ces colonnes n’existent pas dans le catalogue : titre."),
        (b"title;kind\n", "Ce tableau n’a pas de ligne."),
        (b"\x89PNG\x00\x01", "n’est pas en UTF-8"),
        (b"\xff\xfe" + "kind;title\nneed;a\0b\n".encode("utf-16-le"), "nul"),
    ],
    ids=["column", "no row", "picture", "nul"],
)
def test_a_file_that_cannot_be_taken_says_why(desk: Desk, content: bytes, said: str) -> None:
    file = SimpleUploadedFile("f.csv", content)
    asked = {"organisation": str(desk.holder.pk), "file": file}
    answer = signed_in(desk.editor).post(reverse("catalogue:import"), asked)
    assert (answer.status_code, said in words(answer)) == (422, True)
    assert not ContributionBatch.objects.exists()


def test_the_pages_cost_the_same_for_three(desk: Desk) -> None:
    client = signed_in(desk.editor)

    def costs(number: int, state: str) -> int:
        desk.card(title=f"{state} {number} 0")
        batch = desk.read(*(need(title=f"{state} {number} {n}") for n in range(number)))
        if state != "read":
            tables.carry_out(desk.asked(batch))
        return cost(client, address(batch))

    for state in ("read", "done"):
        assert costs(2, state) == costs(4, state)
    page, other = reverse("catalogue:import"), Desk()
    other.read(need())
    assert cost(signed_in(other.editor), page) == cost(client, page)


def test_moderators_see_a_lot_as_one_and_decide_on_its_cards(desk: Desk) -> None:
    client, queue = signed_in(make.moderator()), reverse("catalogue:moderation")
    make.submitted(title="Seule à relire")
    batch = desk.take(*(need(title=f"Du lot {n}") for n in range(3)), sends=True)
    page = words(client.get(queue))
    assert ("Seule à relire" in page, "3 fiches" in page) == (True, True)
    assert "Du lot" not in page.replace("Du lot importé", "")
    one = words(client.get(queue, {"lot": str(batch.public_id)}))
    assert "Seule à relire" not in one
    assert [f"Du lot {n}" in one for n in range(3)] == [True] * 3
    assert client.get(queue, {"lot": "x"}).status_code == 200
    items = list(batch.contributions.order_by("pk"))
    said = {"item": [f"{each.public_id}:{each.version}" for each in items[:2]], "act": "publish"}
    said |= {"assignee": "", "reason": "", "message": "", "confirm": "1"}
    client.post(f"{reverse('catalogue:moderation_bulk')}?lot={batch.public_id}", said)
    assert told.states(batch) == {"published": 2, "submitted": 1}
    before = cost(client, queue)
    for title in ("D’un autre", "D’un troisième"):
        desk.take(need(title=title), sends=True)
    assert cost(client, queue) == before


# Taken out


def test_what_is_taken_out_tells_everything(desk: Desk) -> None:
    online = desk.card()
    make.edit(
        drafts.propose(resource=online, by=desk.editor),
        desk.editor,
        summary="Un autre résumé.",
    )
    data = desk.draft(kind=ResourceKind.DATASET)
    refused = make.submitted(desk.editor, holder=desk.holder, title="Refusée")
    review.refuse(
        contribution=refused, reason=DecisionReason.OFF_TOPIC, message="Non.", by=make.moderator()
    )
    make.published()  # somebody else's
    files = desk.taken_out()
    assert set(files) == {
        "LISEZ-MOI.md",
        *(
            f"fiches/{each.slug}.{ending}"
            for each in (online, data.resource, refused.resource)
            for ending in ("json", "md")
        ),
    }
    card = json.loads(files[f"fiches/{online.slug}.json"])
    assert card["values"]["title"] == online.title
    assert [each["status"] for each in card["contributions"]] == ["published", "draft"]
    assert card["contributions"][0]["decisions"][0]["outcome"] == "published"
    told_no = json.loads(files[f"fiches/{refused.resource.slug}.json"])["contributions"][0]
    assert told_no["decisions"][0]["message"] == "Non."
    page = files[f"fiches/{data.resource.slug}.md"].decode()
    assert page.startswith(f"# {make.DATASET['title']}\n\nJeu de données\n\n> ")
    assert "## Mise à jour\n\nMensuelle\n" in page
    cost_of_three = queries(desk.taken_out)
    desk.draft()
    assert queries(desk.taken_out) == cost_of_three


def test_the_archive_is_for_editors_and_traced(desk: Desk) -> None:
    desk.draft()
    place = reverse("catalogue:holdings", args=(desk.holder.slug,))
    for other in (make.person(), make.moderator(), desk.member(Role.CONTRIBUTOR)):
        assert signed_in(other).get(place).status_code == 403
    assert "holdings.taken_out" not in events()
    client = signed_in(desk.editor)
    content = b"".join(client.get(place).streaming_content)
    assert events()[-1] == "holdings.taken_out"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for line in archive.read("SHA256SUMS").decode().splitlines():
            digest, name = line.split("  ")
            assert hashlib.sha256(archive.read(name)).hexdigest() == digest
    assert f'href="{place}"' in client.get(reverse("catalogue:import")).text
    assert not ContributionBatch.objects.exists()
