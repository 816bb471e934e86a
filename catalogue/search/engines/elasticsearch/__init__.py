"""The Elasticsearch engine: the same analysis, the same matches, on a server of its own.

Only this package talks to Elasticsearch. It needs nothing but the bare server: no plugin, no
script, no module (docs/operations.md says which versions).
"""

from catalogue.search.engines.elasticsearch.client import Address, Away, Locked, Refused
from catalogue.search.engines.elasticsearch.engine import ElasticsearchEngine
from catalogue.search.engines.elasticsearch.store import Repair, Store

__all__ = ["Address", "Away", "ElasticsearchEngine", "Locked", "Refused", "Repair", "Store"]
