"""Take out all that an organisation has in the catalogue."""

from django.db import transaction

from catalogue import rules
from catalogue.queries import holdings
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.audit.record import record


@transaction.atomic
def take_out(*, organisation: Organisation, by: User) -> int:
    """Let an editor take the cards of an organisation away, drafts and decisions too.

    Returns how many. Event "holdings.taken_out". Raises NotAllowed.
    """
    require(rules.may_import, by, organisation)
    count = holdings.cards(organisation).count()
    record("holdings.taken_out", by=by, on=organisation, cards=count)
    return count
