"""The pages of access: a request from its first word to its grant, by each who has a say."""

import io
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from datasets import gate
from datasets.access import queries
from datasets.access.actions import drafts, grants, review
from datasets.access.agreement import agreement
from datasets.access.enums import ForbiddenUse, RefusalReason, RequestStatus, Verdict
from datasets.access.models import AccessRequest, Extract, Grant
from datasets.releases.models import DataFile
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.lib import clock
from portal.lib.storage import objects
from portal.pages.typography import long_date
from tests.factories.access import SERVICE, World, again, build_extracts
from tests.factories.accounts import UserFactory
from tests.ledger import events
from tests.ledger import queries as counted
from tests.threads import together

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    session = client.session  # who decides and signs has just proved who they are
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session.save()
    return client


def step(request: AccessRequest, name: str) -> str:
    return reverse("datasets:request_step", args=(request.public_id, name))


def test_a_request_is_written_in_four_steps_and_sent() -> None:
    world = World()
    client, first = signed_in(world.by), world.datasets[0]
    begin = reverse("datasets:request_access", args=(first.resource.slug,))
    assert "Commencer une demande" in client.get(begin).text
    client.post(begin)
    request = AccessRequest.objects.get()
    key = first.public_id

    def send(name: str, **values: Any) -> Any:
        return client.post(step(request, name), values | {"next": "1"})

    title = {"title": "Former où l’on recrute", "summary": "Un tableau public."}
    answer = send("structure", organisation=world.organisation.pk, **title)
    assert answer.headers["Location"] == step(request, "besoin")
    need = {
        "purpose": "training_steering",
        "use_cases": "Choisir où former.",
        "organises_challenge": "on",
        "beneficiaries": "Demandeurs d’emploi",
        f"columns-{key}": ["jeton", "sortie"],
    }
    answer = send("besoin", service="Trop court.", **need)
    assert answer.status_code == 422
    assert "il en manque 189" in answer.text
    assert "est nécessaire." in answer.text
    assert again(request).service == "Trop court."  # kept all the same
    answer = send("besoin", service=SERVICE, **{f"why-{key}-jeton": "Relier."}, **need)
    assert answer.headers["Location"] == step(request, "securite")
    safety = {"legal_basis": "Mission", "hosting": "FR", "security": "Chiffré.", "months": "12"}
    wrong = {"persons": f"{world.by.email}\npas-une-adresse", "months": "99"}
    answer = send("securite", **safety | wrong)
    assert (answer.status_code, again(request).hosting) == (422, "FR")
    assert re.search(r"«\s?pas-une-adresse\s?» n’est pas une adresse", answer.text)
    assert "36 mois au plus." in re.sub(r"\s", " ", answer.text)
    rendered = {"return-0": "Un tableau", "return-months-0": "6"}
    answer = send("securite", persons="", **safety, **rendered)
    assert answer.headers["Location"] == step(request, "relecture")
    assert world.by.email in client.get(step(request, "relecture")).text
    text = re.sub(r"\s+", " ", client.get(step(request, "securite")).text)
    assert "enregistré le" in text
    assert "2 colonnes sur 4" in text.split('id="compte"')[1].split("</dd>")[0]
    assert text.count("(facultatif)") == 3  # the impact assessment, two more things given back
    said = send("relecture", pledges=["credit"]).text
    assert "Cochez chacun des usages" in said
    assert 'id="reste"' not in said
    answer = send("relecture", pledges=ForbiddenUse.values)
    assert answer.headers["Location"] == request.get_absolute_url()
    assert again(request).status == RequestStatus.SUBMITTED
    assert "ses équipes n’en téléchargent rien" in client.get(request.get_absolute_url()).text
    assert client.get(step(request, "besoin")).status_code == 302


def test_a_dataset_is_added_and_taken_out_without_losing_what_is_typed() -> None:
    world = World()
    request = world.draft(world.datasets[0])
    client, second = signed_in(world.by), world.datasets[1]
    client.post(step(request, "besoin"), {"service": "Nouveau.", "another": second.public_id})
    assert request.datasets.count() == 2
    assert again(request).service == "Nouveau."
    client.post(step(request, "besoin"), {"service": "Mieux.", "remove": second.public_id})
    assert [row.dataset for row in request.datasets.all()] == [world.datasets[0]]


