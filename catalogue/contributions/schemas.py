"""What the endpoints of contributions take and send."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from ninja import Schema
from pydantic import BaseModel, ConfigDict, Field

from catalogue.contributions import record_checks, rules
from catalogue.contributions.models import Contribution, Decision
from catalogue.contributions.queries import proposals
from catalogue.resources.enums import ResourceKind
from catalogue.resources.fields import COMMON, FieldType
from catalogue.resources.fields import Field as Own
from catalogue.resources.models import CardFile, Resource
from catalogue.resources.queries import files, published
from catalogue.resources.schemas import OriginOut
from portal.accounts.models import Organisation
from portal.lib.web.endpoints import Address, PublicId


class CardFileOut(Schema):
    """A file. content: what its bytes are. state: waiting, sound or refused; signs: why.

    Signs: infected, unscannable, lost, mismatch, archive keep it from being given; unexamined tells
    an archive that was not opened; executable, inert tell what its format does when it is opened.
    """

    id: PublicId
    name: str
    url: str
    bytes: int = Field(alias="size")
    sha256: str
    media_type: str
    content: str = Field(alias="kind")
    state: str
    signs: list[str]

    @staticmethod
    def resolve_url(file: CardFile) -> str:
        return files.file_address(file)


class CardUploadIn(Schema):
    """A file to come: its name, its length in bytes."""

    name: str = Field(max_length=200)
    length: int = Field(ge=1)


class RemarkOut(Schema):
    """One thing that a check says. verdict: green, unknown, warning or blocking."""

    code: str
    field: str
    verdict: str
    message: str

    @staticmethod
    def resolve_message(remark: dict[str, Any]) -> str:
        return record_checks.sentence(remark)


class CheckOut(Schema):
    """One automatic check: its verdict is the gravest of its remarks."""

    code: str
    name: str
    verdict: str
    remarks: list[RemarkOut]

    @staticmethod
    def resolve_name(check: dict[str, Any]) -> str:
        return str(record_checks.NAMES[check["code"]])


class DecisionOut(Schema):
    """What the Region decided: published, refused or changes_requested, why, on which fields."""

    outcome: str
    reason: str
    message: str
    fields: list[str]
    decided_at: datetime


class CollisionOut(Schema):
    """A field changed both online and in the proposal since the work began, in words."""

    field: str = Field(alias="name")
    label: str
    base: str
    online: str
    proposed: str


class SubjectOut(Schema):
    """The resource that a contribution is about; slug and url are null until it is online."""

    id: PublicId
    kind: str
    slug: str | None
    url: str | None

    @staticmethod
    def resolve_slug(resource: Resource) -> str | None:
        return resource.slug if resource.live else None

    @staticmethod
    def resolve_url(resource: Resource) -> str | None:
        return published.page(resource.slug) if resource.live else None


class ContributionOut(Schema):
    """A contribution in a list.

    status: draft, offered (to who holds the card), submitted, changes_requested, published…
    new: of a resource that was never online. version: changes with each step of the review.
    """

    id: PublicId
    resource: SubjectOut
    title: str
    status: str
    new: bool = Field(alias="is_new")
    version: int
    organisation: str | None
    created_at: datetime
    edited_at: datetime | None
    submitted_at: datetime | None
    decided_at: datetime | None
    page: Address

    @staticmethod
    def resolve_title(contribution: Contribution) -> str:
        if hasattr(contribution, "proposed_title"):  # read beside the rows of a list
            return contribution.proposed_title or ""
        return str(contribution.content.get("title") or "")

    @staticmethod
    def resolve_organisation(contribution: Contribution) -> str | None:
        holder = contribution.organisation
        return holder.slug if holder else None

    @staticmethod
    def resolve_page(contribution: Contribution) -> str:
        return reverse("catalogue:contribution", args=(contribution.public_id,))


class ContributionsOut(Schema):
    """Some contributions, the latest begun first."""

    contributions: list[ContributionOut]
    next_cursor: str | None


class DraftOriginOut(OriginOut):
    """Where a value of a draft was read: key, its place in the document; guessed or not.

    Saving the field as it is with the form, or giving it again, makes a guess verified.
    """

    key: str = ""
    guessed: bool = False


class WholeContributionOut(ContributionOut):
    """A contribution in full.

    record: what is proposed. checks: what was found when it was last sent. base_revision: what was
    online when the work began; stale: something else is online since, and collisions says what
    both changed. owner_answer: accepted, declined or silent, of who holds the card that somebody
    else changes. may: what the caller may do now (edit, submit, withdraw).
    """

    record: dict[str, Any]
    provenance: dict[str, DraftOriginOut]
    checks: list[CheckOut]
    decisions: list[DecisionOut]
    base_revision: int | None = Field(alias="base_revision_id")
    stale: bool
    collisions: list[CollisionOut]
    owner_answer: str
    owner_reason: str
    owner_due_at: datetime | None
    reply: str = Field(alias="note")
    charter: str = Field(alias="charter_version")
    may: list[str]

    @staticmethod
    def resolve_record(contribution: Contribution) -> dict[str, Any]:
        """Name the organisation by its slug, as records are written."""
        record = proposals.proposed_record(contribution)
        rows = Organisation.objects.filter(pk=record["organisation"] or 0)
        return {**record, "organisation": rows.values_list("slug", flat=True).first()}

    @staticmethod
    def resolve_provenance(contribution: Contribution) -> dict[str, Any]:
        return contribution.content.get("provenance") or {}

    @staticmethod
    def resolve_decisions(contribution: Contribution) -> list[Decision]:
        return list(contribution.decisions.order_by("pk"))

    @staticmethod
    def resolve_stale(contribution: Contribution) -> bool:
        return contribution.is_open and proposals.is_stale(contribution)

    @staticmethod
    def resolve_collisions(contribution: Contribution) -> list[proposals.Collision]:
        return proposals.collisions(contribution) if contribution.is_open else []

    @staticmethod
    def resolve_may(contribution: Contribution, context: Any) -> list[str]:
        by, may = context["request"].user, list[str]()
        if rules.may_edit(by, contribution):
            may += ["edit", *(["submit"] if rules.may_submit(by, contribution) else [])]
        if contribution.is_open and rules.may_withdraw(by, contribution):
            may.append("withdraw")
        return may


# Said apart: the holder by its slug; the state of the licence follows from the licences.
APART = frozenset({"organisation", "licence_status"})


def _type(own: Own) -> dict[str, Any]:
    if own.type is FieldType.LIST:
        return {"type": ["array", "null"], "items": {"type": "string"}}
    return {"type": ["string", "null"], "maxLength": own.max_length}


def _with_common(schema: dict[str, Any]) -> None:
    """Name the common fields in the document; the validators of the form read them."""
    for own in COMMON:
        if own.name not in APART:
            schema["properties"][own.name] = _type(own)


class RecordIn(BaseModel):
    """Some fields of a card: what is not given stays, null empties.

    Which fields a kind takes, and their values: `GET vocabularies`. details: those of the kind.
    organisation: the slug of one where one writes, in whose name the card is proposed.
    """

    model_config = ConfigDict(extra="allow", json_schema_extra=_with_common)

    organisation: str | None = Field(None, max_length=80)
    details: dict[str, Any] = {}

    def given(self) -> dict[str, Any]:
        """Give the fields of the card alone, as they came."""
        return {**(self.model_extra or {}), "details": self.details}

    @property
    def is_empty(self) -> bool:
        """Say whether no field was given at all."""
        return not (self.model_extra or self.details or "organisation" in self.model_fields_set)


class CardIn(RecordIn):
    """A new card of some kind."""

    kind: ResourceKind


class ChangeIn(RecordIn):
    """A change of a card.

    base_revision: the revision that was read; when another one is online since, 409 base_changed.
    edited_at: the last edit of the draft that was read; when somebody saved it since, 409
    contribution_changed.
    """

    base_revision: int | None = None
    edited_at: datetime | None = None


class SendIn(Schema):
    """charter: the version accepted, that of `GET vocabularies`. reply: a word to the Region."""

    charter: str = Field(max_length=20)
    reply: str = Field("", max_length=4_000)


class ChecksOut(Schema):
    """What the checks find now. may_be_sent: nothing keeps it from being sent."""

    may_be_sent: bool
    checks: list[CheckOut]
    quality: int | None
