"""Prompt templates: sandboxed Jinja2 that can neither reach into Python nor use up the machine."""

from experiments.templating.messages import ROLES, TemplateProblem, blobs_in, shown_content
from experiments.templating.prompts import (
    RESERVED,
    CompiledPrompt,
    check_messages,
    compile_messages,
    did_you_mean,
    item_context,
)

__all__ = [
    "RESERVED",
    "ROLES",
    "CompiledPrompt",
    "TemplateProblem",
    "blobs_in",
    "check_messages",
    "compile_messages",
    "did_you_mean",
    "item_context",
    "shown_content",
]