def test_each_reads_the_page_of_a_request_and_others_do_not_know_of_it() -> None:
    world = World()
    request = world.admitted()
    address = request.get_absolute_url()
    unknown = reverse("datasets:access_request", args=(world.datasets[0].public_id,))
    for each in (world.by, world.officer, world.approver, world.dpo, *world.hands):
        assert signed_in(each).get(address).status_code == 200
    stranger = signed_in(UserFactory())
    refused, none = stranger.get(address), stranger.get(unknown)
    assert (refused.status_code, none.status_code) == (404, 404)
    assert len(refused.content) - len(address) == len(none.content) - len(unknown)


def test_a_request_goes_from_its_queue_to_its_signatures() -> None:
    world = World()
    request = world.submitted()
    officer = signed_in(world.officer)
    assert str(request) in officer.get(reverse("datasets:request_queue")).text

    def post(client: Client, name: str, *more: Any, **values: Any) -> Any:
        address = reverse(f"datasets:{name}", args=(request.public_id, *more))
        return client.post(address, {"edits": again(request).edits, **values})

    post(officer, "admit_request")
    for opinion in queries.opinions_of(again(request)):
        hand = next(
            (
                h
                for p, h in zip(world.producers, world.hands, strict=True)
                if p == opinion.organisation
            ),
            world.dpo,
        )
        answer = post(
            signed_in(hand), "opinion", opinion.public_id, verdict="unfavourable", text=""
        )
        assert answer.status_code == 422
        post(signed_in(hand), "opinion", opinion.public_id, verdict="favourable", text="Oui.")
    approver = signed_in(world.approver)
    post(approver, "approve_request", months="6", text="Finalité admise.")
    grant = Grant.objects.get()
    page = reverse("datasets:grant", args=(grant.public_id,))
    for each in (world.by, world.reader):
        client = signed_in(each)
        assert "Signer" in client.get(page).text
        client.post(reverse("datasets:sign", args=(grant.public_id,)))
    assert queries.signatory(Grant.objects.get(), world.reader)
    pdf = signed_in(world.reader).get(reverse("datasets:agreement", args=(grant.public_id,)))
    assert b"".join(pdf.streaming_content).startswith(b"%PDF")


def test_each_sees_of_a_request_and_its_grant_what_concerns_them() -> None:
    """The whole for who asks and the Region; a producer their part; who is named their own."""
    world = World()
    request = world.admitted(service=f"Service envoyé. {SERVICE}")
    hands = dict(zip([each.pk for each in world.producers], world.hands, strict=True))
    for opinion in queries.opinions_of(request):
        who = hands.get(opinion.organisation_id or 0, world.dpo)
        review.give_opinion(
            opinion=opinion, verdict=Verdict.FAVOURABLE, text=f"Avis {who.pk}.", by=who
        )
    request = again(request)
    review.request_changes(
        request=request,
        text="À préciser.",
        fields=["besoin"],
        edits=request.edits,
        by=world.officer,
    )
    drafts.save(request=request, values={"service": f"Service réécrit. {SERVICE}"}, by=world.by)
    opinions = [f"Avis {who.pk}." for who in (*world.hands, world.dpo)]
    words = ["Service envoyé", "Service réécrit", "À préciser.", *opinions]

    def shown(user: User, address: str, words: list[str]) -> list[str]:
        text = signed_in(user).get(address).text
        return [each for each in words if each in text]

    page = request.get_absolute_url()
    assert shown(world.by, page, words) == words[1:]
    assert shown(world.officer, page, words) == [words[0], *words[2:]]
    assert shown(world.hands[1], page, words) == [words[0], opinions[1]]
    assert signed_in(world.reader).get(page).status_code == 404

    drafts.withdraw(request=request, by=world.by)
    grant = world.lent()
    for file in DataFile.objects.order_by("pk"):
        for who in (world.by, world.reader):
            gate.open_file(data_file=file, by=who).close()
    page = reverse("datasets:grant", args=(grant.public_id,))
    files = list(DataFile.objects.order_by("pk").values_list("name", flat=True))
    words = [world.by.email, world.reader.email, *files]
    assert shown(world.by, page, words) == shown(world.approver, page, words) == words
    assert shown(world.hands[1], page, words) == [files[1]]
    assert signed_in(world.by).get(page).text.count('data-label="Octets"') == 4
    assert shown(world.reader, page, words) == words[1:]
    counts = {world.by: 4, world.hands[0]: 2, world.reader: 2, world.dpo: 4}
    for who, count in counts.items():
        assert queries.reads_of(grant, who).count() == count
    named = grant.request.named_users.get(email=world.reader.email)
    grants.remove_person(grant=grant, named=named, by=world.by)
    assert signed_in(world.reader).get(page).status_code == 404


