"""Read the licences of a catalogue as a CKAN portal does. Run with the Python of CKAN.

Argument: a Turtle file; prints the `license_id` of each dataset, as JSON.
"""

import json
import logging
import sys
from pathlib import Path

logging.disable(logging.CRITICAL)
from ckan.common import config  # noqa: E402

config["ckan.site_url"] = "http://ckan.example"
config["ckan.locale_default"] = "fr"
config["ckan.locales_offered"] = ["fr", "en"]
config["ckan.root_path"] = None
from ckanext.dcat.processors import RDFParser  # noqa: E402

parser = RDFParser(profiles=["euro_dcat_ap_3"])
parser.parse(Path(sys.argv[1]).read_text("utf-8"), _format="turtle")
print(json.dumps([each.get("license_id") for each in parser.datasets()]))  # noqa: T201
