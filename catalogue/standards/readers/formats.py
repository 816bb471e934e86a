"""The formats that are read, and the module that reads each."""

from typing import NamedTuple


class Format(NamedTuple):
    """One format: how it is called, the module that reads it, whether it holds many records."""

    label: str
    module: str
    many: bool = False


FORMATS: dict[str, Format] = {
    "hf": Format("Hugging Face", "hf_card"),
    "cff": Format("CITATION.cff", "cff"),
    "publiccode": Format("publiccode.yml", "publiccode"),
    "codemeta": Format("CodeMeta", "codemeta"),
    "croissant": Format("Croissant", "croissant"),
    "schema_org": Format("schema.org", "schema_org"),
    "dcat": Format("DCAT", "dcat", many=True),
    "mldcat": Format("MLDCAT-AP", "dcat", many=True),
    "ckan": Format("CKAN", "ckan", many=True),
    "datagouv": Format("data.gouv.fr", "datagouv", many=True),
    "csw": Format("CSW", "csw", many=True),
    "oai": Format("OAI-PMH", "oai", many=True),
    "table_schema": Format("Table Schema", "table_schema"),
    "readme": Format("README", "readme"),
    "cards_csv": Format("CSV", "cards_csv", many=True),
}