def test_who_signed_finds_the_file_on_the_page_of_the_grant_and_on_the_datasets() -> None:
    world = World()
    grant, dataset = world.granted(world.datasets[0]), world.datasets[0]
    pages = reverse("datasets:grant", args=(grant.public_id,)), dataset.get_absolute_url()

    def said(user: User, *words: str) -> list[list[str]]:
        texts = [signed_in(user).get(page).text for page in pages]
        return [[each for each in words if each in text] for text in texts]

    words = ("en préparation", "?extrait=", "Votre habilitation", "À signer")
    assert said(world.by, *words) == [["À signer"], ["Votre habilitation", "À signer"]]
    grants.sign(grant=grant, by=world.by)
    assert said(world.by, *words) == [["en préparation"], ["Votre habilitation"]]
    assert said(world.reader, *words) == [[], ["Votre habilitation"]]  # has not signed
    build_extracts()
    name = DataFile.objects.get(release__dataset=dataset).name
    for user, there in ((world.by, ["?extrait="]), (world.reader, [])):
        assert said(user, *words) == [there, [*there, "Votre habilitation"]]
        assert (f"Télécharger {name}" in signed_in(user).get(pages[0]).text) == bool(there)
    assert said(world.hands[0], *words) == [[], []]
    Extract.objects.update(built_at=None, clear_size=None, sha256="", attempts=9)
    Extract.objects.update(claimed_until=clock.now())
    assert said(world.by, *words)[0] == []  # given up: nothing comes
    client = signed_in(world.by)
    with CaptureQueriesContext(connection) as seen:
        client.get(pages[0])
    assert len(seen) <= 25
    grants.revoke(grant=grant, text="Fini.", by=world.approver)
    assert said(world.by, *words)[1] == []


def test_what_is_given_back_is_asked_for_while_it_is_awaited() -> None:
    world = World()
    grant = world.active(returns=[("Un tableau", 6), ("Son code", 6)])
    client, page = signed_in(world.by), reverse("datasets:grant", args=(grant.public_id,))
    first, second = grant.request.returns.all()
    answer = client.post(
        reverse("datasets:deliver", args=(grant.public_id, second.public_id)), {"link": "rien"}
    )
    assert answer.status_code == 422
    opened = answer.text.split('class="disclosure" open>')
    assert (len(opened), f'id="rendu{second.pk}_link"' in opened[1]) == (2, True)
    assert f'id="rendu{first.pk}_link"' in opened[0]
    give = reverse("datasets:deliver", args=(grant.public_id, first.public_id))
    for link in ("https://exemple.fr/faux", "https://exemple.fr/vrai"):
        assert client.post(give, {"link": link}).status_code == 302
    assert events("return") == ["return.delivered", "return.corrected"]
    first.refresh_from_db()
    assert first.link == "https://exemple.fr/vrai"
    assert client.get(page).text.count("Corriger l’adresse") == 1
    grants.revoke(grant=grant, text="Fini.", by=world.approver)
    said = client.get(page).text
    assert said.count("plus attendu") == 1
    assert "Donner l’adresse" not in said
    assert "/retirer/" not in said


