"""Make the draft of a bundle whose questions were answered, outside any request."""

from collections.abc import Sequence
from functools import partial

from django.db import IntegrityError
from django.utils.translation import gettext as _

from challenges.bundles.report import Problem
from challenges.exchange.actions import bundles as bundle_imports
from challenges.exchange.actions import imports
from challenges.exchange.actions.bundles import Overtaken, import_bundle
from challenges.models import BundleImport, Job
from challenges.queue.worker import Beating, acting_person
from challenges.worker import unsealing
from datasets.actions import releases
from portal.accounts.models import User
from portal.lib import failpoints
from portal.lib.refusals import Refusal, Unavailable


def create(job: Job, made: BundleImport, beating: Beating) -> None:
    """Make the draft of a bundle, on behalf of who asked; or say why there is none.

    A job that is done again after its worker was killed finds what was written, or nothing of it.
    Raises Unavailable, for another attempt: an outage is no fault of the bundle.
    """
    problems = _create(job, made, acting_person(made.by_id))
    if problems and not beating.lost.is_set():
        bundle_imports.refuse_creation(job=job, made=made, problems=problems)


def _create(job: Job, made: BundleImport, by: User) -> Sequence[Problem]:
    """Import the bundle; return why it makes no draft, () once it is made."""
    then = partial(bundle_imports.finish_creation, job=job, made=made, by=by)
    try:
        with releases.opened(releases.Deposit(made.sealed, made.keys), made.filename) as path:
            failpoints.hit("creation.opened")
            found = import_bundle(
                path=path,
                by=by,
                answers=made.answers,
                unseal=unsealing.unsealer(by),
                then=lambda challenge: then(challenge=challenge),
            )
    except Overtaken:
        return ()
    except releases.Unreadable:  # for good: no other attempt would open it
        said = _("le dépôt n’est plus lisible : abandonnez-le, puis déposez l’archive de nouveau")
        return (Problem("E_ZIP_CORRUPT", said),)
    except Unavailable:
        raise
    except Refusal as refusal:
        return (Problem(refusal.code, str(refusal.message)),)
    except IntegrityError as error:
        if "slug" not in str(error):
            raise
        return (imports.slug_taken(str(made.answers.get("slug", "")), by),)  # at the same moment
    return found.imported.errors
