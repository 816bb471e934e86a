"""The agreement of a grant, as a page that one signs on the portal."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from datasets.access.enums import Country, ForbiddenUse, Purpose
from portal.lib import clock, paper

RETURN = gettext_lazy("%(text)s, %(months)s mois après la signature")


def agreement(
    number: str, content: Mapping[str, Any], *, by: str, page: str, at: datetime
) -> bytes:
    """Draw the agreement of a request that is granted, in French; the same facts, the same bytes.

    content: as `models.content_of` writes it. by: who decided, for the Region. page: the path of
    the grant, which says who is named and who signed.
    """
    with translation.override("fr"):
        datasets = content["datasets"]
        columns = sum(len(each["columns"]) for each in datasets)
        people, day = len(content["persons"]), clock.day_words(clock.paris_day(at))
        named = ngettext(
            "%(count)s personne nommée", "%(count)s personnes nommées", len(content["persons"])
        )
        facts = [
            (_("Entre"), _("la Région Provence-Alpes-Côte d’Azur")),
            (_("les producteurs"), ", ".join(dict.fromkeys(each["producer"] for each in datasets))),
            (_("et l’organisme"), content["organisation"]),
            (_("Demande"), number),
            (_("Finalité"), str(Purpose(content["purpose"]).label)),
            (_("Jeux"), ", ".join(each["title"] for each in datasets)),
            (_("Colonnes"), _("%(count)s, par leur nom en annexe") % {"count": columns}),
            (_("Durée"), _("%(months)s mois dès la signature") % {"months": content["months"]}),
            (_("Accès"), named % {"count": people}),
            (_("Hébergement"), str(Country(content["hosting"]).label)),
            (_("Ce qui sera rendu"), " ; ".join(RETURN % each for each in content["returns"])),
            (_("Accordée"), _("le %(day)s, par %(by)s") % {"day": day, "by": by}),
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
