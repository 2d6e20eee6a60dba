"""Files of an experiment: as YAML that declares it, its results as CSV, its board as JUnit XML."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from evalsite.downloads import download
from experiments.actions import ActionConflict
from experiments.models import Experiment
from scoring.exports.experiment import ENDINGS, export_lines, export_name


@require_safe
def experiment_export(request: HttpRequest, uid: UUID) -> HttpResponseBase:
    """Send the file that `format` names: yaml, csv or junit; `for=spreadsheets` defuses formulas in CSV."""
    experiment = get_object_or_404(Experiment.objects.visible_to(request.user).select_related("project"), uid=uid)
    kind = request.GET.get("format", "yaml")
    if kind not in ENDINGS:
        raise Http404
    is_for_spreadsheets = request.GET.get("for") == "spreadsheets"
    try:
        lines = export_lines(experiment, kind, is_for_spreadsheets=is_for_spreadsheets)
    except ActionConflict as conflict:
        messages.error(request, str(conflict))
        return redirect("experiments:experiment-board", uid=uid)
    return download(request, lines, name=export_name(experiment, kind), kind=kind)
