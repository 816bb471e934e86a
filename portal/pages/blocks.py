"""Offer editors the blocks of a page: the same components as the rest of the portal."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageChooserBlock

TONES = [
    ("calanque", _("Information")),
    ("pin", _("C’est fait")),
    ("ocre", _("Attention")),
    ("garance", _("Erreur")),
]
PLEDGE_ICONS = [
    ("scale", _("Balance")),
    ("eye", _("Œil")),
    ("shield-check", _("Bouclier")),
    ("undo-2", _("Retour")),
    ("users", _("Personnes")),
    ("lock-open", _("Cadenas ouvert")),
]


class NoticeBlock(blocks.StructBlock):
    """Show a notice."""

    tone = blocks.ChoiceBlock(choices=TONES, default="calanque", label=_("Ton"))
    title = blocks.CharBlock(required=False, max_length=120, label=_("Titre"))
    text = blocks.RichTextBlock(features=["bold", "italic", "link"], label=_("Texte"))

    class Meta:
        icon = "help"
        label = _("Avis")
        template = "pages/blocks/notice.html"


class QuoteBlock(blocks.StructBlock):
    """Show a quotation with its source."""

    text = blocks.TextBlock(label=_("Citation"))
    source = blocks.CharBlock(required=False, max_length=200, label=_("Source"))

    class Meta:
        icon = "openquote"
        label = _("Citation")
        template = "pages/blocks/quote.html"


class PairBlock(blocks.StructBlock):
    """Hold a label and its text."""

    label = blocks.CharBlock(max_length=160, label=_("Libellé"))
    text = blocks.RichTextBlock(features=["bold", "italic", "link", "ul"], label=_("Texte"))


class LinkBlock(blocks.StructBlock):
    """Lead to a page of the portal or to another site."""

    label = blocks.CharBlock(max_length=160, label=_("Libellé"))
    page = blocks.PageChooserBlock(required=False, label=_("Page"))
    address = blocks.CharBlock(
        required=False,
        max_length=300,
        label=_("Adresse"),
        help_text=_("Si aucune page n’est choisie : adresse de ce portail ou d’un autre site."),
    )

    def href(self, value: dict[str, Any]) -> str:
        """Give the address of the link."""
        page = value.get("page")
        return page.url if page else value.get("address", "")

    def get_context(
        self, value: dict[str, Any], parent_context: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Add the address for the template."""
        context = super().get_context(value, parent_context=parent_context)
        context["href"] = self.href(value)
        return context

    class Meta:
        template = "pages/blocks/link.html"


class PictureBlock(blocks.StructBlock):
    """Show a picture with its alternative text."""

    image = ImageChooserBlock(label=_("Image"))
    alternative = blocks.CharBlock(
        required=False,
        max_length=300,
        label=_("Texte de remplacement"),
        help_text=_("Ce que l’image apprend à qui ne la voit pas. Vide si elle décore."),
    )
    caption = blocks.CharBlock(required=False, max_length=300, label=_("Légende"))

    class Meta:
        icon = "image"
        label = _("Image")
        template = "pages/blocks/picture.html"


class PledgeBlock(blocks.StructBlock):
    """State a guarantee."""

    icon = blocks.ChoiceBlock(choices=PLEDGE_ICONS, label=_("Icône"))
    title = blocks.CharBlock(max_length=80, label=_("Titre"))
    text = blocks.TextBlock(label=_("Texte"))

    class Meta:
        label = _("Garantie")


def body_blocks() -> list[tuple[str, blocks.Block]]:
    """List the blocks of a page body."""
    return [
        (
            "heading",
            blocks.CharBlock(
                max_length=160,
                label=_("Titre de section"),
                icon="title",
                template="pages/blocks/heading.html",
            ),
        ),
        (
            "text",
            blocks.RichTextBlock(label=_("Texte"), template="pages/blocks/text.html"),
        ),
        ("notice", NoticeBlock()),
        ("quote", QuoteBlock()),
        (
            "questions",
            blocks.ListBlock(
                PairBlock(),
                label=_("Questions et réponses"),
                template="pages/blocks/questions.html",
            ),
        ),
        (
            "links",
            blocks.ListBlock(LinkBlock(), label=_("Liens"), template="pages/blocks/links.html"),
        ),
        ("picture", PictureBlock()),
        (
            "workstreams",
            blocks.StaticBlock(
                label=_("Les cinq chantiers"),
                admin_text=_("La liste des chantiers, avec leur état calculé."),
                template="pages/blocks/workstreams.html",
            ),
        ),
    ]
