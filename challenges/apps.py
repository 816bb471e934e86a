"""The challenges application."""

from django.apps import AppConfig


class ChallengesConfig(AppConfig):
    """Compete."""

    name = "challenges"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Vouch for scores on cards; show teams in each space; give, erase what a person has."""
        from catalogue.resources import changes  # noqa: PLC0415  # app ready
        from catalogue.resources.queries import chain  # noqa: PLC0415  # app ready
        from challenges import ledger, retention  # noqa: PLC0415  # app ready
        from challenges.entries import queries as entries  # noqa: PLC0415  # app ready
        from challenges.entries.actions import deposits  # noqa: PLC0415  # app ready
        from challenges.evaluation.actions import baselines, evaluations  # noqa: PLC0415  # app ready
        from challenges.forum.views import KIND as challenge_discussions  # noqa: PLC0415  # app ready
        from challenges.organising import queries as organising  # noqa: PLC0415  # app ready
        from challenges.organising.actions import challenges, drafts, organisers, texts  # noqa: PLC0415  # app ready
        from challenges.pages import queries as pages  # noqa: PLC0415  # app ready
        from challenges.pages.views import space as ours  # noqa: PLC0415  # app ready
        from challenges.programs import modes  # noqa: F401, PLC0415  # registers its own
        from challenges.rescoring.actions import rescorings, trials  # noqa: PLC0415  # app ready
        from challenges.results import actions as results  # noqa: PLC0415  # app ready
        from challenges.results.views import certificates as certificate_views  # noqa: PLC0415  # app ready
        from challenges.teams.actions import teams  # noqa: PLC0415  # app ready
        from datasets.access.actions import grants  # noqa: PLC0415  # app ready
        from portal.accounts import account_data, acts, space  # noqa: PLC0415  # app ready
        from portal.discussions import subjects  # noqa: PLC0415  # app ready
        from portal.lib.storage import objects, parts  # noqa: PLC0415  # app ready

        # What organisers may do is settled by subjects above theirs.
        organising.freezers.append(entries.is_entered)
        grants.keepers.append(organising.sealed_from)
        organising.point_providers.append(entries.baseline_point)
        drafts.scoring_followers.append(baselines.score_references_again)
        for subject in (results, deposits, rescorings):
            challenges.undecided_refusals.append(subject.refuse_undecided)
        evaluations.trial_queues.append(trials.queue_trials)
        evaluations.aside_followers.append(trials.note_trial_end)
        objects.references.append(retention.objects_named)
        parts.references.append(retention.parts_named)
        changes.published.consequences.append(texts.tie_published)
        chain.chain_providers.append((pages.led_to, pages.came_of))
        subjects.kinds[challenge_discussions.name] = challenge_discussions
        for kind in results.CARD_KINDS:
            chain.score_providers[kind] = certificate_views.verified
        space.sections["todo"].append(ours.to_do)
        space.sections["challenges"].append(ours.run)
        space.sections["teams"].append(ours.teams)
        space.all_places.append(ours.PLACE)
        space.panel_providers.append(ours.organisation_panel)
        acts.families |= ledger.FAMILIES
        account_data.refusals.append(organisers.refuse_closing)
        account_data.register(
            "challenges",
            describe=ours.described,
            erase=lambda user: teams.forget(person=user),
        )
