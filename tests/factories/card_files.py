"""An organisation whose draft has files, what is given of a file, and to whom."""

import hashlib
from typing import Any

from django.conf import settings
from django.test import Client

from catalogue.contributions.actions import checks
from catalogue.contributions.queries import proposals
from catalogue.models import CardFile, Contribution, Resource
from catalogue.resources.enums import ResourceKind
from catalogue.resources.queries import files as card_files
from portal.accounts.enums import Role
from portal.accounts.models import User
from tests.factories import contributions as make

CSV = b"mois;offres\n2026-01;12\n"
OTHER = CSV + b"2026-02;13\n"
SHA256 = hashlib.sha256(CSV).hexdigest()


class House:
    """An organisation, its referent, a draft without any file; of a dataset, or of a model."""

    def __init__(self, kind: ResourceKind = ResourceKind.DATASET) -> None:
        self.holder = make.organisation()
        self.by = make.joined(make.person(), self.holder, Role.REFERENT)
        self.field = card_files.field_of(kind)
        values = {**make.DATASET, self.field: []}
        if kind != ResourceKind.DATASET:
            del values["distributions"], values["update_frequency"]
        self.draft = make.draft(self.by, kind=kind, holder=self.holder, **values)

    def file(self, name: str = "offres.csv", content: bytes = CSV) -> CardFile:
        return make.filed(self.draft, name, content, by=self.by)

    def edit(self, **values: Any) -> None:
        make.edit(self.draft, self.by, **values)

    def rows(self) -> list[dict[str, Any]]:
        return make.again(self.draft).content["details"].get(self.field, [])

    def publish(self, **values: Any) -> Resource:
        """Put the card online, with these values."""
        if values:
            self.edit(**values)
        return make.put_online(self.draft, self.by)

    def colleague(self) -> User:
        return make.joined(make.person(), self.holder, Role.REFERENT)


def brought(card: Resource, by: User, name: str, **values: Any) -> CardFile:
    """Have a change of a card bring a file and these values, and put it online."""
    change = make.drafts.propose(resource=Resource.objects.get(pk=card.pk), by=by)
    file = make.filed(change, name, OTHER, by=by)
    make.put_online(make.edit(change, by, **values), by)
    return file


def given(file: CardFile, by: User | None = None, **headers: str) -> Any:
    """Ask for a file; its bytes are the body of the answer."""
    client = Client(headers=headers)
    if by is not None:
        client.force_login(by)
    answer: Any = client.get(card_files.file_address(file).removeprefix(settings.SITE_URL))
    answer.body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer


def statuses(file: CardFile, *people: User | None) -> list[int]:
    """Give how each of these people is answered who asks for a file."""
    return [given(file, by).status_code for by in people]


def found(contribution: Contribution) -> set[str]:
    """Give the codes that the check of files finds in a draft."""
    contribution = make.again(contribution)
    told = checks.run(proposals.proposed_record(contribution), contribution=contribution)
    return {each.code for check in told if check.code == "files" for each in check.remarks}
