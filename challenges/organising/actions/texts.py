"""Write the texts of a challenge: presentation, rules, pages, the cards it starts from."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.models import Revision

from catalogue.resources.models import Resource
from catalogue.resources.queries import chain, relations
from challenges.organising import queries, rules
from challenges.organising.actions.notices import announce_by_letter
from challenges.organising.enums import ChallengeStatus, NoticeKind, RegistrationMode
from challenges.organising.models.challenges import Challenge, ChallengeDraft, ChallengePage, Terms
from challenges.organising.models.scorings import RunPlan
from challenges.queue import actions as jobs
from challenges.queue.enums import JobKind
from datasets.access.models import Extract, Grant
from datasets.releases.models import DataFile
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib.prose.markdown import render
from portal.lib.refusals import Conflict, Invalid

MOST_PAGES = 10
OVER = frozenset({ChallengeStatus.REVEALED, ChallengeStatus.ARCHIVED})


@transaction.atomic
def describe(
    *,
    challenge: Challenge,
    texts: Mapping[str, Any],
    licence: Mapping[str, Any],
    cards: Sequence[str] = (),
    by: User,
) -> Challenge:
    """Rewrite the texts of a challenge: free at any time before its archive.

    texts: title, summary, body_md, language, contact, forum_url, tags, use_cases, has_prizes,
    prizes_md, prize_rule_md. licence: name, spdx, holder, status. Once the challenge is public the
    licence is kept as it is. cards: as `origins.name`. In order: challenge and its document; event
    "challenge.described" with the names of what changed. Raises NotAllowed, Conflict, Invalid for a
    text that cannot be rendered or a card that is not found.
    """
    body_html = render(str(texts["body_md"]))
    challenge = _writable(challenge, by)
    changed = sorted(key for key, value in texts.items() if getattr(challenge, key) != value)
    if name_cards(challenge, cards):
        changed.append(CARDS)
    for key, value in texts.items():
        setattr(challenge, key, value)
    challenge.body_html = body_html
    document = {
        **challenge.bundle,
        "title": challenge.title,
        "summary": challenge.summary,
        "language": challenge.language,
        "tags": challenge.tags,
        "use_cases": challenge.use_cases,
        "prizes": challenge.has_prizes,
    }
    if not challenge.is_public and licence != challenge.licence:
        changed.append("licence")
        challenge.licence = dict(licence)
        document["licence"] = {**(document.get("licence") or {}), "data": dict(licence)}
    challenge.bundle = document
    challenge.version += 1
    challenge.save()
    record("challenge.described", by=by, on=challenge, changed=changed)
    return challenge


@transaction.atomic
def choose_grant(*, challenge: Challenge, grant: Grant | None, by: User) -> Challenge:
    """Say under which grant of its organisation the data of a challenge are used, or under none.

    It makes the challenge restricted: nothing that programs write is shown. The same grant changes
    nothing. Free until the archive: a bench is scored beyond the results. In order: the challenge;
    before it is public, the plans of its code, which read their own table where the grant does not
    lend their file; event "challenge.grant_chosen" with its number. Raises NotAllowed for who is
    not of the organisation; Conflict for a grant that gives no access now, or covers no challenge
    of this organisation; once the challenge is public, for none, for one that lends less, and for
    one under which its code would read something else.
    """
    challenge = _writable(challenge, by, over=frozenset({ChallengeStatus.ARCHIVED}))
    if grant == challenge.grant:
        return challenge
    require(rules.may_choose_grant, by, challenge)
    if grant is None and challenge.is_public:
        # Lifting it would show what programs write of data that the Region lent.
        raise Conflict(
            _(
                "Une fois le challenge publié, ses données restent à accès restreint : choisissez "
                "une autre habilitation en cours."
            ),
            code="frozen",
        )
    if grant is not None and grant not in queries.grants_for(challenge):
        raise Conflict(
            _("Cette habilitation n’est pas en cours, ou ne prévoit pas de challenge."),
            code="grant_not_active",
        )
    if challenge.is_public and grant is not None and not _lends_as_much(grant, challenge.grant):
        raise Conflict(
            _(
                "Cette habilitation ne prête pas toutes les données de la précédente, sur "
                "lesquelles porte ce challenge publié."
            ),
            code="other_data",
        )
    plans = RunPlan.objects.filter(challenge=challenge, data_file__isnull=False)
    lent = {each.data_file_id: each for each in queries.lent_to_code(grant)}
    if challenge.is_public:
        for plan in plans.filter(tasks__current=True).select_related("data_file").distinct():
            if plan.data_file is not None:
                extract = lent.get(plan.data_file.pk)
                _refuse_other_content(
                    plan.ids, plan.data_file, former=challenge.grant, extract=extract
                )
    challenge.grant, challenge.restricted = grant, grant is not None
    challenge.save_change("grant", "restricted")
    ChallengeDraft.outdate(challenge)  # what it lends was not compared with the public files
    for plan in () if challenge.is_public else plans:
        plan.challenge = challenge
        read_from(plan, plan.data_file if plan.data_file_id in lent else None, by)
    record(
        "challenge.grant_chosen", by=by, on=challenge, request=grant.request.number if grant else ""
    )
    return challenge


def _lends_as_much(grant: Grant, former: Grant | None) -> bool:
    """Say whether a grant lends the datasets of a former one: its end would else be got round."""
    lent = grant.datasets.values("dataset")
    return former is None or not former.datasets.exclude(dataset__in=lent).exists()


def read_from(plan: RunPlan, data_file: DataFile | None, by: User) -> None:
    """Have a plan read this lent file, or its own table, once compared with the truth again.

    In the caller's transaction: plan; a job "compile" for each task; event "run_plan.lent".
    """
    plan.data_file, plan.checked_at, plan.problem, plan.problem_facts = data_file, None, "", {}
    plan.save(update_fields=["data_file", "checked_at", "problem", "problem_facts"])
    read = f"{plan.challenge.grant_id or 0}:{data_file.pk if data_file else 0}"
    for task in plan.tasks.filter(current=True):
        key = f"{task.pk}:{plan.pk}:{read}"
        jobs.revive(kind=JobKind.COMPILE, subject_id=task.pk, dedup_key=key)
    record("run_plan.lent", by=by, on=plan.challenge, file=data_file.name if data_file else "")


def _refuse_other_content(
    ids: str, file: DataFile, *, former: Grant | None, extract: Extract | None
) -> None:
    """Refuse what a grant lends of a file where code would not find what it read of it.

    extract: None where there is none. ids: the column of identifiers. One file gives two grants
    the same rows, and the same cells but those of pseudonyms.
    """
    had = {name for each in file.extracts.filter(granted__grant=former) for name in each.columns}
    if extract is None or had - set(extract.columns):
        raise Conflict(
            _(
                "Cette habilitation ne prête pas, ou pas encore, tout ce que le code des équipes "
                "lit de « %(file)s » : attendez que son extrait soit prêt, ou choisissez-en une "
                "autre."
            )
            % {"file": file.name},
            code="other_data",
        )
    if ids in file.pseudonyms:
        raise Conflict(
            _(
                "Les identifiants de « %(file)s » sont des pseudonymes, autres sous chaque "
                "habilitation : ce challenge publié ne peut pas en changer. Organisez-en un autre "
                "sous la nouvelle."
            )
            % {"file": file.name},
            code="other_data",
        )


@transaction.atomic
def take_part(
    *,
    challenge: Challenge,
    registration: RegistrationMode,
    allowed_domains: Sequence[str],
    blocked_domains: Sequence[str],
    team_min: int,
    team_max: int,
    by: User,
) -> Challenge:
    """Say who may register and the sizes of teams.

    Once the challenge is public the largest size only grows and the smallest only shrinks: no
    team that exists is put out. Event "challenge.participation". Raises NotAllowed, Conflict.
    """
    challenge = _writable(challenge, by)
    if challenge.is_public and (team_max < challenge.team_max or team_min > challenge.team_min):
        raise Conflict(
            _("Une fois le challenge publié, les tailles d’équipe ne peuvent que s’élargir."),
            code="team_sizes",
        )
    challenge.registration = registration
    challenge.allowed_domains = list(allowed_domains)
    challenge.blocked_domains = list(blocked_domains)
    challenge.team_min, challenge.team_max = team_min, team_max
    challenge.version += 1
    challenge.save()
    record(
        "challenge.participation",
        by=by,
        on=challenge,
        registration=registration.value,
        team_min=team_min,
        team_max=team_max,
        domains=len(allowed_domains) + len(blocked_domains),
    )
    return challenge


@transaction.atomic
def write_terms(*, challenge: Challenge, text: str, by: User) -> Terms:
    """Write the rules of a challenge: the draft's are replaced, public ones get a new version.

    Teams accept a new version before they enter again. In order: terms; once public, notice
    and letters; event "challenge.terms_written". The same text changes nothing. Raises
    NotAllowed, Conflict, Invalid.
    """
    html = render(text)
    challenge = _writable(challenge, by)
    last = challenge.terms.order_by("-number").first()
    if last is not None and last.text == text:
        return last
    if last is not None and not last.acceptances.exists() and not challenge.is_public:
        last.delete()
    terms = Terms.objects.put(challenge, text=text, html=html)
    challenge.save_change()
    if challenge.is_public:
        announce_by_letter(
            challenge=challenge,
            kind=NoticeKind.TERMS,
            sentence=gettext_lazy(
                "Le règlement change (version %(number)s) : il est à accepter avant de déposer."
            ),
            number=str(terms.number),
        )
    facts = {"number": terms.number, "sha256": terms.sha256}
    record("challenge.terms_written", by=by, on=challenge, **facts)
    return terms


@transaction.atomic
def write_page(
    *, challenge: Challenge, index: int | None, title: str, body_md: str, by: User
) -> ChallengePage:
    """Add a page of texts, or rewrite the one at an index. Event "challenge.page_written".

    Raises NotAllowed, Conflict, Invalid.
    """
    html = render(body_md)
    challenge = _writable(challenge, by)
    if index is None:
        last = challenge.pages.order_by("-index").values_list("index", flat=True).first()
        index = 0 if last is None else last + 1
        if challenge.pages.count() >= MOST_PAGES:
            raise Invalid(_("Dix pages au plus."), code="too_many")
        page = ChallengePage(challenge=challenge, index=index)
    else:
        page = challenge.pages.select_for_update().get(index=index)
    page.title, page.body_md, page.body_html = title, body_md, html
    page.save()
    challenge.save_change()
    record("challenge.page_written", by=by, on=challenge, index=index, title=title)
    return page


@transaction.atomic
def remove_page(*, challenge: Challenge, index: int, by: User) -> None:
    """Remove a page of texts. Event "challenge.page_removed". Raises NotAllowed, Conflict."""
    challenge = _writable(challenge, by)
    deleted, _rows = challenge.pages.filter(index=index).delete()
    if not deleted:
        raise Conflict(_("Cette page n’existe plus."), code="absent")
    challenge.save_change()
    record("challenge.page_removed", by=by, on=challenge, index=index)


def _writable(
    challenge: Challenge, by: User, *, over: frozenset[ChallengeStatus] = OVER
) -> Challenge:
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_edit_challenge, by, challenge)
    if challenge.status in over:
        raise Conflict(_("Ce challenge est terminé : il ne change plus."), code="challenge_over")
    return challenge


CARDS = "cards"
MOST_CARDS = 10
SLUG = re.compile("[a-z0-9_-]+")


def name_cards(challenge: Challenge, texts: Sequence[str]) -> bool:
    """Tie a challenge to the cards that texts name (address, slug or title); say whether it moved.

    Inside the transaction of who rewrites the challenge: its document names their slugs, and is
    saved by the caller. What the document named already stays, with its tie, though its card is
    not public today. Raises Invalid for what names no public card that can lead to a challenge.
    """
    texts = list(dict.fromkeys(texts))
    if len(texts) > MOST_CARDS:
        raise Invalid(_("Dix fiches au plus."), code="card_unknown")
    cards, before = _cards_by_text(texts), named_cards(challenge)
    lost = [text for text in texts if text not in cards and text not in before]
    if lost:
        message = _(
            "Aucune fiche publiée (besoin, idée, données, modèle, programme, "
            "technologie ou algorithme) ne correspond à : %(texts)s. Collez son adresse."
        )
        texts_lost = ", ".join(text[:64] for text in lost)
        raise Invalid(message % {"texts": texts_lost}, code="card_unknown")
    names = list(dict.fromkeys(cards[text].slug if text in cards else text for text in texts))
    known = dict(challenge.origins.values_list("slug", "pk"))
    wanted = {card.pk for card in cards.values()} | {
        pk for slug, pk in known.items() if slug in names
    }
    challenge.origins.set(wanted)
    challenge.bundle = {key: kept for key, kept in challenge.bundle.items() if key != CARDS}
    if names:
        challenge.bundle[CARDS] = names
    return wanted != set(known.values()) or before != names


def tie_cards(challenge: Challenge) -> None:
    """Tie a challenge to the public cards that its document names, in the caller's transaction.

    A document names its cards by slugs: an address may be of another portal, and a title is of
    nobody in particular.
    """
    slugs = {text for text in named_cards(challenge)[:MOST_CARDS] if SLUG.fullmatch(text)}
    keys = [card.pk for card in relations.cards_by_slug(slugs).values()]
    challenge.origins.add(
        *Resource.objects.public().filter(pk__in=keys, kind__in=chain.BEFORE_CHALLENGES)
    )


def tie_published(card: Resource, _revision: Revision) -> None:
    """Tie the public challenges whose document names a card that goes online for the first time."""
    if not card.live:
        naming = Challenge.objects.public().filter(**{f"bundle__{CARDS}__isnull": False})
        for challenge in naming.order_by("pk"):
            if card.slug in named_cards(challenge):
                tie_cards(challenge)


def named_cards(challenge: Challenge) -> list[str]:
    """List what the document of a challenge names."""
    names = challenge.bundle.get(CARDS)
    return [str(each) for each in names] if isinstance(names, list) else []


def _cards_by_text(texts: Sequence[str]) -> dict[str, Resource]:
    """Find the public cards that may lead to a challenge, by what names them."""
    cards = relations.find_cards(texts)
    keys = [card.pk for card in cards.values() if card is not None]
    leads = Resource.objects.public().filter(pk__in=keys, kind__in=chain.BEFORE_CHALLENGES)
    able = set(leads.values_list("pk", flat=True))
    return {text: card for text, card in cards.items() if card is not None and card.pk in able}


STANDARD_TERMS = {
    "fr": Path(__file__).with_name("standard_terms.md"),
    "en": Path(__file__).with_name("standard_terms_en.md"),
}


def standard_terms(language: str) -> str:
    """Return the rules of a challenge whose organiser wrote none, in Markdown.

    language: that of the challenge, of its pages; French where there is none in it.
    """
    return STANDARD_TERMS.get(language, STANDARD_TERMS["fr"]).read_text(encoding="utf-8")
