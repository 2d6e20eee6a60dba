"""Media of a prompt that lie in the blob store: what the provider gets, and what happens when they are lost."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from experiments.blobs import default_store
from experiments.media import data_uri
from experiments.media_store import part_of_bytes
from runs.exchange import NeedsPerson
from runs.execution import Job
from runs.stages.render import Render
from tests.factories import CandidateFactory, PromptVersionFactory, RunFactory
from tests.runs.jobs import a_job

pytestmark = pytest.mark.django_db
LARGE = b"x" * 100_000


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> Any:
    """A run whose prompt has a large image."""
    settings.DATA_DIR = tmp_path
    content = [{"type": "text", "text": "{{ input }}"}, part_of_bytes("image", "image/png", LARGE)]
    version = PromptVersionFactory(messages=[{"role": "user", "content": content}])
    run = RunFactory(candidate=CandidateFactory(prompt_version=version))
    run.config = {**run.config, "messages": version.messages}
    return run


async def rendered(stage: Render, job: Job) -> Job:
    """Return the job after the stage."""
    assert await stage(job)
    return job


def test_large_image_of_a_prompt_reaches_the_request_whole(run: Any) -> None:
    stage = Render(supplies=None)  # type: ignore[arg-type]
    job = a_job()
    job.run.parts["render"] = stage.prepare(run)

    asyncio.run(rendered(stage, job))

    assert job.request is not None
    assert job.request.messages[0]["parts"] == [
        {"type": "text", "text": "2 + 2?"},
        {"type": "image", "url": data_uri("image/png", LARGE)},
    ]


def test_run_whose_image_is_lost_needs_a_person(run: Any) -> None:
    default_store().path(run.config["messages"][0]["content"][1]["blob"]).unlink()

    with pytest.raises(NeedsPerson, match="a file of the prompt is not in the data directory"):
        Render(supplies=None).prepare(run)  # type: ignore[arg-type]
