"""A card online: its page, its links and the chain they make, its published versions."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from catalogue.community.actions import maskings, reports, reuses
from catalogue.community.enums import Measure, ReportOutcome
from catalogue.contributions.actions import drafts
from catalogue.models import CardVersion, Contribution, Resource, ResourceLink
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.enums import (
    Access,
    Deposit,
    LicenceStatus,
    LinkType,
    RemovalReason,
    ResourceKind,
)
from catalogue.resources.fields import DETAILS
from catalogue.resources.queries import chain, detail, published, relations
from portal.accounts.enums import Role
from portal.accounts.models import User
from portal.audit.actors import SystemActor
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.catalogue.community.test_community import declared, known
from tests.factories import contributions as make
from tests.factories.accounts import OrganisationFactory, UserFactory, signed_in
from tests.factories.catalogue import MeasurementFactory, ResourceFactory, ResourceLinkFactory
from tests.ledger import cost, events, queries, refused, same_for_three

pytestmark = pytest.mark.django_db
BY = SystemActor("test")
CANARY = "Oiseau jaune zzcanari"


# What the public, or a stranger with an account, may open.
PUBLIC = (
    "/ressources/",
    "/ressources/?q=zzcanari",
    "/ressources/suggestions?q=zzcanari",
    "/ressources/suggestions?q=oiseau",
    "/flux/ressources.atom",
    "/flux/ressources.atom?q=zzcanari",
    "/en/ressources/?q=zzcanari",
    "/sitemap.xml",
    "/",
)


def text(client: Client, address: str) -> str:
    return client.get(address).text


@pytest.mark.slow
@pytest.mark.parametrize("state", [*make.IN_STATE.values(), "change"])
def test_what_is_not_published_is_nowhere(state: Any) -> None:
    """A draft, what is sent or sent back, a change under review: neither its words nor its page."""
    ResourceFactory(title="Une autre fiche", published=True)
    author = make.person()
    words = {"title": CANARY, "summary": CANARY, "tags": ["zzcanari"]}
    if state == "change":
        change = drafts.propose(resource=make.published(author), by=author)
        make.send(make.edit(change, author, **words), author)
        own = (change.resource.get_absolute_url(),)
    else:
        slug = state(author, **words).resource.slug
        own = (f"/ressources/{slug}/", f"/ressources/{slug}/modifier/")
    marks = ("zzcanari</", "jaune zzcanari", ">zzcanari<", "jaune <mark>")
    for client in (Client(), signed_in(make.person())):
        for address in (*PUBLIC, *own):
            page = client.get(address, follow=True)
            assert [mark for mark in marks if mark in page.text.lower()] == [], address
            assert address != own[0] or page.status_code == (200 if state == "change" else 404)


def test_a_published_card_is_in_the_list_the_feed_and_the_suggestions(client: Client) -> None:
    card = ResourceFactory(title=CANARY, published=True)
    for address in ("?q=zzcanari", "suggestions?q=zzcan", "suggestions?q=oiseu"):
        assert card.get_absolute_url() in text(client, f"/ressources/{address}")
    listed = client.get("/ressources/suggestions?forme=json&q=zzcan")
    assert listed.headers["Content-Type"] == "application/x-suggestions+json"
    assert listed.json() == ["zzcan", [CANARY]]
    assert f"urn:uuid:{card.public_id}" in text(client, "/flux/ressources.atom?q=oiseau")


@pytest.mark.parametrize("kind", ResourceKind.values)
def test_each_kind_has_its_page(client: Client, kind: str) -> None:
    values, faults = DETAILS[kind].clean(
        {field.name: sample(field) for field in DETAILS[kind].fields}
    )
    assert faults == []
    card = ResourceFactory(
        published=True,
        kind=kind,
        details=values,
        deposit=Deposit.OWNED,
        description_html="<p>É</p>",
    )
    bare = ResourceFactory(published=True, kind=kind, deposit=Deposit.OWNED)
    page = text(client, card.get_absolute_url())
    assert escape(card.title) in page
    assert "échantillon" in page
    assert client.get(bare.get_absolute_url()).status_code == 200
    assert client.get("/ressources/", {"kind": kind}).status_code == 200


def test_a_row_that_tells_no_size_shows_a_dash_beside_one_that_does(client: Client) -> None:
    rows = [{"title": "Un", "bytes": 3446}, {"title": "Deux"}, {"title": "Trois", "bytes": 0}]
    card = ResourceFactory(published=True, kind="dataset", details={"distributions": rows})
    page = text(client, card.get_absolute_url())
    cells = re.findall(r'<td data-label="Taille" class="num">([^<]*)</td>', page)
    assert [each.strip() for each in cells] == ["3,4\u202fko", "–", "0\u202foctet"]


def sample(field: object) -> object:
    match field.type.value:  # type: ignore[attr-defined]
        case "url":
            return "https://example.org/échantillon"
        case "date":
            return "2026-11"
        case "integer" | "number":
            return 12
        case "choice":
            return field.choices[0][0]  # type: ignore[attr-defined]
        case "list":
            return ["échantillon", "autre"]
        case "rows":
            return [{c.name: sample(c) for c in field.columns}]  # type: ignore[attr-defined]
        case _:
            return "échantillon"


def test_a_referenced_card_says_what_is_to_check(client: Client) -> None:
    card = ResourceFactory(
        published=True,
        provenance={
            "licences": {"origin": "import:opening", "verified": False},
            "description": {"origin": "import:opening", "verified": False},
            "summary": {"origin": "import:opening", "verified": True},
        },
        licence_status=LicenceStatus.TO_CONFIRM,
        licences=[],
    )
    page = text(client, card.get_absolute_url())
    assert "Cette ressource vit chez" in page
    # Its facts stand twice: on a phone, folded before the text.
    assert page.count("à vérifier</span>") == 2
    assert "personne ne l’a encore comparée à la source" in page
    assert "À confirmer" in page
    assert ("Consultable" in page, "Accès libre" in page) == (True, False)


@pytest.mark.parametrize(
    ("licence", "said"),
    [("MIT", "Accès libre"), ("CC-BY-NC-4.0", "Accès libre, réutilisation limitée")],
)
def test_what_no_open_licence_covers_is_said_to_be_limited(
    client: Client, licence: str, said: str
) -> None:
    card = ResourceFactory(published=True, licences=[licence])
    for page in (text(client, card.get_absolute_url()), text(client, "/ressources/")):
        assert (said in page, "Accès ouvert" in page) == (True, False)
        assert ("Accès libre, " in page) == (licence != "MIT")
    told = text(client, card.get_absolute_url())
    assert ("À lire et à réutiliser" in told) == (licence == "MIT")


def test_a_card_of_a_person_names_its_declared_authors_else_that_person(
    author: User, client: Client
) -> None:
    card = ResourceFactory(
        published=True, kind="model", deposit=Deposit.OWNED, producer_name="", author=author
    )
    for authors in ([], ["Claire Martin"]):
        Resource.objects.update(authors=authors)
        names = authors or [str(author)]
        page, said = text(client, card.get_absolute_url()), escape(names[0])
        head = page.partition('class="res-kind"')[2].partition("</p>")[0]
        assert said in head
        assert f"author  = {{{{{said}}}}}" in page
        data = json.loads(
            page.partition('type="application/ld+json">')[2].partition("</script>")[0]
        )
        assert data["creator"] == [{"@type": "Person", "name": names[0]}]
        cited = yaml.safe_load(text(client, f"{card.get_absolute_url()}citation.cff"))
        assert cited["authors"] == [{"name": names[0]}]
        row = text(client, f"/ressources/?q={card.title}").partition('class="res-kind"')[2]
        assert said in row.partition("</p>")[0]


def test_a_card_says_that_the_region_read_it_while_no_source_wrote_it_since(
    author: User, client: Client
) -> None:
    card = make.published(author)
    assert "Relu par la Région" in text(client, card.get_absolute_url())
    CardVersion.objects.update(origin="harvested")
    assert "Relu par la Région" not in text(client, card.get_absolute_url())


def test_what_nobody_answered_is_one_line_for_who_can_and_what_was_is_read(client: Client) -> None:
    details = {"limits": ["Textes courts"], "example": "import rome\nrome.lire(1)"}
    details |= {
        "parameters": 300_000_000,
        "trained_on": [{"title": "ROME", "collection_date": "2024"}],
    }
    card = ResourceFactory(
        published=True,
        author=UserFactory(),
        kind=ResourceKind.MODEL,
        details=details,
        use_cases=["sme_needs"],
        summary="Lit & range.",
        contact="Nadia Benali — nadia@exemple.fr",
        languages=["mul"],
        tags=["emploi", "Métiers", "metier", "plusieurs langues"],
        description_html="<p>Lit &amp;\n<strong>range</strong>.</p>\n<h3>Titre</h3>"
        "<pre><code>pip install rome</code></pre>",
    )
    alike = ResourceFactory(published=True, use_cases=["sme_needs"])
    page = text(client, card.get_absolute_url())
    assert ("300 millions" in page, "<p>Lit" in page) == (True, False)
    head, rest = page.split("head-actions")
    chips = re.findall(r'class="tag"[^>]*>\s*(.*?)\s*</', head)
    assert chips == ["MIT", "300 millions de paramètres"]
    brief, contact = rest.index("En bref<"), rest.index('"mailto:nadia@exemple.fr"')
    assert brief < contact < rest.index('id="exemple"')
    assert "Nadia Benali<br>" in rest
    keywords = rest.partition("Mots-clés")[2].partition("</dd>")[0]
    assert re.findall(r"tag=([^\"]+)", keywords) == ["emploi", "M%C3%A9tiers", "plusieurs+langues"]
    Resource.objects.update(licences=[], licence_note="Licence maison")
    noted = text(client, card.get_absolute_url()).partition("head-actions")[0]
    assert re.findall(r'class="tag"[^>]*>\s*(.*?)\s*</', noted)[0] == "Licence maison"
    # On a phone the contents come before what they list.
    assert 0 < page.find("only-narrow no-print") < page.index('id="exemple"')
    outline = page[page.index('aria-labelledby="outline"') : page.index('aria-labelledby="q"')]
    anchors = re.findall('href="#([^"]+)">', outline)
    assert anchors == ["usages", "exemple", "lire-titre", "partie-donnees-dapprentissage"]
    assert all(f' id="{anchor}"' in page for anchor in anchors)
    Resource.objects.filter(pk=card.pk).update(
        contact="Marie (DSI) <m@exemple.fr> ou https://exemple.fr/a, puis b@exemple.fr",
        details={"parameters": 999_999_999},
        homepage_url="https://huggingface.co/almanach/camembert-base",
        description_html='<p><a href="https://exemple.fr/">Lit &amp; range.</a></p>',
    )
    other = text(client, card.get_absolute_url())
    ways = re.findall(r"(Marie \(DSI\)|mailto:m@|fr/a\"|puis|mailto:b@)", other)
    assert ways[:5] == ["Marie (DSI)", "mailto:m@", 'fr/a"', "puis", "mailto:b@"]
    assert ("1 milliard" in other, "exemple.fr" in other) == (True, True)
    assert ("snapshot_download" in other, "Le télécharger" in other) == (True, True)
    assert ("Ajouter un exemple" in other, "Exemple prêt à lancer" in other) == (True, False)
    assert ("Limites et usages" in page, "Limites, usages exclus et mesures" in other) == (
        False,
        True,
    )
    Resource.objects.filter(pk=card.pk).update(
        details={
            "library": "Transformers",
            "files": [{"title": "modele.bin", "url": "https://exemple.fr/a/modele.bin"}],
            "paper": "TALN, 10.1000/xyz1",
        },
    )
    third = text(client, card.get_absolute_url())
    assert ("home care worker" in third, "aide à domicile" in third) == (True, False)
    assert ("AutoModel" in third, "Le faire fonctionner" in third) == (True, True)
    assert ("Ajouter un exemple" in third, "Exemple prêt à lancer" in third) == (False, True)
    assert ("peut exécuter du code" in third, 'data-label="Titre"' in third) == (True, False)
    for tags, name, code in (
        (["classification de textes"], "camembert-base", "pipeline("),
        (["prédiction de mots masqués"], "camembert-base", "AutoModel"),
        (["réécriture de textes"], "camembert-base", "snapshot_download"),
        (["reconnaissance de la parole"], "camembert-base", "snapshot_download"),
        (["description d’images"], "camembert-base", "snapshot_download"),
        ([], "mt5-base", "snapshot_download"),
    ):
        card.tags, card.homepage_url = tags, f"https://huggingface.co/almanach/{name}"
        card.details = {"library": "transformers"}
        assert code in detail.card(card)["example"]
    assert 'href="https://doi.org/10.1000/xyz1"' in third.partition("Son article")[2][:200]
    assert '"nofollow">exemple.fr/…/modele.bin</a>' in third
    file = {"url": "https://exemple.fr/a/modele.bin", "bytes": 445_000_000}
    for homepage, repository, files, actions in (
        ("", "", [file | {"bytes": None}], ["Télécharger modele.bin"]),
        ("", "https://huggingface.co/a/b", [], ["Voir sur huggingface.co"]),
        ("https://a.fr/", "", [file], ["Télécharger modele.bin (445\u202fMo)", "Voir sur a.fr"]),
    ):
        Resource.objects.filter(pk=card.pk).update(
            homepage_url=homepage, repository_url=repository, details={"files": files}
        )
        shown = text(client, card.get_absolute_url()).partition("head-actions")[2]
        links = re.findall(r'<a class="btn.*?</svg>(.*?)</a>', shown, re.S)
        assert [" ".join(each.split(" \n")).split() for each in links[: len(actions)]] == [
            each.split() for each in actions
        ]
    assert "Plusieurs (liste à confirmer)" in page
    assert "Non renseigné" not in page
    assert "questions sans réponse" not in page
    assert "Textes courts" in page
    assert page.count("Copier<") == page.count("<figure") == 2
    # Nothing is made up for the authors of what lives elsewhere.
    assert ("@misc" in page, "La citation que demandent ses auteurs" in page) == (False, True)
    assert alike.get_absolute_url() in page
    client.force_login(card.author)  # who can answer
    assert "questions sans réponse" in text(client, card.get_absolute_url())


def test_a_long_text_gives_its_results_and_leads_to_what_a_model_is_made_of(client: Client) -> None:
    address = "https://huggingface.co/almanach/camembertv2-base"
    base = ResourceFactory(published=True, kind=ResourceKind.MODEL, homepage_url=address)
    table = "<table><tbody><tr><td>F1</td><td>0,85</td></tr></tbody></table>"
    card = ResourceFactory(
        published=True,
        kind=ResourceKind.MODEL,
        deposit=Deposit.OWNED,
        producer_name="Loire Labs",
        organisation=OrganisationFactory(name="Équipe des données"),
        details={
            "base_model": "almanach/camembertv2-base",
            "trained_on": [{"title": "lyon/offres"}],
            "files": [{"url": "https://exemple.fr/a.bin"}],
            "declared_measures": [{"metric": "F1", "value": "0.850"}],
            "paper": "TALN, 10.1000/xyz1",
            "co2_grams": 1_900,
            "footprint": "Environ 1,9 kg CO₂eq.",
            "citation": "@inproceedings{loire,\n  year={2024}\n}",
        },
        licences=["MIT"],
        languages=["fr"],
        contact="Équipe, a@b.fr",
        repository_url="https://github.com/a/b",
        description_html="<blockquote><p>[!WARNING]\nPas pour trier.</p></blockquote>"
        "<h2>Modèle</h2><ul>"
        "<li><strong>License:</strong> MIT License</li><li><strong>Langue :</strong> French</li>"
        "</ul><h2>Model Details</h2><h3>Usage</h3><ul><li><strong>Code :</strong> "
        '<a href="https://loire.example/code">Loire Labs</a></li></ul><p>Lire.</p>'
        "<h2>Étiquettes</h2><p>COMP : savoir-faire.</p>"
        f"<h2>Évaluation</h2><h3>Résultats</h3>{table}"
        "<h4>Par métier</h4><p>Bois.</p><h3>Bilan</h3><p>Bon.</p><h2>Contact</h2>"
        "<h2>License</h2><p>This model is under the <strong>MIT</strong> license.</p>"
        "<h2>Licence</h2><p>MIT pour le code et les poids.</p>"
        '<h2>Contact</h2><p>Des questions ? <a href="mailto:a@b.fr">a@b.fr</a> ou une issue sur '
        '<a href="https://github.com/a/b">https://github.com/a/b</a></p>'
        "<h2>Licence</h2><p>MIT, sauf les données.</p><h2>Citation</h2><p>TODO: la matrice</p>"
        "<h2>Citation</h2><p>If you use it:</p><h2>Citation</h2><p>Please cite also Martin.</p>"
        "<h2>Contact</h2><p>Contactez-nous.</p>",
    )
    page = text(client, card.get_absolute_url())
    assert ('<span lang="fr">Prudence</span>' in page, "WARNING" in page) == (True, False)
    assert "Usage</h2>" in page
    assert "Le modèle</h" not in page
    assert (page.count("Contact</h"), "Contactez-nous." in page) == (1, True)
    assert ("If you use it" in page, "Please cite also Martin." in page) == (False, True)
    assert f'<a href="{base.get_absolute_url()}"' in page.partition("Modèle de base")[2][:200]
    assert 'href="https://huggingface.co/datasets/lyon/offres"' in page
    assert (bool(re.search("1,9.kg", page)), "Émissions" in page) == (True, False)
    based = text(client, base.get_absolute_url()).partition("Modèles construits sur celui-ci")[2]
    assert card.get_absolute_url() in based
    organisation = reverse("organisation", args=(card.organisation.slug,))
    assert f'proposée par <a href="{organisation}">Équipe des données</a>' in page
    order = [
        page.index(each)
        for each in (
            "Pas pour trier.",
            'id="resultats"',
            "<h3>Étiquettes</h3>",
            "0,85",
            "<h3>Par métier</h3>",
            'id="partie-fichiers"',
            "Bilan</h",
            "@inproceedings{loire,",
        )
    ]
    assert [each in page for each in ("MIT License", "French<", "Modèle<")] == [False] * 3
    # A section that says a fact again goes; the others are sections of the page.
    assert (page.count("Licence</h2>"), "MIT, sauf" in page, "This model" in page) == (
        1,
        True,
        False,
    )
    assert ("TODO" in page, '<a href="#citer">Citer</a>' in page) == (False, True)
    assert "décrite en français" not in page
    assert "Présentation</h2>" not in page
    assert "https://loire.example/code" in page  # leads where no fact does
    assert ("Mesures déclarées" in page, "https://doi.org/10.1000/xyz1" in page) == (False, True)
    assert (order, page.count("Résultats</h3>"), page.count("0,85")) == (sorted(order), 0, 1)
    assert ("Limites et usages exclus" in page, "?champ=limits" in page) == (True, True)
    declared = {"declared_measures": [{"metric": "accuracy", "value": "0.9"}], "co2_grams": 420}
    declared |= {"modalities": ["texte"]}
    Resource.objects.filter(pk=card.pk).update(details=declared)
    page = text(client, card.get_absolute_url())
    assert ("exactitude" in page, "420 g d’équivalent CO₂" in page) == (True, True)
    # A heading that stood over the results alone goes with them; a summary with a link too.
    Resource.objects.filter(pk=card.pk).update(
        summary="Trie des offres.",
        description_html='<p>Trie des <a href="https://a.fr">offres</a>.</p><h2>Usage</h2>'
        f"<h2>Évaluation</h2><h3>Results</h3>{table}<h2>Contact</h2>",
    )
    page = text(client, card.get_absolute_url())
    assert ("Évaluation<" in page, "https://a.fr" in page) == (False, False)
    english = text(client, f"/en{card.get_absolute_url()}")
    assert ("described in French" in english, bool(re.search(r"<dd>\s*text\s*</dd>", english))) == (
        True,
        True,
    )


def test_measures_show_their_interval_and_no_group_that_nobody_counted(client: Client) -> None:
    card = ResourceFactory(published=True, kind=ResourceKind.MODEL)
    MeasurementFactory(resource=card, from_challenge=True)
    for group, value, n in (("Femmes", 0.8, 200), ("Seniors", 0.12, None)):
        MeasurementFactory(resource=card, group=group, value=value, n=n, low=None, high=None)
    page = text(client, card.get_absolute_url())
    for said in ("0,804", "0,792", "Évalué sur un challenge", "Femmes"):
        assert said in page
    assert ("Seniors" in page, "0,12" in page) == (False, False)


def test_former_address_moves_and_removed_one_is_gone(client: Client) -> None:
    card = ResourceFactory(published=True, title="Fiche à déplacer")
    former = card.get_absolute_url()
    card = card_changes.move(resource=card, slug="nouvelle-adresse")
    answer = client.get(former)
    assert (answer.status_code, answer["Location"]) == (301, "/ressources/nouvelle-adresse/")
    card_changes.bury(resource=card, reason=RemovalReason.ILLEGAL, by=BY, keep_title=False)
    for address in (former, "/ressources/nouvelle-adresse/"):
        gone = client.get(address)
        assert gone.status_code == 410
        assert "Fiche à déplacer" not in gone.text
    assert not Resource.objects.filter(pk=card.pk).exists()
    assert card_changes.free_slug("Nouvelle adresse") == "nouvelle-adresse-2"


def test_filters_chips_pages_and_empty_states(client: Client) -> None:
    for number in range(25):
        ResourceFactory(published=True, title=f"Emploi {number}", languages=["fr"])
    page = text(client, "/ressources/?q=emploi&language=fr")
    assert "25 ressources" in page
    assert "Retirer ce filtre" in page
    assert 'href="/ressources/?q=emploi&amp;language=fr&amp;page=2"' in page
    assert '<h2 id="nb">25 ressources' in text(client, "/ressources/?q=emploi&page=999")
    ResourceFactory(published=True, use_cases=["sme_needs"])
    none = text(client, "/ressources/?q=introuvable")
    assert "Aucune ressource pour" in none
    assert 'href="/contribuer/?kind=need"' in none
    near = 'href="/ressources/?use_case=sme_needs">Besoins en compétences des petites entreprises <'
    assert near in none
    filtered = text(client, "/ressources/?language=it")
    assert "Retirer tous les filtres" in filtered
    assert near not in filtered


def test_without_words_the_latest_leads(client: Client) -> None:
    days = [clock.now() - timedelta(days=n) for n in (1, 400, 30)]
    for number, day in enumerate(days):
        ResourceFactory(published=True, title=f"Emploi {number}", content_modified_at=day)
    page = text(client, "/ressources/")
    places = [page.index(f"Emploi {number}</a>") for number in (0, 2, 1)]
    assert places == sorted(places)
    latest = ResourceFactory(published=True, title="Emploi 3", content_modified_at=days[0])
    assert latest.title in text(client, "/ressources/").split("Emploi 0</a>")[0]
    assert '<option value="updated" selected>' in page
    assert "Pertinence" not in page
    assert '<option value="relevance" selected>' in text(client, "/ressources/?q=emploi")
    assert '<option value="quality" selected>' in text(client, "/ressources/?sort=quality")


@pytest.mark.parametrize(
    "address",
    ["/ressources/?q=emploi", "/flux/ressources.atom", "/ressources/suggestions?q=empl+jeun"],
)
def test_lists_cost_the_same_for_three_and_nine(client: Client, address: str) -> None:
    def more() -> None:
        for _ in range(3):  # under three, the words of the query are checked for slips
            ResourceFactory(published=True, title="Emploi des jeunes", tags=["emploi"])

    (count,) = same_for_three(more, lambda: cost(client, address))
    assert count <= 25


def test_a_card_costs_the_same_for_one_and_three_links(client: Client) -> None:
    card = ResourceFactory(published=True)

    def more() -> None:
        other = ResourceFactory(published=True)
        ResourceLinkFactory(source=card, target=other, type=LinkType.USES)
        MeasurementFactory(resource=card, metric=other.title)

    (count,) = same_for_three(more, lambda: cost(client, card.get_absolute_url()))
    assert count <= 25


def test_hostile_titles_are_escaped(client: Client) -> None:
    card = ResourceFactory(published=True, title="<script>alert(1)</script> emploi")
    for address in (
        "/ressources/?q=script",
        card.get_absolute_url(),
        "/ressources/suggestions?q=scr",
    ):
        assert "<script>alert" not in text(client, address)


@pytest.mark.parametrize(
    ("stored", "address", "said"),
    [
        ("1999-01-01/2011-12-31", "", "du 1er janvier 1999 au 31 décembre 2011"),
        ("1999-01-01/2011-12-31", "/en", "from 1 January 1999 to 31 December 2011"),
        ("2014-09-04", "", "4 septembre 2014"),
        ("2018-2024", "", "2018-2024"),
        ("2014-02-30/x", "", "2014-02-30/x"),
    ],
)
def test_a_period_is_said_in_words(client: Client, stored: str, address: str, said: str) -> None:
    card = ResourceFactory(
        published=True, kind=ResourceKind.DATASET, details={"temporal_coverage": stored}
    )
    assert said in text(client, f"{address}/ressources/{card.slug}/").replace("\u00a0", " ")


K = ResourceKind


# Declared
def answers(slug: str) -> dict[str, str]:
    return {"type": "answers", "target": slug}


def tied(card: Resource) -> list[tuple[str, str]]:
    rows = ResourceLink.objects.filter(source=card).order_by("pk")
    return list(rows.values_list("type", "target_title"))


def test_a_card_is_found_by_its_address_a_former_one_or_its_title() -> None:
    card = ResourceFactory(published=True, title="Le besoin", slug="le-besoin")
    ResourceFactory(title="Caché", slug="cache")
    address = "/ressources/le-besoin/"
    for text in (address, f"https://x.example/en{address}?a=1", "le-besoin", "LE BESOIN"):
        assert relations.find_cards([text])[text] == card
    wrong = ["/ressources/cache/", "Caché", "http://["]
    assert relations.find_cards(wrong) == dict.fromkeys(wrong)
    ResourceFactory(published=True, title="Le besoin")
    assert relations.find_cards(["Le besoin"]) == {"Le besoin": None}


def test_many_links_are_found_at_once() -> None:
    cards = [ResourceFactory(published=True, title=f"Fiche publiée {n}") for n in range(6)]
    found: dict[str, Resource | None] = {}

    def asked(count: int) -> int:
        texts = [text for each in cards[:count] for text in (each.slug, each.title.upper())]
        return queries(lambda: found.update(relations.find_cards([*texts, "Nulle part"])))

    assert asked(1) == asked(6)
    assert [found[each.title.upper()] for each in cards] == cards


def test_links_follow_the_version_in_force_and_leave_the_others(
    author: User, client: Client
) -> None:
    card = make.published(author, title="Carte qui se lie")
    need = ResourceFactory(published=True, title="Le besoin", slug="le-besoin")
    data = ResourceFactory(published=True, title="Les données", slug="les-donnees")
    ResourceLinkFactory(source=card, target=data, type=LinkType.DOCUMENTS)
    first = [answers("le-besoin"), {"type": "uses", "target": "les-donnees"}]
    make.changed(card, author, relations=first)
    documents, uses = ("documents", "Les données"), ("uses", "Les données")
    assert tied(card) == [documents, ("answers", "Le besoin"), uses]
    assert "A pour réponse" in client.get(need.get_absolute_url()).text
    make.changed(card, author, relations=first[1:])
    assert tied(card) == [documents, uses]


def test_a_declared_card_that_is_hidden_since_is_named_nowhere(
    author: User, client: Client
) -> None:
    card = make.published(author, title="Carte qui se lie")
    ResourceFactory(published=True, title="Nom zzcache", slug="nom-zzcache")
    for rows in ([answers("nom-zzcache")], [], [answers("nom-zzcache")]):
        make.changed(card, author, relations=rows)
    Resource.objects.filter(slug="nom-zzcache").update(live=False)
    base = card.get_absolute_url()
    for address in (
        base,
        f"{base}versions/2/",
        f"{base}versions/comparer/?avant=1&apres=2",
        f"{base[:-1]}.json",
        "/ressources/?q=zzcache",
        f"/api/v1/resources/{card.public_id}",
    ):
        told = client.get(address)
        assert (told.status_code, "nom-zzcache" in told.text) == (200, False), address


def test_a_record_names_no_card_that_is_not_public() -> None:
    card, public = ResourceFactory(published=True), ResourceFactory(published=True)
    for target in (public, ResourceFactory(title="Caché")):
        ResourceLinkFactory(source=card, target=target, type=LinkType.PART_OF)
    told = published.published_one(Resource.objects.get(pk=card.pk)).references
    assert [each.title for each in told] == [public.title]


# The chain: what led to a card and what came of it, nothing hidden told on the way
def made(kind: ResourceKind, title: str, **options: object) -> Resource:
    return ResourceFactory(kind=kind, title=title, **{"published": True, **options})


@pytest.fixture
def cards() -> dict[str, Resource]:
    """Make a need, an idea, data, a model and a solution, each tied to what led to it."""
    found = {
        "need": made(K.NEED, "Le besoin"),
        "idea": made(K.IDEA, "L’idée"),
        "data": made(K.DATASET, "Les données"),
        "model": made(K.MODEL, "Le modèle"),
        "solution": made(K.SOLUTION, "La solution"),
    }
    for source, kind, target in (
        ("idea", LinkType.ANSWERS, "need"),
        ("model", LinkType.DERIVED_FROM, "idea"),
        ("model", LinkType.TRAINED_ON, "data"),
        ("solution", LinkType.USES, "model"),
    ):
        ResourceLinkFactory(source=found[source], target=found[target], type=kind)
    return found


def walked(card: Resource) -> chain.Chain:
    return chain.chain_of(card, list(card.measurements.all()), ())


def before(card: Resource) -> list[str]:
    return [node.title for node in walked(card).before]


def after(card: Resource) -> list[str]:
    return [node.title for node in walked(card).after]


def test_each_card_tells_both_ways_in_the_order_of_the_chain(cards: dict[str, Resource]) -> None:
    solution, model = cards["solution"], cards["model"]
    assert before(solution) == ["Le besoin", "L’idée", "Les données", "Le modèle"]
    assert after(solution) == []
    assert after(cards["need"]) == ["L’idée", "Le modèle", "La solution"]
    assert before(model) == ["Le besoin", "L’idée", "Les données"]
    assert [(node.title, node.words, node.summary) for node in walked(model).after] == [
        ("La solution", "Utilisé par", solution.summary)
    ]


def test_a_figure_of_a_challenge_is_told_along_the_chain(
    cards: dict[str, Resource], client: Client
) -> None:
    address = "/challenges/offres/classement/"
    MeasurementFactory(
        resource=cards["model"], metric="Exactitude", from_challenge=True, source_url=address
    )
    assert after(cards["need"]) == ["L’idée", "Le modèle", "Exactitude", "La solution"]
    page = client.get(cards["model"].get_absolute_url()).text
    for said in ("Ce qui y a mené", "Ce qui en est venu", address, "[0,792"):
        assert said in page


def test_a_hidden_end_is_neither_named_nor_gone_through(
    cards: dict[str, Resource], client: Client
) -> None:
    Resource.objects.filter(pk=cards["model"].pk).update(live=False)
    assert (after(cards["need"]), before(cards["solution"])) == (["L’idée"], [])
    assert "Le modèle" not in client.get(cards["need"].get_absolute_url()).text


def test_a_removed_end_keeps_its_title_when_it_may(
    cards: dict[str, Resource], client: Client
) -> None:
    card_changes.bury(resource=cards["model"], reason=RemovalReason.OWNER, by=SystemActor("test"))
    page = client.get(cards["solution"].get_absolute_url()).text
    assert ("Le modèle" in page, "(retirée)" in page) == (True, True)


def test_circles_end_and_neighbours_stand_beside(cards: dict[str, Resource]) -> None:
    ResourceLinkFactory(source=cards["need"], target=cards["solution"], type=LinkType.DERIVED_FROM)
    other = made(K.NEWS, "Une actualité")
    ResourceLinkFactory(source=other, target=cards["need"], type=LinkType.DOCUMENTS)
    found = walked(cards["need"])
    assert [node.title for node in found.beside] == ["Une actualité"]
    titles = [node.title for node in (*found.before, *found.after)]
    assert titles == ["La solution", "L’idée", "Le modèle"]


def test_a_long_chain_is_bounded(
    cards: dict[str, Resource], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    need, once = cards["need"], cost(client, cards["need"].get_absolute_url())
    for number in range(60):
        answer = made(K.MODEL, f"Modèle {number}")
        ResourceLinkFactory(source=answer, target=need, type=LinkType.ANSWERS)
    assert len(walked(need).after) <= chain.MOST_CARDS + 1
    assert cost(client, need.get_absolute_url()) <= once
    monkeypatch.setattr(chain, "MOST_LINKS", 2)
    assert len(walked(need).after) <= 2 * chain.DEPTH


def test_a_reuse_leads_to_the_page_of_the_card_reused(cards: dict[str, Resource]) -> None:
    solution = cards["solution"]
    reuses.publish(brought=declared(known(), solution), by=make.moderator())
    (reuse,) = [node for node in walked(cards["model"]).after if node.stage == chain.REUSE]
    assert reuse.href == f"/ressources/{solution.slug}/reutilisations/"


# An idea becomes a need or a solution
@pytest.fixture
def idea() -> Resource:
    return made(
        K.IDEA,
        "Lire les signaux faibles",
        organisation=make.organisation("Mission locale"),
        tags=["apprentissage", "rupture", "alerte"],
        territories=["Var (département 83)"],
        homepage_url="https://idee.example/",
        details={"problem": "Les ruptures arrivent.", "approach": "Une alerte expliquée."},
    )


@pytest.fixture
def editor(idea: Resource, author: User) -> User:
    assert idea.organisation is not None
    return make.joined(author, idea.organisation, Role.EDITOR)


def test_the_draft_holds_what_the_idea_says_and_its_link(idea: Resource, editor: User) -> None:
    need = drafts.become(resource=idea, kind=K.NEED, by=editor)
    told = need.content
    assert (need.resource.kind, need.organisation) == ("need", idea.organisation)
    kept = (told["title"], told["territories"], told["homepage_url"])
    assert kept == (idea.title, idea.territories, "")
    assert told["details"] == {
        "situation": "Les ruptures arrivent.",
        "expected_result": "Une alerte expliquée.",
        "relations": [{"type": "derived_from", "target": idea.slug}],
    }
    assert drafts.become(resource=idea, kind=K.NEED, by=editor) == need
    solution = drafts.become(resource=idea, kind=K.SOLUTION, by=editor)
    assert solution.content["details"]["needs_served"] == "Les ruptures arrivent."
    assert Contribution.objects.count() == 2


def test_it_is_not_for_others_nor_of_other_cards(idea: Resource, editor: User) -> None:
    with refused(NotAllowed):
        drafts.become(resource=idea, kind=K.NEED, by=make.person())
    with refused(Conflict):
        drafts.become(resource=idea, kind=K.DATASET, by=editor)
    Resource.objects.filter(pk=idea.pk).update(kind="need")
    with refused(Conflict):
        drafts.become(resource=idea, kind=K.SOLUTION, by=editor)
    assert signed_in(editor).get(reverse("catalogue:become", args=(idea.slug,))).status_code == 404


def test_from_the_button_to_the_chain_of_both(idea: Resource, editor: User, client: Client) -> None:
    page, address = idea.get_absolute_url(), reverse("catalogue:become", args=(idea.slug,))
    assert f'href="{address}"' not in client.get(page).text
    client.force_login(editor)
    assert f'href="{address}"' in client.get(page).text
    assert "En faire un besoin" in client.get(address).text
    for kind in ("", "dataset", "moon"):
        assert client.post(address, {"kind": kind}).status_code == 409
    opened = client.post(address, {"kind": "need"})
    draft = Contribution.objects.get()
    assert opened.headers["Location"].endswith(f"{draft.public_id}/essentiel/")
    make.edit(draft, editor, beneficiary="Les CFA", description="Un texte.", scope="regional")
    sent = make.send(draft, editor)
    assert ResourceLink.objects.count() == 0
    need = make.put_online(sent)
    assert (after(idea), before(need)) == ([need.title], [idea.title])


@pytest.fixture
def author() -> User:
    return make.person("autrice")


@pytest.fixture
def card(author: User) -> Resource:
    """Make a card of three versions."""
    made = make.published(author, title="Fiche à versions", contact="")
    for summary in ("Deuxième résumé de la fiche.", "Troisième résumé de la fiche."):
        made = make.changed(made, author, summary=summary)
    return made


def place(card: Resource, rest: str = "") -> str:
    return f"{card.get_absolute_url()}versions/{rest}"


def page(client: Client, card: Resource, rest: str = "") -> str:
    answer = client.get(place(card, rest))
    assert answer.status_code == 200
    return answer.text


def statuses(client: Client, card: Resource, *rests: str | int) -> list[int]:
    rests = tuple(f"{rest}/" if isinstance(rest, int) else rest for rest in rests)
    return [client.get(place(card, str(rest))).status_code for rest in rests]


def test_each_publication_is_a_version_that_says_what_changed_and_no_person(
    card: Resource, client: Client
) -> None:
    told = CardVersion.objects.order_by("number").values_list("number", "origin", "fields")
    assert list(told) == [
        (1, "reviewed", []),
        (2, "reviewed", ["summary"]),
        (3, "reviewed", ["summary"]),
    ]
    shown = page(client, card)
    assert "Première publication" in shown
    assert shown.count("Changé\u00a0: Résumé") == 2
    assert "autrice" not in shown.partition('class="tabs"')[2]


def test_a_former_version_is_read_and_two_are_compared(card: Resource, client: Client) -> None:
    former = page(client, card, "2/")
    assert ("Deuxième résumé" in former, "Troisième résumé" in former) == (True, False)
    assert "n’est plus en vigueur" in former
    compared = page(client, card, "comparer/?avant=2&apres=3")
    assert "<del>Deuxième</del>" in compared
    assert "<ins>Troisième</ins>" in compared
    assert page(client, card, "comparer/?avant=3&apres=2").count("<ins>Troisième</ins>") == 1
    assert "comparer/?apres=3" in page(client, card, "")
    assert "De la version 2 à la version 3" in page(client, card, "comparer/?apres=3")


@pytest.mark.parametrize("asked", ["avant=x&apres=9999999999", "avant=²&apres=-1", "avant="])
def test_bad_numbers_compare_the_last_two(card: Resource, client: Client, asked: str) -> None:
    assert "De la version 2 à la version 3" in page(client, card, f"comparer/?{asked}")


def test_what_does_not_exist_is_not_found(card: Resource, client: Client) -> None:
    assert statuses(client, card, 4) == [404]
    assert client.get("/ressources/jamais-vue/versions/").status_code == 404
    one = ResourceFactory(published=True)
    assert client.get(place(one, "comparer/")).headers["Location"] == place(one)


def test_drafts_and_masked_cards_show_no_version(
    card: Resource, author: User, client: Client
) -> None:
    make.edit(drafts.propose(resource=card, by=author), author, summary="Brouillon zz.")
    assert "Brouillon zz" not in page(client, card)
    assert CardVersion.objects.count() == 3
    maskings.mask(resource=card, category="illegal", explanation="Propos.", by=make.moderator())
    assert statuses(client, card, "", 1, "comparer/") == [404] * 3


# What is withheld
def decided(card: Resource) -> None:
    """Have a notice upheld that asks for a correction."""
    judge = make.moderator()
    report = reports.file(
        address=card.get_absolute_url(),
        category="personal_data",
        explanation="Un nom.",
        good_faith=True,
        name="Une personne",
        email="x@exemple.example",
    )
    reasons = reports.Reasons(
        outcome=ReportOutcome.UPHELD,
        measure=Measure.CORRECT,
        facts="Un nom.",
        ground="law",
        ground_text="Règlement.",
    )
    reports.decide(report=reports.assess(report=report, by=judge), reasons=reasons, by=judge)


def test_an_upheld_notice_withholds_what_came_before(
    card: Resource, author: User, client: Client
) -> None:
    decided(card)
    make.changed(card, author, summary="Quatrième résumé, corrigé.")
    for rest in ("2/", "3/", "comparer/?avant=3&apres=4", "comparer/"):
        told = client.get(place(card, rest))
        assert told.status_code == 451
        assert ("Troisième" in told.text, "Deuxième" in told.text) == (False, False)
    assert page(client, card).count("non montrée") == 3
    assert "Quatrième" in page(client, card, "4/")


def test_what_a_source_or_a_transfer_brings_meanwhile_corrects_nothing(
    card: Resource, author: User, client: Client
) -> None:
    decided(card)
    make.changed(card, author, summary="Quatrième résumé, le nom y est encore.")
    CardVersion.objects.filter(number=4).update(origin="harvested")
    make.changed(card, author, summary="Cinquième résumé, corrigé.")
    assert statuses(client, card, 3, 4, 5) == [451, 451, 200]
    make.changed(card, author, summary="Sixième résumé.")
    assert statuses(client, card, 4, 5, 6) == [451, 200, 200]


def test_a_lifted_masking_withholds_and_a_lapsed_one_does_not(
    card: Resource, client: Client
) -> None:
    one = make.moderator()
    hidden = maskings.mask(resource=card, category="illegal", explanation="Propos.", by=one)
    maskings.lift(masking=hidden, by=one)
    assert statuses(client, card, 2, 3) == [451, 200]
    hidden.refresh_from_db()
    hidden.end = "lapsed"
    hidden.save(update_fields=["end"])
    assert statuses(client, card, 2) == [200]


def test_personal_data_taken_out_of_the_card_is_struck_from_its_former_versions(
    card: Resource, author: User, client: Client
) -> None:
    address = "contact@exemple.fr"
    make.changed(card, author, summary=f"Écrire à jeanne.martin@exemple.fr ou à {address}.")
    assert "jeanne.martin@exemple.fr" in page(client, card, "4/")
    make.changed(card, author, summary=f"Écrire à {address}.")
    for rest in ("4/", "comparer/?avant=4&apres=5", "comparer/?avant=3&apres=4"):
        told = page(client, card, rest)
        assert ("jeanne" in told, "[donnée personnelle retirée]" in told) == (False, True)


def test_names_of_persons_are_on_no_former_version(
    card: Resource, author: User, client: Client
) -> None:
    make.changed(card, author, authors=["Jeanne Martin"], contact="equipe@exemple.fr")
    make.changed(card, author, authors=[], contact="")
    for rest in ("4/", "comparer/?avant=4&apres=5"):
        told = page(client, card, rest)
        assert ("Jeanne" in told, "equipe@" in told) == (False, False)


def test_files_of_what_is_had_on_request_are_on_no_version(author: User, client: Client) -> None:
    card = make.published(author, kind=ResourceKind.DATASET)
    make.changed(card, author, access=Access.ON_REQUEST)
    for rest in ("1/", "2/", "comparer/"):
        assert "data.example" not in page(client, card, rest)


def test_a_moderator_withholds_a_former_version(card: Resource, client: Client) -> None:
    judge, address = make.moderator(), place(card, "2/")
    client.force_login(judge)
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "Un nom."}).status_code == 302
    client.logout()
    assert client.get(address).status_code == 451
    with refused(Conflict):
        version = CardVersion.objects.get(number=2)
        card_changes.withhold_version(version=version, reason="Encore.", by=judge)
    client.force_login(judge)
    assert client.post(address, {"show": "1"}).status_code == 302
    assert client.get(address).status_code == 200
    assert events()[-2:] == ["version.withheld", "version.shown"]


def test_who_may_not_withhold_changes_nothing(card: Resource, author: User) -> None:
    version, judge = CardVersion.objects.get(number=2), make.moderator()
    with refused(NotAllowed):
        card_changes.withhold_version(version=version, reason="À moi.", by=author)
    with refused(NotAllowed):
        card_changes.show_version(version=version, by=author)
    with refused(Invalid):
        card_changes.withhold_version(version=version, reason=" ", by=judge)
    with refused(Conflict):
        card_changes.show_version(version=version, by=judge)
    with refused(Conflict, code="version_in_force"):
        card_changes.withhold_version(
            version=CardVersion.objects.get(number=3), reason="Non.", by=judge
        )


def test_versions_cost_the_same_for_one_and_three(
    card: Resource, author: User, client: Client
) -> None:
    other = make.published(author, title="Fiche seule")
    for rest in ("", "1/"):
        assert cost(client, place(other, rest)) == cost(client, place(card, rest)) <= 25
