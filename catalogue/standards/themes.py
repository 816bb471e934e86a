"""The themes of European open data, as words in French.

Source: http://publications.europa.eu/resource/authority/data-theme.
"""

THEMES = {
    "AGRI": "agriculture, pêche et alimentation",
    "ECON": "économie et finances",
    "EDUC": "éducation, culture et sport",
    "ENER": "énergie",
    "ENVI": "environnement",
    "GOVE": "gouvernement et secteur public",
    "HEAL": "santé",
    "INTR": "questions internationales",
    "JUST": "justice et sécurité publique",
    "REGI": "régions et villes",
    "SOCI": "population et société",
    "TECH": "science et technologie",
    "TRAN": "transports",
}
AUTHORITY = "http://publications.europa.eu/resource/authority/data-theme/"


def words(address: str) -> str:
    """Name the theme of an address of the EU's list, "" when it is not one."""
    return THEMES.get(address.rstrip("/").rsplit("/", 1)[-1], "") if "data-theme" in address else ""
