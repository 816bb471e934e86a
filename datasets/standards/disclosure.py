"""Check that a table may be read by anybody: what a statistician looks for before it is opened.

Each check is a plain function of a table and of what is declared of it, and returns one record
{code, outcome, figures, columns}. This module is run as a program, in a bounded child.
"""

import csv
import io
import json
import math
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from datasets.standards.profile import LEAN, TableFault, is_of_type
from datasets.standards.tables import (
    MIX,
    Column,
    Declared,
    Hashes,
    Table,
    digest,
    fold,
    read,
    require_as_declared,
)
from portal.lib import children
from portal.lib.children import Bounds, ChildLost
from portal.lib.prose import personal_data

THRESHOLD = 11  # persons: below, someone may be recognised
UNIQUE_SHARE = 0.01
MASKED_SHARE = 0.05
SAMPLE_ROWS = 1_000
SEED = 2_026
PASS, WARN, FAIL = "pass", "warn", "fail"
TOTALS = frozenset({"total", "totaux", "ensemble", "tous", "toutes", "total général", "*"})

Check = dict[str, Any]


def _check(code: str, outcome: str, columns: Iterable[str] = (), **figures: Any) -> Check:
    return {"code": code, "outcome": outcome, "columns": list(columns), "figures": figures}


NAME_HEADERS = frozenset(
    """nom prenom prenoms nomprenom nomusage nomnaissance nomdefamille nomdenaissance nomcomplet
    nometprenom prenometnom nompatronymique identite civilite lastname firstname surname fullname
    beneficiaire salarie candidat stagiaire demandeur""".split()
)
# Who a header tells the name, the number of: « nom_salarie », « id agent ».
PERSON = (
    r"(?:d[eu]?|dela?|l)?(?:salarie|agent|usager|beneficiaire|candidat|stagiaire|demandeur|personne"
    r"|allocataire|assure|apprenti|eleve|etudiant|apprenant|inscrit|adherent|conseiller|referent"
    r"|formateur|tuteur|dirigeant|conjoint|enfant|pere|mere)e?"
)
NAMED_HEADER = re.compile(rf".*prenom.*|noms?{PERSON}s?|{PERSON}s?noms?")
NUMBERED_HEADER = re.compile(rf"(?:id|identifiants?|numero|num|matricule){PERSON}|{PERSON}id")
IDENTIFIER_HEADERS = {
    "nir": {"nir", "nss", "numerodesecuritesociale", "numerosecuritesociale", "numsecu"},
    "email": {"email", "mail", "courriel", "adressemail", "adresseelectronique"},
    "phone": {"telephone", "tel", "portable", "mobile", "numerodetelephone"},
    "iban": {"iban", "rib"},
    "address": {"adresse", "adressepostale", "rue", "voie"},
    "person": {"identifiant", "idfrancetravail", "matricule"},
}
PHONE_WORDS = frozenset("telephone tel portable mobile gsm fixe".split())
PHONE_DIGITS = re.compile(r"(?:\D*\d){9,13}\D*")  # nine: a spreadsheet takes the zero away
FIRST_NAMES = frozenset(
    """adam agnes alain albert alexandre alice aline amandine amelie andre anne annie antoine
    arnaud arthur audrey aurelie baptiste beatrice benjamin benoit bernard brigitte bruno camille
    caroline catherine cecile celine chantal charles charlotte chloe christelle christian christine
    christophe claire claude clement corinne cyril damien daniel david delphine denis didier
    dominique elise elodie emilie emma emmanuel eric estelle fabien fabrice fatima florence florian
    franck francois francoise frederic gabriel gael genevieve georges gerard gilles guillaume
    guy helene henri herve hugo ines isabelle jacqueline jacques jade jean jeanne jerome joel
    josiane julie julien juliette karim karine kevin laetitia laura laurence laurent lea leo louis
    louise lucas lucie ludovic manon marc marcel marguerite maria marie marine martine mathieu
    maxime melanie michel michele mohamed monique muriel nadia nathalie nicolas nicole odile olivier
    pascal patrice patricia patrick paul paulette philippe pierre raphael raymond regine rene robert
    roger romain sabrina samia sandra sandrine sarah sebastien serge simon simone solange sonia
    sophie stephane stephanie suzanne sylvain sylvie theo thierry thomas valerie veronique victor
    vincent virginie xavier yann yasmine yves yvette yvonne zoe""".split()
)
CIVILITY = re.compile(r"(?:M\.|Mr|Mme|Mlle|Monsieur|Madame) +[^\W\d_][\w’' -]+", re.IGNORECASE)
FULL_NAME = re.compile(r"[^\W\d_][^\W\d_’'-]*(?:[-’'][^\W\d_]+)*(?: +[^\W\d_][^\W\d_’'-]*){0,2}")
NAMES_SHARE = 0.2
# Of the distinct values of a column: one that is otherwise written hides no others.
SOME, MOST = 0.2, 0.8
DIGIT = re.compile(r"\d")
ADDRESSED = re.compile(r"\d{5} [^\W\d_]")


