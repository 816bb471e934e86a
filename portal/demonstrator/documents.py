"""What a person takes away: the answer that they ticked, as a text to go on with or a PDF."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.demonstrator.answers import Answer, Line
from portal.demonstrator.sheets import Sheet
from portal.lib import clock, odt, paper

FORMATS = {"odt": odt.MEDIA_TYPE, "pdf": "application/pdf"}
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Taken:
    """What is taken away. address: of the page. said: what was typed and chosen, by its label.

    replies: what was asked since, with what was answered.
    """

    sheet: Sheet
    answer: Answer
    address: str
    said: Pairs
    replies: Pairs
    is_trial: bool


def said(form: Any) -> list[tuple[str, str]]:
    """Write each field that was filled: its label, and its value as the page words it."""
    told = []
    for name, field in form.fields.items():
        given = form.cleaned_data.get(name)
        values = given if isinstance(given, list) else [given]
        words = {str(value): str(label) for value, label in getattr(field, "choices", ())}
        text = ", ".join(words.get(str(each), str(each)) for each in values if each)
        if text:
            told.append((str(field.label), text))
    return told


def draw(format_: str, taken: Taken) -> bytes:
    """Draw what is kept of an answer. format_: of FORMATS."""
    at = clock.now()
    day = _("Fiche du %(day)s") % {"day": clock.day_words(clock.paris_day(at))}
    if format_ == "odt":
        return odt.draw(_parts(taken, day), title=str(taken.sheet.title), language=_language())
    made = paper.Sheet(
        language=_language(),
        brand=("Open Emploi", f"{_('Démonstrateur')} · {day}"),
        title=str(taken.sheet.title),
        lead=" ".join(_warnings(taken)),
        facts=[*taken.said, *taken.replies],
        notes=[*taken.answer.limits, *map(str, taken.sheet.refuses)],
        address=taken.address,
        code_label=_("Adresse de l’outil"),
        sections=[
            (block.title, block.note, [(_named(line), _told(line)) for line in lines])
            for block in taken.answer.blocks
            if (lines := _kept(block.lines))
        ],
    )
    return paper.draw(made, at=at)


def _parts(taken: Taken, day: str) -> Iterator[tuple[int, str]]:
    answer = taken.answer
    yield from ((1, str(taken.sheet.title)), (0, day))
    yield from ((0, warning) for warning in _warnings(taken))
    if pairs := [*taken.said, *taken.replies]:
        yield 2, _("Ce qui a été dit")
        yield from ((odt.BULLET, _("%(label)s : %(value)s") % _pair(each)) for each in pairs)
    for block in answer.blocks:
        if lines := _kept(block.lines):
            yield 2, block.title
            if block.note:
                yield 0, block.note
            for line in lines:
                yield 3, _named(line)
                if why := _why(line):
                    yield 0, why
                yield from ((odt.BULLET, text) for text in line.details if text)
    if answer.questions:
        yield 2, _("Questions pour préciser")
        yield from ((odt.BULLET, question.text) for question in answer.questions)
    yield 2, _("Ce que l’outil ne fait pas")
    yield from ((odt.BULLET, str(each)) for each in (*taken.sheet.refuses, *answer.limits))
    yield 0, taken.address


def markdown(form: Any, answer: Answer) -> str:
    """Write what was said and what is kept as the description of a need."""
    texts = [answer.text] if answer.text else []
    chosen = [each for each in said(form) if each[1] != answer.text]
    if chosen:
        texts.append("\n".join(f"- {_('%(label)s : %(value)s') % _pair(each)}" for each in chosen))
    for block in answer.blocks:
        if lines := _kept(block.lines):
            texts.append(f"## {block.title}\n\n" + "\n".join(f"- {_named(each)}" for each in lines))
    return "\n\n".join(texts)


def _language() -> str:
    return get_language() or "fr"


def _pair(pair: tuple[str, str]) -> dict[str, str]:
    return {"label": pair[0], "value": pair[1]}


def _kept(lines: tuple[Line, ...]) -> list[Line]:
    return [line for line in lines if line.is_kept]


def _named(line: Line) -> str:
    return f"{line.title} ({line.code})" if line.code else line.title


def _why(line: Line) -> str:
    return " · ".join(filter(None, (line.reason, *(text for _tone, text in line.marks))))


def _told(line: Line) -> list[str]:
    return [text for text in (_why(line), *line.details) if text]


def _warnings(taken: Taken) -> Iterator[str]:
    yield _("Proposition d’un outil d’essai, à vérifier : elle ne décide de rien.")
    if taken.is_trial:
        yield _(
            "Données d’essai : les métiers sont décrits par nous et les tensions sont inventées ; "
            "n’en tirez aucune décision."
        )
