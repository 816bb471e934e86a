"""Keep the ledger true about certificates: which no longer say what the final board does."""

from challenges.results import actions as results
from portal.audit.duties import duty


@duty("challenges.certificates", minutes=60, by_itself=True)
def review_certificates() -> None:
    """Compare, each hour, the certificates in force with the final boards."""
    results.review_certificates()
