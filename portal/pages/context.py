"""What every page needs: theme, section."""

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the theme chosen by the reader, if any."""
    theme = request.COOKIES.get("theme", "")
    return {"theme": theme if theme in {"light", "dark"} else ""}
