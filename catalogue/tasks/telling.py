"""Write to people about what happens around cards, one row a person, once each."""

from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from catalogue import rules
from portal.accounts import news
from portal.accounts.actions import notifications
from portal.accounts.enums import Delivery
from portal.accounts.models import User
from portal.accounts.news import Kind, declare
from portal.audit import letters
from portal.audit.outbox import handler, owe

KINDS = (
    Kind(
        "follows",
        _("Ce que je suis dans le catalogue"),
        ("followed_new", "followed_changed"),
        detail=_("Fiches, organisations, cas d’usage et mots-clés que vous suivez."),
        default=Delivery.DAILY,
    ),
    Kind(
        "around",
        _("Autour de mes ressources"),
        ("discussion_opened", "reuse_of_mine", "feedback_of_mine"),
        detail=_("Une discussion s’ouvre, une réutilisation ou un retour de terrain paraît."),
    ),
    Kind(
        "discussions",
        _("Discussions du catalogue"),
        ("discussion_answer", "message_hidden"),
        detail=_("Réponses dans les discussions où vous avez écrit."),
    ),
    Kind(
        "brought",
        _("Mes réutilisations et retours de terrain"),
        ("brought_published", "brought_refused"),
        detail=_("Ce que la Région a décidé de ce que vous avez déclaré."),
    ),
    Kind(
        "review",
        _("Relecture autour des fiches"),
        ("brought_to_review", "message_to_review"),
        detail=_("Réutilisations, retours de terrain et premiers messages à relire."),
        open_to=rules.may_moderate,
    ),
)
for _kind in KINDS:
    declare(_kind)


def tell(letter: str, people: Iterable[User], *, path: str, event: str, about: str) -> None:
    """Note an event for each of these people, once; owe a letter to those who hear at once.

    about: the title that the letter quotes. path: the page it leads to.
    """
    to_write = notifications.notify(
        people=people, letter=letter, event=event, path=path, facts={"about": about[:200]}
    )
    for person in to_write:
        owe(
            "mail.catalogue_letter",
            key=f"{letter}:{event}:{person.pk}",
            letter=letter,
            user_id=person.pk,
            path=path,
            about=about[:200],
        )


@handler("mail.catalogue_letter")
def catalogue_letter(letter: str, user_id: int, path: str, about: str) -> None:
    """Send one letter to one person who still has an account and still wants it."""
    person = User.objects.filter(pk=user_id, is_active=True).first()
    if person is None or news.deliveries(letter, [person])[person.pk] != Delivery.NOW:
        return
    context = {"person": person, "about": about, "link": f"{settings.SITE_URL}{path}"}
    letters.send(letter, to=person.email, stop=news.stop_link(letter, person), context=context)