def _is_name(value: str) -> bool:
    if CIVILITY.fullmatch(value):
        return True
    if not FULL_NAME.fullmatch(value) or value.islower():
        return False
    parts = value.split()
    return any(fold(each.partition("-")[0]) in FIRST_NAMES for each in (parts[0], parts[-1]))


def identifiers(table: Table, declared: Declared) -> Check:
    """Look for what names a person: NIR and IBAN whose key holds, e-mail, phone, address, name."""
    found: dict[str, int] = {}
    columns = []
    for column in table.columns:
        kinds = _identified(column)
        for kind, count in kinds.items():
            found[kind] = found.get(kind, 0) + count
        if kinds:
            columns.append(column.name)
    values = sum(int(each.counts[1:].sum()) for each in table.columns)
    outcome = FAIL if columns else PASS
    return _check("identifiers", outcome, columns, kinds=found, values=values)


def _identified(column: Column) -> dict[str, int]:
    kinds: dict[str, int] = {}
    for value, count in column.filled:
        if "@" in value or len(DIGIT.findall(value)) >= 9 or ADDRESSED.search(value):
            for each in personal_data.find(value.replace("\n", " ")):
                if each.kind is personal_data.Kind.EMAIL and personal_data.is_generic(value):
                    continue
                kinds[str(each.kind)] = kinds.get(str(each.kind), 0) + count
    filled = int(column.counts[1:].sum())
    header = fold(column.name).translate({ord(each): None for each in " _-.'’"})
    named = [value for value, _count in column.filled if _is_name(value)]
    is_named = header in NAME_HEADERS or NAMED_HEADER.fullmatch(header)
    if (is_named and column.type == "string" and filled) or (
        len(named) >= 3 and column.share(named) >= NAMES_SHARE
    ):
        kinds["name"] = filled
    for kind, headers in IDENTIFIER_HEADERS.items():
        if header in headers and filled:
            kinds.setdefault(kind, filled)
    if NUMBERED_HEADER.fullmatch(header) and filled:
        kinds.setdefault("person", filled)
    if column.words & PHONE_WORDS and _share(column, PHONE_DIGITS) >= SOME:
        kinds.setdefault("phone", filled)
    return kinds


def _share(column: Column, pattern: re.Pattern[str]) -> float:
    """Give the share of the distinct values that are written so, without case or accents."""
    values = column.values[1:]
    return sum(bool(pattern.fullmatch(fold(each))) for each in values) / max(len(values), 1)


TEXT_HEADERS = frozenset(
    "commentaire commentaires observation observations remarque remarques texte verbatim".split()
)
WORDY, LONG, RARE_SHARE = 4, 120, 0.01


def free_text(table: Table, declared: Declared) -> Check:
    """Refuse columns of sentences, unless a reason is given: nobody can vouch for each of them.

    A list of long labels repeats itself; what people write does not.
    """
    texts = [each.name for each in table.columns if _is_free_text(each)]
    refused = [name for name in texts if not declared.free_text.get(name)]
    accepted = [name for name in texts if name not in refused]
    outcome = FAIL if refused else PASS
    return _check("free_text", outcome, refused, among=len(table.columns), accepted=accepted)


def _is_free_text(column: Column) -> bool:
    if column.type != "string":
        return False
    if column.words & TEXT_HEADERS:
        return True
    rare = [
        value
        for value, count in column.filled
        if count < THRESHOLD and (len(value.split()) >= WORDY or len(value) >= LONG)
    ]
    return column.share(rare) > RARE_SHARE


