"""Files of a draft that do not go together are told as they come."""

import io
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from challenges.bundles.spec import Role
from challenges.models import Challenge, ChallengeDraft
from challenges.organising import queries as organising
from challenges.organising.actions import drafts, texts
from datasets import gate
from datasets.access.models import Extract
from portal.accounts.models import User
from portal.lib.storage import objects
from tests.challenges import world
from tests.challenges.organising.test_authoring import (
    IDS,
    SCORING,
    TEST,
    TRUTH,
    at,
    begin,
    checked,
    deposit,
    filled,
    send,
)
from tests.challenges.programs.cases import bundle
from tests.challenges.world import ROWS
from tests.factories.access import World, build_extracts

pytestmark = pytest.mark.django_db
PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\n"


def test_answers_that_lack_ids_of_the_test_are_said_where_they_are_sent(
    client: Client, by: User
) -> None:
    begin(client, by)
    same = "Mêmes identifiants dans le test et les réponses"
    page = send(client, ("test.csv", TEST), ("solution.csv", TRUTH))
    assert same in page.context["ready"]
    assert client.post(at("write_files"), SCORING).status_code == 302
    short = TRUTH.replace(f"{IDS[0]},", "Secret,").replace(f"{IDS[1]},", f"{IDS[0]},")
    page = send(client, ("solution.csv", short.replace(f"{IDS[2]},", f"{IDS[3]},")))
    (lacking,) = (each for each in page.context["missing"] if each["key"] == "ids")
    said = "Les réponses n’ont pas les identifiants du test : 2 en moins (A0001, A0002…), 1 en trop"
    assert lacking["sentence"] == f"{said}, 1 en double (ligne 5)"
    assert lacking["step"] == 2
    assert same not in page.context["ready"]
    assert 'role="alert"' in page.text
    kept = ChallengeDraft.objects.get().kept
    assert "Secret" not in str(kept)
    page = send(client, ("solution.csv", TRUTH + TRUTH.splitlines()[-1] + "\n"))
    last = f"0 en trop, 1 en double (ligne {ROWS + 2})"
    assert next(each["sentence"] for each in page.context["missing"]).endswith(last)
    challenge = Challenge.objects.get()
    Challenge.objects.update(bundle=challenge.bundle | {"task": "ranking"})
    assert same in client.get(at("write_files")).context["ready"]  # a row for each item of a list
    Challenge.objects.update(bundle=challenge.bundle)
    page = send(client, ("solution.csv", "\n".join(TRUTH.splitlines()[:100])))
    assert [each[1:] for each in page.context["replaced"]] == [(ROWS + 1, 99)]
    assert "remplacé" in page.text
    assert "à corriger" in page.text
    assert "Fichiers reçus" not in page.text  # nothing is green beside the fault
    stays = client.post(at("write_files"), SCORING)
    assert stays.headers["Location"] == f"{at('write_files')}#incomplet"
    assert '<div id="incomplet" tabindex="-1">' in client.get(at("write_files")).text
    leaves = client.post(at("write_files"), SCORING | {"quitter": "1"})
    assert leaves.headers["Location"] == at("organiser")
    send(client, ("test.csv", TEST + "Z9,1\n"))  # nobody reads the answers that it came after
    page = client.get(at("write_files"))
    assert "ids" not in [each["key"] for each in page.context["missing"]]
    assert same not in page.context["ready"]


def test_answers_that_are_no_numbers_are_said_as_they_come(client: Client, by: User) -> None:
    begin(client, by)
    words = TRUTH.replace(f"{IDS[1]},", f"{IDS[1]},abc").replace(f"{IDS[4]},", f"{IDS[4]},abc")
    page = send(client, ("test.csv", TEST), ("solution.csv", words))
    said = "2 réponses ne sont pas des nombres : la première, ligne 3."
    text = page.text.replace("\xa0", " ").replace("\u202f", " ")
    assert said in text
    assert "« abc" in text
    assert "à corriger" in text
    assert "Fichiers reçus" not in text
    assert "abc" not in str(ChallengeDraft.objects.get().kept)
    refused = client.post(at("write_files"), SCORING)
    assert refused.status_code == 422
    assert [*refused.context["form"].columns.errors] == ["sens_1"]
    page = send(client, ("solution.csv", TRUTH))
    assert page.context["form"].columns.stray is None
    assert client.post(at("write_files"), SCORING).headers["Location"] == at("write_scoring")
    page = send(client, ("solution.csv", words))  # once it is said what the columns mean
    assert "Fichiers déposés" not in client.get(at("write_scoring")).context["ready"]
    last = page.context["missing"][-1]
    assert (last["key"], last["step"]) == ("strays", 2)


