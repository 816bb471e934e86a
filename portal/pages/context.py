"""What every page needs: theme, section, menus and addresses."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal.pages import frame


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give templates the theme, the section and, on demand, the frame around the page."""
    return {
        "theme": frame.theme(request),
        "section": frame.section(request),
        "frame": SimpleLazyObject(lambda: frame.surroundings(request)),
    }