MONTHS = "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre"
DAY = re.compile(
    r"(?:\d{4}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-/. ](?:0?[1-9]|1[0-2]|[a-z]{3,9})[-/. ](?:19|20)?\d\d)"
    r"(?:[t ]\d\d?[:h]\d\d.*)?"
)
COMPACT_DAY = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
NAMED_MONTH = rf"(?:{MONTHS.replace(' ', '|')}|(?:janv?|fevr?|avr|juil?|sept?|oct|nov|dec)\.?)"
MONTH = re.compile(
    r"(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])[-/.](?:19|20)\d\d"
    rf"|{NAMED_MONTH}[ ./-]*(?:19|20)?\d\d|(?:19|20)\d\d[ ./-]*{NAMED_MONTH}"
)
# « 2024-S1 » is half a year; « 2024-S05 », a week.
WEEK = re.compile(
    r"(?:19|20)\d\d[ -]?(?:w\d\d?|s(?:0[3-9]|[1-5]\d))(?:-?[1-7])?"
    r"|(?:w\d\d?|s(?:0[3-9]|[1-5]\d)|sem(?:aine)?\.? ?\d\d?)[ /-](?:19|20)\d\d"
    r"|sem(?:aine)?\.? ?\d\d?"
)
COMPACT_MONTH = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])")
QUARTER = re.compile(r"(?:19|20)\d\d[- ]?[tq][1-4]|[tq][1-4][- ](?:19|20)\d\d")
FINE_HEADERS = frozenset("mois month jour jours day semaine week heure".split())
# What says that such a word is no date: « nb_jours », « duree_mois ».
NO_DATE = frozenset("nb nombre duree delai anciennete age tranche total moyenne par en".split())
SHORT = re.compile(rf"{NAMED_MONTH}|[0-4]?\d|5[0-3]")


def dates(table: Table, declared: Declared) -> Check:
    """Refuse days and months: a quarter is the finest time that is opened."""
    fine: dict[str, str] = {}
    quarters: set[str] = set()
    for column in table.columns:
        if column.name == declared.count:
            continue
        grain = _grain(column)
        if grain:
            fine[column.name] = grain
        quarters |= {value for value, _count in column.filled if QUARTER.fullmatch(fold(value))}
    return _check("dates", FAIL if fine else PASS, fine, grains=fine, quarters=len(quarters))


def _grain(column: Column) -> str:
    values = [fold(value) for value, _count in column.filled]
    if not values:
        return ""
    if any(DAY.fullmatch(each) for each in values):
        return "day"
    # Eight digits may be a number; where many are dates, they are days.
    if _share(column, COMPACT_DAY) >= SOME:
        return "day"
    if any(MONTH.fullmatch(each) or WEEK.fullmatch(each) for each in values):
        return "month"
    if max(_share(column, COMPACT_MONTH), _share(column, re.compile(NAMED_MONTH))) >= SOME:
        return "month"
    is_called = column.words & FINE_HEADERS and not column.words & NO_DATE
    return "month" if is_called and _share(column, SHORT) >= MOST else ""


PLACE_HEADERS = frozenset(
    """commune communes ville villes insee postal cp depcom codgeo iris qpv quartier canton epci
    latitude longitude lat lon lng coordonnees geolocalisation adresse rue""".split()
)
# What says that a column whose name holds such a word is no place: « taille_commune ».
NO_PLACE = frozenset("taille type nombre nb categorie tranche classe".split())
POSTCODE = re.compile(r"(?:\d{2}|2[AB])\d{3}", re.IGNORECASE)
REGIONAL = re.compile(r"(?:0[456]|13|83|84)\d{3}")
# The commune, then four figures; a spreadsheet takes the zero away.
IRIS = re.compile(r"(?:0?[456]|13|83|84)\d{3}0\d{3}")
# Large towns of the region that give no zone d’emploi its name.
COMMUNES = frozenset(
    """allauch antibes apt aubagne auriol bandol berre-l'etang biot bouc-bel-air
    cagnes-sur-mer cabries carros chateaurenard cogolin cuers embrun eyguieres fos-sur-mer
    gardanne gignac-la-nerthe
    grasse hyeres istres l'isle-sur-la-sorgue la-ciotat la-crau la-garde la-seyne-sur-mer
    la-valette-du-var le-cannet le-muy le-pontet le-pradet lambesc les-pennes-mirabeau lorgues
    mandelieu-la-napoule marignane martigues miramas monteux mougins ollioules orange pelissanne
    pertuis plan-de-cuques port-de-bouc port-saint-louis-du-rhone rognac roquebrune-cap-martin
    saint-chamas saint-cyr-sur-mer saint-laurent-du-var saint-martin-de-crau saint-raphael
    saint-remy-de-provence saint-tropez salon-de-provence sanary-sur-mer septemes-les-vallons
    sisteron six-fours-les-plages sollies-pont sorgues tarascon trets vallauris vedene vence
    villeneuve-loubet vitrolles""".split()
)
COMMUNES_LEAST = 3


