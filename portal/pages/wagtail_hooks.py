"""Guard the pages that the frame links to, and write editorial acts into the ledger."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.models import Page

from portal.audit.record import record
from portal.pages import frame


def _keep(request: HttpRequest, page: Page) -> HttpResponse | None:
    held = [page, *page.get_descendants()]
    if page.depth > 2 and not any(frame.is_reserved(each) for each in held):
        return None
    messages.error(
        request, _("Le menu ou le pied de page mène à cette page : elle reste à sa place.")
    )
    return redirect("wagtailadmin_explore", page.get_parent().pk)


@hooks.register("before_delete_page")
@hooks.register("before_unpublish_page")
def keep_page(request: HttpRequest, page: Page) -> HttpResponse | None:
    """Refuse to remove a page that the frame links to."""
    return _keep(request, page)


@hooks.register("before_move_page")
def keep_place(request: HttpRequest, page: Page, destination: Page) -> HttpResponse | None:
    """Refuse to move a page that the frame links to."""
    return _keep(request, page)


@hooks.register("after_publish_page")
def record_published(request: HttpRequest, page: Page) -> None:
    """Write a publication into the ledger."""
    record("page.published", by=request.user, on=page, slug=page.slug)  # type: ignore[arg-type]  # staff are signed in


@hooks.register("after_unpublish_page")
def record_unpublished(request: HttpRequest, page: Page) -> None:
    """Write a withdrawal into the ledger."""
    record("page.unpublished", by=request.user, on=page, slug=page.slug)  # type: ignore[arg-type]  # staff are signed in


@hooks.register("after_delete_page")
def record_deleted(request: HttpRequest, page: Page) -> None:
    """Write a removal into the ledger."""
    record("page.deleted", by=request.user, on=f"pages:{page.pk}", slug=page.slug)  # type: ignore[arg-type]  # staff are signed in