def test_a_grant_says_who_did_what_of_it_and_keeps_how_its_data_were_destroyed() -> None:
    world = World()
    grant = world.active()
    page, today = reverse("datasets:grant", args=(grant.public_id,)), long_date(clock.now())

    def told() -> list[str]:
        text = re.sub(r"<[^>]*>", "", signed_in(world.by).get(page).text)
        return re.findall(rf"([A-Z][\w ]+) le {today} par (\w+ \d+)", text)

    grants.suspend(grant=grant, text="Un incident.", by=world.dpo)
    assert told() == [("Suspendue", str(world.dpo))]
    waits = [
        "vous serez prévenu" in signed_in(each).get(page).text
        for each in (world.by, world.approver)
    ]
    assert waits == [True, False]
    grants.resume(grant=Grant.objects.get(pk=grant.pk), text="Réglé.", by=world.approver)
    past = [("Suspendue", str(world.dpo)), ("Suspension levée", str(world.approver))]
    assert told() == past
    # It ends for good once that is confirmed.
    end, approver = reverse("datasets:revoke", args=(grant.public_id,)), signed_in(world.approver)
    assert approver.post(end, {"text": "Fini."}).status_code == 422
    assert Grant.objects.get().revoked_at is None
    approver.post(end, {"text": "Fini.", "confirmed": "on"})
    text = signed_in(world.by).get(page).text
    assert "Comment les données ont été détruites" in text
    assert today in text.split(">Au</dt>")[1].split("</dd>")[0]
    grants.attest_destruction(grant=grant, text="Disques broyés.", by=world.by)
    whose = [*past, ("Révoquée", str(world.approver)), ("Destruction attestée", str(world.by))]
    assert told() == whose
    assert "Un incident." in signed_in(world.by).get(page).text
    text = signed_in(world.hands[0]).get(page).text  # a producer: what and when, not who
    assert ("Disques broyés." in text, str(world.approver) in text) == (True, False)


def test_who_asked_confirms_before_a_person_reads_no_more() -> None:
    world = World()
    grant = world.active()
    named = grant.request.named_users.get(user=world.reader)
    address = reverse("datasets:remove_person", args=(grant.public_id, named.public_id))
    client, page = signed_in(world.by), reverse("datasets:grant", args=(grant.public_id,))
    assert f'href="{address}"' in client.get(page).text
    assert f"Retirer {world.reader.email}" in client.get(address).text
    assert queries.signatory(grant, world.reader)
    assert signed_in(world.approver).get(address).status_code == 403
    client.post(address)
    assert queries.signatory(grant, world.reader) is None


def test_who_is_named_is_told_that_who_asked_signs_first() -> None:
    world = World()
    grant = world.granted()
    pages = reverse("datasets:grant", args=(grant.public_id,)), reverse("datasets:requests")
    reader, by = signed_in(world.reader), signed_in(world.by)
    assert all("Qui a demandé signe d’abord" in reader.get(page).text for page in pages)
    assert "Qui a demandé signe d’abord" not in by.get(pages[0]).text
    grants.sign(grant=grant, by=world.by)
    assert "Qui a demandé signe d’abord" not in reader.get(pages[0]).text


