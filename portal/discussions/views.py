"""Read the discussions of a subject, write, flag and moderate: the same pages for every kind."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.accounts.views import person
from portal.discussions import actions, queries, subjects
from portal.discussions.forms import DiscussionForm, MessageForm, ReasonForm
from portal.discussions.models import Discussion, Message
from portal.discussions.subjects import Subject
from portal.lib import visible
from portal.lib.web.form_pages import attempted, sent, tried
from portal.lib.web.requests import get_or_post, identifier, natural

PER_PAGE, MESSAGES_PER_PAGE, MOST_ON_DESK = 20, 50, 200
# The field of a form that a refusal of the action is about.
FIELDS = {"markdown": "body_md", "message_twice": "body_md", "reason_required": "reason"}


ROUTES = (
    "discussions",
    "discussion",
    "discussion_arrange",
    "discussions_desk",
    "message_hide",
    "message_flag",
    "message_block",
)


def urls(kind: str, *, flagged: bool) -> list[URLPattern]:
    """Route the pages of the discussions of a kind of subject, under the address of one.

    flagged: whether messages are flagged to those who moderate, here.
    """
    named = {"kind": kind}
    acts = [("hide", "masquer"), ("block", "ecarter"), *([("flag", "signaler")] if flagged else [])]
    return [
        path("", listed, named, name="discussions"),
        path("moderer/", desk, named, name="discussions_desk"),
        path("<uuid:discussion>/", shown, named, name="discussion"),
        path("<uuid:discussion>/regler/", arrange, named, name="discussion_arrange"),
        *(
            path(
                f"messages/<uuid:message>/{word}/",
                act_on,
                named | {"act": act},
                name=f"message_{act}",
            )
            for act, word in acts
        ),
    ]


def _scene(request: HttpRequest, kind: str, slug: str) -> tuple[Subject, dict[str, Any]]:
    """Find the subject that this person reads, and what its pages show; else Hidden."""
    own = subjects.kinds[kind]
    subject, context = own.frame(request, slug)
    by = request.user
    blocked = by.is_authenticated and queries.is_blocked(by, subject)
    return subject, context | {
        "kind": own,
        "subject": subject,
        "routes": {name: f"{own.namespace}:{name}" for name in ROUTES},
        "blocked": blocked,
        "contact": own.contact(subject),
        "may_write": by.is_authenticated and not blocked and own.may_write(by, subject),
        "may_flag": by.is_authenticated and own.may_flag(by, subject),
        "may_moderate": by.is_authenticated and own.may_moderate(by, subject),
    }


@login_not_required
@get_or_post
def listed(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """List the discussions of a subject; open one by POST."""
    subject, context = _scene(request, kind, slug)
    if request.method == "POST" and not request.user.is_authenticated:
        return redirect_to_login(request.path)
    form = DiscussionForm(sent(request))
    opened, status = attempted(
        form,
        lambda: actions.open_discussion(on=subject, by=person(request), **form.cleaned_data),
        FIELDS,
    )
    if opened is not None:
        _thank(request, opened.messages.get())
        return redirect(context["routes"]["discussion"], slug, opened.public_id)
    rows = queries.discussions(subject, request.user)
    context |= {"form": form, "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))}
    return render(request, "discussions/list.html", context, status=status)


@login_not_required
@get_or_post
def shown(request: HttpRequest, kind: str, slug: str, discussion: UUID) -> HttpResponse:
    """Read a discussion; answer by POST."""
    subject, context = _scene(request, kind, slug)
    row = _discussion(request, subject, discussion)
    if request.method == "POST" and not request.user.is_authenticated:
        return redirect_to_login(request.path)
    form = MessageForm(sent(request))
    made, status = attempted(
        form,
        lambda: actions.answer(discussion=row, by=person(request), **form.cleaned_data),
        FIELDS,
    )
    if made is not None:
        _thank(request, made)
        return redirect(context["routes"]["discussion"], slug, row.public_id)
    return _page(request, row, context | {"form": form}, status)


@require_POST
def arrange(request: HttpRequest, kind: str, slug: str, discussion: UUID) -> HttpResponse:
    """Close a discussion with a reason, open it again, pin it or no more."""
    subject, context = _scene(request, kind, slug)
    row, by = _discussion(request, subject, discussion), person(request)
    require(queries.may_close, by, row)
    act = request.POST.get("act")
    if act == "close":
        form = ReasonForm(request.POST, CLOSE_HINT)
        status = tried(
            form, lambda: actions.close(discussion=row, by=by, **form.cleaned_data), FIELDS
        )
        if status:
            return _page(request, row, context | {"close": form}, status)
    elif act == "reopen":
        actions.reopen(discussion=row, by=by)
    elif act in ("pin", "unpin"):
        actions.pin(discussion=row, pinned=act == "pin", by=by)
    if act:
        notices.success(request, _("Enregistré."))
    return redirect(context["routes"]["discussion"], slug, row.public_id)


CLOSE_HINT = gettext_lazy("Il paraît au pied de la discussion.")


def _page(
    request: HttpRequest, row: Discussion, context: dict[str, Any], status: int
) -> HttpResponse:
    rows = queries.messages(row, request.user)
    may_close = request.user.is_authenticated and queries.may_close(request.user, row)
    page = Paginator(rows, MESSAGES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": MessageForm(None),
        "close": ReasonForm(None, CLOSE_HINT),
        "discussion": row,
        "page": page,
        "report_page": context["kind"].report_page(row.path),
        "may_close": may_close,
        **context,
    }
    return render(request, "discussions/discussion.html", context, status=status)


@dataclass(frozen=True)
class Act:
    """What one does about a message, with a reason. right: the name of the rule of its kind."""

    title: Any
    hint: Any
    done: Any
    right: str
    do: Callable[[Message, str, User], object]


ACTS = {
    "flag": Act(
        gettext_lazy("Signaler ce message"),
        gettext_lazy("Lu par les personnes qui modèrent cette discussion."),
        gettext_lazy("Signalement reçu. Merci."),
        "may_flag",
        lambda message, reason, by: actions.flag(message=message, reason=reason, by=by),
    ),
    "hide": Act(
        gettext_lazy("Masquer ce message"),
        gettext_lazy("La personne le lira, et il paraît à la place du message."),
        gettext_lazy("Message masqué ; la personne est prévenue."),
        "may_moderate",
        lambda message, reason, by: actions.hide(message=message, reason=reason, by=by),
    ),
    "block": Act(
        gettext_lazy("Écarter cette personne des discussions"),
        gettext_lazy("Pour le journal. La personne continue de lire."),
        gettext_lazy("Cette personne ne peut plus écrire ici."),
        "may_moderate",
        lambda message, reason, by: actions.block(
            on=message.discussion.subject, user=message.by, reason=reason, by=by
        ),
    ),
}


@get_or_post
def act_on(request: HttpRequest, kind: str, slug: str, message: UUID, act: str) -> HttpResponse:
    """Flag a message, hide it, or keep its author from writing about this subject."""
    subject, context = _scene(request, kind, slug)
    by, chosen = person(request), ACTS[act]
    require(getattr(context["kind"], chosen.right), by, subject)
    row = visible.find(
        queries.latest(subject), among=Message.objects.on(subject), public_id=message
    )
    row.discussion.subject = subject
    form = ReasonForm(sent(request), chosen.hint)
    status = tried(form, lambda: chosen.do(row, form.cleaned_data["reason"], by), FIELDS)
    if not status:
        notices.success(request, chosen.done)
        return redirect(context["routes"]["discussions"], slug)
    context |= {"message": row, "form": form, "act": chosen.title}
    return render(request, "discussions/act.html", context, status=status)


@get_or_post
def desk(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """List what waits for an answer, what was flagged or hidden, who may not write; settle it."""
    subject, context = _scene(request, kind, slug)
    own = context["kind"]
    require(own.may_moderate, person(request), subject)
    if request.method == "POST":
        _settle(request, subject)
        return redirect(context["routes"]["discussions_desk"], slug)
    context |= {
        "questions": queries.waiting(subject, request.user)[:MOST_ON_DESK],
        "flags": queries.flags(own.rows().filter(pk=subject.pk))[:MOST_ON_DESK],
        "hidden": queries.hidden(subject)[:MOST_ON_DESK],
        "blocks": queries.blocks(subject),
    }
    return render(request, "discussions/desk.html", context)


def _settle(request: HttpRequest, subject: Subject) -> None:
    by, rows = person(request), Message.objects.on(subject)
    match request.POST.get("decision"):
        case "dismiss":
            actions.dismiss(message=_message_named(request, rows), by=by)
        case "show":
            actions.show(message=_message_named(request, rows), by=by)
        case "unblock":
            number = natural(request.POST.get("block", ""))
            actions.unblock(block=get_object_or_404(queries.blocks(subject), pk=number), by=by)
        case _:
            notices.error(request, _("Choisissez une décision."))
            return
    notices.success(request, _("Décision enregistrée."))


def _message_named(request: HttpRequest, rows: QuerySet[Message]) -> Message:
    """Return the message that the form names, of these; 404 for any other."""
    public_id = identifier(request.POST.get("message", ""))
    return get_object_or_404(rows.select_related("discussion"), public_id=public_id)


def _discussion(request: HttpRequest, subject: Subject, public_id: UUID) -> Discussion:
    rows = Discussion.objects.visible_to(request.user).on(subject)
    row: Discussion = visible.find(
        rows.select_related("by", "closed_by"),
        among=Discussion.objects.on(subject),
        public_id=public_id,
    )
    row.subject = subject
    return row


def _thank(request: HttpRequest, message: Message) -> None:
    if message.is_held:
        words = _("Votre premier message attend la Région : il paraîtra après sa lecture.")
        notices.info(request, words)
    else:
        notices.success(request, _("Message publié."))
