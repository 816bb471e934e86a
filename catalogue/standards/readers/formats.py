"""The formats that are read, the module that reads each, and the bounds of what is read."""

from typing import NamedTuple


class Format(NamedTuple):
    """One format: how it is called, the module and function that read it."""

    label: str
    module: str
    reads: str = "read"


FORMATS: dict[str, Format] = {
    "hf": Format("Hugging Face", "hugging_face"),
    "cff": Format("CITATION.cff", "cff"),
    "publiccode": Format("publiccode.yml", "publiccode"),
    "codemeta": Format("CodeMeta", "schema_org", reads="read_codemeta"),
    "croissant": Format("Croissant", "croissant"),
    "schema_org": Format("schema.org", "schema_org"),
    "dcat": Format("DCAT", "dcat"),
    "mldcat": Format("MLDCAT-AP", "dcat"),
    "ckan": Format("CKAN", "ckan"),
    "datagouv": Format("data.gouv.fr", "datagouv"),
    "csw": Format("CSW", "csw"),
    "oai": Format("OAI-PMH", "oai"),
    "table_schema": Format("Table Schema", "table_schema"),
    "readme": Format("README", "readme"),
    "cards_csv": Format("CSV", "cards_csv"),
}


DOCUMENT_BYTES = 5_000_000  # one document, as the outgoing client lets it in
READ_SECONDS = 20  # processor and wall clock for one document
MEMORY_BYTES = 1_200_000_000  # address space of a child, rdflib and a full document held
JSON_DEPTH = 64
YAML_BYTES = 64_000
YAML_DEPTH = 20
YAML_NODES = 10_000
XML_DEPTH = 100
RECORDS = 10_000  # of one document
CSV_ROWS = 1_000  # of one table of cards
CSV_COLUMNS = 2_000
CSV_CELL_CHARACTERS = 250_000  # fifty lines of the longest list, at most
FAULTS = 200  # of one document, and of one record
ITEMS = 50  # of one list of a record
TITLE_CHARACTERS = 120
SUMMARY_CHARACTERS = 280
DESCRIPTION_CHARACTERS = 20_000
URL_CHARACTERS = 500
