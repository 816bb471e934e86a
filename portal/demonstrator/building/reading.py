"""From official open files to our own form of each: what is learnt from, as one JSON value."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from portal.demonstrator.building.tables import Row, Source, Unreadable
from portal.demonstrator.engines.tension import LEVELS
from portal.demonstrator.enums import ReferentialKind

Content = dict[str, Any]
FORMS = ("m", "f", "e")
PARTS = {"public": 0, "private": 1}  # a part to choose on, a part to measure
GAINS = {"Proche": 2, "Evolution": 1, "Évolution": 1}
INDICATORS = (
    "intensite_embauches",
    "manque_main_oeuvre",
    "non_durabilite",
    "conditions_travail",
    "inadequation_geo",
    "lien_formation",
)


def read(kind: ReferentialKind, source: Source) -> tuple[Content, int]:
    """Read what a kind holds, and how many rows. Raises Unreadable."""
    content = READERS[kind](source)
    versions = source.versions()
    if len({*versions.values()}) > 1:
        one, *others = sorted(versions)
        other = next(each for each in others if versions[each] != versions[one])
        raise Unreadable(
            f"{one} est de la version {versions[one]}, {other} de la version {versions[other]} : "
            "prenez tous les fichiers de la même."
        )
    rows = max((len(each) for each in content.values() if isinstance(each, list)), default=0)
    if not rows:
        raise Unreadable("Aucune ligne à lire.")
    return content, rows


def _rome(source: Source) -> Content:
    if source.find("unix_referentiel_appellation*.csv"):
        return _rome_released(source)
    labels: dict[str, str] = {}
    titles = []
    for row in source.rows(
        "train.csv", ("code_ogr", "forme", "libelle", "code_rome", "libelle_rome")
    ):
        code = row.rome("code_rome")
        labels[code] = row.text("libelle_rome")
        titles.append([code, row.text("code_ogr"), _form(row), row.text("libelle")])
    return {
        "occupations": [{"code": code, "label": labels[code]} for code in sorted(labels)],
        "titles": titles,
        "held": _later_titles(source),
    }


def _form(row: Row) -> str:
    if row["forme"] not in FORMS:
        raise row.refuse("forme", "n’est ni m, ni f, ni e")
    return row["forme"]


def _later_titles(source: Source) -> list[list[Any]]:
    """Read titles that came later, with what they mean, where the files hold both."""
    if source.find("truth.csv") is None:
        return []
    texts = {
        row["id"]: row.text("libelle")
        for row in source.rows("test_features.csv", ("id", "libelle"))
    }
    later = []
    for row in source.rows("truth.csv", ("id", "code_rome", "jeu", "forme", "groupe")):
        if row["id"] not in texts:
            raise row.refuse("id", "n’est pas dans test_features.csv")
        part = row.one_of("jeu", PARTS)
        later.append([row.rome("code_rome"), row["groupe"], _form(row), texts[row["id"]], part])
    return later


def _rome_released(source: Source) -> Content:
    """Read the files that France Travail releases."""
    labels = {
        row.rome("code_rome"): row.text("libelle_rome")
        for row in source.rows("unix_referentiel_code_rome_v*.csv", ("code_rome", "libelle_rome"))
    }
    titles = []
    needed = ("code_ogr", "libelle_appellation_long", "code_rome")
    for row in source.rows("unix_referentiel_appellation*.csv", needed):
        code = row.rome("code_rome")
        if code not in labels:
            raise row.refuse("code_rome", "n’est pas dans la liste des métiers")
        for form, title in both_forms(row.text("libelle_appellation_long")):
            titles.append([code, row.text("code_ogr"), form, title])
    texts: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    needed = ("code_rome", "libelle_type_texte", "libelle_texte")
    for row in source.rows("unix_texte*.csv", needed, is_needed=False):
        texts[row.rome("code_rome")][row["libelle_type_texte"]].append(row["libelle_texte"])
    knowledge = _released_knowledge(source)
    riasec = _released_interests(source)

    def sheet(code: str) -> dict[str, Any]:
        own = texts[code]
        return {
            "code": code,
            "label": labels[code],
            "definition": " ".join(own["definition"]),
            "access": " ".join([*own["acces_a_em"], *own["acces_metier"]]),
            "conditions": " ".join(own["cond_exercice_activite"]),
            "knowledge": knowledge.get(code, []),
            "riasec": riasec.get(code, ""),
        }

    return {"occupations": [sheet(code) for code in sorted(labels)], "titles": titles, "held": []}


def both_forms(title: str) -> Iterator[tuple[str, str]]:
    """Part « Monteur / Monteuse en bois »: the masculine, the feminine; itself where it has one.

    The feminine has as many words as the masculine; what follows belongs to both.
    """
    masculine, bar, rest = title.partition(" / ")
    count = len(masculine.split())
    words = rest.split()
    if not bar or " / " in rest or len(words) < count:
        yield "e", title
        return
    yield "m", " ".join([masculine, *words[count:]])
    yield "f", rest


def _released_knowledge(source: Source) -> dict[str, list[str]]:
    labels: dict[str, str] = {}
    for name, column in (("savoir", "libelle_savoir"), ("competence", "libelle_competence")):
        pattern = f"unix_referentiel_{name}_v*.csv"
        for row in source.rows(pattern, ("code_ogr", column), is_needed=False):
            labels[row["code_ogr"]] = row.text(column)
    by_code: dict[str, dict[str, None]] = defaultdict(dict)
    for row in source.rows("unix_coherence_item*.csv", ("code_rome", "code_ogr"), is_needed=False):
        if row["code_ogr"] in labels:
            by_code[row.rome("code_rome")][labels[row["code_ogr"]]] = None
    return {code: [*each] for code, each in by_code.items()}


def _released_interests(source: Source) -> dict[str, str]:
    rows = source.rows(
        "unix_referentiel_code_rome_riasec*.csv",
        ("code_rome", "riasec_majeur", "riasec_mineur"),
        is_needed=False,
    )
    return {row.rome("code_rome"): row["riasec_majeur"] + row["riasec_mineur"] for row in rows}


def _mobilities(source: Source) -> Content:
    if source.find("unix_rubrique_mobilite*.csv"):
        rows = source.rows("unix_rubrique_mobilite*.csv", ("code_rome", "code_rome_cible"))
        # Later releases rank moves and no longer part the near from the others.
        return {
            "sheets": [],
            "links": _unique(
                [
                    row.rome("code_rome"),
                    row.rome("code_rome_cible"),
                    GAINS.get(row.get("libelle_type_mobilite"), 1),
                ]
                for row in rows
            ),
            "held": [],
            "unseen": [],
            "women": {},
        }
    needed = (
        "code_rome riasec_majeur riasec_mineur definition acces_a_em cond_exercice_activite savoirs"
    ).split()
    sheets = [
        {
            "code": row.rome("code_rome"),
            "definition": row["definition"],
            "access": row["acces_a_em"],
            "conditions": row["cond_exercice_activite"],
            "knowledge": [each for each in row["savoirs"].split("|") if each],
            "riasec": row["riasec_majeur"] + row["riasec_mineur"],
        }
        for row in source.rows("fiches.csv", needed)
    ]
    needed = ["code_rome", "code_rome_cible", "type_mobilite"]
    links = [
        [row.rome("code_rome"), row.rome("code_rome_cible"), row.one_of("type_mobilite", GAINS)]
        for row in source.rows("train.csv", needed)
    ]
    measured = [
        [
            row.rome("code_rome"),
            row.rome("code_rome_cible"),
            row.whole("gain", low=1, high=2),
            row.one_of("jeu", PARTS),
        ]
        for row in source.rows(
            "truth.csv", ("code_rome", "code_rome_cible", "gain", "jeu"), is_needed=False
        )
    ]
    unseen = source.rows("test_features.csv", ("code_rome",), is_needed=False)
    women = source.rows("attributs_equite.csv", ("code_rome", "part_femmes"), is_needed=False)
    return {
        "sheets": sheets,
        "links": _unique(links),
        "held": measured,
        "unseen": sorted(row.rome("code_rome") for row in unseen),
        "women": {
            row.rome("code_rome"): row.number("part_femmes", low=0, high=100)
            for row in women
            if row["part_femmes"]
        },
    }


def _unique(links: Iterable[Sequence[Any]]) -> list[list[Any]]:
    best: dict[tuple[str, str], int] = {}
    for start, end, gain in links:
        if start != end:
            best[start, end] = max(gain, best.get((start, end), 0))
    return [[*pair, gain] for pair, gain in sorted(best.items())]


def _tension(source: Source) -> Content:
    columns = (
        "id code_rome code_bassin bassin region nb_communes_bassin offres demandeurs_abc".split()
    )
    zones: dict[str, list[str]] = {}
    rows: list[list[Any]] = []
    truths = {
        row["id"]: (
            row.whole("tension", low=1, high=LEVELS),
            row.one_of("jeu", PARTS),
            row.get("tranche_femmes"),
        )
        for row in source.rows("truth.csv", ("id", "tension", "jeu"), is_needed=False)
    }

    def note(row: Row, level: int | None) -> None:
        zones[row["code_bassin"]] = [row.text("bassin"), row["region"]]
        numbers = [
            row.number(column, low=0, high=1e9)
            for column in ("nb_communes_bassin", "offres", "demandeurs_abc")
        ]
        graded = [
            row.whole(column, low=0, high=LEVELS) if row[column] else None for column in INDICATORS
        ]
        truth = [*truths[row["id"]]] if row["id"] in truths else None
        place = [row.rome("code_rome"), row.text("code_bassin")]
        rows.append([*place, numbers, graded, level, truth])

    for row in source.rows("train.csv", (*columns, *INDICATORS, "tension")):
        note(row, row.whole("tension", low=1, high=LEVELS))
    for row in source.rows("test_features.csv", (*columns, *INDICATORS), is_needed=False):
        note(row, None)
    return {"zones": zones, "rows": rows}


READERS: Mapping[ReferentialKind, Callable[[Source], Content]] = {
    ReferentialKind.ROME: _rome,
    ReferentialKind.MOBILITIES: _mobilities,
    ReferentialKind.TENSION: _tension,
}
