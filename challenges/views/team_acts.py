"""What a captain does to the members of a team: remove one, hand over to one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from challenges import rules
from challenges.actions import teams as acts
from challenges.models import TeamMember
from challenges.views.head import find, person, scene
from challenges.views.teams import own_team
from portal.accounts.authorization import require


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, slug: str, member: int) -> HttpResponse:
    """Ask, then remove a member from one's team."""
    found = _member(request, slug, member)
    if request.method != "POST":
        return _asked(request, slug, "challenges/team_remove.html", found)
    acts.remove_member(team=found.team, person=found.user, by=person(request))
    messages.success(request, _("La personne ne fait plus partie de l’équipe."))
    return redirect("challenges:team", slug)


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest, slug: str, member: int) -> HttpResponse:
    """Ask, then make another member the captain."""
    found = _member(request, slug, member)
    if request.method != "POST":
        return _asked(request, slug, "challenges/team_captain.html", found)
    acts.hand_over(team=found.team, person=found.user, by=person(request))
    messages.success(request, _("L’équipe a changé de capitaine."))
    return redirect("challenges:team", slug)


def _member(request: HttpRequest, slug: str, member: int) -> TeamMember:
    own = own_team(request, find(request, slug))
    return get_object_or_404(
        TeamMember.objects.select_related("team", "user"),
        team=own,
        pk=member,
        left_at__isnull=True,
    )


def _asked(request: HttpRequest, slug: str, template: str, member: TeamMember) -> HttpResponse:
    require(rules.may_run_team, person(request), member.team)
    return render(request, template, scene(request, slug, "entries") | {"member": member})