def geography(table: Table, declared: Declared) -> Check:
    """Refuse communes and postcodes: the zone d’emploi is the finest place that is opened."""
    fine = {
        column.name: len(column.filled)
        for column in table.columns
        if column.filled and column.name != declared.count and _is_fine_place(column)
    }
    return _check("geography", FAIL if fine else PASS, fine, places=fine)


def _is_fine_place(column: Column) -> bool:
    if column.words & PLACE_HEADERS and not column.words & NO_PLACE:
        return True
    values = [value for value, _count in column.filled]
    codes = [each for each in values if POSTCODE.fullmatch(each)]
    are_numbers = all(is_of_type("integer", each) for each in codes)
    if _share(column, POSTCODE) >= SOME and not are_numbers:
        return True
    # Five digits may be a number; and one that is unknown, a word.
    written = [each for each in values if DIGIT.search(each)]
    for place in (REGIONAL, IRIS):
        if sum(bool(place.fullmatch(each)) for each in written) > MOST * max(len(written), 1):
            return True
    towns = {fold(each).replace("’", "'").replace(" ", "-") for each in values} & COMMUNES
    return len(towns) >= COMMUNES_LEAST


# Ages, numbers of departments, weeks; years.
SCALES = ((0, 120), (1900, 2100))
COUNT_HEADERS = frozenset("effectif effectifs".split())
# What describes a person whoever publishes it, in the name of a column.
TELLING = frozenset(
    """sexe genre age naissance nationalite diplome metier rome csp profession handicap rqth rsa
    situation famille enfants""".split()
)


def _guessed(table: Table) -> str:
    """Name the column that is called a count: it is looked at, and makes no table one of counts."""
    called = (each for each in table.columns if each.words & COUNT_HEADERS)
    return next((each.name for each in called if _is_of_numbers(each)), "")


def _is_of_numbers(column: Column) -> bool:
    numbers = [is_of_type("number", value) for value, _count in column.filled]
    return bool(numbers) and sum(numbers) >= len(numbers) / 2


def _words(table: Table, count: str) -> list[str]:
    return [each.name for each in table.columns if each.name != count and _is_of_words(each)]


def _is_of_words(column: Column) -> bool:
    totals = TOTALS - {"*"}  # among numbers, a mask
    return not _is_of_numbers(column) or any(fold(each) in totals for each in column.values)


def _is_scale(column: Column) -> bool:
    """Say whether whole numbers are ages, years, codes that recur, rather than measures."""
    numbers = [value for value, _count in column.filled if is_of_type("number", value)]
    whole = [int(value) for value in numbers if is_of_type("integer", value)]
    if not whole or len(whole) < len(numbers):
        return False
    recur = len(column.filled) <= len(column.codes) / 2
    return recur or any(low <= min(whole) and max(whole) <= high for low, high in SCALES)


def _details(table: Table, declared: Declared) -> list[str]:
    """List what tells the cells of a table apart: what is declared, all words, then the ages and
    years that it takes, in their order, for each cell to stand on one row.
    """
    crossed = [name for crossing in declared.crossings for name in crossing]
    said = [*declared.quasi_identifiers, *crossed, *_words(table, declared.count)]
    names = [name for name in dict.fromkeys(said) if name != declared.count]
    for column in table.columns:
        if column.name not in (*names, declared.count) and _is_scale(column):
            if _stand_alone(table, names):
                break
            names.append(column.name)
    return names


def _stand_alone(table: Table, names: Sequence[str]) -> bool:
    return len(np.unique(table.hashes(names))) == len(table.lines)