def test_each_project_is_a_row_with_its_state_its_next_act_and_its_file() -> None:
    world = World()
    grant = world.lent(world.datasets[0], title="Former mieux")
    address = reverse("datasets:requests")

    def row(user: User, title: str = "Former mieux") -> str:
        text = signed_in(user).get(address).text
        (found,) = [each for each in text.split("<article")[1:] if f">{title}</a>" in each]
        return text.split(found)[0].split('id="')[-1].split('"')[0] + found.split("</article>")[0]

    promised = grant.request.returns.get().due_at
    for each in (world.by, world.reader):
        assert "En vigueur" in row(each)
        assert f"Jusqu’au {long_date(grant.ends_at)}" in row(each)
        assert f"Rendu attendu le {long_date(promised)}" in row(each)
        assert "?extrait=" in row(each)
    assert row(world.by).startswith("demandes")
    grants.suspend(grant=grant, text="Un incident.", by=world.dpo)
    for each in (world.by, world.reader):
        assert "Suspendue" in row(each)
        assert "?extrait=" not in row(each)
    grants.revoke(grant=grant, text="Fini.", by=world.approver)
    grant.refresh_from_db()
    due = f"Destruction à attester avant le {long_date(grant.destruction_due_at)}"
    assert due in row(world.by)
    assert row(world.by).startswith("demandes")
    grants.attest_destruction(grant=grant, text="Effacées.", by=world.by)
    assert row(world.by).startswith("closes")
    assert "Rendu attendu" not in row(world.by)
    draft = world.draft(world.datasets[0], title="À suivre")
    assert f"À finir avant le {long_date(draft.due_on)}" in row(world.by, "À suivre")
    client, asked = signed_in(world.by), []
    client.get(address)  # what is read once
    for _number in range(2):
        world.active(world.datasets[0])
        world.admitted()
        asked.append(counted(lambda: client.get(address)))
    assert asked[0] == asked[1] <= 25


def test_the_queue_says_who_acts_next_and_until_when(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    first, client = world.datasets[0], signed_in(world.approver)

    def fill() -> list[AccessRequest]:
        sent, read = world.submitted(title="Envoyée"), world.admitted(title="Examinée")
        producer = read.opinions.get(organisation=world.producers[0])
        review.give_opinion(
            opinion=producer, verdict=Verdict.FAVOURABLE, text="", by=world.hands[0]
        )
        back = world.admitted(title="Rendue")
        review.request_changes(
            request=back, text="Précisez.", fields=[], edits=back.edits, by=world.officer
        )
        return [sent, again(read), again(back)]

    def shown(wanted: str = "") -> dict[str, str]:
        text = client.get(reverse("datasets:request_queue") + wanted).text
        rows = [each.split("</article>")[0] for each in text.split("<article")[1:]]
        return {re.sub("<.*?>", "", each.split("</h3>")[0]).split()[-1]: each for each in rows}

    sent, read, back = fill()
    grant = world.active(first, title="Accordée")
    held = world.active(first, title="Suspendue")
    grants.suspend(grant=held, text="Un incident.", by=world.dpo)
    rows = shown()
    assert list(rows) == ["Envoyée", "Suspendue", "Examinée", "Rendue", "Accordée"]
    assert "La Région reprend ou révoque" in rows["Suspendue"]
    text = client.get(reverse("datasets:request_queue")).text
    assert re.findall(r"\((\d)\)</a>", text) == ["4", "2", "1", "1"]
    assert f"Recevabilité avant le {long_date(sent.due_on)}" in rows["Envoyée"]
    assert f"Décision avant le {long_date(read.due_on)}" in rows["Examinée"]
    assert "1 avis sur 3" in rows["Examinée"]
    assert f"À corriger avant le {long_date(back.due_on)}" in rows["Rendue"]
    assert reverse("datasets:grant", args=(grant.public_id,)) in rows["Accordée"]
    assert "En vigueur" in rows["Accordée"]
    for way, titles in (
        ("region", ["Envoyée", "Suspendue"]),
        ("avis", ["Examinée"]),
        ("organisme", ["Rendue"]),
    ):
        assert list(shown(f"?attend={way}")) == [*titles, "Accordée"]
    asked = []
    for _number in range(2):
        asked.append(counted(shown))
        fill()
        world.granted(first)
    assert asked[0] == asked[1] <= 25
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=15))
    assert [title for title, row in shown().items() if "En retard" in row] == ["Envoyée"]


def test_without_an_organisation_nothing_is_begun() -> None:
    begin = reverse("datasets:request_access", args=(World().datasets[0].resource.slug,))
    client = signed_in(UserFactory())
    for answer in (client.get(begin), client.post(begin)):
        assert "Rejoignez d’abord un organisme" in answer.text
        assert "Commencer une demande" not in answer.text
    assert not AccessRequest.objects.exists()


