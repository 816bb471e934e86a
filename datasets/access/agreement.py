"""The agreement of a grant, as a page that one signs on the portal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from datasets.access.enums import Country, ForbiddenUse, Purpose
from portal.lib import clock, paper

RETURN = gettext_lazy("%(text)s, %(months)s mois après la signature")


@dataclass(frozen=True)
class Signed:
    """What came of an agreement: its dates, who signed and when, first for the organisation.

    returns: what is given back, and until when. sha256: of the agreement as it was approved.
    """

    starts_at: datetime
    ends_at: datetime
    returns: Sequence[tuple[str, datetime]]
    signatures: Sequence[tuple[str, datetime]]
    sha256: str


def agreement(
    number: str,
    content: Mapping[str, Any],
    *,
    by: str,
    page: str,
    at: datetime,
    signed: Signed | None = None,
) -> bytes:
    """Draw the agreement of a request that is granted, in French; the same facts, the same bytes.

    content: as `models.content_of` writes it. by: who decided, for the Region. page: the path of
    the grant, which says who is named and who signed. signed: once it is, what is read in place of
    what was to come, and a page of the signatures.
    """
    with translation.override("fr"):
        datasets = content["datasets"]
        columns = sum(len(each["columns"]) for each in datasets)
        people, day = len(content["persons"]), clock.day_words(clock.paris_day(at))
        named = ngettext(
            "%(count)s personne nommée", "%(count)s personnes nommées", len(content["persons"])
        )
        lasts = _("%(months)s mois dès la signature") % {"months": content["months"]}
        returns = [RETURN % each for each in content["returns"]]
        if signed is not None:
            lasts = _("du %(start)s au %(end)s") % {
                "start": _day(signed.starts_at),
                "end": _day(signed.ends_at),
            }
            returns = [
                _("%(text)s, avant le %(day)s") % {"text": text, "day": _day(due)}
                for text, due in signed.returns
            ]
        facts = [
            (_("Entre"), _("la Région Provence-Alpes-Côte d’Azur")),
            (_("les producteurs"), ", ".join(dict.fromkeys(each["producer"] for each in datasets))),
            (_("et l’organisme"), content["organisation"]),
            (_("Demande"), number),
            (_("Finalité"), str(Purpose(content["purpose"]).label)),
            (_("Jeux"), ", ".join(each["title"] for each in datasets)),
            (_("Colonnes"), _("%(count)s, par leur nom en annexe") % {"count": columns}),
            (_("Durée"), lasts),
            *([] if signed else [(_("Accès"), named % {"count": people})]),
            (_("Hébergement"), str(Country(content["hosting"]).label)),
            (_("Ce qui sera rendu"), " ; ".join(returns)),
            (_("Accordée"), _("le %(day)s, par %(by)s") % {"day": day, "by": by}),
            *_signed_by(signed),
        ]
        return paper.draw(
            paper.Sheet(
                language="fr",
                brand=("Open Emploi", _("Région Provence-Alpes-Côte d’Azur")),
                title=_("Convention d’accès aux données"),
                lead=content["title"],
                facts=facts,
                foot=number,
                notes=[],
                clauses=[
                    _(
                        "L’organisme n’utilise ces données que pour cette finalité, et n’en fait "
                        "aucun des usages interdits de l’annexe."
                    ),
                    _(
                        "Chaque personne nommée signe elle-même, sur le portail, avant sa première "
                        "lecture. Chaque lecture est tracée, et montrée au producteur et à "
                        "l’organisme."
                    ),
                    _(
                        "L’annexe et la page de l’habilitation, à l’adresse ci-dessous, font "
                        "partie de la convention : la page dit les personnes nommées et les "
                        "signatures datées."
                    ),
                    _(
                        "À la fin, l’organisme atteste sous trente jours la destruction de ce "
                        "qu’il a reçu."
                    ),
                ],
                address=settings.SITE_URL + page,
                code_label=_("La page de l’habilitation"),
                annex=[
                    *_signatures(signed, named % {"count": people}),
                    *(
                        (
                            _("Colonnes de « %(title)s »") % each,
                            [", ".join(name for name, _protection in each["protections"])],
                        )
                        for each in datasets
                    ),
                    (
                        _("Usages interdits"),
                        [f"• {each}" for each in ForbiddenUse.signed(content["pledges"])],
                    ),
                    (_("Base légale"), [content["legal_basis"]]),
                    (_("Mesures de sécurité"), content["security"].splitlines()),
                ],
            ),
            at=at,
        )


def _day(at: datetime) -> str:
    return clock.day_words(clock.paris_day(at))


def _signed_by(signed: Signed | None) -> list[tuple[str, str]]:
    if signed is None:
        return []
    rows = [
        _("le %(day)s, par %(by)s") % {"day": _day(at), "by": who} for who, at in signed.signatures
    ]
    return [(_("Signée"), " ; ".join(rows))]


def _signatures(signed: Signed | None, named: str) -> list[tuple[str, list[str]]]:
    """Write the page of signatures: each with its instant, and the digest of what was signed."""
    if signed is None:
        return []
    rows = [f"• {who}, {clock.paris_words(at)}" for who, at in signed.signatures]
    sealed = _("Convention approuvée, telle qu’elle a été signée : SHA-256 %(digest)s")
    return [(_("Signatures"), [*rows, named, sealed % {"digest": signed.sha256}])]
