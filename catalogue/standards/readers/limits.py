"""The bounds of what is read, in one place."""

DOCUMENT_BYTES = 5_000_000  # one document, as the outgoing client lets it in
ANSWER_BYTES = 64_000_000  # what a child may write back
READ_SECONDS = 20  # processor and wall clock for one document
MEMORY_BYTES = 1_200_000_000  # address space of a child, rdflib and a full document held
IDLE_SECONDS = 60  # an unused child leaves
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
