"""Pages of openings: what each shows to whom, what a form keeps, what an act answers."""

import io
import re
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from datasets.openings import wording
from datasets.openings.actions import publication, review
from datasets.openings.enums import OpeningStatus
from datasets.openings.models import Opening
from datasets.releases.models import Dataset
from datasets.standards import disclosure
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.audit.outbox import relay
from portal.lib.storage import objects
from tests.datasets.access.test_pages import posted, signed_in
from tests.datasets.openings.tables import REFUSED, people, written
from tests.factories.accounts import UserFactory
from tests.factories.openings import World, again
from tests.ledger import cost, same_for_three
from tests.threads import together

pytestmark = pytest.mark.django_db
S = OpeningStatus
PROPOSE = "/donnees/ouvertures/proposer/"


@pytest.fixture
def world() -> World:
    return World()


def filled(world: World, rows: Any = None, **values: Any) -> dict[str, Any]:
    """Fill the form as a producer does."""
    content = written(people() if rows is None else rows)
    return {
        "title": "Entrées en formation",
        "card": str(world.card.public_id),
        "restricted": str(world.restricted.public_id),
        "interest": "Choisir où former.",
        "legal_basis": "Mission d’intérêt public",
        "licence": "etalab-2.0",
        "of_personal_origin": "on",
        "file": SimpleUploadedFile("entrees.csv", content),
        "quasi_identifiers": "zone, trimestre, age",
        "removed": "jeton : relie les lignes d’une personne",
        **values,
    }


def act(client: Client, opening: Opening, name: str, **values: Any) -> Any:
    address = reverse(f"datasets:{name}", args=(opening.public_id,))
    return client.post(address, {"attempt": again(opening).attempt} | values)


def page(client: Client, opening: Opening) -> str:
    return client.get(opening.get_absolute_url()).text


def test_proposed_refused_by_the_checks_corrected_approved_opened_and_read(world: World) -> None:
    producer, officer = signed_in(world.by), signed_in(world.officer)
    columns = SimpleUploadedFile("d.csv", b"colonne,type\nzone,string\nlieu,string\n")
    answer = producer.post(PROPOSE, filled(world, REFUSED["commune"][0], dictionary=columns))
    opening = Opening.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, opening.get_absolute_url())
    told = page(officer, opening)
    assert "Admettre et contrôler" in told
    # Who admits reads the columns of the file, and what is said of each.
    columns = told.split("Colonnes du fichier déposé</h3>")[1].split("</table>")[0]
    assert all(f"<code>{name}</code>" in columns for name in ("zone", "trimestre", "age", "lieu"))
    assert columns.count("permet de reconnaître") == 3
    assert "Admettre et contrôler" not in page(producer, opening)
    early = reverse("datasets:publish_opening", args=(opening.public_id,))
    assert producer.get(early).headers["Location"] == opening.get_absolute_url()
    act(officer, opening, "admit_opening")
    review.check_waiting()
    told = page(producer, opening)
    assert "Ce jeu ne peut pas être ouvert en l’état" in told
    assert "Remplacez la commune" in told
    assert "k minimum 24, seuil 11, sur zone × trimestre × age" in told
    # What waits for whom: the producer corrects, nothing waits for the Region.
    assert "1 contrôle échoue\xa0: corrigez" in producer.get("/donnees/ouvertures/").text
    queue = officer.get("/donnees/ouvertures/region/").text
    assert "Rien n’attend la Région." in queue
    assert "Le producteur corrige" in queue
    form = reverse("datasets:opening_file", args=(opening.public_id,))
    corrected = producer.get(form).text
    assert "zone, trimestre, age" in corrected
    assert "Corriger l’ouverture" in corrected
    # What is to be corrected stands before the form.
    assert corrected.index("Remplacez la commune") < corrected.index("multipart/form-data")
    # The faults of a card and of a file are told together.
    wrong = filled(world, attempt="1", licence="ODbL-1.0", count="effectif")
    told = producer.post(form, wrong).text
    assert all(f'href="#id_{name}' in told for name in ("licence", "count"))
    # A column that left takes its description away.
    assert "lieu" in again(opening).dictionary
    again_sent = producer.post(form, filled(world, attempt="1"), follow=True)
    assert list(again(opening).dictionary) == ["zone"]
    assert (again_sent.status_code, again(opening).status) == (200, S.CHECKING)
    # The former report is told as such while the next is made, and the page comes again.
    assert "les contrôles commencent" in again_sent.text
    assert "la Région l’examine" not in again_sent.text
    state = {"headers": {"X-Fragment": "1"}}
    assert f'data-poll="{opening.get_absolute_url()}"' in again_sent.text
    assert "data-final" not in producer.get(opening.get_absolute_url(), **state).text
    assert "contrôles de l’essai 1" in again_sent.text
    assert "Rapport des contrôles faits le" not in again_sent.text
    review.check_waiting()
    assert "data-final" in producer.get(opening.get_absolute_url(), **state).text
    assert "Essai précédent" not in page(producer, opening)
    assert reverse("datasets:opening_queue") in page(officer, opening)
    assert reverse("datasets:opening_queue") not in page(producer, opening)
    assert "Corriger et relancer" not in page(producer, opening)
    for who in (world.approver, world.dpo):
        assert "Approuver l’ouverture" in page(signed_in(who), opening)
        act(signed_in(who), opening, "approve_opening")
        assert "Refuser l’ouverture" not in page(signed_in(who), opening)
    act(producer, opening, "publish_opening")
    assert again(opening).status == S.PUBLISHED
    anybody = Client()
    shown = anybody.get(Dataset.objects.get(resource=world.card).get_absolute_url()).text
    assert world.restricted.get_absolute_url() in shown
    assert "Rapport de contrôle" in shown
    assert f"Ouvert par {world.producer}, approuvé par deux personnes le" in shown
    public = reverse("datasets:release_report", args=(world.card.slug, 1))
    assert public in shown
    assert wording.address_of(again(opening)) == public
    told = anybody.get(public).text
    assert "k minimum 24, seuil 11, sur zone × trimestre × age" in told
    assert "La suite" not in told
    assert f"« {opening.title} »" in told.replace("\xa0", " ")
    file = again(opening).release.files.get(name="entrees.csv")
    address = reverse("datasets:file", args=(world.card.slug, file.public_id))
    assert b"".join(anybody.get(address)) == written(people())
    assert "Entrées en formation" in page(producer, opening)


