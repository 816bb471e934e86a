"""Made-up tables to open: a clean one, and what is wrong with others."""

import csv
import io
from collections.abc import Callable, Iterable
from typing import Any

from datasets.standards.tables import Declared

ZONES = ("Arles", "Gap", "Nice", "Toulon", "Manosque")
QUARTERS = ("2024-T1", "2024-T2", "2024-T3", "2024-T4")
AGES = ("16-25", "26-49", "50 et plus")
ENDS = ("emploi", "formation")
Row = dict[str, Any]
DECLARED = Declared(quasi_identifiers=("zone", "trimestre", "age"), personal=True)


def people(size: int = 24) -> list[Row]:
    """Give one row a person, by groups of one size; one group in five has nobody."""
    combined = [
        (zone, quarter, age)
        for z, zone in enumerate(ZONES)
        for q, quarter in enumerate(QUARTERS)
        for a, age in enumerate(AGES)
        if (z + q + a) % 5
    ]
    return [
        {"zone": zone, "trimestre": quarter, "age": age, "sortie": ENDS[number % 2]}
        for zone, quarter, age in combined
        for number in range(size)
    ]


Cells = dict[tuple[str, str], Any]


def counts(
    masked: Cells | None = None, totals: bool = True, real: Cells | None = None
) -> list[Row]:
    """Give one row a cell of zone and age, with totals.

    real: how many are in some cells; masked: what stands there, None where no row does.
    """
    cells = {
        (zone, age): 20 + 3 * z + a for z, zone in enumerate(ZONES) for a, age in enumerate(AGES)
    } | (real or {})
    if totals:
        cells |= {(zone, "Total"): sum(cells[zone, age] for age in AGES) for zone in ZONES}
        columns = (*AGES, "Total")
        cells |= {("Total", age): sum(cells[zone, age] for zone in ZONES) for age in columns}
    shown: Cells = {**cells, **(masked or {})}
    rows = [{"zone": z, "age": a, "effectif": value} for (z, a), value in shown.items()]
    return [row for row in rows if row["effectif"] is not None]


def with_column(name: str, values: Callable[[int], Any], rows: Iterable[Row] = ()) -> list[Row]:
    """Add a column to a table."""
    return [{**row, name: values(number)} for number, row in enumerate(rows or people())]


