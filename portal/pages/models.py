"""Pages that editors write."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page

from portal.pages import frame, home, workstreams
from portal.pages.blocks import PledgeBlock, body_blocks
from portal.pages.home import Census
from portal.pages.workstreams import NewsKind, Workstream


class BodyField(StreamField):
    """Hold blocks; changing the blocks writes no migration."""

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """Describe the field to migrations without its blocks."""
        name, path, _args, kwargs = super().deconstruct()
        kwargs.pop("block_lookup", None)
        return name, path, [[]], kwargs


NEWS_PER_PAGE = 12


class FramedPage(Page):
    """Share what our pages do around the page itself."""

    lede = models.TextField(_("chapeau"), blank=True, max_length=400)

    # Every page is public: what is restricted is never a page.
    private_page_options: list[str] = []

    class Meta:
        abstract = True

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Lead the language switch to the translation of this page, or to the other home."""
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        request.other_address = self.other_address(request)  # type: ignore[attr-defined]
        return context

    def way(self, request: HttpRequest) -> list[tuple[str, str | None]]:
        """List the pages above this one, then this one, for the crumbs."""
        above = self.get_ancestors().filter(depth__gt=2).live()
        return [*((page.title, page.get_url(request)) for page in above), (self.title, None)]

    def other_address(self, request: HttpRequest) -> str:
        """Give the address of the page's translation, or of the home page in that language."""
        translations = self.get_translations().live().select_related("locale")
        translation = translations.order_by("pk").first()
        if translation is not None:
            return translation.get_url(request) or ""
        other = "en" if self.locale.language_code == "fr" else "fr"
        return frame.in_language("/", other)

    def clean(self) -> None:
        """Refuse to move a page that the frame of the site links to."""
        super().clean()
        former = type(self).objects.filter(pk=self.pk).first()
        if former and frame.is_reserved(former) and former.slug != self.slug:
            raise ValidationError(
                {"slug": _("Le menu ou le pied de page mène à cette adresse : gardez-la.")}
            )


class HomePage(FramedPage):
    """Show the portal: what one finds here, computed, and the words around it."""

    headline = models.CharField(_("promesse"), max_length=120)
    frequent_searches = models.TextField(
        _("recherches fréquentes"), blank=True, help_text=_("Une par ligne, six au plus.")
    )
    pledges: Any = BodyField([("pledge", PledgeBlock())], verbose_name=_("garanties"), blank=True)

    template = "pages/home.html"
    parent_page_types = ["wagtailcore.Page"]
    max_count_per_parent = 2
    content_panels = [
        *Page.content_panels,
        FieldPanel("headline"),
        FieldPanel("lede"),
        FieldPanel("frequent_searches"),
        FieldPanel("pledges"),
    ]

    class Meta:
        verbose_name = _("page d’accueil")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Gather what the home page shows, computed from what exists."""
        context = super().get_context(request, *args, **kwargs)
        census = Census()
        parts = home.content(census)
        lines = [line.strip() for line in self.frequent_searches.splitlines()]
        news = NewsPage.objects.live().filter(locale_id=self.locale_id)
        return (
            context
            | parts
            | {
                "kind_choices": [(each["kind"], each["label"]) for each in parts["kinds"]],
                "searches": [line for line in lines if line][:6],
                "news": list(news.order_by("-published_on", "-pk")[:4]),
                "workstreams": workstream_cards(self, request, census),
            }
        )


class ContentPage(FramedPage):
    """Hold texts: the programme, its workstreams, legal pages."""

    workstream = models.CharField(
        _("chantier"),
        max_length=20,
        blank=True,
        choices=Workstream.choices,
        help_text=_("La page montre alors l’état calculé du chantier."),
    )
    reviewed_on = models.DateField(_("vérifiée le"), null=True, blank=True)
    body: Any = BodyField(body_blocks(), verbose_name=_("contenu"), blank=True)

    template = "pages/content.html"
    parent_page_types = ["pages.HomePage", "pages.ContentPage"]
    subpage_types = ["pages.ContentPage"]
    content_panels = [
        *Page.content_panels,
        FieldPanel("lede"),
        FieldPanel("workstream"),
        FieldPanel("body"),
        FieldPanel("reviewed_on"),
    ]

    class Meta:
        verbose_name = _("page de texte")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the way to the page, its subpages and the state of its workstream."""
        context = super().get_context(request, *args, **kwargs)
        context["way"] = self.way(request)
        context["state"] = None
        census = Census()
        if self.workstream:
            context["state"] = workstreams.state(self.workstream, census)
        context["workstreams"] = workstream_cards(self, request, census) if self.lists() else []
        return context

    def lists(self) -> bool:
        """Say whether the body holds the list of workstreams."""
        return any(block.block_type == "workstreams" for block in self.body)


class NewsIndexPage(FramedPage):
    """List the news."""

    template = "pages/news_index.html"
    parent_page_types = ["pages.HomePage"]
    subpage_types = ["pages.NewsPage"]
    max_count_per_parent = 1
    content_panels = [*Page.content_panels, FieldPanel("lede")]

    class Meta:
        verbose_name = _("liste des actualités")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add a page of the news, latest first."""
        context = super().get_context(request, *args, **kwargs)
        news = NewsPage.objects.child_of(self).live().order_by("-published_on", "-pk")
        context["news"] = Paginator(news, NEWS_PER_PAGE).get_page(request.GET.get("page"))
        return context


class NewsPage(FramedPage):
    """Tell one piece of news."""

    published_on = models.DateField(_("date"), default=date.today)
    kind = models.CharField(
        _("nature"), max_length=20, choices=NewsKind.choices, default=NewsKind.NEWS
    )
    body: Any = BodyField(body_blocks(), verbose_name=_("contenu"), blank=True)

    template = "pages/news.html"
    parent_page_types = ["pages.NewsIndexPage"]
    subpage_types: list[str] = []
    content_panels = [
        *Page.content_panels,
        FieldPanel("kind"),
        FieldPanel("published_on"),
        FieldPanel("lede"),
        FieldPanel("body"),
    ]

    class Meta:
        verbose_name = _("actualité")
        verbose_name_plural = _("actualités")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the way to the page."""
        return super().get_context(request, *args, **kwargs) | {"way": self.way(request)}


class PageText(models.Model):
    """The analysed words of a page, derived when it is published: what the search looks in."""

    page = models.OneToOneField(Page, primary_key=True, on_delete=models.CASCADE, related_name="+")
    folded = models.TextField()  # words of the title, each after a space, for first letters
    title_words = models.TextField()
    words = models.TextField()  # every word, between spaces, texts set apart by a mark
    summary = models.CharField(max_length=210, blank=True)
    published_at = models.DateTimeField(null=True)  # of the text that these words come from


def workstream_cards(page: Page, request: HttpRequest, census: Census) -> list[dict[str, Any]]:
    """List the five workstreams with the address of their page, in the language of this one."""
    found = ContentPage.objects.live().filter(locale_id=page.locale_id).exclude(workstream="")
    pages = {each.workstream: each for each in found.order_by("pk")}
    return [
        {
            "name": stream.label,
            "text": pages[stream].lede,
            "href": pages[stream].get_url(request),
            "state": workstreams.state(stream, census),
        }
        for stream in Workstream
        if stream in pages
    ]
