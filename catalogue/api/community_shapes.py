"""Turn what people keep and bring to cards into the values that endpoints send."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from catalogue.actions import alert_links
from catalogue.models import (
    Discussion,
    DiscussionMessage,
    FieldFeedback,
    Reuse,
    SavedSearch,
)
from catalogue.queries.follows import Followed

Json = dict[str, Any]
MOST_MESSAGES = 200


def search_json(request: HttpRequest, search: SavedSearch) -> Json:
    """Describe a saved search to its owner."""
    listed = request.build_absolute_uri(reverse("catalogue:list"))
    return {
        "id": search.public_id,
        "title": search.title,
        "query": search.query,
        "frequency": search.frequency,
        "paused": search.paused_at is not None,
        "created_at": search.created_at,
        "found": getattr(search, "found", 0),
        "results": f"{listed}?{search.query}" if search.query else listed,
        "page": alert_links.manage(search),
        "feed": alert_links.feed(search) or None,
    }


def follow_json(request: HttpRequest, line: Followed) -> Json:
    """Describe one thing that a person follows."""
    return {
        "subject": line.field,
        "value": line.value,
        "title": line.title,
        "url": request.build_absolute_uri(line.href),
    }


def feedback_json(feedback: FieldFeedback) -> Json:
    """Describe what was told of the use of a card."""
    return {
        "id": feedback.public_id,
        "organisation_kind": feedback.organisation_kind,
        "place": feedback.place,
        "used_on": f"{feedback.used_on:%Y-%m}",
        "result": feedback.result,
        "persons": feedback.persons,
        "proof_url": feedback.proof_url,
        "state": feedback.state,
        "message": feedback.message,
        "at": feedback.at,
    }


def reuse_json(reuse: Reuse) -> Json:
    """Describe a reuse."""
    return {
        "id": reuse.public_id,
        "title": reuse.title,
        "url": reuse.url,
        "kind": reuse.kind,
        "description": reuse.description,
        "holder": reuse.holder,
        "state": reuse.state,
        "message": reuse.message,
        "at": reuse.at,
    }


def discussion_json(request: HttpRequest, discussion: Discussion) -> Json:
    """Describe a discussion fetched with its card and its author."""
    return {
        "id": discussion.public_id,
        "title": discussion.title,
        "by": str(discussion.by),
        "at": discussion.at,
        "moved_at": discussion.moved_at,
        "state": discussion.state,
        "closed": discussion.is_closed,
        "close_reason": discussion.close_reason,
        "page": request.build_absolute_uri(discussion.path),
    }


def whole_discussion_json(
    request: HttpRequest, discussion: Discussion, messages: QuerySet[DiscussionMessage]
) -> Json:
    """Describe a discussion with those of its messages that the reader may know of."""
    told = [message_json(each) for each in messages[:MOST_MESSAGES]]
    return {**discussion_json(request, discussion), "messages": told}


def message_json(message: DiscussionMessage) -> Json:
    """Describe a message; of a hidden one, its place and the reason."""
    return {
        "id": message.public_id,
        "by": str(message.by),
        "at": message.at,
        "state": message.state,
        "owner": message.from_owner,
        "body": None if message.is_hidden else message.body_md,
        "hidden_reason": message.hidden_reason,
    }