def test_a_request_says_who_is_named_what_is_due_and_what_was_granted() -> None:
    world = World()
    addresses = ", ".join(sorted([world.by.email, world.reader.email]))
    request = world.submitted(months=18)
    page, by = request.get_absolute_url(), signed_in(world.by)

    def now(text: str) -> str:
        parts = text.split('id="suite"')[1].split('data-state="now"')
        assert len(parts) == 2
        return parts[1].split("</b>")[0].split("<b>")[1]

    text = by.get(page).text
    assert f"Recevabilité dite au plus tard le {long_date(request.due_on)}." in text
    assert now(text) == "Recevabilité"
    review.admit(request=request, edits=request.edits, by=world.officer)
    request = again(request)
    text = by.get(page).text
    assert text.count('data-label="Justification"') == 6
    assert "0 rendu sur 3" in text
    assert f"Décision au plus tard le {long_date(request.due_on)}." in text
    assert now(text) == "Avis, tous à la fois"
    assert addresses in signed_in(world.approver).get(page).text
    assert world.reader.email not in signed_in(world.hands[0]).get(page).text
    review.request_changes(
        request=request, text="Précisez.", fields=["service"], edits=request.edits, by=world.officer
    )
    request = again(request)
    assert request.due_on == clock.paris_day(clock.now() + timedelta(days=60))
    text = by.get(page).text
    assert f"Attendues avant le {long_date(request.due_on)}" in text
    assert "Finalité et besoin." in text
    assert f'href="{step(request, "besoin")}"' in text
    assert 'id="suite"' not in text
    text = by.get(step(request, "relecture")).text
    assert addresses in text
    # Sent back as it was, it is asked; the officer reads what was asked, and that nothing changed.
    send = {"next": "1", "pledges": list(ForbiddenUse)}
    asked = by.post(step(request, "relecture"), send)
    assert (asked.status_code, "Renvoyer quand même" in asked.text) == (422, True)
    assert again(request).version == 1
    back = by.post(step(request, "relecture"), send | {"next": "unchanged"}, follow=True)
    assert "Corrections renvoyées." in back.text

    def turns(who: User) -> str:
        text = signed_in(who).get(page).text.split('id="tours"')[1].split("</section>")[0]
        return " ".join(re.sub(r"<[^>]*>", " ", text).split())

    assert "« Précisez. »" in turns(world.officer)
    assert "Aucun changement" in turns(world.by)
    request = again(request)
    review.request_changes(
        request=request,
        text="Le seuil ?",
        fields=["service"],
        edits=request.edits,
        by=world.officer,
    )
    drafts.save(request=again(request), values={"service": f"Mieux. {SERVICE}"}, by=world.by)
    by.post(step(request, "relecture"), send | {"answer": "Le seuil est dit."})
    for who in (world.by, world.officer):
        said = turns(who)
        assert said.index("« Le seuil ? »") < said.index("Le seuil est dit.")
        assert said.index("Un changement") < said.index("« Précisez. »")
    request = again(request)
    review.request_changes(
        request=request, text="Encore.", fields=["service"], edits=request.edits, by=world.officer
    )
    request = again(request)
    text = by.get(step(request, "relecture")).text
    assert f"Corrections attendues avant le {long_date(request.due_on)}." in text
    assert 'id="suite"' not in text

    late = [("Un tableau", 6), ("Un bilan", 12)]
    grant = world.granted(months=6, opposed=world.producers[1], returns=late)
    text = by.get(grant.request.get_absolute_url()).text
    struck = text.split("<s>")[1].split("</th>")[0]
    assert str(world.datasets[1]) in struck
    assert "Retiré, producteur opposé" in struck
    assert text.count("<s><code>") == text.count("<s>") - 1 == 3
    assert text.count("après la fin de l’accès") == 1
    (said,) = re.findall(r"(\d+) mois accordés</b>, sur (\d+)\sdemandés", text)
    assert said == ("6", "12")
    assert 'id="suite"' not in text
    assert "Le silence" not in text
    assert "Le silence" in by.get(page).text