def test_a_role_is_chosen_and_the_answers_are_looked_at_before_one_goes_on(
    client: Client, by: User
) -> None:
    begin(client, by)
    send(client, ("solution.csv", TRUTH.replace(f"{IDS[1]},", f"{IDS[1]},abc")))
    form = send(client, ("offres.csv", TEST)).context["form"]
    sent = {name: form[name].value() for name in form.fields if name.startswith("role_")}
    assert sorted(sent.values()) == ["truth", "unsure"]
    chosen = {name: "test" if role == "unsure" else role for name, role in sent.items()}
    page = client.post(at("write_files"), chosen, follow=True)
    assert page.redirect_chain == [(at("write_files"), 302)]
    assert "1 réponse n’est pas un nombre" in page.text.replace("\xa0", " ")
    assert "Fichiers déposés" not in page.context["ready"]
    assert client.post(at("write_files"), SCORING).status_code == 422


def test_a_picture_is_no_table_whatever_its_name(client: Client, by: User) -> None:
    begin(client, by)
    page = send(client, ("solution.csv", TRUTH), ("vue.png", PICTURE), ("offres.xlsx", b"PK"))
    assert "exemple-genere.csv" not in page.text  # there is no test yet, whose ids it would have
    assert "Fichiers reçus" not in page.text
    whys = {entry["path"]: why for entry, *_cells, why in page.context["rows"]}
    assert whys == {
        "solution.csv": "",
        "vue.png": "pas un tableau",
        "offres.xlsx": "tableur non lu : enregistrez-le en CSV",
    }
    form = page.context["form"]
    chosen = {entry["path"]: role.value() for entry, role in form.rows}
    assert chosen == {"solution.csv": "truth", "vue.png": "", "offres.xlsx": ""}
    assert "Le rôle de «" not in page.text  # nothing is asked of them
    page = send(client, ("test.csv", PICTURE))
    assert page.status_code == 422
    assert "Un fichier CSV en UTF-8" in page.text
    roles = {f"role_{at_}": role.value() for at_, (_e, role) in enumerate(form.rows)}
    uploads = [SimpleUploadedFile("test.csv", TEST.encode())]
    client.post(at("write_files"), roles | {"uploads": uploads})
    there = {each["path"] for each in drafts.all_files(Challenge.objects.get())}
    assert {"vue.png", "offres.xlsx"} <= there  # a role may still be chosen
    assert client.post(at("write_files"), SCORING).status_code == 302
    drafts.ask_build(challenge=Challenge.objects.get(), by=by)  # nothing published of them
    left = {each["path"] for each in drafts.all_files(Challenge.objects.get())}
    assert left == {"solution.csv", "test.csv", "exemple-genere.csv"}


@pytest.mark.parametrize(
    ("others", "is_found"),
    [
        ({"offres.csv": TEST}, True),
        ({"offres.csv": TEST, "autres.csv": TEST}, False),  # which one is not known
        ({"offres.csv": TEST.replace("A0", "B0")}, False),  # rows of something else
        ({"offres.csv": TRUTH.replace("niveau", "etage").replace("jeu", "lot")}, False),  # tells
    ],
)
def test_a_file_of_the_ids_of_the_answers_is_the_test_whatever_its_name(
    client: Client, by: User, others: dict[str, str], is_found: bool
) -> None:
    begin(client, by)
    page = send(
        client, *others.items(), ("solution.csv", TRUTH), ("train.csv", "id,x,niveau\nE,1,2")
    )
    found = {"offres.csv": "test"} if is_found else {}
    assert roles_of(page) == {"solution.csv": "truth", "train.csv": "train"} | found


LEARNT = "niveau,id,x\n" + "".join(
    f"{right.split(',')[1]},E{row}\n"
    for row, right in zip(TEST.splitlines()[1:], TRUTH.splitlines()[1:], strict=True)
)


@pytest.mark.parametrize(
    ("others", "is_found"),
    [
        ({"apprendre 2025.csv": LEARNT}, True),
        ({"apprendre 2025.csv": LEARNT, "historique.csv": LEARNT}, False),  # which one is not known
        ({"apprendre 2025.csv": LEARNT.replace("niveau", "etage")}, False),  # of no answer
        ({"apprendre 2025.csv": LEARNT.replace(",EA", ",A")}, False),  # of the rows of the test
        # Of some of them, among those of the years before.
        ({"apprendre 2025.csv": LEARNT.replace(",EA000", ",A000")}, False),
    ],
)
def test_a_file_of_the_columns_of_the_test_and_an_answer_is_the_training_whatever_its_name(
    client: Client, by: User, others: dict[str, str], is_found: bool
) -> None:
    begin(client, by)
    page = send(client, *others.items(), ("test.csv", TEST), ("solution.csv", TRUTH))
    found = {"apprendre 2025.csv": "train"} if is_found else {}
    assert roles_of(page) == {"solution.csv": "truth", "test.csv": "test"} | found
    page = send(client, *others.items())  # once the answers are sealed
    assert roles_of(page) == {"solution.csv": "truth", "test.csv": "test"} | found


