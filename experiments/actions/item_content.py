"""What an item may hold: checked before it is stored, whoever gives it."""

from collections.abc import Mapping
from typing import Any

from experiments.actions.refusals import ActionRefused
from experiments.cleaning import clean_json
from experiments.models.datasets import join_tags
from experiments.rows.new_items import KEY_LIMIT, SPLIT_LIMIT, Misfit, checked_input

DEFAULTS: dict[str, Any] = {"expected": None, "metadata": {}, "tags": (), "split": ""}
CONTENT = ("key", "input", *DEFAULTS)


def stored_content(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return key, input, expected, metadata, tags and split as an item row stores them; what is absent is empty.

    Tags are given as a list. Raises ActionRefused naming the part that does not fit.
    """
    unknown = [name for name in content if name not in CONTENT]
    if unknown:
        raise ActionRefused(unknown[0], f'an item has no "{unknown[0]}"; it has {", ".join(CONTENT)}')
    clean = clean_json({**DEFAULTS, **content})
    _check_text(clean, "key", KEY_LIMIT)
    if not clean.get("key", "").strip():
        raise ActionRefused("key", "an item needs a key")
    try:
        clean["input"] = checked_input(clean.get("input"))
    except Misfit as misfit:
        raise ActionRefused("input", f"{clean['key']}: {misfit}") from misfit
    if not isinstance(clean["metadata"], dict):
        raise ActionRefused("metadata", f"{clean['key']}: metadata is an object: names with values")
    _check_text(clean, "split", SPLIT_LIMIT)
    return {**clean, "tags": _stored_tags(clean["key"], clean["tags"])}


def _check_text(content: Mapping[str, Any], name: str, limit: int) -> None:
    text = content.get(name, "")
    if not isinstance(text, str):
        raise ActionRefused(name, f"{name} is a text")
    if len(text) > limit:
        raise ActionRefused(name, f"{name} has {len(text)} characters; {limit} are allowed")


def _stored_tags(key: str, tags: Any) -> str:
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ActionRefused("tags", f"{key}: tags are a list of texts")
    if any("|" in tag for tag in tags):
        raise ActionRefused("tags", f'{key}: a tag may not hold "|"')
    return join_tags(tags)
