"""The pages of access: a request from its first word to its grant, by each who has a say."""

import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from datasets.access import queries
from datasets.access.enums import ForbiddenUse, RequestStatus
from datasets.access.models import AccessRequest, Grant
from portal.accounts.models import User
from tests.factories.access import SERVICE, World, again
from tests.factories.accounts import UserFactory

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
    answer = send("securite", persons=f"{world.by.email}\npas-une-adresse", **safety)
    assert (answer.status_code, again(request).hosting) == (422, "FR")
    rendered = {"return-0": "Un tableau", "return-months-0": "6"}
    answer = send("securite", persons=world.by.email, **safety, **rendered)
    assert answer.headers["Location"] == step(request, "relecture")
    assert "Cochez chacun des usages" in send("relecture", pledges=["credit"]).text
    answer = send("relecture", pledges=ForbiddenUse.values)
    assert answer.headers["Location"] == request.get_absolute_url()
    assert again(request).status == RequestStatus.SUBMITTED
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
