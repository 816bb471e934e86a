"""Draw a statement as a tagged PDF: title, sentence, facts, a code that leads to a page.

It has one page where it is short.

The fonts are embedded (docs/vendored.csv). A character that they lack shows as an empty box.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from textwrap import wrap
from typing import Any

import qrcode
from fpdf import FPDF
from fpdf.enums import XPos, YPos

FONTS = Path(__file__).resolve().parent / "fonts"
FACE = "Atkinson"
MARGIN = 22.0
LABEL = 50.0
CODE = 34.0
CORNER_CODE = 22.0  # where sections leave no place at the foot
# The ink, the quiet ink, the blue of the bay and the line of the interface kit, in light.
INK, QUIET, BLUE, LINE = (26, 36, 43), (84, 97, 105), (7, 89, 122), (214, 217, 214)
MOST_CHARACTERS = 420
TALLEST = 38.0  # a fact of so many characters
CLAUSE = 22.0
# What a text of a section begins with to have a box, ticked or not; a line to write on.
BOXES = ("☑", "☐")
RULE = "_" * 60
BOX = 3.0


@dataclass(frozen=True)
class Sheet:
    """What a statement says; every text is already in its language.

    facts: pairs of label and value. sections: a title, a sentence or "", and things under it, each
    with its texts (see BOXES, RULE), a list where it has no name. clauses: what is agreed,
    numbered. notes: small sentences below. foot: what each page is of, where there are several.
    address: where it is checked, drawn as a code too, which code_label describes for who does not
    see it. annex: titles and their paragraphs, whole, on pages of their own.
    """

    language: str
    brand: tuple[str, str]
    title: str
    lead: str
    facts: Sequence[tuple[str, str]]
    notes: Sequence[str]
    address: str
    code_label: str
    annex: Sequence[tuple[str, Sequence[str]]] = ()
    clauses: Sequence[str] = ()
    foot: str = ""
    sections: Sequence[tuple[str, str, Sequence[tuple[str, Sequence[str]]]]] = ()


def draw(sheet: Sheet, *, at: datetime) -> bytes:
    """Return the PDF of a sheet; the same sheet and instant give the same bytes."""
    paper = _Paper(format="A4")
    paper.set_auto_page_break(auto=False)  # a tag does not cross pages
    paper.set_margin(MARGIN)
    paper.set_lang(sheet.language)
    paper.set_title(sheet.title)
    paper.set_author(sheet.brand[0])
    paper.set_creation_date(at)
    paper.add_font(FACE, fname=FONTS / "AtkinsonHyperlegibleNext_400Regular.ttf")
    paper.add_font(FACE, style="B", fname=FONTS / "AtkinsonHyperlegibleNext_700Bold.ttf")
    paper.is_numbered, paper.foot = bool(sheet.annex or sheet.sections), sheet.foot
    paper.add_page()
    paper.set_fill_color(*BLUE)
    with paper.part("Artifact"):
        paper.rect(0, 0, paper.w, 6, style="F")
    if sheet.sections:
        paper.code(sheet.address, sheet.code_label, paper.w - MARGIN - CORNER_CODE, 14, CORNER_CODE)
        paper.set_right_margin(MARGIN + CORNER_CODE + 6)
    paper.set_y(20)
    paper.say("P", sheet.brand[0], size=15, bold=True, colour=BLUE)
    paper.say("P", sheet.brand[1], size=10, colour=QUIET)
    paper.set_right_margin(MARGIN)
    # What has sections is long: it is set closer.
    is_long = paper.is_close = bool(sheet.sections)
    paper.ln(5 if is_long else 16)
    paper.say("H1", sheet.title, size=19 if is_long else 25, bold=True)
    paper.ln(2 if is_long else 4)
    paper.say("P", sheet.lead, size=10.5 if is_long else 12.5)
    paper.ln(4 if is_long else 6)
    for label, value in sheet.facts:
        for number, piece in enumerate(pieces(value) or [""]):
            paper.keep(TALLEST)
            paper.fact("" if number else label, piece)
    paper.ln(4 if is_long else 6)
    for title, sentence, things in sheet.sections:
        paper.section(title, sentence, things)
    for place, clause in enumerate(sheet.clauses, 1):
        paper.keep(CLAUSE)
        paper.say("P", f"{place}. {clause}", size=10.5)
        paper.ln(1.5)
    for note in sheet.notes:
        paper.keep(_height([note]) * (0.7 if is_long else 1))  # smaller letters, closer lines
        paper.say("P", note, size=9, colour=QUIET)
        paper.ln(0 if is_long else 1.5)
    if is_long:
        paper.say("P", f"{sheet.code_label} : {sheet.address}", size=9, colour=QUIET)
    else:
        paper.keep(CODE)
        paper.code_at_foot(sheet.address, sheet.code_label)
    if sheet.annex:
        paper.annex(sheet.annex, f"{sheet.foot} : {sheet.lead}" if sheet.foot else "")
    return bytes(paper.output())


class _Paper(FPDF):
    """An A4 page whose parts are tagged in the order of reading."""

    is_numbered = False
    is_close = False
    foot = ""

    def footer(self) -> None:
        """Number the pages of a sheet that has an annex; `{nb}` is how many there are."""
        if self.is_numbered:
            self.set_font(FACE, "", 9)
            self.set_text_color(*QUIET)
            self.set_xy(MARGIN, self.h - MARGIN + 6)
            with self.part("Artifact"):
                of = f"{self.foot} · " if self.foot else ""
                self.cell(text=f"{of}{self.page_no()}/{{nb}}")

    @contextmanager
    def part(self, kind: str, **told: Any) -> Iterator[None]:
        """Tag what is drawn inside: P, H1, Figure; an Artifact is left out of the reading."""
        if kind == "Artifact":
            self._out("/Artifact BMC")
        else:
            mcid = self.struct_builder.next_mcid_for_page(self.page)
            self._add_marked_content(struct_type=f"/{kind}", mcid=mcid, **told)
            self._out(f"/{kind} <</MCID {mcid}>> BDC")
        yield
        self._out("EMC")

    def say(
        self,
        kind: str,
        text: str,
        *,
        size: float,
        bold: bool = False,
        colour: tuple[int, int, int] = INK,
    ) -> None:
        """Write a paragraph or a title over the whole width."""
        self.set_font(FACE, "B" if bold else "", size)
        self.set_text_color(*colour)
        with self.part(kind):
            self.multi_cell(
                0,
                size * (0.45 if self.is_close else 0.49),
                _shortened(text),
                align="L",
                new_x=XPos.LMARGIN,
                new_y=YPos.NEXT,
            )

    def fact(self, label: str, value: str) -> None:
        """Write a label and its value on one line, the value on as many as it needs."""
        self.set_draw_color(*LINE)
        with self.part("Artifact"):
            self.line(MARGIN, self.y, self.w - MARGIN, self.y)
        top = self.y + (1 if self.is_close else 2)
        with self.part("P"):
            self.set_xy(MARGIN, top)
            self.set_font(FACE, "", 10)
            self.set_text_color(*QUIET)
            self.multi_cell(LABEL - 4, 5.2, label, align="L", new_x=XPos.RIGHT, new_y=YPos.NEXT)
            below = self.y
            self.set_xy(MARGIN + LABEL, top)
            self.set_font(FACE, "" if self.is_close else "B", 10 if self.is_close else 11)
            self.set_text_color(*INK)
            self.multi_cell(
                0, 5.2, _shortened(value), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
            )
        self.set_y(max(below, self.y) + (1 if self.is_close else 2))

    def section(
        self, title: str, sentence: str, things: Sequence[tuple[str, Sequence[str]]]
    ) -> None:
        """Write a title, then each thing in bold above its texts."""
        self.keep(TALLEST - 12)
        self.say("H2", title, size=13, bold=True, colour=BLUE)
        if sentence:
            self.say("P", sentence, size=9, colour=QUIET)
        self.ln(1)
        for name, texts in things:
            if name:
                self.keep(_height([name, *texts[:1]]))  # a name stays with its first text
                self.item(name, size=10.5, bold=True)
            for text in texts:
                self.keep(_height([text]))
                is_marked = name or text.startswith((*BOXES, RULE))
                self.item(text if is_marked else f"• {text}", size=9.5)
            self.ln(1)
        self.ln(2)

    def item(self, text: str, *, size: float, bold: bool = False) -> None:
        """Write a paragraph, behind a box if it begins with one; or draw a line to write on."""
        if text == RULE:
            with self.part("Artifact"):
                self.line(MARGIN, self.y + 6, self.w - MARGIN, self.y + 6)
            self.ln(7)
            return
        if text[0] in BOXES:
            left, top = MARGIN, self.y + size * 0.06
            self.set_draw_color(*INK)
            with self.part("Figure", alt_text=text[0]):
                self.rect(left, top, BOX, BOX)
                if text[0] == BOXES[0]:
                    self.line(left + 0.6, top + 1.5, left + 1.3, top + 2.3)
                    self.line(left + 1.3, top + 2.3, left + 2.5, top + 0.6)
            self.set_left_margin(MARGIN + BOX + 2)
            self.set_x(MARGIN + BOX + 2)
            text = text[2:]
        self.say("P", text, size=size, bold=bold)
        self.set_left_margin(MARGIN)

    def keep(self, height: float) -> None:
        """Go on overleaf where this many millimetres are not left."""
        if self.y + height > self.h - MARGIN + (4 if self.is_close else 0):
            self.add_page()

    def annex(self, sections: Sequence[tuple[str, Sequence[str]]], heading: str) -> None:
        """Write titles and paragraphs overleaf; a long one in pieces, each on one page."""
        self.set_left_margin(MARGIN)
        self.add_page()
        if heading:
            self.say("P", heading, size=12.5, colour=QUIET)
            self.ln(5)
        for title, texts in sections:
            self.keep(TALLEST)
            self.say("H2", title, size=12.5, bold=True)
            for piece in (each for text in texts for each in pieces(text)):
                self.keep(TALLEST)
                self.say("P", piece, size=10)
                self.ln(1)
            self.ln(5)

    def code_at_foot(self, address: str, label: str) -> None:
        """Draw the code of an address at the foot of the page, and the address beside it."""
        top = self.h - MARGIN - CODE
        self.code(address, label, MARGIN, top, CODE)
        self.set_left_margin(MARGIN + CODE + 6)
        self.set_xy(MARGIN + CODE + 6, top + 2)
        self.say("P", label, size=10, bold=True)
        self.say("P", address, size=9, colour=QUIET)

    def code(self, address: str, label: str, left: float, top: float, size: float) -> None:
        """Draw the code of an address as a square of so many millimetres."""
        drawn = qrcode.QRCode(border=0, error_correction=qrcode.constants.ERROR_CORRECT_M)
        drawn.add_data(address)
        rows = drawn.get_matrix()
        side = size / len(rows)
        self.set_fill_color(*INK)
        with self.part("Figure", alt_text=label):
            for y, row in enumerate(rows):
                for x, dark in enumerate(row):
                    if dark:
                        self.rect(left + x * side, top + y * side, side, side, style="F")


def pieces(text: str) -> list[str]:
    """Cut a text in pieces of MOST_CHARACTERS at most, between sentences unless one is longer."""
    cut: list[str] = []
    for sentence in re.split(r"(?<=[.!?]) ", text):
        for part in wrap(sentence, MOST_CHARACTERS):
            if cut and len(cut[-1]) + len(part) < MOST_CHARACTERS:
                cut[-1] += f" {part}"
            else:
                cut.append(part)
    return cut


def _height(texts: Sequence[str]) -> float:
    """Give the millimetres that texts of a section take at most."""
    return sum(5.0 * (len(_shortened(text)) // 80 + 1) for text in texts)


def _shortened(text: str) -> str:
    # The narrow space and the arrow are not in the fonts.
    text = text.replace("\u202f", "\u00a0").replace("→", "›")
    text = re.sub(r" (?=[:;?!»])|(?<=«) ", "\u00a0", text)
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"