def written(rows: Iterable[Row], delimiter: str = ",", bom: bool = False) -> bytes:
    """Write a table as CSV."""
    several = list(rows)
    target = io.StringIO()
    writer = csv.DictWriter(target, list(several[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(several)
    return (b"\xef\xbb\xbf" if bom else b"") + target.getvalue().encode()


def nir(number: int) -> str:
    """Make a social security number whose key holds."""
    body = f"1850{1 + number % 9}13055{number:03d}"
    return f"{body}{97 - int(body) % 97:02d}"


CUT = [
    row
    for row in people()
    if (row["zone"], row["trimestre"], row["age"]) != ("Gap", "2024-T1", "16-25")
]
FEW = [
    *CUT,
    *(
        {"zone": "Gap", "trimestre": "2024-T1", "age": "16-25", "sortie": ENDS[n % 2]}
        for n in range(7)
    ),
]
ONE_MASKED = {("Gap", "16-25"): ""}
FOUR_MASKED = {
    ("Gap", "16-25"): "",
    ("Gap", "26-49"): "",
    ("Nice", "16-25"): "s",
    ("Nice", "26-49"): "s",
}
COUNTED = Declared(count="effectif", crossings=(("zone", "age"),), personal=True)


def account(_number: int) -> str:
    """Write the example of a bank, whose key holds."""
    return "FR7630006000011234567890189"


# name: (rows, what is declared, the checks that refuse it)
Case = tuple[list[Row], Declared, list[str]]
REFUSED: dict[str, Case] = {
    "nir": (with_column("dossier", lambda n: nir(n % 3)), DECLARED, ["identifiers"]),
    "iban": (
        with_column("compte", account),
        DECLARED,
        ["identifiers"],
    ),
    "email": (
        with_column("contact", lambda n: f"jean{n % 5}@exemple.fr"),
        DECLARED,
        ["identifiers"],
    ),
    "phone": (with_column("appel", lambda n: f"06 12 34 56 7{n % 5}"), DECLARED, ["identifiers"]),
    "names": (
        with_column("suivi", lambda n: ("Marie Durand", "Paul Petit", "DUPONT Anne", "Luc")[n % 4]),
        DECLARED,
        ["identifiers"],
    ),
    "free_text": (with_column("commentaire", lambda n: f"avis {n % 3}"), DECLARED, ["free_text"]),
    "day": (with_column("entree", lambda n: f"0{1 + n % 2}/03/2024"), DECLARED, ["dates"]),
    "commune": (
        with_column("lieu", lambda n: ("Aubagne", "Hyères", "La Ciotat", "Vence")[n % 4]),
        DECLARED,
        ["geography"],
    ),
    "few": (FEW, DECLARED, ["groups"]),
    "total": (counts(ONE_MASKED), COUNTED, ["cells"]),
}
ACCEPTED: dict[str, Case] = {
    "people": (people(), DECLARED, []),
    "measures": (
        with_column(
            "salaire", lambda n: f"{1500 + 100 * (n % 2)},5" if n % 3 else "N/A", people(72)
        ),
        DECLARED,
        [],
    ),
    "counts": (counts(FOUR_MASKED), COUNTED, []),
    "department": (with_column("departement", lambda n: ("04", "13")[n % 2]), DECLARED, []),
    "text_accepted": (
        with_column("observations", lambda n: f"modalité {n % 3}"),
        Declared(
            DECLARED.quasi_identifiers, free_text={"observations": "Liste fermée."}, personal=True
        ),
        [],
    ),
}


def _also(rows: list[Row], name: str, values: Callable[[int], Any]) -> list[Row]:
    return with_column(name, values, rows)


def _postcode(number: int) -> str:
    return ("13001", "13400", "06000")[number % 3]


TWICE: dict[str, Case] = {
    "day_postcode": (
        _also(REFUSED["day"][0], "code_postal", _postcode),
        DECLARED,
        ["dates", "geography"],
    ),
    "few_month": (
        _also(FEW, "debut", lambda n: f"2024-0{1 + n % 2}"),
        DECLARED,
        ["dates", "groups"],
    ),
    "few_phone": (
        _also(FEW, "appel", lambda _n: "04 91 22 33 44"),
        DECLARED,
        ["groups", "identifiers"],
    ),
    "email_text": (
        _also(REFUSED["email"][0], "remarques", lambda n: "AB"[n % 2]),
        DECLARED,
        ["free_text", "identifiers"],
    ),
    "commune_iban": (
        _also(REFUSED["commune"][0], "versement", account),
        DECLARED,
        ["geography", "identifiers"],
    ),
    "text_day": (
        _also(REFUSED["free_text"][0], "sortie_le", lambda n: f"2024-03-0{1 + n % 2}"),
        DECLARED,
        ["dates", "free_text"],
    ),
    "total_month": (
        _also(counts(ONE_MASKED), "mois", lambda _n: "03"),
        COUNTED,
        ["cells", "dates"],
    ),
    "total_commune": (
        _also(counts(ONE_MASKED), "commune", lambda _n: "13055"),
        COUNTED,
        ["cells", "geography"],
    ),
    "unique_latitude": (
        _also(people(), "latitude", lambda n: f"43.{n:04d}"),
        DECLARED,
        ["geography", "unique_rows"],
    ),
    "name_header_few": (
        _also(FEW, "Prénom", lambda n: "AB"[n % 2]),
        DECLARED,
        ["groups", "identifiers"],
    ),
}


def by_year(*years: list[Row]) -> list[Row]:
    """Put several years one after the other, with the mean wage of each cell."""
    return [
        {**row, "annee": 2023 + number, "salaire_moyen": 1500 + 7 * at}
        for number, rows in enumerate(years)
        for at, row in enumerate(rows)
    ]


CORNERS = list(FOUR_MASKED)
EACH = Declared(("zone", "age"), count="effectif", personal=True)
ONLY_COUNT = Declared(count="effectif", personal=True)
FIVE: Cells = {CORNERS[0]: 5}
STAFF = with_column("effectif_entreprise", lambda n: (250, 1200)[n % 2], people(1))
WAGES = with_column("salaire", lambda n: 1500 + 3 * n, STAFF)
# What a table of counts gives back, and what it keeps.
COUNTS: dict[str, Case] = {
    "staff_is_no_count": (STAFF, DECLARED, ["groups", "unique_rows"]),
    "staff_declared": (
        [*WAGES, *({**row, "salaire": row["salaire"] + 1} for row in WAGES)],
        Declared(DECLARED.quasi_identifiers, count="effectif_entreprise", personal=True),
        ["groups", "unique_rows"],
    ),
    "staff_beside": (
        with_column("effectif_entreprise", lambda n: (5, 250)[n % 2], people()),
        DECLARED,
        [],
    ),
    "undeclared": (
        counts(totals=False, real={CORNERS[0]: 2}),
        Declared(("zone",), count="effectif", personal=True),
        ["cells"],
    ),
    "ages": (
        [{"zone": z, "age": 16 + n, "effectif": 3 + 9 * n} for z in ZONES for n in range(9)],
        Declared(("zone",), count="effectif", personal=True),
        ["cells"],
    ),
    "left_out": (counts({CORNERS[0]: None}, real=FIVE), COUNTED, ["cells"]),
    "left_out_again": (
        counts(dict.fromkeys(CORNERS[:3]), real=FIVE),
        COUNTED,
        ["cells"],
    ),
    "few_together": (
        counts(FOUR_MASKED, real={CORNERS[0]: 1, CORNERS[1]: 2}),
        COUNTED,
        ["cells"],
    ),
    "masked_by_a_word": (counts({CORNERS[0]: "confidentiel"}), COUNTED, ["cells"]),
    "one_a_year": (
        by_year(counts(ONE_MASKED), counts(dict.fromkeys(CORNERS[1:], "c"))),
        EACH,
        ["cells"],
    ),
    "years": (
        by_year(counts(FOUR_MASKED), counts(dict.fromkeys(CORNERS, "moins de 11"), real=FIVE)),
        ONLY_COUNT,
        [],
    ),
    "years_each": (by_year(counts(FOUR_MASKED), counts()), EACH, []),
    "departments": (
        [
            {"departement": code, "enfants": n, "sexe": sexe, "effectif": 20}
            for code in ("04", "05", "06", "13", "83", "84")
            for n in (0, 1, 2, "3 et plus")
            for sexe in ("femme", "homme")
        ],
        ONLY_COUNT,
        [],
    ),
    "nobody_left_out": (counts({CORNERS[0]: None}, real={CORNERS[0]: 0}), EACH, []),
    "rounded": (
        [{**row, "effectif": 5 * round(row["effectif"] / 5)} for row in counts()],
        EACH,
        [],
    ),
}
