"""Requests for the invented restricted datasets, in each state, so that every page shows one."""

from pathlib import Path
from typing import Any

import yaml

from catalogue.resources.models import Resource
from datasets.access import queries
from datasets.access.actions import drafts, grants, review
from datasets.access.enums import ForbiddenUse, RefusalReason, Verdict
from datasets.access.models import AccessRequest, Grant
from datasets.releases.models import Dataset
from portal.accounts.models import Organisation, User
from portal.management.opening import datasets

REQUESTS = Path(__file__).with_name("demonstration") / "access.yaml"
SERVICE = (
    "Exemple inventé pour montrer comment une demande se lit. Le service outillerait les "
    "conseillères et les conseillers de la région : ils verraient, par zone d’emploi, où une "
    "formation ou un recrutement manque, et le diraient aux personnes qu’ils accompagnent."
)


def requests() -> None:
    """Write the requests and take each as far as its state says; a second pass writes nothing."""
    if AccessRequest.objects.exists():
        return
    for row in yaml.safe_load(REQUESTS.read_text("utf-8")):
        _Walk(row).go()


class _Walk:
    """One request on its way, each act done by the account of its role."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row, self.state = row, row["state"]
        self.by = _user("organisation")
        self.request: AccessRequest

    def go(self) -> None:
        """Write the request, then do what leads to its state."""
        self._write()
        if self.state == "draft":
            return
        drafts.submit(request=self.request, by=self.by)
        if self.state == "submitted":
            return
        review.admit(edits=self._edits(), request=self.request, by=_user("instruction"))
        if self.state == "in_review":
            return
        if self.state == "changes_requested":
            text = (
                "Nommez la mesure d’équité plus précisément : taux d’entrée, ou part des entrées."
            )
            review.request_changes(
                request=self.request,
                text=text,
                fields=["besoin"],
                edits=self._edits(),
                by=_user("instruction"),
            )
            return
        self._advise()
        if self.state == "refused":
            review.refuse(
                request=self.request,
                reason=RefusalReason.PURPOSE,
                text="Démarcher des établissements n’est pas un service d’intérêt général.",
                edits=self._edits(),
                by=_user("approbation"),
            )
            return
        self._grant()

    def _write(self) -> None:
        wanted = {_dataset(name): columns for name, columns in self.row["datasets"].items()}
        owner = Organisation.objects.get(slug="organisation-de-demonstration")
        self.request = drafts.start(datasets=list(wanted), organisation=owner, by=self.by)
        texts = {name: self.row[name] for name in ("title", "summary", "purpose", "months")}
        why = "Écart de taux d’entrée entre femmes et hommes, par métier (exemple)."
        values = texts | {
            "service": SERVICE,
            "use_cases": "Préparer une session, conseiller une personne (exemple).",
            "beneficiaries": "Les personnes accompagnées dans la région (exemple)",
            "legal_basis": "Mission d’intérêt public (exemple)",
            "impact_assessment": "Aucune : données inventées",
            "security": "Disques chiffrés, accès nominatif, effacement attesté (exemple).",
            "hosting": "FR",
            "persons": [self.by.email],
            "returns": self.row["returns"],
            "pledges": ForbiddenUse.values,
            "datasets": {each: dict.fromkeys(names, why) for each, names in wanted.items()},
        }
        drafts.save(request=self.request, values=values, by=self.by)

    def _edits(self) -> int:
        self.request.refresh_from_db()
        return self.request.edits

    def _advise(self) -> None:
        for opinion in queries.opinions_of(self.request):
            review.give_opinion(
                opinion=opinion,
                verdict=Verdict.FAVOURABLE,
                text="Colonnes au plus juste (exemple).",
                by=_user("dpo" if opinion.is_dpo else "producteur"),
            )

    def _grant(self) -> None:
        grant: Grant = review.approve(
            request=self.request,
            months=self.row["months"],
            text="Finalité d’intérêt général, colonnes au plus juste (exemple).",
            edits=self._edits(),
            by=_user("approbation"),
        )
        if self.state == "approved":
            return
        grant = grants.sign(grant=grant, by=self.by)
        if self.state == "suspended":
            grants.suspend(
                grant=grant, text="Convention à relire (exemple).", by=_user("producteur")
            )
        elif self.state == "revoked":
            text = "Projet abandonné par son porteur (exemple)."
            grants.revoke(grant=grant, text=text, by=_user("approbation"))


def _user(name: str) -> User:
    return User.objects.get(username=name)


def _dataset(name: str) -> Dataset:
    card = Resource.objects.get(source=datasets.SOURCE, source_id=name)
    return Dataset.objects.get(resource=card)