def test_a_refusal_that_is_examined_again_stays_on_the_page() -> None:
    world = World()
    request = world.advised(world.datasets[0], dpo=Verdict.UNFAVOURABLE)
    other = UserFactory(region=RegionRole.APPROVER)
    address, link = request.get_absolute_url(), 'href="#decision"'
    text = signed_in(world.approver).get(address).text
    assert link in text
    over = text.split('for="approval_override"')[1].split("</label>")[0]
    assert "(facultatif)" not in over  # it is demanded
    review.refuse(
        request=request,
        reason=RefusalReason.EXCESSIVE,
        text="Trop de colonnes.",
        edits=request.edits,
        by=world.approver,
    )
    asks, again_url = (
        signed_in(world.by),
        reverse("datasets:review_request", args=(request.public_id,)),
    )
    assert f'href="{again_url}"' in asks.get(address).text
    assert "Il n’y en a qu’un" in asks.get(again_url).text
    assert again(request).review_asked_at is None
    asks.post(again_url, {"argument": "Trois colonnes suffisent."})
    assert asks.get(again_url).status_code == 302
    due = long_date(again(request).due_on)
    for each in (world.by, other, world.approver):
        text = signed_in(each).get(address).text
        first = text.split('id="premiere"')[1].split("</section>")[0]
        assert "Données excessives" in first
        assert "Trop de colonnes." in first
        assert "Trois colonnes suffisent." in first
        assert f"avant le {due} (deux mois)" in text
        assert '<h2 id="etat">Réexamen</h2>' in re.sub(r">\s+", ">", text)
        assert "Personne ne peut" not in text
        assert (link in text) == (each == other)
    assert 'id="premiere"' not in signed_in(world.hands[0]).get(address).text
    assert "Demander des corrections" in signed_in(world.officer).get(address).text
    User.objects.filter(pk=other.pk).update(is_active=False)
    assert "Demander des corrections" not in signed_in(world.officer).get(address).text
    text = signed_in(UserFactory(region=RegionRole.ADMINISTRATOR)).get(address).text
    assert "Personne ne peut décider" in text
    assert f'href="{reverse("region_roles")}"' in text
    fresh = again(request)
    refused = {"reason": RefusalReason.EXCESSIVE, "text": "Non.", "edits": fresh.edits}
    third = UserFactory(region=RegionRole.APPROVER)
    review.refuse(request=fresh, by=third, **refused)
    text = re.sub(r"</?time[^>]*>", "", asks.get(address).text)
    assert f"Refus confirmé après réexamen, le {long_date(clock.now())}" in text
    assert "tribunal administratif" in text
    begin = reverse("datasets:request_access", args=(world.datasets[0].resource.slug,))
    assert f'href="{begin}"' in text


