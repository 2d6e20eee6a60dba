"""The first stage: the messages of one case, rendered from the prompt's templates."""

from dataclasses import dataclass
from typing import Any

from experiments.media_store import media_loaded
from experiments.templating import CompiledPrompt, TemplateProblem, compile_messages, item_context
from runs.exchange import NeedsPerson, Request
from runs.execution import RUNNER_ERROR, Job, Stage
from runs.lanes.supplies import LaneSupplies
from runs.models import Run

LOST = "a file of the prompt is not in the data directory ({}): put it back, or run the file again; then resume"


@dataclass(frozen=True, slots=True)
class RenderPart:
    """What rendering needs to know of a run."""

    prompt: CompiledPrompt
    variables: dict[str, Any]
    model: str
    params: dict[str, Any]


class Render(Stage):
    """Renders the prompt for a case; a template that fails on it is the result's error."""

    name = "render"

    def __init__(self, supplies: LaneSupplies) -> None:
        self._supplies = supplies

    def prepare(self, run: Run) -> RenderPart:
        """Return what this stage needs for the jobs of a run. Called in the database thread.

        Raises NeedsPerson when an image or file of the prompt is not there.
        """
        config = run.config
        try:
            messages = media_loaded(config["messages"], "content")
        except FileNotFoundError as missing:
            raise NeedsPerson(LOST.format(missing.filename)) from None
        return RenderPart(compile_messages(messages), run.experiment.variables, config["model"], config["params"])

    async def __call__(self, job: Job) -> bool:
        """Fill in the request."""
        part: RenderPart = job.run.parts[self.name]
        case = job.case
        context = item_context(case.input, case.metadata, case.tags, case.key, part.variables)
        try:
            messages = part.prompt.render(context)
        except TemplateProblem as problem:
            job.end(RUNNER_ERROR, str(problem))
            return False
        job.request = Request(part.model, messages, part.params, case.key, job.trial)
        job.transcript = list(messages)
        return True
