"""Markdown on pages: descriptions are rendered, outputs on demand, and nothing of it becomes a script."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from experiments.models import Project
from tests.boards import SCRIPT, experiment_in, result_of, run_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_viewer(client: Client, viewer: Any) -> Client:
    client.force_login(viewer)
    return client


def test_output_is_raw_until_its_markdown_is_asked_for(as_viewer: Client, project: Project) -> None:
    run = run_of(experiment_in(project), ok_count=1)
    result_of(run)
    address = reverse("runs:result-detail", args=[run.uid, 0])

    raw = as_viewer.get(address).content.decode()
    part = as_viewer.get(f"{address}rendered/", headers={"HX-Request": "true"}).content.decode()
    page = as_viewer.get(f"{address}rendered/").content.decode()

    assert 'class="markdown"' not in raw
    assert f'href="{address}rendered/"' in raw
    assert part.startswith('<div id="result-rendered"')
    assert 'class="markdown"' in page
    assert SCRIPT not in raw + part + page


def test_descriptions_are_rendered_and_their_html_is_text(as_viewer: Client, project: Project) -> None:
    experiment = experiment_in(project, description=f"**bold** {SCRIPT} ![x](https://example.test/p.png)")
    dataset = experiment.dataset_version.dataset  # type: ignore[union-attr]
    dataset.description = experiment.description
    dataset.save()

    board = as_viewer.get(reverse("experiments:experiment-board", args=[experiment.uid])).content.decode()
    items = as_viewer.get(reverse("experiments:dataset-items", args=[dataset.uid])).content.decode()

    assert "<strong>bold</strong>" in board
    assert "<strong>bold</strong>" in items
    assert "<script>alert" not in board + items
    assert "<img" not in board + items
