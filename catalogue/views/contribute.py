"""Pages to write, send and follow a contribution, step by step and without script."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View
from portal.accounts.views import person

from catalogue import rules
from catalogue.actions import contributions, ideas
from catalogue.enums import ResourceKind
from catalogue.forms import steps
from catalogue.forms.steps import KindForm, Step
from catalogue.models import Contribution, Resource
from catalogue.queries import proposals, reviews
from catalogue.validators.fields import COMMON_BY_NAME
from catalogue.views.usage import public
from portal.accounts.authorization import require
from portal.lib.visible import find


def visible(request: HttpRequest, public_id: UUID) -> Contribution:
    """Find a contribution the person may see; for others it does not exist."""
    rows = Contribution.objects.visible_to(person(request)).select_related(
        "resource__organisation",
        "organisation",
        "author",
        "revision",
        "base_revision",
        "batch",
    )
    return find(rows, among=Contribution.objects.all(), public_id=public_id)


def editable(request: HttpRequest, public_id: UUID) -> Contribution:
    """Find a contribution the person may write; one that they only see is not allowed."""
    contribution = visible(request, public_id)
    require(rules.may_edit, person(request), contribution)
    return contribution


class Start(View):
    """Choose the kind of a new resource."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the nine kinds."""
        form = KindForm(initial={"kind": request.GET.get("kind", "")})
        return render(request, "catalogue/contribute/kind.html", {"form": form})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Open a draft and lead to its first step."""
        form = KindForm(request.POST)
        if not form.is_valid():
            return render(request, "catalogue/contribute/kind.html", {"form": form})
        kind = ResourceKind(form.cleaned_data["kind"])
        contribution = contributions.start(kind=kind, by=person(request))
        return redirect("catalogue:contribution_step", contribution.public_id, Step.IDENTIFY)


class Propose(View):
    """Begin a change of a published card."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Say what will happen."""
        resource = public(slug)
        context = {
            "resource": resource,
            "asks_owner": not rules.owns(person(request), resource),
            "days": settings.OWNER_ANSWER_DAYS,
        }
        return render(request, "catalogue/contribute/propose.html", context)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Open a draft of the change, the card staying online; at the field asked, if any."""
        resource = public(slug)
        contribution = contributions.propose(resource=resource, by=person(request))
        field = request.GET.get("champ", "")
        if field in COMMON_BY_NAME or field in resource.details_of_kind.by_name:
            step = steps.step_of(field, resource.kind)
            return redirect(f"{address(contribution, step)}#id_{field}")
        return redirect("catalogue:contribution", contribution.public_id)


class Become(View):
    """Make of an idea a need or a solution."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Say what will happen; only an idea becomes something else."""
        resource = get_object_or_404(Resource.objects.public(), slug=slug, kind=ResourceKind.IDEA)
        require(rules.owns, person(request), resource)
        return render(request, "catalogue/contribute/become.html", {"resource": resource})

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Open the draft and lead to its first step."""
        kind = request.POST.get("kind", "")
        draft = ideas.become(resource=public(slug), kind=kind, by=person(request))
        return redirect("catalogue:contribution_step", draft.public_id, Step.IDENTIFY)


class Mine(View):
    """List a person's contributions."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show every contribution with its state."""
        context = {"contributions": reviews.mine(person(request))[:200]}
        return render(request, "catalogue/contribute/mine.html", context)


class Follow(View):
    """Follow one contribution: its state, what was said, what can be done."""

    def get(self, request: HttpRequest, contribution: UUID) -> HttpResponse:
        """Show the state and the history."""
        found = visible(request, contribution)
        user = person(request)
        if rules.may_answer_proposal(user, found):
            return redirect("catalogue:proposal_answer", found.public_id)
        record = proposals.proposed_record(found)
        context = {
            "contribution": found,
            "answers_earlier": proposals.answers_earlier(found),
            "record": record,
            "language": proposals.written_in(record),
            "decisions": found.decisions.select_related("decided_by").order_by("-pk"),
            "may_edit": rules.may_edit(user, found),
            "may_withdraw": rules.may_withdraw(user, found),
            "is_stale": found.is_open and proposals.is_stale(found),
            "collisions": proposals.collisions(found) if found.is_open else [],
            "sent": proposals.changes({}, record) if found.first_submitted_at else [],
            "first_step": Step.IDENTIFY,
            "last_step": Step.SEND,
        }
        return render(request, "catalogue/contribute/follow.html", context)


class Withdraw(View):
    """Take a contribution back."""

    def get(self, request: HttpRequest, contribution: UUID) -> HttpResponse:
        """Ask for a confirmation."""
        found = visible(request, contribution)
        require(rules.may_withdraw, person(request), found)
        record = proposals.proposed_record(found)
        context = {"contribution": found, "record": record}
        return render(request, "catalogue/contribute/withdraw.html", context)

    def post(self, request: HttpRequest, contribution: UUID) -> HttpResponse:
        """Take it back."""
        found = visible(request, contribution)
        contributions.withdraw(contribution=found, by=person(request))
        return redirect("catalogue:contribution", found.public_id)


class CatchUp(View):
    """Carry a proposal over to the card now online."""

    def post(self, request: HttpRequest, contribution: UUID) -> HttpResponse:
        """Merge and lead back to the contribution."""
        found = visible(request, contribution)
        contributions.catch_up(contribution=found, by=person(request))
        return redirect("catalogue:contribution", found.public_id)


def address(contribution: Contribution, step: Step) -> str:
    """Give the address of a step."""
    return reverse("catalogue:contribution_step", args=(contribution.public_id, step))