def test_who_approves_reads_where_it_goes_what_it_replaces_why_and_who_approved(
    world: World,
) -> None:
    fewer = [{"zone": each["zone"], "age": each["age"]} for each in people()]
    world.published(fewer, declared={"quasi_identifiers": ["zone", "age"]})
    opening = world.checked()
    review.approve(opening=opening, attempt=1, by=world.approver)
    shown = page(signed_in(world.dpo), opening)
    assert "Sera publié sur" in shown
    assert world.card.title in shown
    assert "à la place de la version 1 du" in shown
    ask = reverse("datasets:approve_opening", args=(opening.public_id,)) + "?attempt=1"
    asked = re.sub(r"</?(time|b)[^>]*>", "", signed_in(world.dpo).get(ask).text)
    said = ("la version 1 du", "entrees.csv", "Licence Ouverte", "zone, trimestre, age, sortie")
    assert [each for each in said if each not in asked] == []
    assert "À vérifier" in asked
    assert "Choisir où former." in shown
    assert f"Approuvée par {world.approver.display_name} le" in shown
    # What is in it: its columns, their types, rows of nobody.
    assert '<th scope="col">age<br><span class="thin muted">texte</span></th>' in shown
    sampled = opening.reports.get().sample.splitlines()
    assert f"<td>{sampled[5].split(',')[0]}</td>" in shown
    assert "Approuvée par" not in page(signed_in(world.by), opening)


def test_what_is_final_is_confirmed_on_a_page_of_its_own(world: World) -> None:
    opening = world.checked()
    by, approver = signed_in(world.by), signed_in(world.approver)

    def asked(client: Client, name: str) -> Any:
        address = reverse(f"datasets:{name}", args=(opening.public_id,))
        return client.get(address, {"attempt": 7})

    for client, name, question in (
        (approver, "approve_opening", "Approuver cette ouverture"),
        (by, "publish_opening", "Publier ces données"),
        (by, "withdraw_opening", "Retirer cette proposition"),
    ):
        told = asked(client, name).text
        assert question in told
        assert f'<a href="{opening.get_absolute_url()}">{opening.number}</a>' in told  # crumbs
    # What is confirmed is what was read, of another deposit or not.
    assert 'name="attempt" value="7"' in asked(approver, "approve_opening").text
    refused = [
        (by, "approve_opening"),
        (approver, "publish_opening"),
        (approver, "withdraw_opening"),
    ]
    assert [asked(*each).status_code for each in refused] == [403] * 3
    assert again(opening).status == S.READY
    act(by, opening, "withdraw_opening")
    assert again(opening).status == S.WITHDRAWN


