"""Comparing two candidates, of one experiment or of two."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from experiments.identifiers import uid_from
from experiments.models import Experiment
from experiments.pages.compare import ComparePage
from experiments.pages.compare_choice import Choice, best_run, compare_address
from experiments.pages.head import ExperimentHead


@require_safe
def experiment_compare(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show two candidates beside each other; where the first is another experiment's, lead to that one's tab."""
    head = ExperimentHead.build(uid, request.user, "Compare")
    choice = Choice.build(head.experiment, request)
    if choice.first and choice.second and choice.first.experiment_id != head.experiment.pk:
        return redirect(compare_address(choice.first, choice.second))
    page = ComparePage.build(choice, request)
    return render(request, "experiments/experiment_compare.html", {"head": head, "page": page})


@require_safe
def experiment_pair(request: HttpRequest) -> HttpResponse:
    """Lead to the comparison of the best complete candidates of the experiments `a` and `b`."""
    first, second = (_experiment(request, name) for name in ("a", "b"))
    if first == second:
        return redirect("experiments:experiment-compare", uid=first.uid)
    one, other = best_run(first), best_run(second)
    if one is None or other is None:
        lacking = second if one else first
        messages.error(request, f"{lacking} has no candidate with a score yet: start it, then compare.")
        return redirect("experiments:experiment-list")
    return redirect(compare_address(one, other))


def _experiment(request: HttpRequest, name: str) -> Experiment:
    """Return the experiment that the query names. Raises Http404 for strangers."""
    uid = uid_from(request.GET.get(name, ""))
    visible = Experiment.objects.visible_to(request.user).prefetch_related("scorers")
    experiment: Experiment | None = visible.filter(uid=uid).first() if uid else None
    if experiment is None:
        raise Http404
    return experiment
