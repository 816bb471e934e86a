"""A table of cards: told row by row, imported as one lot, sent, decided, taken back."""

import csv
import html
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from catalogue.actions import batches, moderation
from catalogue.enums import BatchState, DecisionReason, ResourceKind
from catalogue.harvest import imports
from catalogue.models import Contribution, ContributionBatch, Resource
from catalogue.queries import batches as told
from catalogue.queries import table_templates
from catalogue.tasks import batches as tasks
from catalogue.validators import sheets
from portal.accounts.enums import Role
from portal.accounts.models import Organisation, User
from portal.audit import outbox
from portal.lib import clock
from portal.lib.refusals import Conflict, NotAllowed, QuotaSpent
from tests.catalogue.ledger import cost, events, owed, rows
from tests.factories import contributions as make
from tests.factories.accounts import signed_in

pytestmark = pytest.mark.django_db
Cells = dict[str, str]


@pytest.fixture
def holder() -> Organisation:
    return make.organisation("Mission locale du Var")


@pytest.fixture
def editor(holder: Organisation) -> User:
    return make.joined(make.person(), holder, Role.EDITOR)


def need(**more: str) -> Cells:
    """Give the row of a need that passes every blocking check."""
    return {"kind": "need"} | sheets.written("need", make.NEED) | more


