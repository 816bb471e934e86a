"""Synonyms and nomenclatures: a query expanded with those in force, and their edition."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from catalogue.search import text as analysis
from catalogue.search.models import IndexedName, Synonym, split_phrases
from portal.accounts.authorization import Permission, has_permission, require
from portal.audit.actors import Actor
from portal.audit.record import record
from portal.lib.prose.texts import require_plain_line
from portal.lib.refusals import Conflict, Invalid, unless_taken

OPENING = Path(__file__).with_name("synonyms.txt")
Phrase = tuple[str, ...]


class Slot(NamedTuple):
    """One idea of the query: the words typed, then the other ways to say it."""

    typed: Phrase
    others: tuple[Phrase, ...] = ()
    quoted: bool = False


class Thesaurus:
    """Groups of phrases that mean the same, ready for lookup by their analysed words."""

    def __init__(self, groups: Iterable[Sequence[str]]) -> None:
        self._others: dict[Phrase, tuple[Phrase, ...]] = {}
        self.written: dict[Phrase, str] = {}  # each phrase as it is first written
        self.words: dict[str, str] = {}  # those of one word, folded
        for group in groups:
            phrases = {tuple(analysis.terms(text)): text for text in group}
            phrases.pop((), None)
            self.written = phrases | self.written
            single = ((analysis.prefixes(text), text) for text in phrases.values())
            self.words |= {folded[0]: text for folded, text in single if len(folded) == 1}
            for phrase in phrases:
                known = self._others.get(phrase, ())
                new = tuple(p for p in phrases if p != phrase and p not in known)
                self._others[phrase] = known + new
        self._longest = max([2, *(len(p) for p in self._others)])

    def _said(self, phrase: Phrase) -> tuple[Phrase, ...]:
        """Give the other ways to say a phrase, or the word that two words make: « chat bot »."""
        word = ("".join(phrase),)
        joined = (word, *self._others[word]) if len(phrase) == 2 and word in self._others else ()
        return self._others.get(phrase, joined)

    def slots(self, typed: Sequence[str]) -> list[Slot]:
        """Cut typed words into ideas, the longest known phrase first."""
        found, at = [], 0
        while at < len(typed):
            size = next(
                (
                    n
                    for n in range(min(self._longest, len(typed) - at), 0, -1)
                    if self._said(tuple(typed[at : at + n]))
                ),
                1,
            )
            phrase = tuple(typed[at : at + size])
            found.append(Slot(phrase, self._said(phrase)))
            at += size
        return found


def read_groups(text: str) -> list[list[str]]:
    """Read the groups of a synonyms file; lines that start with # are comments."""
    lines = (line.strip() for line in text.splitlines())
    return [split_phrases(line) for line in lines if line and not line.startswith("#")]


MOST_PHRASES = 20
MOST_CHARACTERS = 80
MOST_WORDS = 12


def read_phrases(text: str) -> list[str]:
    """Read the phrases of a group, separated by commas; raises Invalid with a code.

    Two phrases at least and twenty at most, each of a word that the search keeps at least;
    two phrases that the search reads alike are one.
    """
    require_plain_line(text.replace("\n", " ").replace("\r", " "))
    phrases: dict[tuple[str, ...], str] = {}
    for phrase in split_phrases(text.replace("\r", "\n")):
        phrases.setdefault(_words(phrase), phrase)
    if len(phrases) < 2:
        raise Invalid(
            _(
                "Écrivez au moins deux mots ou expressions différents, séparés par des virgules : "
                "la recherche les tiendra pour équivalents. Majuscules, accents et pluriels ne "
                "comptent pas."
            ),
            code="synonym",
        )
    if len(phrases) > MOST_PHRASES:
        raise Invalid(
            _("Un groupe compte vingt expressions au plus : faites-en plusieurs."),
            code="synonym",
        )
    return list(phrases.values())


def _words(phrase: str) -> tuple[str, ...]:
    words = tuple(analysis.terms(phrase))
    if not words:
        raise Invalid(
            _("« %(phrase)s » n’a aucun mot que la recherche garde : précisez-le.")
            % {"phrase": phrase[:64]},
            code="synonym",
        )
    if len(phrase) > MOST_CHARACTERS or len(words) > MOST_WORDS:
        raise Invalid(
            _("« %(phrase)s… » est trop long : 80 caractères et douze mots au plus.")
            % {"phrase": phrase[:40]},
            code="synonym",
        )
    return words


def _joined(phrases: Iterable[str]) -> str:
    return ", ".join(read_phrases("\n".join(phrases)))


def may_edit_synonyms(actor: Actor) -> bool:
    """Let the Region's staff of the back office say which words mean the same in a search."""
    return has_permission(actor, Permission.BACKOFFICE_USE)


@transaction.atomic
def add(*, phrases: Iterable[str], active: bool = True, by: Actor) -> Synonym:
    """Add a group; event "synonym.added". Raises NotAllowed, Invalid, Conflict for a double."""
    require(may_edit_synonyms, by)
    synonym = Synonym(phrases=_joined(phrases), active=active)
    _save(synonym)
    record("synonym.added", by=by, on=synonym, phrases=synonym.words)
    return synonym


@transaction.atomic
def change(*, synonym: Synonym, phrases: Iterable[str], active: bool, by: Actor) -> Synonym:
    """Change a group or put it out of service; event "synonym.changed" with before and after.

    The same again writes nothing. Raises NotAllowed, Invalid, Conflict for a double.
    """
    synonym = Synonym.objects.select_for_update().get(pk=synonym.pk)
    require(may_edit_synonyms, by)
    before = {"phrases": synonym.words, "active": synonym.active}
    synonym.phrases, synonym.active = _joined(phrases), active
    after = {"phrases": synonym.words, "active": synonym.active}
    if before != after:
        _save(synonym)
        record("synonym.changed", by=by, on=synonym, before=before, after=after)
    return synonym


@transaction.atomic
def remove(*, synonym: Synonym, by: Actor) -> None:
    """Remove a group; event "synonym.removed". Raises NotAllowed."""
    synonym = Synonym.objects.select_for_update().get(pk=synonym.pk)
    require(may_edit_synonyms, by)
    record("synonym.removed", by=by, on=synonym, phrases=synonym.words)
    synonym.delete()


def _save(synonym: Synonym) -> None:
    with unless_taken(Conflict(_("Ce groupe existe déjà : modifiez-le."), code="synonym")):
        synonym.save()


BATCH = 500


@transaction.atomic
def load_rome(*, titles: Mapping[str, str], by: Actor) -> int:
    """Replace the titles of the ROME; event "rome.loaded". Returns how many there are now."""
    IndexedName.objects.filter(facet=IndexedName.JOB).delete()
    IndexedName.objects.bulk_create(
        (
            IndexedName(
                facet=IndexedName.JOB,
                value=code,
                label=title[:200],
                folded="".join(f" {word}" for word in analysis.prefixes(title))[:220],
            )
            for code, title in sorted(titles.items())
        ),
        batch_size=BATCH,
    )
    record("rome.loaded", by=by, titles=len(titles))
    return len(titles)
