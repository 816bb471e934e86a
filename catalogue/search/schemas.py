"""The query that the endpoints of the catalogue take."""

from typing import Annotated

from pydantic import BaseModel, Field

from catalogue.resources.enums import (
    LANGUAGES,
    Access,
    Beneficiary,
    Guarantee,
    ModelSize,
    ResourceKind,
    Scope,
    Task,
    UseCase,
)
from catalogue.search.query import MAX_Q, MAX_VALUE, MAX_VALUES, Sort, Updated, Words

Value = Annotated[str, Field(max_length=MAX_VALUE)]
Language = Annotated[str, Field(pattern=f"^({'|'.join(LANGUAGES)})$")]
MOST = MAX_VALUES


class QueryIn(BaseModel):
    """A search of the catalogue, as the addresses of its pages write it; a facet may be repeated.

    The values of a facet are alternatives, the facets add up.
    """

    q: str = Field("", max_length=MAX_Q)
    kind: list[ResourceKind] = Field([], max_length=MOST)
    scope: list[Scope] = Field([], max_length=MOST)
    task: list[Task] = Field([], max_length=MOST)
    use_case: list[UseCase] = Field([], max_length=MOST)
    access: list[Access] = Field([], max_length=MOST)
    licence: list[Value] = Field([], max_length=MOST)
    language: list[Language] = Field([], max_length=MOST)
    guarantee: list[Guarantee] = Field([], max_length=MOST)
    organisation: list[Value] = Field([], max_length=MOST)
    beneficiary: list[Beneficiary] = Field([], max_length=MOST)
    territory: list[Value] = Field([], max_length=MOST)
    tag: list[Value] = Field([], max_length=MOST)
    format: list[Value] = Field([], max_length=MOST)
    library: list[Value] = Field([], max_length=MOST)
    model_size: list[ModelSize] = Field([], max_length=MOST)
    updated: Updated | None = None
    words: Words = Words.ANY
    sort: Sort | None = None