def counted(table: Table, declared: Declared) -> str:
    """Name the declared count where each row is a cell, "" where rows are persons.

    Where several rows are alike, what they count is something else: the staff of an employer.
    """
    count = declared.count
    return count if count and _stand_alone(table, _details(table, declared)) else ""


def dimensions(table: Table, declared: Declared) -> list[str]:
    """List what tells people apart: as declared; by default all that details a table of counts."""
    if declared.quasi_identifiers or not counted(table, declared):
        return list(declared.quasi_identifiers)
    return _details(table, declared)


def _is_total(column: Column) -> npt.NDArray[np.bool_]:
    totals = [fold(value) in TOTALS for value in column.values]
    return np.array(totals, dtype=bool)[column.codes]


def _weights(table: Table, names: Sequence[str], count: str) -> npt.NDArray[np.float64]:
    """Count the persons of each row: one, or what the count says; a total is nobody new."""
    weights = np.nan_to_num(table.named(count).numbers()) if count else np.ones(len(table.lines))
    for name in names if count else ():
        weights[_is_total(table.named(name))] = 0
    return weights


def _sizes(table: Table, names: Sequence[str], count: str) -> dict[int, float]:
    """Count the persons of each group, by the digest of what they share."""
    weights = _weights(table, names, count)
    keys, places = np.unique(table.hashes(names), return_inverse=True)
    sizes = np.bincount(places.ravel(), weights=weights)
    return {key: size for key, size in zip(keys.tolist(), sizes.tolist(), strict=True) if size > 0}


BANDS = ((11, 20), (21, 50), (51, 100), (101, None))


def groups(table: Table, declared: Declared) -> Check:
    """Require 11 persons who share the same quasi-identifiers: k-anonymity."""
    names = dimensions(table, declared)
    telling = [
        column.name
        for column in table.columns
        if column.words & TELLING and column.name not in names and declared.personal
    ]
    if not names:
        outcome = FAIL if declared.personal else PASS
        return _check("groups", outcome, telling, declared=[], undeclared=telling)
    sizes = list(_sizes(table, names, counted(table, declared)).values())
    small = [size for size in sizes if size < THRESHOLD]
    bars = [[str(size), sum(each == size for each in small), True] for size in range(1, THRESHOLD)]
    for low, high in BANDS:
        within = sum(low <= size <= (high or math.inf) for size in sizes)
        bars.append([f"{low}-{high}" if high else f"{low}+", within, False])
    outcome = FAIL if small else WARN if telling else PASS
    return _check(
        "groups",
        outcome,
        names if small else telling,
        declared=names,
        undeclared=telling,
        least=int(min(sizes, default=0)),
        groups=len(sizes),
        small_groups=len(small),
        small_rows=int(sum(small)),
        rows=int(sum(sizes)),
        sizes=[each for each in bars if each[1] or not each[2]],
    )


def cells(table: Table, declared: Declared) -> Check:
    """Require that cells of 1 to 10 persons are masked, and that no total gives them back."""
    count = declared.count or _guessed(table)
    told = [_crossing(table, each, count) for each in _crossings(table, declared, count)]
    if declared.count:
        # Read as they stand too: a crossing may sum them up.
        numbers = table.named(count).numbers()
        small = int(((numbers > 0) & (numbers < THRESHOLD)).sum())
        if small > max((each["small"] for each in told), default=0):
            names = [each.name for each in table.columns if each.name != count]
            figures = {"cells": len(numbers), "small": small, "masked": 0, "recomputed": 0}
            told.append({"columns": names, **figures})
    wrong = [each for each in told if each["small"] or each["recomputed"]]
    masked, total = (sum(each[name] for each in told) for name in ("masked", "cells"))
    share = masked / total if total else 0.0
    outcome = FAIL if wrong else WARN if share > MASKED_SHARE else PASS
    columns = dict.fromkeys(name for each in wrong for name in each["columns"])
    return _check("cells", outcome, columns, crossings=told, masked=masked, share=share)


def _crossings(table: Table, declared: Declared, count: str) -> list[list[str]]:
    """List the tables to look at: as declared; of a table of counts, itself, whole and by words."""
    wanted = [list(each) for each in declared.crossings]
    if declared.count:
        wanted += [_details(table, declared), _words(table, count)]
    elif count and not wanted:
        wanted = [list(declared.quasi_identifiers) or _words(table, count)]
    return [each for each in {frozenset(each): each for each in reversed(wanted)}.values() if each]


