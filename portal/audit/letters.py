"""Write a letter from its two templates and hand it to the mail service."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template import Context
from django.template.defaultfilters import linebreaksbr, urlize
from django.template.loader import get_template
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape
from django.utils.safestring import mark_safe

from portal.lib import clock

ADDRESS = re.compile(r"https?://\S+")
SPACES = re.compile(r"(\s+)")
SIGNATURE, PAGE = "emails/signature.txt", "emails/page.html"


def subject_of(letter: str, context: Mapping[str, Any]) -> str:
    """Write the subject of a letter in the language in force."""
    return " ".join(_render(f"emails/{letter}/subject.txt", context).split())


def absolute(name: str, *args: Any, **kwargs: Any) -> str:
    """Build an address of the site for a letter."""
    return settings.SITE_URL + reverse(name, args=args or None, kwargs=kwargs or None)


def write(
    letter: str,
    *,
    to: str,
    context: Mapping[str, Any],
    stop: str = "",
    once: str = "",
    language: str = "",
) -> EmailMultiAlternatives:
    """Build a letter from templates/emails/<letter>/subject.txt and body.txt.

    Plain text, in French unless the language is given, then the same as HTML with its links.
    context: what the templates show, besides `site_url`. stop: the address that turns such letters
    down, also told to mail programs. once: the name of a letter that says the same when it is sent
    again; its Message-ID follows from it, so that a second sending is known for the same letter.
    """
    values = {"site_url": settings.SITE_URL, "stop": stop, **context}
    spoken = language or settings.LANGUAGE_CODE
    with translation.override(spoken):
        subject = subject_of(letter, values)
        body = _render(f"emails/{letter}/body.txt", values).strip()
        signature = _render(SIGNATURE, values).strip()
        page = _as_page(body, values, spoken)
    made = EmailMultiAlternatives(
        subject=subject,
        body=f"{body}\n\n-- \n{signature}\n",
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[to],
        headers={
            "Auto-Submitted": "auto-generated",
            "List-Id": f"Open Emploi <{letter.replace('_', '-')}.{_host()}>",
            **_stopping(stop),
            **_named(once),
        },
    )
    made.attach_alternative(page, "text/html")
    return made


def _as_page(body: str, values: Mapping[str, Any], language: str) -> str:
    """Write a letter as HTML: an address of ours that is alone becomes a button.

    What people write in a letter, addresses too, stays as they wrote it: it leads nowhere.
    """
    parts = [each.strip() for each in body.split("\n\n") if each.strip()]
    shown = {
        "language": language,
        "paragraphs": [("", each) if _is_ours(each) else (_linked(each), "") for each in parts],
        "signature": _linked(_render(SIGNATURE, {**values, "stop": ""}).strip()),
        "stop": values["stop"],
    }
    return str(get_template(PAGE).render(shown))


def _is_ours(text: str) -> bool:
    return bool(ADDRESS.fullmatch(text)) and text.startswith(f"{settings.SITE_URL.rstrip('/')}/")


def _linked(text: str) -> Any:
    """Escape a paragraph; keep its lines and lead to our own addresses."""
    words = ((urlize(each) if _is_ours(each) else escape(each)) for each in SPACES.split(text))
    return mark_safe(linebreaksbr("".join(words), autoescape=False))  # noqa: S308  each is escaped


def _host() -> str:
    return urlsplit(settings.SITE_URL).hostname or "localhost"


def _stopping(stop: str) -> dict[str, str]:
    """Return the headers of RFC 8058: one click, without signing in."""
    if not stop:
        return {}
    one_click = "List-Unsubscribe=One-Click"
    return {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": one_click}


def _named(once: str) -> dict[str, str]:
    if not once:
        return {}
    return {"Message-ID": f"<{hashlib.sha256(once.encode()).hexdigest()[:40]}@{_host()}>"}


def send(
    letter: str,
    *,
    to: str,
    context: Mapping[str, Any],
    stop: str = "",
    once: str = "",
    language: str = "",
) -> None:
    """Write a letter and send it. Called by outbox handlers: an error is tried again later."""
    write(letter, to=to, context=context, stop=stop, once=once, language=language).send()


def _render(template: str, values: Mapping[str, Any]) -> str:
    engine_template: Any = get_template(template)
    rendered: str = engine_template.template.render(Context(dict(values), autoescape=False))
    return rendered


class FolderBackend(BaseEmailBackend):
    """Write each message as one .eml file in settings.EMAIL_FILE_PATH (embedded mode).

    A letter that names itself takes the place of its former sending.
    """

    def send_messages(self, email_messages: Any) -> int:
        """Write the messages; return how many."""
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        stamp = clock.now().strftime("%Y%m%dT%H%M%S%f")
        for number, message in enumerate(email_messages):
            draft = folder / f".{stamp}-{number}"
            draft.write_bytes(message.message().as_bytes(linesep="\r\n"))
            draft.rename(_place(folder, f"{stamp}-{number}", message))
        return len(email_messages)


def _place(folder: Path, name: str, message: EmailMessage) -> Path:
    message_id = str(message.extra_headers.get("Message-ID", ""))
    if not message_id:
        return folder / f"{name}.eml"
    own = message_id.strip("<>").split("@")[0]
    return next(folder.glob(f"*-{own}.eml"), folder / f"{name}-{own}.eml")
