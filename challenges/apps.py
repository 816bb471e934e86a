"""The challenges application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChallengesConfig(AppConfig):
    """Compete."""

    name = "challenges"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show teams in each person's space; give and erase what is held about a person."""
        from challenges.actions import teams  # noqa: PLC0415  # app ready
        from challenges.views import space as ours  # noqa: PLC0415  # app ready
        from portal.accounts import personal_data, space  # noqa: PLC0415  # app ready

        space.register("todo", ours.to_do)
        space.register("teams", ours.teams)
        space.register_page(ours.PLACE)
        space.register_organisation(_("Challenges organisés"), ours.of_organisation)
        personal_data.register(
            "challenges",
            describe=ours.described,
            erase=lambda user: teams.forget(person=user),
        )