def test_approval_asks_for_a_recent_proof(world: World) -> None:
    opening = world.checked()
    client = Client()
    client.force_login(world.approver)
    answer = act(client, opening, "approve_opening")
    assert (answer.status_code, again(opening).approver) == (302, None)
    assert "/compte/identite/" in answer.headers["Location"]


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"title": ""}, "title", "Donnez un intitulé"),
        ({"file": ""}, "file", "Déposez le fichier"),
        ({"quasi_identifiers": ""}, "quasi_identifiers", "Nommez les colonnes"),
        ({"quasi_identifiers": "zone, rue"}, "quasi_identifiers", "« rue » est nommée"),
        (
            {"quasi_identifiers": "zone, rue, lieu"},
            "quasi_identifiers",
            "« lieu » est nommée, mais le fichier n’a que : zone, trimestre, age, sortie.",
        ),
        ({"count": "effectif"}, "count", "« effectif » est nommée"),
        ({"crossings": "zone × rue"}, "crossings", "« rue » est nommée"),
        ({"free_text": "avis"}, "free_text", "écrivez la colonne, deux-points"),
        ({"licence": "ODbL-1.0"}, "licence", "La fiche dit une autre licence"),
        (
            {"file": SimpleUploadedFile("x.csv", b"zone,trimestre,age\nGap,1\n")},
            "file",
            "Ligne 2 : 2 cellules au lieu de 3",
        ),
        (
            {"dictionary": SimpleUploadedFile("d.csv", b"colonne,type\nage,integer\n")},
            "file",
            "Ligne 2, colonne « age » : « 26-49 »",
        ),
    ],
)
def test_a_fault_stands_at_its_field_and_nothing_typed_is_lost(
    world: World, values: dict[str, Any], field: str, sentence: str
) -> None:
    for each in values.values():
        if isinstance(each, SimpleUploadedFile):
            each.seek(0)
    answer = signed_in(world.by).post(PROPOSE, filled(world, **values))
    assert answer.status_code == 422
    text = answer.text.replace("\u202f", " ").replace("\u00a0", " ")
    assert sentence in text
    assert f'href="#id_{field}' in text
    assert ('href="#id_dictionary' in text) == (field == "dictionary")
    sent = "file" not in values or bool(values["file"])
    assert ("Choisissez de nouveau le fichier" in text) == (sent and field == "file")
    assert ("est gardé, chiffré" in text) == (sent and field != "file")
    assert ("Ouvrir la fiche « " in text) == (field == "licence")
    assert ("Créer une fiche" in text) == (field != "licence")
    assert "relie les lignes" in text
    assert not Opening.objects.exists()


def test_every_fault_is_told_at_once_and_a_sound_file_is_kept(world: World) -> None:
    client = signed_in(world.by)
    bad = {"title": "", "card": "", "quasi_identifiers": "commune, date", "count": "nbre"}
    told = client.post(PROPOSE, filled(world, **bad))
    faults = told.context["form"].errors
    assert set(faults) == {"title", "card", "quasi_identifiers", "count"}
    assert ("« commune »" in str(faults), "« date »" in str(faults)) == (True, True)
    assert "entrees.csv\xa0» est gardé, chiffré" in told.text
    # What is no table is told with what the form lacks, and is not kept.
    latin = SimpleUploadedFile("z.csv", "zone,é\n1,2\n".encode("latin-1"))
    told = client.post(PROPOSE, filled(world, title="", file=latin))
    assert set(told.context["form"].errors) == {"title", "file"}
    assert "Choisissez de nouveau le fichier" in told.text
    columns = SimpleUploadedFile("d.csv", b"colonne,description\nzone,Zone d'emploi\n")
    client.post(PROPOSE, filled(world, title="", dictionary=columns))
    assert "entrees.csv\xa0» est gardé, chiffré" in client.get(PROPOSE).text
    whole = filled(world)
    del whole["file"]
    assert client.post(PROPOSE, whole).status_code == 302
    opening = Opening.objects.get()
    assert (opening.file_name, list(opening.dictionary)) == ("entrees.csv", ["zone"])
    assert "opening_upload" not in client.session
    # One that is no longer there is asked for again, with what was typed.
    client.post(PROPOSE, filled(world, title=""))
    objects.store().delete(client.session["opening_upload"]["sha256"])
    assert set(client.post(PROPOSE, whole).context["form"].errors) == {"file"}


