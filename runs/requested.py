"""From the configuration that a program sends to the one that an ad-hoc run takes."""

from collections.abc import Mapping
from typing import Any

from experiments.actions import ActionRefused
from experiments.media_store import media_apart
from experiments.models import Provider
from experiments.params import check_params
from experiments.rows.new_items import Misfit, checked_input
from experiments.templating import TemplateProblem, check_messages, compile_messages

INPUT = "{{ input }}"


def messages_from(prompt: str | list[Any], *, has_input: bool) -> list[dict[str, Any]]:
    """Return the messages of a prompt. Raises ActionRefused.

    A text without a variable is the system message and the input the user's; without an input it is the user's.
    """
    try:
        messages = media_apart(check_messages(prompt), "content")
        is_instruction = isinstance(prompt, str) and has_input and not compile_messages(messages).variables
    except TemplateProblem as problem:
        raise ActionRefused("config.prompt", str(problem)) from problem
    if not is_instruction:
        return messages
    return [{"role": "system", "content": messages[0]["content"]}, {"role": "user", "content": INPUT}]


def input_from(given: str | dict[str, Any] | None) -> str | dict[str, Any]:
    """Return the input of an ad-hoc run, "" where none is given. Raises ActionRefused for a reserved variable."""
    if given in (None, "", {}):
        return ""
    try:
        return checked_input(given)
    except Misfit as misfit:
        raise ActionRefused("config.input_data", str(misfit)) from misfit


def params_from(given: Mapping[str, Any], provider: Provider) -> dict[str, Any]:
    """Return the parameters that are given. Raises ActionRefused naming the first that the provider does not take."""
    for name, sentence in check_params(given, provider.kind, provider.options).items():
        raise ActionRefused(f"config.params.{name}", sentence)
    return {name: value for name, value in given.items() if value is not None}