def test_a_file_whose_name_says_no_role_is_not_lost_to_one_whose_name_does(
    client: Client, by: User
) -> None:
    begin(client, by)
    page = send(client, ("solution.csv", TRUTH), ("offres.csv", TEST), ("validation.csv", LEARNT))
    found = {"solution.csv": "truth", "offres.csv": "test"}
    assert roles_of(page) == found | {"validation.csv": "train"}
    found |= {"validation.csv": "train"}
    page = send(client, ("train_2024.csv", LEARNT))
    assert roles_of(page) == found
    assert unsure_in(page) == {"train_2024.csv"}
    said = "« validation.csv » reste : Entraînement. Dites ce qu’est « train_2024.csv »"
    assert said in page.text.replace("\xa0", " ")
    page = send(client, ("train_2025.csv", LEARNT), ("test.csv", TEST), ("corrige.csv", TRUTH))
    assert unsure_in(page) == {"train_2024.csv", "train_2025.csv", "test.csv"}
    del found["solution.csv"]  # of two files of one name in that, the last
    assert roles_of(page) == found | {"corrige.csv": "truth"}
    said = "« corrige.csv » prend la place de « solution.csv »"
    assert said in page.text.replace("\xa0", " ")


def unsure_in(page: Any) -> set[str]:
    return {each["path"] for each in page.context["form"].listed if each.get("unsure")}


def roles_of(page: Any) -> dict[str, str]:
    listed = page.context["form"].listed
    return {each["path"]: each["role"] for each in listed if not each.get("unsure")}


def test_two_files_of_one_role_are_named_beside_each(client: Client, by: User) -> None:
    begin(client, by)
    page = send(client, ("test.csv", TEST), ("solution.csv", TRUTH))
    form = page.context["form"]
    sent = {name: "test" for name in form.fields if name.startswith("role_")}
    refused = client.post(at("write_files"), sent)
    assert refused.status_code == 422
    assert set(refused.context["form"].errors) == set(sent)
    assert "« test.csv » et « solution.csv » ont le même rôle" in refused.text.replace("\xa0", " ")


def test_a_public_file_gives_no_row_that_the_grant_lends(by: User) -> None:
    challenge = filled(by)
    own = World(organisation=challenge.organiser)
    grant = own.active(organises_challenge=True)
    texts.choose_grant(challenge=challenge, grant=grant, by=by)
    waits = ChallengeDraft.objects.get(challenge=checked(challenge, by))
    assert [each["code"] for each in waits.errors] == ["lent_coming"]
    build_extracts()
    extract = io.BytesIO()
    lent = Extract.objects.first()
    with closing(gate.open_file(data_file=lent.data_file, by=own.reader)) as content:
        extract.write(b"".join(objects.pieces(content)))
    token = extract.getvalue().splitlines()[1].partition(b",")[0]
    notes = deposit("notes.csv", b"ligne,note\n1,rien\n" + token + b",vu\n")
    drafts.add_file(challenge=challenge, role=Role.EXTRA, deposit=notes, by=by)
    errors = ChallengeDraft.objects.get(challenge=checked(challenge, by)).errors
    assert [(each["code"], each["file"]) for each in errors] == [("lent_rows", "notes.csv")]
    assert "1 ligne prêtée à accès restreint (ligne 3)" in errors[0]["message"].replace(
        "\u00a0", " "
    )
    drafts.arrange_files(challenge=challenge, roles={"notes.csv": None}, by=by)
    written = ChallengeDraft.objects.get(challenge=checked(challenge, by))
    assert (written.errors, written.state) == ([], "done")
    texts.choose_grant(challenge=challenge, grant=own.lent(organises_challenge=True), by=by)
    written.refresh_from_db()
    assert written.state == "idle"  # compared with what the former lent


def test_what_a_program_scores_is_compared_too(by: User, tmp_path: Path) -> None:
    challenge = world.from_bundle(bundle(tmp_path, "print()"), by)
    own = World(organisation=challenge.organiser)
    texts.choose_grant(challenge=challenge, grant=own.lent(organises_challenge=True), by=by)
    zones = b"zone,sortie\nGap,formation\n"
    given = challenge.files.create(
        index=9, name="zones.csv", role="extra", sha256=objects.put(zones).sha256, size=len(zones)
    )
    errors = ChallengeDraft.objects.get(challenge=checked(challenge, by)).errors
    assert [(each["code"], each["file"]) for each in errors] == [("lent_rows", "zones.csv")]
    given.delete()
    assert ChallengeDraft.objects.get(challenge=checked(challenge, by)).state == "done"
    assert "build" not in {each.key for each in organising.missing(challenge)}