def _crossing(table: Table, names: list[str], count: str) -> dict[str, Any]:
    if not count:
        sizes = np.unique(table.hashes(names), return_counts=True)[1]
        small = int((sizes < THRESHOLD).sum())
        figures = {"cells": len(sizes), "small": small, "masked": 0, "recomputed": 0}
        return {"columns": names, **figures}
    held = _cells_of(table, names, count)
    small = sum(value is not None and 0 < value < THRESHOLD for value in held.values())
    masked = sum(value is None for value in held.values())
    return {
        "columns": names,
        "cells": len(held),
        "small": small,
        "masked": masked,
        "recomputed": _recomputed(held),
    }


Cell = tuple[str, ...]
Line = tuple[int, Cell]  # what varies along it, and what its cells share


def _cells_of(table: Table, names: list[str], count: str) -> dict[Cell, float | None]:
    """Gather what is published of each cell, totals included; None for a masked one.

    Rows that detail another dimension are cells of another crossing, unless none sums them up.
    """
    words = {*_words(table, count)} - {*names}
    others = [_is_total(each) | (each.codes == 0) for each in table.columns if each.name in words]
    kept = np.ones(len(table.lines), dtype=bool)
    for summed in others:
        if (kept & summed).any():
            kept &= summed
    columns = [table.named(name) for name in names]
    numbers = table.named(count).numbers().tolist()
    held: dict[Cell, float | None] = {}
    for row in np.flatnonzero(kept).tolist():
        values = (each.values[each.codes[row]] for each in columns)
        cell = tuple("*" if fold(value) in TOTALS else value for value in values)
        value = None if math.isnan(numbers[row]) else numbers[row]
        before = held.get(cell, 0.0)
        held[cell] = None if value is None or before is None else before + value
    return held


def _recomputed(held: Mapping[Cell, float | None]) -> int:
    """Count what totals give back by subtraction: masked cells, and the rests of 1 to 10 persons.

    One after the other: a cell that is left out is known once it alone is missing from its line.
    """
    known = dict(held)
    lines: dict[Line, list[Cell]] = {}
    _put(lines, known)
    values = [{*each} for each in zip(*known, strict=True)]
    exact = not _are_rounded(known.values())
    found: set[Line | Cell] = set()
    changed = True
    while changed:
        changed, alone = False, {}
        for (at, others), line in lines.items():
            if len(line) < 2 or not any(cell[at] == "*" for cell in line):
                continue
            hidden = [cell for cell in line if known[cell] is None]
            signed = ((known[c] or 0.0) * (1 if c[at] == "*" else -1) for c in line)
            rest = round(sum(signed), 6)
            if len(hidden) == 1:
                known[hidden[0]] = abs(rest)
                found.add(hidden[0])
                changed = True
            elif 0 < rest < THRESHOLD and exact:
                found.add((at, others))
            elif not hidden and rest > 0 and len(values[at]) == len(line) + 1:
                (absent,) = values[at] - {cell[at] for cell in line}
                alone[(*others[:at], absent, *others[at:])] = rest
        _put(lines, alone)
        known |= alone
        changed = changed or bool(alone)
    return len(found)


def _put(lines: dict[Line, list[Cell]], cells: Iterable[Cell]) -> None:
    for cell in cells:
        for at in range(len(cell)):
            lines.setdefault((at, cell[:at] + cell[at + 1 :]), []).append(cell)


def _are_rounded(numbers: Iterable[float | None]) -> bool:
    """Say whether counts are multiples of five or more: their differences are nobody's."""
    several = {each for each in numbers if each}
    whole = [int(each) for each in several if each.is_integer()]
    return len(whole) == len(several) >= 10 and math.gcd(*whole) >= 5


def unique_rows(table: Table, declared: Declared) -> Check:
    """Count the rows that are like no other: one in a hundred at most."""
    if counted(table, declared):
        return _check("unique_rows", PASS, aggregated=True, share=0.0, rows=0)
    sizes = np.unique(table.hashes([each.name for each in table.columns]), return_counts=True)[1]
    alone = int((sizes == 1).sum())
    share = alone / len(table.lines)
    outcome = FAIL if share > UNIQUE_SHARE else PASS
    return _check("unique_rows", outcome, aggregated=False, share=share, rows=alone)