def test_the_agreement_leads_to_the_page_that_says_the_rest() -> None:
    world = World()
    grant = world.active()
    page = reverse("datasets:grant", args=(grant.public_id,))
    content = objects.read(grant.agreement_sha256)
    by = grant.approved_by.display_name
    written = agreement(grant.number, grant.content, by=by, page=page, at=grant.approved_at)
    assert content == written
    first, annex = (
        " ".join(each.extract_text().split()) for each in PdfReader(io.BytesIO(content)).pages
    )
    assert f"Accordée le {long_date(grant.approved_at)}, par {by} 1. L’organisme" in first
    assert f"et l’organisme {world.organisation}" in first
    assert all(str(each) in first for each in world.producers)
    assert "Un tableau et son code, 6 mois après la signature" in first
    assert (f"{grant.number} · 1/2" in first, f"{grant.number} · 2/2" in annex) == (True, True)
    assert f"{grant.number} : {grant}" in annex
    assert annex.count("•") == len(ForbiddenUse)
    said = ["jeton, zone, sortie", "Mission d’intérêt public", "Disques chiffrés, accès par clé."]
    said += [f"Colonnes de « {each.resource.title} »" for each in world.datasets]
    assert [each for each in (*said, *map(str, ForbiddenUse.labels)) if each not in annex] == []
    # Once signed, what is given says who signed and until when; the approved one stays as it was.
    given = reverse("datasets:agreement", args=(grant.public_id,))
    asks = signed_in(world.by)
    copy = PdfReader(io.BytesIO(asks.get(given).getvalue()))
    first, *rest = (" ".join(each.extract_text().split()) for each in copy.pages)
    start, end = long_date(grant.starts_at), long_date(grant.ended_at)
    assert f"du {start} au {end}" in first
    due = long_date(grant.request.returns.first().due_at)
    assert f"Un tableau et son code, avant le {due}" in first
    both = f"le {start}, par {world.by} ; le {start}, par {world.reader}"
    assert f"Signée {both}" in first
    assert grant.agreement_sha256 in "".join(rest).replace(" ", "")
    named = PdfReader(io.BytesIO(signed_in(world.reader).get(given).getvalue())).pages[0]
    assert str(world.by) not in named.extract_text()
    assert asks.get(f"{given}?approuvee").getvalue() == content
    # Who bears the name of another has signed as well; the paper is in French to every reader.
    User.objects.filter(pk=world.reader.pk).update(display_name=str(world.by))
    read = [
        signed_in(each).get(given, headers={"accept-language": "en"}).getvalue()
        for each in (world.by, world.reader)
    ]
    both, named = (
        " ".join(PdfReader(io.BytesIO(each)).pages[0].extract_text().split()) for each in read
    )
    assert f"Signée le {start}, par {world.by} ; le {start}, par {world.by}" in both
    assert f"Signée le {start}, par le responsable du projet" in named
    text = signed_in(world.reader).get(page).text
    convened = text.split('id="convenu"')[1].split("</section>")[0]
    assert all(str(each.label) in convened for each in ForbiddenUse)
    assert "Mission d’intérêt public" in convened
    assert grant.purpose in convened
    shown = [
        "Voir la demande" in signed_in(each).get(page).text for each in (world.by, world.reader)
    ]
    assert shown == [True, False]


def test_a_step_asks_the_same_of_the_database_for_one_dataset_and_for_two() -> None:
    world = World()
    one, two = world.draft(world.datasets[0]), world.draft()
    client = signed_in(world.by)
    client.get(step(one, "structure"))  # what is read once
    for name in ("besoin", "relecture"):
        asked = []
        for each in (one, two):
            with CaptureQueriesContext(connection) as seen:
                client.get(step(each, name))
            asked.append(len(seen))
        assert asked[0] == asked[1] <= 25


def posted(by: User, name: str, row: Any, **values: Any) -> str:
    """Post a form of a request or an opening; return the status, and what a refusal says."""
    answer = signed_in(by).post(reverse(f"datasets:{name}", args=(row.public_id,)), values)
    said = re.search(r"Dernier acte\s: (.*?), le \d+(?:er)? \w+ \d{4} à \d+\sh", answer.text)
    return f"{answer.status_code} {said[1] if said else ''}".strip()


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
@pytest.mark.parametrize("against", ["refuse", "edit"])
def test_f15_of_two_decisions_at_once_one_holds_and_the_other_hears_of_it(against: str) -> None:
    world = World()
    other = UserFactory(region=RegionRole.APPROVER)
    request = world.advised()
    approving = {"months": "6", "text": "Finalité admise.", "edits": request.edits}
    losing = {"reason": "purpose", "text": "Non.", "edits": request.edits}
    name, loser = "refuse_request", other
    if against == "edit":
        name, loser = "request_changes", world.officer
        losing = {"text": "Précisez.", "fields_aimed": "besoin", "edits": request.edits}
    said = together(
        lambda: posted(world.approver, "approve_request", request, **approving),
        lambda: posted(loser, name, request, **losing),
    )
    approved = again(request).status == RequestStatus.APPROVED
    winner = world.approver if approved else loser
    assert said in (["302", f"409 {winner}"], [f"409 {winner}", "302"])
    assert Grant.objects.count() == approved
    acts = ("grant.approved", "access_request.refused", "access_request.changes_requested")
    assert len(events(*acts)) == 1
