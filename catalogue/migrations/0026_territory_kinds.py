"""Tell the kind and code of the territories that cards name: régions, départements and codes.

A name that is not one of these stays as it is, a territory whose kind nobody has told.
"""

import re
import unicodedata
from typing import Any

from django.db import migrations

ROWS = 1_000
REGIONS = dict(
    row.split("=")
    for row in (
        "01=Guadeloupe;02=Martinique;03=Guyane;04=La Réunion;06=Mayotte;11=Île-de-France;"
        "24=Centre-Val de Loire;27=Bourgogne-Franche-Comté;28=Normandie;32=Hauts-de-France;"
        "44=Grand Est;52=Pays de la Loire;53=Bretagne;75=Nouvelle-Aquitaine;76=Occitanie;"
        "84=Auvergne-Rhône-Alpes;93=Provence-Alpes-Côte d’Azur;94=Corse"
    ).split(";")
)
DEPARTMENTS = dict(
    row.split("=")
    for row in (
        "01=Ain;02=Aisne;03=Allier;04=Alpes-de-Haute-Provence;05=Hautes-Alpes;06=Alpes-Maritimes;"
        "07=Ardèche;08=Ardennes;09=Ariège;10=Aube;11=Aude;12=Aveyron;13=Bouches-du-Rhône;"
        "14=Calvados;15=Cantal;16=Charente;17=Charente-Maritime;18=Cher;19=Corrèze;"
        "2A=Corse-du-Sud;2B=Haute-Corse;21=Côte-d’Or;22=Côtes-d’Armor;23=Creuse;24=Dordogne;"
        "25=Doubs;26=Drôme;27=Eure;28=Eure-et-Loir;29=Finistère;30=Gard;31=Haute-Garonne;32=Gers;"
        "33=Gironde;34=Hérault;35=Ille-et-Vilaine;36=Indre;37=Indre-et-Loire;38=Isère;39=Jura;"
        "40=Landes;41=Loir-et-Cher;42=Loire;43=Haute-Loire;44=Loire-Atlantique;45=Loiret;46=Lot;"
        "47=Lot-et-Garonne;48=Lozère;49=Maine-et-Loire;50=Manche;51=Marne;52=Haute-Marne;"
        "53=Mayenne;54=Meurthe-et-Moselle;55=Meuse;56=Morbihan;57=Moselle;58=Nièvre;59=Nord;"
        "60=Oise;61=Orne;62=Pas-de-Calais;63=Puy-de-Dôme;64=Pyrénées-Atlantiques;"
        "65=Hautes-Pyrénées;66=Pyrénées-Orientales;67=Bas-Rhin;68=Haut-Rhin;69=Rhône;"
        "70=Haute-Saône;71=Saône-et-Loire;72=Sarthe;73=Savoie;74=Haute-Savoie;75=Paris;"
        "76=Seine-Maritime;77=Seine-et-Marne;78=Yvelines;79=Deux-Sèvres;80=Somme;81=Tarn;"
        "82=Tarn-et-Garonne;83=Var;84=Vaucluse;85=Vendée;86=Vienne;87=Haute-Vienne;88=Vosges;"
        "89=Yonne;90=Territoire de Belfort;91=Essonne;92=Hauts-de-Seine;93=Seine-Saint-Denis;"
        "94=Val-de-Marne;95=Val-d’Oise;971=Guadeloupe;972=Martinique;973=Guyane;974=La Réunion;"
        "976=Mayotte"
    ).split(";")
)
# The names of two territories at once are left alone.
SEVERAL = frozenset({"guadeloupe", "martinique", "guyane", "la reunion", "mayotte", "paris"})


def folded(text: str) -> str:
    """Leave out case, accents and marks."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^0-9a-z]+", " ", bare.casefold()).split())


KNOWN = {
    folded(name): f"{name} ({word} {code})"
    for word, names in (("région", REGIONS), ("département", DEPARTMENTS))
    for code, name in names.items()
    if folded(name) not in SEVERAL
}


def told(names: Any) -> Any:
    """Write the names that are known in the notation of `standards.territories`."""
    if not isinstance(names, list):
        return names
    written = [KNOWN.get(folded(each), each) if isinstance(each, str) else each for each in names]
    return list(dict.fromkeys(written))


def fill(apps: Any, schema_editor: Any) -> None:
    """Rewrite cards, then what sources last said, so that a next passage changes nothing."""
    cards = rewrite(apps.get_model("catalogue", "Resource"), "territories", told)
    rewrite(apps.get_model("catalogue", "HarvestedRecord"), "fields", told_by_source)
    first = apps.get_model("catalogue", "IndexedResource").objects.first()
    if cards and first is not None:
        # The duty that repairs the index makes all of it anew when a row has no letters.
        first.letters = ""
        first.save(update_fields=["letters"])


def told_by_source(fields: Any) -> Any:
    """Write the territories among the fields of a record."""
    if "territories" not in fields:
        return fields
    return {**fields, "territories": told(fields["territories"])}


def rewrite(model: Any, column: str, change: Any) -> int:
    """Change a column where that changes something, some rows at a time; count these rows."""
    batch: list[Any] = []
    count = 0
    for row in model.objects.only("pk", column).order_by("pk").iterator(chunk_size=ROWS):
        before = getattr(row, column)
        after = change(before)
        if after == before:
            continue
        setattr(row, column, after)
        batch.append(row)
        count += 1
        if len(batch) == ROWS:
            model.objects.bulk_update(batch, [column])
            batch = []
    model.objects.bulk_update(batch, [column])
    return count


class Migration(migrations.Migration):
    """Resource.territories, HarvestedRecord.fields."""

    dependencies = [("catalogue", "0025_confirmed_rows")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
