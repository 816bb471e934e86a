"""Use cases and what the Region decided of each, official data that were loaded, what was learnt.

A référentiel is read whole, by engines, never asked by row: its rows are one object of the store,
named here with where it comes from (decision 52).
"""

from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from catalogue.resources.enums import UseCase
from catalogue.resources.models import Resource
from portal.demonstrator.enums import TRIABLE, Contract, EngineName, PrototypeState, ReferentialKind
from portal.lib import clock
from portal.lib.columns import Member, within, word

ADDRESS = URLValidator(schemes=["https"])


class Prototype(models.Model):
    """A use case of the programme: its need, its components, and what people said of it."""

    # Edited in Wagtail, but nothing of Wagtail's refers to it.
    wagtail_reference_index_ignore = True

    use_case = models.CharField(
        _("cas d’usage"), max_length=40, choices=UseCase.choices, unique=True
    )
    need = models.ForeignKey(
        Resource,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("besoin du catalogue"),
    )
    components = models.ManyToManyField(
        Resource, blank=True, related_name="+", verbose_name=_("composants")
    )
    # Counted, and tied to nobody.
    useful_count = models.PositiveIntegerField(default=0, editable=False)
    useless_count = models.PositiveIntegerField(default=0, editable=False)
    corrected_count = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("prototype")
        verbose_name_plural = _("prototypes")
        constraints = (within("use_case", UseCase, name="prototype_use_case"),)

    def __str__(self) -> str:
        return str(UseCase(self.use_case).label)

    @cached_property
    def state(self) -> PrototypeState:
        """Give the state of the latest milestone that has one (`milestones` may be prefetched).

        A milestone of a day to come is foreseen: it decides nothing yet.
        """
        dated = [each for each in self.milestones.all() if each.state] if self.pk else []
        if not dated:
            return PrototypeState.IDEA
        today = clock.paris_day(clock.now())
        came = [each.state for each in dated if each.on <= today]
        return PrototypeState(came[0]) if came else PrototypeState.IDEA

    @property
    def opinions_count(self) -> int:
        """Count the opinions, whatever they say."""
        return self.useful_count + self.useless_count

    @property
    def may_be_tried(self) -> bool:
        """Say whether the Region lets people try it."""
        return self.state in TRIABLE

    @property
    def is_built(self) -> bool:
        """Say whether there is something to measure: what may be tried, or was until stopped."""
        return self.may_be_tried or self.state == PrototypeState.STOPPED


class Milestone(models.Model):
    """A dated step of a prototype: a state that the Region decided, or a trial in the field."""

    wagtail_reference_index_ignore = True

    prototype = models.ForeignKey(Prototype, on_delete=models.CASCADE, related_name="milestones")
    on = models.DateField(_("date"))
    state = word(PrototypeState, blank=True, verbose_name=_("état décidé"))
    shown = Member("state", PrototypeState)
    partner = models.CharField(_("avec qui, ou repris par"), max_length=200, blank=True)
    persons = models.PositiveIntegerField(_("personnes"), null=True, blank=True)
    text = models.TextField(_("ce qui a été fait ou appris"), max_length=2_000)
    evidence = models.CharField(_("preuve"), max_length=500, blank=True, validators=[ADDRESS])

    class Meta:
        ordering = ("-on", "-pk")
        verbose_name = _("étape")
        verbose_name_plural = _("étapes")
        constraints = (
            models.CheckConstraint(
                condition=Q(state="") | Q(state__in=[each.value for each in PrototypeState]),
                name="milestone_state",
            ),
            models.CheckConstraint(
                condition=~Q(state=PrototypeState.TAKEN_OVER.value) | ~Q(partner=""),
                name="taken_over_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return f"{self.prototype}, {self.on}"


class LoadedData(models.Model):
    """Official data as they were loaded; a newer load takes the place of a former one."""

    kind = word(ReferentialKind)
    origin = models.CharField(max_length=500)
    licence = models.CharField(max_length=100)
    # A licence to confirm: for trial from the command line, never on a page.
    is_public = models.BooleanField()
    version = models.CharField(max_length=60)
    rows = models.PositiveIntegerField()
    # Our own form of it, in the object store.
    content_sha256 = models.CharField(max_length=64)
    loaded_at = models.DateTimeField()

    class Meta:
        ordering = ("-loaded_at", "-pk")
        get_latest_by = ("loaded_at", "pk")
        constraints = (within("kind", ReferentialKind, name="referential_kind"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"


class Build(models.Model):
    """What an engine learnt of some data, and how well it does on rows it did not learn from.

    figures: [{metric, value, low, high, n, baseline, groups: [{group, value, n}]}]. data: the
    sha256 of each content that was learnt from; data_sha256: of them all, and of how.
    """

    engine = word(EngineName)
    # The occupations it speaks of: what is served together speaks of the same.
    occupations_sha256 = models.CharField(max_length=64)
    data_sha256 = models.CharField(max_length=64)
    data = models.JSONField()
    arrays_sha256 = models.CharField(max_length=64)
    is_trial = models.BooleanField()
    is_public = models.BooleanField()
    figures = models.JSONField()
    built_at = models.DateTimeField()

    class Meta:
        ordering = ("-built_at", "-pk")
        get_latest_by = ("built_at", "pk")
        constraints = (
            within("engine", EngineName, name="build_engine"),
            models.UniqueConstraint(
                fields=("engine", "data_sha256", "arrays_sha256"), name="built_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.engine} {self.built_at:%Y-%m-%d}"


class FundingRule(models.Model):
    """A way to pay for a change of job, as the Region describes it, with its source."""

    wagtail_reference_index_ignore = True

    title = models.CharField(_("dispositif"), max_length=120, unique=True)
    text = models.TextField(_("pour qui, pour quoi"), max_length=1_000)
    # Empty: whatever the person says.
    needs_longer_training = models.BooleanField(
        _("seulement si le projet demande une formation longue"), default=False
    )
    for_contract = models.CharField(
        _("seulement pour"),
        max_length=12,
        blank=True,
        choices=Contract.choices,
    )
    source = models.CharField(_("source"), max_length=500, validators=[ADDRESS])
    # None: shown as to verify.
    verified_on = models.DateField(_("vérifié le"), null=True, blank=True)

    class Meta:
        ordering = ("title",)
        verbose_name = _("règle de financement")
        verbose_name_plural = _("règles de financement")

    def __str__(self) -> str:
        return self.title
