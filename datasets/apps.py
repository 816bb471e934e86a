"""The datasets application."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    """Hold and lend data."""

    name = "datasets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the catalogue where the files of a card are; say which objects are in use.

        Show in each space what access to data waits for, and on a dataset who uses it; give and
        erase what is held of a person.
        """
        from catalogue.resources.enums import ResourceKind  # noqa: PLC0415  # app ready
        from catalogue.resources.queries import files as card_files  # noqa: PLC0415  # app ready
        from datasets import ledger as acts  # noqa: PLC0415  # app ready
        from datasets.access.actions import persons  # noqa: PLC0415  # app ready
        from datasets.access.views import register  # noqa: PLC0415  # app ready
        from datasets.access.views import space as ours  # noqa: PLC0415  # app ready
        from datasets.openings import queries as openings  # noqa: PLC0415  # app ready
        from datasets.releases import queries as released  # noqa: PLC0415  # app ready
        from portal.accounts import account_data, ledger, space  # noqa: PLC0415  # app ready
        from portal.accounts import acts as acts_in_words  # noqa: PLC0415  # app ready
        from portal.lib.storage import objects  # noqa: PLC0415  # app ready

        objects.references.append(released.named)
        card_files.providers[ResourceKind.DATASET] = released.address_of
        card_files.held_providers[ResourceKind.DATASET] = released.published_files
        card_files.depositories[ResourceKind.DATASET] = released.deposit_page_of
        acts_in_words.words |= acts.ACTS
        acts_in_words.families |= acts.FAMILIES
        acts_in_words.facts |= acts.FACTS
        acts_in_words.codes |= acts.CODES
        ledger.finders.append(acts.numbered)
        ledger.namers.append(acts.named)
        released.register_around(register.around)
        space.sections["todo"].append(ours.to_do)
        space.sections["todo"].append(openings.to_do)
        space.figure_providers.append(ours.figures)
        space.all_places += (*ours.PLACES, *openings.PLACES)
        account_data.register(
            "acces", describe=ours.described, erase=lambda user: persons.forget(person=user)
        )
        account_data.register("ouvertures", describe=openings.described)