def synthetic(table: Table, declared: Declared) -> tuple[list[list[str]], int]:
    """Draw rows from the margins of a table, none equal to a real one; and how many were dropped.

    A value is drawn when 11 persons hold it; numbers, between bounds of two digits that leave out
    the extremes. The same table gives the same rows.
    """
    random = np.random.default_rng(SEED)
    count = counted(table, declared)
    weights = _weights(table, _details(table, declared) if count else (), count)
    drawn = [_drawn(column, weights, random, 3 * SAMPLE_ROWS) for column in table.columns]
    mixed = np.zeros(3 * SAMPLE_ROWS, dtype=np.uint64)
    for column, values in zip(table.columns, drawn, strict=True):
        digests = [digest(each, column.is_number) for each in values]
        mixed = mixed * MIX + np.array(digests, dtype=np.uint64)
    real = np.isin(mixed, table.hashes(each.name for each in table.columns))
    kept = np.flatnonzero(~real)[:SAMPLE_ROWS].tolist()
    return [[values[row] for values in drawn] for row in kept], int(real.sum())


def _drawn(
    column: Column, weights: npt.NDArray[np.float64], random: np.random.Generator, rows: int
) -> list[str]:
    held = np.bincount(column.codes, weights=weights, minlength=len(column.values))
    common = np.flatnonzero(held >= THRESHOLD)
    if column.is_number and len(column.values) > 2 * THRESHOLD:
        numbers = column.numbers()
        low, high = np.nanquantile(numbers, (0.05, 0.95)).tolist()
        low, high = _generalised(low), _generalised(high)
        if column.type == "integer":
            return [str(each) for each in random.integers(int(low), int(high) + 1, rows).tolist()]
        return [f"{each:.2f}" for each in random.uniform(low, max(high, low), rows).tolist()]
    if not len(common):
        return [""] * rows
    shares = held[common] / held[common].sum()
    return [column.values[code] for code in random.choice(common, rows, p=shares).tolist()]


def _generalised(bound: float) -> float:
    if bound == 0:
        return 0.0
    scale = 10.0 ** (math.floor(math.log10(abs(bound))) - 1)
    return round(bound / scale) * scale


def former(table: Table, old: Table, declared: Declared) -> Check:
    """Compare with the former open release: groups of 1 to 10 persons come by subtraction.

    What has other columns cannot be compared: who approves looks whether the card is the right one.
    """
    there = {each.name for each in old.columns}
    names = [each for each in dimensions(table, declared) if each in there]
    count = counted(table, declared)
    needed = {*dimensions(table, declared), count} - {""}
    if not names or needed - there:
        return _check("former", WARN, groups=0, rows=0, compared=False)
    new, past = (_sizes(each, names, count) for each in (table, old))
    moved = [abs(new.get(key, 0) - past.get(key, 0)) for key in new.keys() | past.keys()]
    small = [size for size in moved if 0 < size < THRESHOLD]
    outcome = WARN if small else PASS
    return _check(
        "former",
        outcome,
        names if small else (),
        groups=len(small),
        rows=int(sum(small)),
        compared=True,
    )


def linkage(table: Table, other: Table, title: str, declared: Declared) -> Check:
    """Try to join another open table: rows alone in both that share what both tell."""
    theirs = {each.name for each in other.columns}
    names = [
        each.name for each in table.columns if each.name in theirs and each.name != declared.count
    ]
    ours, others = (_alone(each.hashes(names)) for each in (table, other))
    rows = len(np.intersect1d(ours, others)) if names else 0
    share = rows / len(table.lines)
    outcome = WARN if rows else PASS
    return _check("linkage", outcome, names, title=title, rows=rows, share=share)


def _alone(hashes: Hashes) -> Hashes:
    keys, counts = np.unique(hashes, return_counts=True)
    return keys[counts == 1]


def not_compared(code: str, title: str) -> Check:
    """Warn of a table that is open already and too large to be compared here."""
    return _check(code, WARN, title=title, compared=False)


CHECKS = (groups, geography, cells, identifiers, free_text, dates, unique_rows)


