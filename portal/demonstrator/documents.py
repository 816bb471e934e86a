"""What a person takes away: the answer that they ticked, as a text to go on with or a PDF."""

from collections.abc import Iterator

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.demonstrator.answers import Answer, Line
from portal.demonstrator.sheets import Sheet
from portal.lib import clock, odt, paper

FORMATS = {"odt": odt.MEDIA_TYPE, "pdf": "application/pdf"}


def draw(format_: str, sheet: Sheet, answer: Answer, address: str) -> bytes:
    """Draw what is kept of an answer. format_: of FORMATS. address: of the page."""
    if format_ == "odt":
        return odt.draw(_parts(sheet, answer, address))
    made = paper.Sheet(
        language=get_language() or "fr",
        brand=("Open Emploi", _("Démonstrateur")),
        title=str(sheet.title),
        lead=answer.text or str(sheet.promise),
        facts=[
            fact
            for block in answer.blocks
            for fact in (
                (block.title, block.note),
                *((_named(line), _why(line)) for line in _kept(block.lines)),
            )
        ],
        notes=[_warning(), *map(str, sheet.refuses)],
        address=address,
        code_label=_("Adresse de l’outil : %(address)s") % {"address": address},
    )
    return paper.draw(made, at=clock.now())


def _parts(sheet: Sheet, answer: Answer, address: str) -> Iterator[tuple[int, str]]:
    yield from ((1, str(sheet.title)), (0, _warning()))
    if answer.text:
        yield from ((2, _("Ce qui a été écrit")), (0, answer.text))
    for block in answer.blocks:
        if lines := _kept(block.lines):
            yield from ((2, block.title), (0, block.note))
            for line in lines:
                yield 3, _named(line)
                yield from ((0, text) for text in (_why(line), *line.details) if text)
    if answer.questions:
        yield 2, _("Questions pour préciser")
        yield from ((0, question.text) for question in answer.questions)
    yield 2, _("Ce que l’outil ne fait pas")
    yield from ((0, str(refused)) for refused in sheet.refuses)
    yield 0, address


def markdown(answer: Answer) -> str:
    """Write what is kept as the description of a need."""
    texts = [answer.text] if answer.text else []
    for block in answer.blocks:
        if lines := _kept(block.lines):
            texts.append(f"## {block.title}\n\n" + "\n".join(f"- {_named(each)}" for each in lines))
    return "\n\n".join(texts)


def _kept(lines: tuple[Line, ...]) -> list[Line]:
    return [line for line in lines if line.is_kept]


def _named(line: Line) -> str:
    return f"{line.title} ({line.code})" if line.code else line.title


def _why(line: Line) -> str:
    return " · ".join(filter(None, (line.reason, *(text for _tone, text in line.marks))))


def _warning() -> str:
    return _("Proposition d’un outil d’essai, à vérifier : elle ne décide de rien.")
