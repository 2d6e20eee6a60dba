"""Rehearsing prompts: rendered for every item before the first call, so that a wrong template costs nothing."""

from collections.abc import Iterable, Mapping
from typing import Any

from experiments.actions.refusals import ActionRefused
from experiments.files.experiment_file import ExperimentFile
from experiments.rows.new_items import NewItem
from experiments.selecting import chosen_rows
from experiments.templating import CompiledPrompt, TemplateProblem, compile_messages, item_context


def rehearse(prompt: CompiledPrompt, key: str, context: Mapping[str, Any]) -> None:
    """Render a prompt for one item. Raises ActionRefused naming the item and what does not fit."""
    try:
        prompt.render(context)
    except TemplateProblem as problem:
        raise ActionRefused("prompt", f"item {key}: {problem}" if key else str(problem)) from problem


def rehearse_file(file: ExperimentFile) -> None:
    """Render the prompts of a file's candidates for the rows that it brings. Raises ActionRefused at the first misfit.

    Rows of the site are rehearsed when the experiment starts.
    """
    used = {candidate.prompt for candidate in file.candidates}
    prompts = [compile_messages(file.prompts[name]) for name in sorted(used)]
    for row in _selected(file):
        context = item_context(row.input, row.metadata, row.tags, row.key, file.variables)
        for prompt in prompts:
            rehearse(prompt, row.key, context)


def _selected(file: ExperimentFile) -> Iterable[NewItem]:
    part = file.dataset
    return chosen_rows(part.rows or (), part.selection, part.item_limit)
