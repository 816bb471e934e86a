"""What a person takes away: the answer that they ticked, as a text to go on with or a PDF."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.demonstrator.answers import Answer, Block, Interval, Line
from portal.demonstrator.sheets import Sheet
from portal.demonstrator.wording import LEVEL_NAMES, struck
from portal.lib import clock, odt, paper

FORMATS = {"odt": odt.MEDIA_TYPE, "pdf": "application/pdf"}
Pairs = Sequence[tuple[str, str]]
# Before what is kept, and before what is still to tick, by hand too.
TICKED, OPEN = paper.BOXES
RULES = (paper.RULE,) * 2  # lines to write on
# A title, a sentence or "", and things under it: the name of each or "", and its texts.
Section = tuple[str, str, list[tuple[str, list[str]]]]


@dataclass(frozen=True)
class Download:
    """What is taken away. address: of the page. facts: what was typed and chosen, by its label."""

    sheet: Sheet
    answer: Answer
    address: str
    facts: Pairs
    is_trial: bool

    @property
    def title(self) -> str:
        """Name it by what it proposes; the name of the tool comes under it."""
        return self.answer.title or str(self.sheet.title)


def filled_fields(form: Any) -> list[tuple[str, str]]:
    """Write each field that was filled: its label, and its value as the page words it.

    What was typed to name an occupation is not repeated.
    """
    filled = []
    for name, field in form.fields.items():
        if name in form.occupations:
            continue
        value = form.cleaned_data.get(name)
        values = value if isinstance(value, list) else [value]
        words = {str(value): str(label) for value, label in getattr(field, "choices", ())}
        said = [each for each in values if each or name in form.stated]
        text = ", ".join(words.get(str(each), str(each)) for each in said)
        if text:
            filled.append((str(field.label), text))
    return filled


def draw(format_: str, document: Download) -> bytes:
    """Draw what is kept of an answer. format_: of FORMATS."""
    at = clock.now()
    day = _("Fiche du %(day)s") % {"day": clock.day_words(clock.paris_day(at))}
    language = get_language() or "fr"
    if format_ == "odt":
        return odt.draw(_parts(document, day), title=document.title, language=language)
    made = paper.Sheet(
        language=language,
        brand=("Open Emploi", f"{document.sheet.title} · {day}"),
        title=document.title,
        lead=_warning(document),
        facts=_facts(document),
        notes=paper.pieces(" ".join(_limits(document))),
        address=document.address,
        code_label=_("Adresse de l’outil"),
        sections=list(_sections(document.answer)),
    )
    return paper.draw(made, at=at)


def _parts(document: Download, day: str) -> Iterator[tuple[int, str]]:
    """Give a text as `odt.draw` reads it."""
    yield 1, document.title
    yield 0, f"Open Emploi · {document.sheet.title} · {day}"
    yield 0, _warning(document)
    if facts := _facts(document):
        yield 2, _("Ce qui a été dit")
        yield from ((odt.BULLET, _pair(each)) for each in facts)
    for title, note, things in _sections(document.answer):
        yield 2, title
        if note:
            yield 0, note
        for name, texts in things:
            if name:
                yield 3, name
            for at, text in enumerate(texts):
                is_plain = (name and not at) or text.startswith((*paper.BOXES, paper.RULE))
                yield 0 if is_plain else odt.BULLET, text
    yield 2, _("Ce que l’outil ne fait pas")
    yield from ((odt.BULLET, each) for each in _limits(document))
    yield 0, document.address


def _sections(answer: Answer) -> Iterator[Section]:
    """Give what is kept of each block, the questions that are left, and where to write.

    Of short lines to tick, and where nothing is kept, those that are not kept are there to tick.
    """
    if answer.intervals:
        yield _("Niveaux de tension"), "", [("", [*map(_level, answer.intervals)])]
    for block in answer.blocks:
        lines = _ticked(block)
        if not lines or block.is_dense:
            lines = list(block.lines)
        if not lines:
            continue
        if block.is_dense and not any(line.key or line.reason for line in lines):
            things = [("", [" · ".join(line.title for line in lines)])]
        elif block.is_list or not _ticked(block):
            whole = (_boxed(block, line, " – ".join(_texts(block, line))) for line in lines)
            things = [("", list(whole))]
        else:
            things = [(_boxed(block, line), _texts(block, line)) for line in lines]
        yield block.title, block.note, things
    if answer.questions:
        asked = [f"{OPEN} {each.text}" for each in answer.questions]
        yield _("Questions pour préciser"), "", [("", asked)]
    yield _("Vos notes"), "", [("", list(RULES))]


def _level(row: Interval) -> str:
    """Write a row of the table in words."""
    level, low, high = (LEVEL_NAMES[each - 1] for each in (row.level, row.low, row.high))
    doubt = _("%(level)s (de %(low)s à %(high)s)") if row.low < row.high else "%(level)s"
    place = _("place possible : %(place)s") % {"place": row.place}
    doubt %= {"level": level, "low": low, "high": high}
    return f"{row.title} ({row.code}) – {doubt} · {place}"


def _boxed(block: Block, line: Line, more: str = "") -> str:
    """Name a line, behind a box where it may be ticked."""
    named = _named(line) + (f" – {more[:1].lower()}{more[1:]}" if more else "")
    if not (line.key or block.is_to_do):
        return named
    return f"{TICKED if line.key and line.is_kept and not block.is_to_do else OPEN} {named}"


def markdown(form: Any, answer: Answer) -> str:
    """Write what was typed and what is kept as the description of a need."""
    texts = [answer.printed or answer.text] if answer.text else []
    chosen = [each for each in filled_fields(form) if each[1] != answer.text]
    if chosen:
        texts.append("\n".join(f"- {_pair(each)}" for each in chosen))
    for block in answer.blocks:
        if lines := _ticked(block):
            texts.append(f"## {block.title}\n\n" + "\n".join(f"- {_named(each)}" for each in lines))
    return "\n\n".join(texts)


def _pair(pair: tuple[str, str]) -> str:
    return _("%(label)s : %(value)s") % {"label": pair[0], "value": pair[1]}


def _ticked(block: Block) -> list[Line]:
    return [line for line in block.lines if line.is_kept]


def _facts(document: Download) -> list[tuple[str, str]]:
    """Give what was said, as it is taken away; then how it was understood if that needs saying."""
    printed = {document.answer.text: document.answer.printed} if document.answer.printed else {}
    stated = [(label, printed.get(value, value)) for label, value in document.facts]
    understood = document.answer.understood
    notes = " ".join((*filter(None, [understood and f"{understood}."]), *document.answer.notes))
    notes = struck(notes) if printed else notes
    is_read = document.answer.text or understood
    label = _("Ce que nous comprenons") if is_read else _("À retenir")
    return [*stated, (label, notes)] if notes else stated


def _named(line: Line) -> str:
    return f"{line.title} ({line.code})" if line.code else line.title


def _texts(block: Block, line: Line) -> list[str]:
    """Say why a line is there, in one sentence; then its details, or else its address."""
    share = ""
    if block.share and line.share is not None:
        share = _pair((block.share, _("%(percent)s %%") % {"percent": line.percent}))
    reason = _pair((line.reason, ", ".join(line.learnt))) if line.learnt else line.reason
    why = " · ".join(filter(None, (share, reason, *(text for _tone, text in line.marks))))
    why = f"{why[:1].upper()}{why[1:]}"
    more = () if block.is_brief else line.details
    return [text for text in (why, *more, line.href) if text]


def _limits(document: Download) -> list[str]:
    return [*map(str, document.sheet.refuses), *document.answer.limits]


def _warning(document: Download) -> str:
    warning = _("Proposition d’un outil d’essai, à vérifier : elle ne décide de rien.")
    if not document.is_trial:
        return warning
    return f"{warning} " + _(
        "Données d’essai : les métiers sont décrits par nous et les tensions sont inventées ; "
        "n’en tirez aucune décision."
    )
