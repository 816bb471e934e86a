"""The référentiel d'essai: occupations of our own text, that everything works with at first."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from portal.demonstrator.engines.learning import Example
from portal.demonstrator.engines.words import WORD, folded, stem, words

DATA = Path(__file__).parent / "data"
SCHOOLING = ("sans diplôme", "CAP", "bac", "bac+2", "bac+3", "bac+5")  # levels, in their order


@dataclass(frozen=True)
class Occupation:
    """An occupation of a référentiel. knowledge: ids; near, further: codes one may move to."""

    code: str
    masculine: str
    feminine: str
    titles: tuple[str, ...]
    definition: str
    tasks: tuple[str, ...]
    knowledge: tuple[str, ...]
    riasec: str
    level: str
    environment: tuple[str, ...]
    questions: tuple[str, ...]
    near: tuple[str, ...]
    further: tuple[str, ...]

    @property
    def title(self) -> str:
        """Name it in both genders."""
        one, other = self.masculine, self.feminine
        return one if one == other else f"{one} / {other}"

    @cached_property
    def asked(self) -> frozenset[str]:
        """Give the ids of its knowledge, to compare with others'."""
        return frozenset(self.knowledge)


class Piece(NamedTuple):
    """A task, knowledge or place of an occupation, as within a sentence, and its stems."""

    text: str
    stems: frozenset[str]


class Sheet(NamedTuple):
    """What is said of an occupation. naming: stems of its titles, definition and knowledge."""

    naming: frozenset[str]
    tasks: tuple[Piece, ...]
    knowledge: tuple[Piece, ...]
    places: tuple[Piece, ...]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Give all that is done, asked, and where."""
        return self.tasks + self.knowledge + self.places

    @property
    def stems(self) -> frozenset[str]:
        """Give the stems of all but places."""
        return self.naming.union(*(each.stems for each in self.tasks))


@dataclass(frozen=True)
class Referential:
    """Occupations by code, in their order, and the label of each knowledge by id."""

    occupations: Mapping[str, Occupation]
    knowledge: Mapping[str, str] = field(repr=False)

    def examples(self) -> Iterator[Example]:
        """Give the texts that mean each occupation. Titles of one are left out one by one."""
        for one in self.occupations.values():
            if one.masculine == one.feminine:
                yield Example(one.masculine, one.code, one.code, "e")
            else:
                yield Example(one.masculine, one.code, one.code, "m")
                yield Example(one.feminine, one.code, one.code, "f")
            for at, title in enumerate(one.titles):
                yield Example(title, one.code, f"{one.code} titre {at}", "e")
            yield Example(one.definition, one.code, f"{one.code} définition")
            for at, task in enumerate(one.tasks):
                yield Example(task, one.code, f"{one.code} tâche {at}", weight=0.7)
            asked = " ".join(self.knowledge[each] for each in one.knowledge)
            yield Example(asked, one.code, f"{one.code} savoirs", weight=0.5)

    def titled(self, text: str) -> tuple[str, ...]:
        """Give the codes of occupations one of whose titles a text is.

        Its case, accents, gender and number do not count.
        """
        return tuple(self._codes_by_title.get(_stems(text), ()))

    @cached_property
    def _codes_by_title(self) -> Mapping[tuple[str, ...], Mapping[str, None]]:
        codes: dict[tuple[str, ...], dict[str, None]] = {}
        for one in self.occupations.values():
            for title in (one.title, one.masculine, one.feminine, *one.titles):
                codes.setdefault(_stems(title), {})[one.code] = None
        return codes

    @cached_property
    def stems(self) -> frozenset[str]:
        """Give the stems of all that is said of occupations."""
        return frozenset(chain.from_iterable(each.stems for each in self.sheets.values()))

    @cached_property
    def labels(self) -> Mapping[str, Piece]:
        """Give each knowledge by id."""
        return {key: _piece(label) for key, label in self.knowledge.items()}

    @cached_property
    def label_counts(self) -> Counter[str]:
        """Count the labels of knowledge that have each stem."""
        return Counter(each for label in self.labels.values() for each in label.stems)

    @cached_property
    def sheets(self) -> Mapping[str, Sheet]:
        """Give what is said of each occupation with its stems."""
        return {code: self._sheet(one) for code, one in self.occupations.items()}

    def _sheet(self, one: Occupation) -> Sheet:
        asked = tuple(self.labels[each] for each in one.knowledge)
        names = _piece(" ".join((one.title, *one.titles, one.definition)))
        naming = names.stems.union(*(each.stems for each in asked))
        return Sheet(naming, _pieces(one.tasks), asked, _pieces(one.environment))

    def warm(self) -> "Referential":
        """Make now what is made once, for no answer to wait for it."""
        for made in (self.stems, self.label_counts, self.title_words, self.title_heads):
            len(made)
        self.titled("")
        return self

    @cached_property
    def title_words(self) -> Mapping[str, str]:
        """Give the words of titles as they are written, without accents → with them."""
        written = (each for title in self._titles() for each in WORD.findall(title))
        return {folded(each): each.lower() for each in written}

    @cached_property
    def title_heads(self) -> frozenset[str]:
        """Give the words that titles begin with, which name a trade, without accents."""
        return frozenset(folded(WORD.findall(title)[0]) for title in self._titles())

    def _titles(self) -> Iterator[str]:
        return (one.text for one in self.examples() if one.form and WORD.search(one.text))


def _stems(text: str) -> tuple[str, ...]:
    """Give the stems of all words, little ones too: « son » may tell two titles apart."""
    return tuple(stem(folded(each)) for each in WORD.findall(text))


def _piece(text: str) -> Piece:
    return Piece(text[:1].lower() + text[1:], frozenset(each.stem for each in words(text)))


def _pieces(texts: Iterable[str]) -> tuple[Piece, ...]:
    return tuple(map(_piece, texts))


@cache
def trial() -> Referential:
    """Read the référentiel d'essai."""
    moves = json.loads((DATA / "moves.json").read_text("utf-8"))
    lines = (DATA / "occupations.jsonl").read_text("utf-8").splitlines()
    rows = [_occupation(json.loads(line), moves) for line in lines]
    words = json.loads((DATA / "knowledge.json").read_text("utf-8"))
    labels = {name: str(each["label"]) for name, each in words.items()}
    return Referential({each.code: each for each in rows}, labels)


def from_plain(plain: Mapping[str, Any]) -> Referential:
    """Read a référentiel that was written as JSON, with the names of its fields."""
    rows = [_read(each) for each in plain["occupations"]]
    return Referential({each.code: each for each in rows}, plain["knowledge"])


def _occupation(row: dict[str, Any], moves: Mapping[str, Any]) -> Occupation:
    return _read(row | moves[row["code"]])


def _read(row: Mapping[str, Any]) -> Occupation:
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
    }
    return Occupation(**fields)
