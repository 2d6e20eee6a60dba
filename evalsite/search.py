"""Search over what a person may see: experiments, datasets, prompts, providers, runs, items by key, and pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from evalsite.context import LIBRARY, WORK
from experiments.models import Dataset, Experiment, Item, Prompt, Provider
from experiments.models.projects import Person
from runs.models import Run

MOST = 20
OF_A_KIND = 6
LONGEST = 200


@dataclass(frozen=True)
class Hit:
    """One thing that was found."""

    kind: str
    name: str
    url: str
    within: str = ""
    """The name of its project; of a run that of its experiment, of an item that of its dataset."""
    uid: str = ""
    """Its id; of an item that of its dataset; "": a page."""


def search(user: Person, text: str) -> list[Hit]:
    """Return at most 20 things whose name holds the text, items by the beginning of their key; [] for no text."""
    wanted = text.replace("\0", "").strip()[:LONGEST]
    return list(islice(_hits(user, wanted), MOST)) if wanted else []


def _hits(user: Person, text: str) -> Iterator[Hit]:
    yield from _pages(text)
    named = Q(name__icontains=text)
    experiments = Experiment.objects.visible_to(user).filter(named, archived_at=None)
    for experiment in _first(experiments.select_related("project")):
        url = reverse("experiments:experiment-board", args=[experiment.uid])
        yield Hit("Experiment", experiment.name, url, experiment.project.name, str(experiment.uid))
    datasets = Dataset.objects.visible_to(user).listed().filter(named, archived_at=None)
    for dataset in _first(datasets.select_related("project")):
        url = reverse("experiments:dataset-items", args=[dataset.uid])
        yield Hit("Dataset", dataset.name, url, dataset.project.name, str(dataset.uid))
    prompts = Prompt.objects.visible_to(user).filter(named, archived_at=None, versions__isnull=False)
    for prompt in _first(prompts.select_related("project")):
        url = reverse("experiments:prompt-detail", args=[prompt.uid])
        yield Hit("Prompt", prompt.name, url, prompt.project.name, str(prompt.uid))
    for provider in _first(Provider.objects.visible_to(user).filter(named, archived_at=None).select_related("project")):
        url = reverse("experiments:provider-detail", args=[provider.uid])
        yield Hit("Provider", provider.name, url, provider.project.name, str(provider.uid))
    run_named = Q(name__icontains=text) | Q(candidate__name__icontains=text)
    runs = Run.objects.visible_to(user).filter(run_named, experiment__archived_at=None)
    for run in _first(runs.select_related("experiment", "candidate")):
        yield Hit("Run", str(run), reverse("runs:run-detail", args=[run.uid]), run.experiment.name, str(run.uid))
    yield from _items(user, text)


def _items(user: Person, text: str) -> Iterator[Hit]:
    """Yield items of drafts by the beginning of their key."""
    items = Item.objects.visible_to(user).filter(dataset__is_hidden=False, key__startswith=text).in_draft()
    for item in items.select_related("dataset").order_by("key")[:OF_A_KIND]:
        dataset = item.dataset
        address = f"{reverse('experiments:dataset-items', args=[dataset.uid])}?{urlencode({'key': item.key})}"
        yield Hit("Item", item.key, address, dataset.name, str(dataset.uid))


def _pages(text: str) -> Iterator[Hit]:
    for entry in (*WORK, *LIBRARY):
        if entry.label.lower().startswith(text.lower()):
            yield Hit("Page", entry.label, reverse(entry.route))


def _first(rows: Any) -> Any:
    return rows.order_by("-pk").distinct()[:OF_A_KIND]


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    """Show what is found, as a page or, to htmx, as a fragment."""
    text = request.GET.get("q", "")
    template = "components/_search_hits.html" if request.headers.get("HX-Request") else "search.html"
    return render(request, template, {"text": text.strip(), "hits": search(request.user, text)})