def test_a_correction_that_changes_nothing_is_refused(world: World) -> None:
    client = signed_in(world.by)
    client.post(PROPOSE, filled(world, REFUSED["commune"][0]))
    opening = Opening.objects.get()
    act(signed_in(world.officer), opening, "admit_opening")
    review.check_waiting()
    form = reverse("datasets:opening_file", args=(opening.public_id,))
    same = {**client.get(form).context["form"].initial, "attempt": "1"}
    same |= {"crossings": "\n".join(same["crossings"]), "free_text": ""}
    told = client.post(form, same)
    assert told.status_code == 422
    assert "Rien n’a changé depuis le dernier envoi" in told.text
    assert again(opening).status == S.CHANGES_REQUESTED
    told = client.post(form, same | {"removed": "Rien d’autre."}, follow=True)
    assert "Corrections reçues\xa0: les contrôles reprennent." in told.text
    # What a person asks may have been done on the card.
    opening = again(opening)
    opening.become(S.CHANGES_REQUESTED, changes_asked="Corrigez la fiche.")
    assert client.post(form, same | {"removed": "Rien d’autre.", "attempt": "2"}).status_code == 302


def test_a_member_proposes_from_the_page_of_a_restricted_dataset(world: World) -> None:
    client = signed_in(UserFactory())
    shown = client.get(world.restricted.get_absolute_url()).text
    address = f"{PROPOSE}?jeu={world.restricted.resource.slug}"
    assert address in shown
    assert client.post(address, {"title": "", "interest": ""}).status_code == 422
    answer = client.post(address, {"title": "Sorties", "interest": "Comparer."})
    opening = Opening.objects.get()
    assert answer.headers["Location"] == opening.get_absolute_url()
    assert (opening.status, opening.producer) == (S.PROPOSED, world.producer)
    producer = signed_in(world.by)
    assert "Répondre à une proposition d’ouverture" in producer.get("/espace/").text
    answer = act(producer, opening, "decline_opening", text="")
    assert (answer.status_code, again(opening).status) == (422, S.PROPOSED)
    act(producer, opening, "decline_opening", text="Pas maintenant.")
    assert "Pas maintenant." in page(client, opening)
    assert client.get(PROPOSE).status_code == 200


def test_an_opening_hidden_is_an_unknown_one(world: World) -> None:
    opening = world.checked()
    unknown = reverse("datasets:opening", args=(uuid4(),))
    report = reverse("datasets:opening_report", args=(opening.public_id, 1))
    strangers = [UserFactory(), World().by]
    for each in [*strangers, UserFactory(region=RegionRole.MODERATOR)]:
        client = signed_in(each)
        hidden, none = client.get(opening.get_absolute_url()), client.get(unknown)
        assert (hidden.status_code, len(hidden.content)) == (404, len(none.content))
        assert client.get(report).status_code == 404
        assert act(client, opening, "approve_opening").status_code == 404
    assert signed_in(strangers[0]).get("/donnees/ouvertures/region/").status_code == 404
    given = signed_in(world.by).get(report)
    assert b"".join(given) == publication.signed(opening.reports.get()).encode()
    paper = report.replace(".json", ".pdf")
    assert signed_in(strangers[0]).get(paper).status_code == 404
    printed = b"".join(signed_in(world.by).get(paper))
    assert printed.startswith(b"%PDF")
    assert printed == b"".join(signed_in(world.officer).get(paper))
    made = opening.reports.get()
    made.content["checks"] += [disclosure.not_compared("linkage", 120 * "n")] * 5
    pages = PdfReader(io.BytesIO(wording.paper_of(opening, made))).pages
    told = " ".join(" ".join(each.extract_text() for each in pages).split())
    assert told.count("trop grand pour être comparé ici") == 5


