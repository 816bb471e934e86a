"""The demonstrator by program: what a use case is worth, and its answer to what is sent."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest, QueryDict
from ninja import Body, Router, Schema

from portal.accounts.bearer import anyone
from portal.demonstrator import queries
from portal.demonstrator.registry import CASES, case_or_hidden
from portal.demonstrator.service import served, served_each
from portal.lib.refusals import Closed, Invalid
from portal.lib.web.endpoints import Address, Words, refused
from portal.lib.web.endpoints import lazy as _


class UseCaseFigureOut(Schema):
    """A figure on rows that were not learnt from; interval at 95 %, baseline of a simple rule."""

    metric: str
    value: float
    low: float | None
    high: float | None
    n: int
    baseline: float | None
    groups: list[dict[str, Any]]


class MeasuredEngineOut(Schema):
    """An engine, since when it answers, of which data, and its figures."""

    engine: str
    built_at: datetime
    data_sha256: str
    is_trial: bool
    figures: list[UseCaseFigureOut]


class UseCaseValueOut(Schema):
    """A value that a closed field takes, and what it means."""

    value: str
    label: Words


class UseCaseInputOut(Schema):
    """A field to send: its name, its label, whether it must be filled, its values if closed."""

    name: str
    label: Words
    required: bool
    values: list[UseCaseValueOut]


class UseCaseLineOut(Schema):
    """A use case in the list of them all: where it stands, and its address by program."""

    code: str
    slug: str
    title: Words
    promise: Words
    state: str
    may_be_tried: bool
    href: Address


class UseCaseOut(Schema):
    """A use case: what it promises and refuses, where it stands, what it is worth."""

    code: str
    slug: str
    title: Words
    promise: Words
    refuses: list[Words]
    limits: list[Words]
    annex_iii: Words
    decides: Words
    licence: str
    state: str
    may_be_tried: bool
    inputs: list[UseCaseInputOut]
    engines: list[MeasuredEngineOut]


class ProposalOut(Schema):
    """A proposal, or a part of one; share: in [0, 1], of what the note of its block says."""

    title: str
    code: str
    reason: str
    share: float | None
    marks: list[str]
    details: list[str]
    href: str


class ProposalsOut(Schema):
    """Proposals under a title."""

    title: str
    note: str
    lines: list[ProposalOut]


class AnswerOut(Schema):
    """What is proposed, or why nothing is (`silence`); reasons: places in the text.

    is_trial: the occupations are described by us and the tensions are made up.
    """

    blocks: list[ProposalsOut]
    reasons: list[dict[str, float]]
    questions: list[dict[str, str]]
    notes: list[str]
    silence: str
    nearest: list[str]
    limits: list[str]
    is_trial: bool


router = Router(tags=[_("Démonstrateur")], auth=anyone)


@router.get(
    "/demonstrator",
    response={200: list[UseCaseLineOut], **refused(401, 429)},
    operation_id="use_cases",
    summary=_("Lister les cas d’usage et leur état"),
)
def use_cases(request: HttpRequest) -> list[dict[str, Any]]:
    """List the six, in their order."""
    known = queries.prototypes()
    engines = served_each(case.sheet for case in CASES)
    rows = [(case.sheet, known[case.sheet.use_case]) for case in CASES]
    return [
        {
            **{name: getattr(sheet, name) for name in ("code", "slug", "title", "promise")},
            "state": str(row.state),
            "may_be_tried": row.may_be_tried and engines[sheet.slug] is not None,
            "href": f"/api/v1/demonstrator/{sheet.slug}",
        }
        for sheet, row in rows
    ]


@router.get(
    "/demonstrator/{slug:use_case}",
    response={200: UseCaseOut, **refused(401, 404, 429)},
    operation_id="use_case",
    summary=_("Lire un cas d’usage : promesse, limites, mesures, champs attendus"),
)
def use_case(request: HttpRequest, use_case: str) -> dict[str, Any]:
    """use_case : son nom d’adresse."""
    case = case_or_hidden(use_case)
    row = queries.prototype(case.sheet)
    engines = served(case.sheet)
    facts = {
        name: getattr(case.sheet, name)
        for name in UseCaseOut.model_fields
        if hasattr(case.sheet, name)
    }
    form = case.form(served=engines) if engines else None
    inputs = [
        {
            "name": name,
            "label": field.label,
            "required": field.required,
            "values": [
                {"value": str(value), "label": label}
                for value, label in getattr(field, "choices", ())
                if value
            ],
        }
        for name, field in (form.fields.items() if form else ())
    ]
    builds = engines.builds if engines else {}
    measured = [builds[name] for name in case.sheet.engines if name in builds]
    facts |= {"state": str(row.state), "may_be_tried": row.may_be_tried and engines is not None}
    return facts | {"inputs": inputs, "engines": measured}


@router.post(
    "/demonstrator/{slug:use_case}",
    response={200: AnswerOut, **refused(401, 403, 404, 422, 429)},
    operation_id="try_use_case",
    summary=_("Essayer un cas d’usage ; rien de ce qui est envoyé n’est gardé"),
)
def try_use_case(
    request: HttpRequest, use_case: str, body: Body[dict[str, str | list[str]]]
) -> dict[str, Any]:
    """body : les champs de `inputs`, et « yes » ou « no » sous la clé d’une question posée."""
    case = case_or_hidden(use_case)
    engines = served(case.sheet) if queries.prototype(case.sheet).may_be_tried else None
    if engines is None:
        raise Closed(_("Ce cas d’usage ne s’essaie pas pour l’instant."), code="not_to_try")
    sent = QueryDict(mutable=True)
    for name, value in body.items():
        sent.setlist(name, value if isinstance(value, list) else [value])
    form = case.form(sent, served=engines)
    if not form.is_valid():
        faults = [
            {"field": name, "code": each["code"], "message": each["message"]}
            for name, listed in form.errors.get_json_data().items()
            for each in listed
        ]
        raise Invalid(faults=faults)
    answer = asdict(case.answer(form.inputs(), engines))
    for block in answer["blocks"]:
        for line in block["lines"]:
            line["marks"] = [text for _tone, text in line["marks"]]
    return answer | {"is_trial": engines.is_trial}