def examine(
    stream: BinaryIO,
    declared: Declared,
    *,
    old: BinaryIO | None = None,
    others: Iterable[tuple[str, BinaryIO]] = (),
) -> dict[str, Any]:
    """Make the whole report of a table: {rows, columns, types, read, checks, sample}.

    read: what was met on the way and blocks nothing. sample: the synthetic rows, as CSV. Raises
    TableFault.
    """
    table = read(stream)
    require_as_declared(table, declared)
    checks = [check(table, declared) for check in CHECKS]
    rows, dropped = synthetic(table, declared)
    if any(each["outcome"] == FAIL for each in checks):
        rows = []  # drawn from what was refused, it would show it to who examines
    checks.append(_check("sample", PASS if rows else WARN, rows=len(rows), equal=0, drop=dropped))
    if old is not None:
        checks.append(former(table, read(old), declared))
    checks += [linkage(table, read(each), title, declared) for title, each in others]
    return {
        "rows": len(table.lines),
        "columns": [each.name for each in table.columns],
        "types": [each.type for each in table.columns],
        "read": reading(table),
        "checks": checks,
        "sample": _as_csv(table, rows),
    }


def reading(table: Table) -> dict[str, Any]:
    """Tell how a table is written: what was read otherwise than it stands."""
    commas = [
        count
        for column in table.columns
        if column.is_number
        for value, count in column.filled
        if "," in value
    ]
    return {
        "missing": sum(each.missing for each in table.columns),
        "decimal_commas": sum(commas),
        "bom": table.bom,
        "delimiter": table.delimiter,
    }


def _as_csv(table: Table, rows: Iterable[Sequence[str]]) -> str:
    target = io.StringIO()
    writer = csv.writer(target, delimiter=table.delimiter)
    writer.writerow([each.name for each in table.columns])
    writer.writerows(rows)
    return target.getvalue()


def verdict(checks: Iterable[Check]) -> list[str]:
    """Name the checks that keep a table from being opened, in alphabetical order."""
    return sorted(each["code"] for each in checks if each["outcome"] == FAIL)


MEMORY_BYTES = 3 << 30  # reserved, by NumPy above all, more than used


def examine_apart(
    stream: IO[bytes],
    declared: Declared,
    *,
    seconds: int,
    old: Path | None = None,
    others: Sequence[tuple[str, Path]] = (),
    shape_only: bool = False,
) -> dict[str, Any]:
    """Make the report in a child process; shape_only: only that it is what is said of it.

    seconds: of processor and of clock. Raises TableFault as `examine`, and `heavy` when the child
    was stopped for its time or its memory.
    """
    request = {
        "declared": vars(declared),
        "old": str(old or ""),
        "others": [(title, str(path)) for title, path in others],
        "shape_only": shape_only,
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as said:  # too long for an argument
        json.dump(request, said)
        said.flush()
        try:
            answered = children.run(
                __name__,
                str(seconds),
                said.name,
                given=stream,
                seconds=seconds,
                environment=LEAN,
            )
        except ChildLost as error:
            raise TableFault("heavy", 0, seconds=seconds) from error
    report: dict[str, Any] = json.loads(answered)
    if "fault" in report:
        raise TableFault(report["fault"], report["line"], **report["facts"])
    return report


def answer(stream: BinaryIO, request: Mapping[str, Any]) -> dict[str, Any]:
    """Make the report that the parent asks for, or name the fault of the table."""
    declared = Declared(**request["declared"])
    try:
        if request["shape_only"]:
            table = read(stream)
            require_as_declared(table, declared)
            return {"rows": len(table.lines), "columns": [each.name for each in table.columns]}
        old = _content(request["old"]) if request["old"] else None
        others = ((title, _content(path)) for title, path in request["others"])
        return examine(stream, declared, old=old, others=others)
    except TableFault as fault:
        return {"fault": fault.code, "line": fault.line, "facts": fault.facts}


def _content(path: str) -> BinaryIO:
    return io.BytesIO(Path(path).read_bytes())


if __name__ == "__main__":
    Bounds(int(sys.argv[1]), MEMORY_BYTES).apply()
    children.finish(
        json.dumps(answer(sys.stdin.buffer, json.loads(Path(sys.argv[2]).read_bytes()))).encode()
    )