def test_an_emergency_takes_two_people_on_the_page(world: World) -> None:
    former, opening = world.published(), world.published()
    first, second = signed_in(world.approver), signed_in(world.dpo)
    assert "Ce texte sera public" in page(first, opening)
    # What was there before comes back, and nobody is to learn it afterwards.
    assert "Sans elle, la version 1, du" in page(first, opening)
    assert former.get_absolute_url() in page(first, opening)
    assert "Sans elle" not in page(first, former)
    act(first, opening, "ask_withdrawal", text="Une personne se reconnaît.")
    versions = Client().get(reverse("datasets:releases", args=(world.card.slug,))).text
    assert "Lecture suspendue" in versions
    assert "Une personne se reconnaît." not in versions
    dataset = Dataset.objects.get(resource=world.card)
    assert "La version 2 est suspendue depuis le" in Client().get(dataset.get_absolute_url()).text
    for each in (first, second, signed_in(world.by)):
        assert "jusqu’à la réponse d’une seconde personne" in page(each, opening)
        assert "Une personne se reconnaît." in page(each, opening)
    assert "Confirmer le retrait" not in page(first, opening)
    assert "Renoncer au retrait" in page(first, opening)
    assert "Confirmer le retrait" in page(second, opening)
    assert "Sans elle, la version 1, du" in page(second, opening)
    proposer = UserFactory()
    Opening.objects.filter(pk=opening.pk).update(proposed_by=proposer)
    assert "Une personne se reconnaît." not in page(signed_in(proposer), opening)
    asked = opening.withdrawals.get()
    address = reverse("datasets:answer_withdrawal", args=(opening.public_id, asked.public_id))
    assert first.post(address, {"answer": "yes"}).status_code == 403
    assert second.post(address).status_code == 422
    assert second.post(address, {"answer": "yes"}).status_code == 302
    assert "Données retirées en urgence" in page(second, opening)
    assert "Retirée" in signed_in(world.by).get("/donnees/ouvertures/").text
    releases = reverse("datasets:releases", args=(world.card.slug,))
    assert "Une personne se reconnaît." in Client().get(releases).text
    public = Client().get(dataset.get_absolute_url()).text
    assert ": Une personne se reconnaît." in public
    report = reverse("datasets:release_report", args=(world.card.slug, 2))
    assert Client().get(report).status_code == 404
    assert "La version 2 a été retirée" in public
    assert "<b>Retirée" in page(second, opening)


def test_letters_say_what_waits_and_lead_there(world: World, mailoutbox: list[Any]) -> None:
    world.checked(REFUSED["few"][0])
    opening = world.checked()
    while relay():
        pass
    for each in (world.approver, world.dpo):
        review.approve(opening=opening, attempt=1, by=each)
    while relay():
        pass
    told = sorted({(mail.subject, mail.to[0]) for mail in mailoutbox})
    title = "Entrées en formation par zone"
    assert told == sorted(
        {
            (f"Ouverture à examiner : « {title} »", world.officer.email),
            (f"Ouverture à corriger : « {title} »", world.by.email),
            (f"Ouverture approuvée : « {title} »", world.by.email),
            (f"Ouverture à approuver : « {title} »", world.approver.email),
            (f"Ouverture à approuver : « {title} »", world.other_approver.email),
            (f"Ouverture à approuver : « {title} »", world.dpo.email),
        }
    )


def test_pages_cost_the_same_for_one_and_three(world: World) -> None:
    by: User = world.by
    first = world.checked()
    producer, approver = signed_in(by), signed_in(world.other_approver)
    counts = same_for_three(
        lambda: world.deposited(),
        lambda: cost(producer, "/donnees/ouvertures/"),
        lambda: cost(approver, "/donnees/ouvertures/region/"),
        lambda: cost(producer, first.get_absolute_url()),
        lambda: cost(approver, first.get_absolute_url()),
        lambda: cost(producer, PROPOSE),
    )
    assert max(counts) <= 25


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_f15_an_opening_approved_and_refused_at_once_is_one_of_them(world: World) -> None:
    opening = world.checked()
    review.approve(opening=opening, attempt=1, by=world.approver)
    loser = world.other_approver
    said = together(
        lambda: posted(world.dpo, "approve_opening", opening, attempt=1),
        lambda: posted(loser, "refuse_opening", opening, attempt=1, reason="interest", text="Non."),
    )
    approved = again(opening).status == S.APPROVED
    winner = world.dpo if approved else loser
    assert said in (["302", f"409 {winner}"], [f"409 {winner}", "302"])
    assert again(opening).status == (S.APPROVED if approved else S.REFUSED)
