"""Name every "no": a code, a French sentence, no HTTP."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
    """A named refusal. code: stable, for machines; message: what happened, why, what to do."""

    code = "refused"
    message: Any = _("Cette action est refusée.")

    def __init__(self, message: Any = None, *, code: str | None = None, **facts: Any) -> None:
        if message is not None:
            self.message = message
        if code is not None:
            self.code = code
        self.facts: Mapping[str, Any] = facts
        super().__init__(self.code)

    def __str__(self) -> str:
        return str(self.message)


class NotAllowed(Refusal):
    """The person may not do this; the existence of the object is not a secret."""

    code = "not_allowed"
    message = _("Vous n’avez pas le droit de faire cette action.")


class Hidden(NotAllowed):
    """The person may not even know that the object exists.

    denied: the object that exists and was refused, for the ledger alone; no answer shows it.
    under: the grant by which it would have been read, for the ledger too.
    """

    code = "not_found"
    message = _("Cette page n’existe pas ou vous n’y avez pas accès.")

    def __init__(
        self,
        message: Any = None,
        *,
        code: str | None = None,
        denied: Any = None,
        under: Any = None,
        **facts: Any,
    ) -> None:
        super().__init__(message, code=code, **facts)
        self.denied, self.under = denied, under


class NotIdentified(Refusal):
    """The request does not say who asks, or says it with a token that is worth nothing."""

    code = "token_required"
    message = _("Cette adresse demande un jeton : « Authorization: Bearer … ».")


class Unsupported(Refusal):
    """The body is of another media type than the address takes."""

    code = "unsupported_media_type"
    message = _("Le corps de cette requête doit être du JSON (application/json).")


class WrongMethod(Refusal):
    """The address takes another kind of request: a form’s address was opened by hand."""

    code = "wrong_method"
    message = _("Elle sert à un formulaire. Revenez à la page précédente et recommencez.")


class Conflict(Refusal):
    """Someone else was first, or the state does not permit this step any more."""

    code = "conflict"
    message = _("La situation a changé entre-temps. Rechargez la page et recommencez.")


class Closed(Refusal):
    """The time for this is over or has not come. facts: closes_at or opens_at, aware."""

    code = "closed"
    message = _("Cette étape est fermée.")


class Gone(Refusal):
    """It was here and was deleted, for good. facts: deleted_at, aware."""

    code = "gone"
    message = _("Ce contenu a été supprimé.")


class QuotaSpent(Refusal):
    """The quota is used up. facts: next_opening, aware datetime or None."""

    code = "quota_reached"
    message = _("Votre quota est épuisé.")


class TooLarge(Refusal):
    """More bytes than permitted. facts: limit_bytes."""

    code = "too_large"
    message = _("Ce fichier dépasse la taille permise.")


class TooLong(Refusal):
    """The address holds more than any page of the portal asks. facts: limit_characters."""

    code = "address_too_long"
    message = _("Cette adresse est trop longue pour être lue : retirez des mots ou des filtres.")


class OutOfRange(Refusal):
    """The part that is asked of a file is beyond its end. facts: size_bytes."""

    code = "range_not_satisfiable"
    message = _(
        "Ce fichier s’arrête avant l’endroit demandé : vérifiez sa taille, ou demandez-le entier."
    )


class Corrupted(Refusal):
    """The bytes that arrived are not those that were sent: another digest. facts: offset."""

    code = "checksum_mismatch"
    message = _("Ce morceau est arrivé abîmé : rien n’en est gardé. Envoyez-le de nouveau.")


class Unavailable(Refusal):
    """The platform cannot do this now; nothing was lost."""

    code = "unavailable"
    message = _("Le service est momentanément indisponible. Réessayez dans quelques minutes.")


class Invalid(Refusal):
    """The values given are not acceptable. faults: one entry each, machine-readable."""

    code = "invalid"
    message = _("Certaines valeurs ne conviennent pas.")

    def __init__(
        self,
        message: Any = None,
        *,
        code: str | None = None,
        faults: Sequence[Any] = (),
        **facts: Any,
    ) -> None:
        super().__init__(message, code=code, **facts)
        self.faults = list(faults)


@contextmanager
def unless_taken(refusal: Refusal) -> Iterator[None]:
    """Refuse so where a constraint of the database refuses the rows that are written meanwhile."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise refusal from error