def table(*found: Cells) -> bytes:
    columns = list(dict.fromkeys(name for row in found for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, delimiter=";", restval="")
    writer.writeheader()
    writer.writerows(found)
    return ("\ufeff" + out.getvalue()).encode()


def read(editor: User, holder: Organisation, *found: Cells) -> ContributionBatch:
    made = imports.read(table(*found))
    assert made.faults == []
    return batches.prepare(
        organisation=holder, name="fiches.csv", columns=made.columns, rows=made.rows, by=editor
    )


def taken(
    editor: User, holder: Organisation, *found: Cells, sends: bool = False
) -> ContributionBatch:
    """Import these rows."""
    batch = read(editor, holder, *found)
    batches.ask(batch=batch, sends=sends, charter=make.CHARTER if sends else "", by=editor)
    imports.carry_out(batch)
    return ContributionBatch.objects.get(pk=batch.pk)


def outcomes(batch: ContributionBatch) -> list[str]:
    return [str(line.outcome) for line in told.plan(batch)]


def causes(batch: ContributionBatch) -> list[tuple[str, str]]:
    return [(row[2], row[3]) for row in told.fault_rows(told.plan(batch))]


def words(answer: Any) -> str:
    return html.unescape(answer.text).replace("\u202f", " ").replace("\xa0", " ")


def letters() -> list[tuple[str, str]]:
    mail.outbox.clear()
    while outbox.relay():
        pass
    return sorted((each.to[0], each.subject) for each in mail.outbox)


def test_a_dry_run_tells_each_row_and_writes_no_card(holder: Organisation, editor: User) -> None:
    online = make.published(editor, holder=holder)
    elsewhere = make.published()
    draft = make.draft(editor, holder=holder, **make.NEED | {"title": "Un brouillon"})
    batch = read(
        editor,
        holder,
        need(title="Toute nouvelle"),
        need(slug=online.slug, kind="Besoin"),
        need(id=str(draft.resource.public_id), summary="Un autre résumé."),
        need(id=str(elsewhere.public_id)),
        need(title="Toute  NOUVELLE"),
        {"kind": "besoins", "title": "Mal typée"},
        {"kind": "need", "title": "Mal remplie", "scope": "mondiale"},
        {"kind": "need", "title": "Incomplète"},
        {"id": "exemple", "kind": "need", "title": "De l’exemple"},
    )
    before = rows()
    lines = told.plan(batch)
    assert rows() == before
    assert [str(line.outcome) for line in lines] == [
        "create",
        "unchanged",
        "update",
        *["refused"] * 4,
        "create",
        "example",
    ]
    assert lines[2].changed == ("title", "summary")
    assert [(line.title, bool(line.remarks)) for line in lines if line.outcome == "create"] == [
        ("Toute nouvelle", False),
        ("Incomplète", True),
    ]
    assert causes(batch) == [
        ("id", str(elsewhere.public_id)),
        ("title", "Toute NOUVELLE"),
        ("kind", "besoins"),
        ("scope", "mondiale"),
    ]


def test_an_import_makes_one_lot_and_the_same_file_again_changes_nothing(
    holder: Organisation, editor: User
) -> None:
    online = make.published(editor, holder=holder)
    file = [need(title="Une"), need(title="Deux"), need(slug=online.slug, summary="Autre résumé.")]
    batch = taken(editor, holder, *file)
    assert (batch.state, batch.counts) == ("done", {"create": 2, "update": 1})
    assert ContributionBatch.objects.get(pk=batch.pk).rows == []
    found = list(batch.contributions.order_by("pk"))
    assert [each.status for each in found] == ["draft"] * 3
    assert [each.content["title"] for each in found[:2]] == ["Une", "Deux"]
    assert found[0].content["provenance"]["title"]["origin"] == "import:csv"
    assert (found[2].resource, found[2].content["summary"]) == (online, "Autre résumé.")
    assert Resource.objects.get(pk=online.pk).summary != "Autre résumé."
    again = taken(editor, holder, *file)
    assert again.counts == {"unchanged": 3}
    assert again.contributions.count() == 0
    assert Contribution.objects.filter(organisation=holder).count() == 4
    # Online, then brought a third time: still the same cards.
    batches.send(batch=batch, charter=make.CHARTER, by=editor)
    imports.carry_out(batch)
    for each in batch.contributions.all():
        make.put_online(each)
    assert outcomes(read(editor, holder, *file)) == ["unchanged"] * 3


def test_a_lot_is_one_pending_proposal_and_two_letters(holder: Organisation, editor: User) -> None:
    judge = make.moderator()
    for number in range(4):
        make.submitted(editor, title=f"À la main {number}")
    outbox.relay()
    batch = taken(editor, holder, *(need(title=f"Fiche {n}") for n in range(7)), sends=True)
    assert told.states(batch) == {"submitted": 7}
    assert events()[-2:] == ["contribution.submitted", "batch.imported"]
    assert owed()[-2:] == ["mail.batch_received", "mail.batch_to_review"]
    assert letters() == sorted(
        [
            (editor.email, "Votre lot « fiches.csv » est en relecture"),
            (judge.email, "À relire : le lot « fiches.csv »"),
        ]
    )
    with pytest.raises(QuotaSpent):
        make.submitted(editor, title="La sixième")
    other = taken(editor, holder, need(title="D’un autre lot"), sends=True)
    assert (told.states(other), bool(other.message)) == ({"draft": 1}, True)


def test_what_lacks_something_stays_a_draft(holder: Organisation, editor: User) -> None:
    bare_row = {"kind": "need", "title": "Nue"}
    batch = taken(editor, holder, need(title="Entière"), bare_row, sends=True)
    assert told.states(batch) == {"draft": 1, "submitted": 1}
    bare = batch.contributions.get(status="draft")
    make.edit(bare, editor, **make.NEED)
    batches.send(batch=batch, charter=make.CHARTER, by=editor)
    imports.carry_out(batch)
    assert told.states(batch) == {"submitted": 2}


def test_what_came_back_is_corrected_by_the_table_and_what_is_under_review_waits(
    holder: Organisation, editor: User
) -> None:
    batch = taken(editor, holder, need(title="Une"), need(title="Deux"), sends=True)
    one = batch.contributions.order_by("pk")[0]
    moderation.request_changes(
        contribution=make.again(one),
        reason=DecisionReason.INSUFFICIENT,
        message="Précisez.",
        by=make.moderator(),
    )
    other = [need(title=title, situation="Dite autrement.") for title in ("Une", "Deux")]
    second = taken(editor, holder, *other, sends=True)
    assert second.counts == {"update": 1, "refused": 1}
    assert [each["title"] for each in second.failures] == ["Deux"]
    assert told.states(second) == {"submitted": 1}
    assert make.again(one).content["details"]["situation"] == "Dite autrement."


def test_decisions_of_an_hour_are_one_letter(holder: Organisation, editor: User) -> None:
    judge = make.moderator()
    batch = taken(editor, holder, need(title="Une"), need(title="Deux"), sends=True)
    letters()
    one, two = (make.again(each) for each in batch.contributions.order_by("pk"))
    moderation.publish(contribution=one, by=judge)
    moderation.refuse(
        contribution=two, reason=DecisionReason.DUPLICATE, message="Déjà là.", by=judge
    )
    assert owed().count("mail.batch_decided") in (1, 2)  # 2 when the hour turns in between
    assert not any("contribution_published" in topic for topic in owed())
    end = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    mail.outbox.clear()
    tasks.decided_letter(batch_id=batch.pk, before=end.isoformat())
    assert "- Une : Publiée" in mail.outbox[0].body
    assert "- Deux : Refusée" in mail.outbox[0].body


def test_an_import_cut_short_goes_on_where_it_was(
    holder: Organisation, editor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = read(editor, holder, *(need(title=f"Fiche {n}") for n in range(5)))
    batches.ask(batch=batch, sends=False, charter="", by=editor)

    class Killed(BaseException):
        pass

    def kill(_name: str) -> None:
        if ContributionBatch.objects.get(pk=batch.pk).cursor == 3:
            raise Killed

    monkeypatch.setattr(imports.failpoints, "hit", kill)
    with pytest.raises(Killed):
        imports.carry_out(batch)
    monkeypatch.undo()
    assert ContributionBatch.objects.get(pk=batch.pk).cursor == 3
    with pytest.raises(Conflict):
        imports.carry_out(batch)  # its worker may still be there
    past = clock.now() - timedelta(minutes=6)
    ContributionBatch.objects.filter(pk=batch.pk).update(beat_at=past)
    assert batches.nudge_waiting() == 1
    tasks.import_cards(batch_id=batch.pk)
    tasks.import_cards(batch_id=batch.pk)
    titles = [each.content["title"] for each in Contribution.objects.order_by("pk")]
    assert titles == [f"Fiche {n}" for n in range(5)]
    assert ContributionBatch.objects.get(pk=batch.pk).counts == {"create": 5}


def test_two_workers_write_no_row_twice(holder: Organisation, editor: User) -> None:
    batch = read(editor, holder, need(title="Une"))
    batches.ask(batch=batch, sends=False, charter="", by=editor)
    batch = batches.begin(batch=batch)
    [line] = told.plan(batch)
    batches.write(batch=batch, at=0, line=line, by=editor)
    with pytest.raises(Conflict):
        batches.write(batch=batch, at=0, line=line, by=editor)
    assert Contribution.objects.count() == 1


def test_one_import_of_an_organisation_at_a_time(holder: Organisation, editor: User) -> None:
    first, second = (read(editor, holder, need(title=title)) for title in ("Une", "Deux"))
    batches.ask(batch=first, sends=False, charter="", by=editor)
    with pytest.raises(Conflict) as caught:
        batches.ask(batch=second, sends=False, charter="", by=editor)
    assert caught.value.code == "under_way"
    with pytest.raises(Conflict):
        batches.withdraw(batch=first, by=editor)
    with pytest.raises(Conflict):
        batches.discard(batch=first, by=editor)


def test_only_who_sends_for_an_organisation_imports_and_until_the_end(
    holder: Organisation, editor: User
) -> None:
    writer = make.joined(make.person(), holder, Role.CONTRIBUTOR)
    for other in (writer, make.person(), make.moderator()):
        with pytest.raises(NotAllowed):
            read(other, holder, need())
    batch = read(editor, holder, need(title="Une"))
    batches.ask(batch=batch, sends=False, charter="", by=editor)
    User.objects.filter(pk=editor.pk).update(is_active=False)
    imports.carry_out(batch)
    assert Contribution.objects.count() == 0
    assert ContributionBatch.objects.get(pk=batch.pk).message


def test_a_lot_is_taken_back_whole_and_what_is_online_stays(
    holder: Organisation, editor: User
) -> None:
    batch = taken(editor, holder, *(need(title=f"Fiche {n}") for n in range(3)), sends=True)
    first = batch.contributions.order_by("pk")[0]
    make.put_online(first)
    assert batches.withdraw(batch=batch, by=editor) == 2
    assert batches.withdraw(batch=batch, by=editor) == 0
    assert told.states(batch) == {"published": 1, "withdrawn": 2}
    assert events().count("batch.withdrawn") == 2
    # Withdrawn, then brought again: a new try.
    again = read(editor, holder, *(need(title=f"Fiche {n}") for n in range(3)))
    assert outcomes(again) == ["unchanged", "create", "create"]


def test_tables_never_imported_are_forgotten(holder: Organisation, editor: User) -> None:
    old, young = read(editor, holder, need()), read(editor, holder, need())
    past = clock.now() - timedelta(days=8)
    ContributionBatch.objects.filter(pk=old.pk).update(read_at=past)
    tasks.forget_old()
    assert list(ContributionBatch.objects.all()) == [young]


@pytest.mark.parametrize("kind", list(ResourceKind))
def test_the_example_of_a_template_reads_without_a_fault(kind: ResourceKind) -> None:
    head, example = table_templates.template(kind)
    cells = dict(zip(head, example, strict=True))
    values, faults = sheets.read(kind, cells, head)
    assert faults == []
    assert sheets.unknown(head) == []
    assert values["title"]
    assert {each.name for each in table_templates.described(kind)} >= {"id", "title"}


def test_the_pages_from_the_file_to_the_lot(holder: Organisation, editor: User) -> None:
    client = signed_in(editor)
    page = reverse("catalogue:import")
    assert "Mission locale du Var" in words(client.get(page))
    bare = {"kind": "need", "title": "Trois"}
    file = SimpleUploadedFile(
        "f.csv", table(need(title="Une"), need(title="Deux", scope="ici"), bare)
    )
    answer = client.post(page, {"organisation": str(holder.pk), "file": file})
    batch = ContributionBatch.objects.get()
    address = reverse("catalogue:import_batch", args=(batch.public_id,))
    assert answer.headers["Location"] == address
    shown = words(client.get(address))
    assert "Une ligne est refusée" in shown
    assert "Importer ces 2 fiches" in shown
    assert "« Situation actuelle » n’est pas rempli." in shown
    given = client.get(reverse("catalogue:import_faults", args=(batch.public_id,)))
    assert given.content.decode("utf-8-sig").splitlines()[1].startswith("7;Deux;scope;ici;")
    go = {"act": "import", "then": "review"}
    assert client.post(address, go).status_code == 422  # without the charter
    assert ContributionBatch.objects.get().state == BatchState.READ
    assert client.post(address, go | {"charter": "on"}).status_code == 302
    assert "L’import est en cours" in words(client.get(address))
    tasks.import_cards(batch_id=batch.pk)
    assert "En relecture" in words(client.get(address))
    given = client.get(reverse("catalogue:import_faults", args=(batch.public_id,)))
    assert given.content.decode("utf-8-sig").splitlines()[1].startswith("7;Deux;scope;ici;")
    assert "Retirer le lot" in words(client.post(address, {"act": "withdraw"}))
    assert told.states(batch) == {"draft": 1, "submitted": 1}
    client.post(address, {"act": "withdraw", "confirm": "1"})
    assert told.states(batch) == {"withdrawn": 2}


def test_a_file_that_cannot_be_taken_says_why(holder: Organisation, editor: User) -> None:
    client, page = signed_in(editor), reverse("catalogue:import")
    for content, said in (
        (b"titre;kind\nA;need\n", "Ces colonnes n’existent pas dans le catalogue : titre."),
        (b"title;kind\n", "Ce tableau n’a pas de ligne."),
        ("title\nété".encode("cp1252"), "Ce fichier n’est pas en UTF-8"),
        (b'title;kind\n"A;need\n', "À partir d’ici, un guillemet"),
        (b"\x89PNG\x00\x01", "n’est pas en UTF-8"),
    ):
        file = SimpleUploadedFile("f.csv", content)
        answer = client.post(page, {"organisation": str(holder.pk), "file": file})
        assert (answer.status_code, said in words(answer)) == (422, True), content
    assert not ContributionBatch.objects.exists()


def test_a_lot_is_hidden_from_others(holder: Organisation, editor: User) -> None:
    batch = read(editor, holder, need())
    for address in ("import_batch", "import_faults"):
        where = reverse(f"catalogue:{address}", args=(batch.public_id,))
        assert signed_in(make.person()).get(where).status_code == 404
        assert signed_in(make.moderator()).get(where).status_code == 404
    colleague = make.joined(make.person(), holder, Role.REFERENT)
    assert signed_in(colleague).get(where).status_code == 200


def test_the_pages_cost_the_same_for_three(holder: Organisation, editor: User) -> None:
    def costs(number: int, state: str) -> int:
        titles = [f"{state} {number} {n}" for n in range(number)]
        make.published(editor, holder=holder, title=f"{state} {number} 0")
        batch = read(editor, holder, *(need(title=title) for title in titles))
        if state != "read":
            batches.ask(batch=batch, sends=False, charter="", by=editor)
            imports.carry_out(batch)
        return cost(signed_in(editor), reverse("catalogue:import_batch", args=(batch.public_id,)))

    for state in ("read", "done"):
        assert costs(2, state) == costs(4, state)
    page, one = reverse("catalogue:import"), make.organisation("Une autre")
    other = make.joined(make.person(), one, Role.EDITOR)
    read(other, one, need())
    assert cost(signed_in(other), page) == cost(signed_in(editor), page)


def test_moderators_see_a_lot_as_one_and_decide_on_its_cards(
    holder: Organisation, editor: User
) -> None:
    client = signed_in(make.moderator())
    queue = reverse("catalogue:moderation")
    make.submitted(title="Seule à relire")
    batch = taken(editor, holder, *(need(title=f"Du lot {n}") for n in range(3)), sends=True)
    page = words(client.get(queue))
    assert "Seule à relire" in page
    assert "Du lot" not in page.replace("Du lot importé", "")
    assert "3 fiches" in page
    one = words(client.get(queue, {"lot": str(batch.public_id)}))
    assert "Seule à relire" not in one
    assert [f"Du lot {n}" in one for n in range(3)] == [True] * 3
    assert client.get(queue, {"lot": "x"}).status_code == 200
    cards = list(batch.contributions.order_by("pk"))
    said = {"item": [f"{each.public_id}:{each.version}" for each in cards[:2]], "act": "publish"}
    said |= {"assignee": "", "reason": "", "message": "", "confirm": "1"}
    client.post(f"{reverse('catalogue:moderation_bulk')}?lot={batch.public_id}", said)
    assert told.states(batch) == {"published": 2, "submitted": 1}
    before = cost(client, queue)
    taken(editor, holder, need(title="D’un autre"), sends=True)
    taken(editor, holder, need(title="D’un troisième"), sends=True)
    assert cost(client, queue) == before


def test_the_command_tells_then_imports(
    holder: Organisation, editor: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "fiches.csv"
    file.write_bytes(table(need(title="Une"), need(title="Deux", scope="ici")))
    given = [str(file), "--organisation", holder.slug, "--by", editor.email]
    call_command("import_cards", *given, "--dry-run")
    assert "Refusée : 1" in capsys.readouterr().out
    assert not ContributionBatch.objects.exists()
    call_command("import_cards", *given, "--send", "--json")
    assert json.loads(capsys.readouterr().out)["counts"] == {"create": 1, "refused": 1}
    assert [each.status for each in Contribution.objects.all()] == ["submitted"]
    with pytest.raises(CommandError, match="not_allowed"):
        call_command("import_cards", *given[:4], make.person().email)


def test_links_to_other_cards_are_found_by_address_or_title(
    holder: Organisation, editor: User
) -> None:
    one, two = make.published(title="Première fiche"), make.published(title="Seconde fiche")
    row = need(title="Liée")
    row |= {"relations.1.type": "Répond à", "relations.1.target": f"/ressources/{one.slug}/"}
    row |= {"relations.2.type": "uses", "relations.2.target": "seconde fiche"}
    batch = taken(editor, holder, row)
    assert batch.contributions.get().content["details"]["relations"] == [
        {"type": "answers", "target": one.slug},
        {"type": "uses", "target": two.slug},
    ]
    assert outcomes(read(editor, holder, row)) == ["unchanged"]
    wrong = read(editor, holder, row | {"title": "Autre", "relations.2.target": "Nulle part"})
    assert causes(wrong) == [("relations", "Nulle part")]


def test_a_lot_holds_what_it_opened_for_its_organisation_alone(
    holder: Organisation, editor: User
) -> None:
    colleague = make.joined(make.person(), holder, Role.EDITOR)
    theirs = make.draft(colleague, holder=holder, title="À la main")
    other = make.organisation("Autre")
    editor = make.joined(editor, other, Role.EDITOR)
    by_hand = need(title="À la main", summary="Un résumé venu du tableau.")
    batch = taken(editor, holder, need(title="Partie"), by_hand)
    assert make.again(theirs).content["summary"] == "Un résumé venu du tableau."
    moved = Contribution.objects.select_related("resource", "revision").get(batch=batch)
    make.edit(moved, editor, organisation=other)
    assert batch.contributions.count() == 0
    assert batches.withdraw(batch=batch, by=colleague) == 0
    assert {make.again(each).status for each in (moved, theirs)} == {"draft"}


def test_a_lot_whose_author_left_is_sent_by_another(holder: Organisation, editor: User) -> None:
    colleague = make.joined(make.person(), holder, Role.EDITOR)
    batch = read(editor, holder, need(title="Une"))
    batches.ask(batch=batch, sends=False, charter="", by=editor)
    User.objects.filter(pk=editor.pk).update(is_active=False)
    imports.carry_out(batch)
    batch = ContributionBatch.objects.get(pk=batch.pk)
    batches.send(batch=batch, charter=make.CHARTER, by=colleague)
    imports.carry_out(batch)
    assert ContributionBatch.objects.get(pk=batch.pk).state == BatchState.DONE


def test_a_nul_is_refused_whatever_the_encoding() -> None:
    content = b"\xff\xfe" + "kind;title\nneed;a\0b\n".encode("utf-16-le")
    assert [each.code for each in imports.read(content).faults] == ["nul_character"]


def test_the_letters_of_a_lot_leave_though_its_worker_died_after_the_last(
    holder: Organisation, editor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = read(editor, holder, need(title="Une"))
    batches.ask(batch=batch, sends=True, charter=make.CHARTER, by=editor)

    def die(**_named: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(imports.batches, "finish", die)
        with pytest.raises(KeyboardInterrupt):
            imports.carry_out(batch)
    past = clock.now() - timedelta(minutes=6)
    ContributionBatch.objects.filter(pk=batch.pk).update(beat_at=past)
    imports.carry_out(batch)
    assert {"mail.batch_received", "mail.batch_to_review"} <= set(owed())


def test_who_brought_a_lot_and_who_sent_it_read_what_was_decided(
    holder: Organisation, editor: User
) -> None:
    colleague = make.joined(make.person(), holder, Role.EDITOR)
    batch = taken(editor, holder, need(title="Une"))
    batches.send(batch=batch, charter=make.CHARTER, by=colleague)
    imports.carry_out(batch)
    make.put_online(batch.contributions.get())
    assert not any("contribution_published" in topic for topic in owed())
    end = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    mail.outbox.clear()
    tasks.decided_letter(batch_id=batch.pk, before=end.isoformat())
    assert {each.to[0] for each in mail.outbox} == {editor.email, colleague.email}
