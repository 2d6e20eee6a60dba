"""System checks: whatever the settings name must be there, before the first run finds out."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string

from evalsite.plugins import Registry, runners, scorers


def check_plugins(**_: Any) -> list[CheckMessage]:
    """Return an error for each runner, scorer and stage that cannot be imported, naming the setting and the key."""
    return [*_registry_errors(runners), *_registry_errors(scorers), *_stage_errors()]


def _registry_errors(registry: Registry) -> Iterator[CheckMessage]:
    for kind in registry.kinds():
        yield from _tried(partial(registry.get, kind), f"{registry.setting}[{kind!r}]")


def _stage_errors() -> Iterator[CheckMessage]:
    for number, path in enumerate(settings.EVALSITE_STAGES):
        yield from _tried(partial(import_string, path), f"EVALSITE_STAGES[{number}]")


def _tried(load: Callable[[], Any], key: str) -> Iterator[CheckMessage]:
    try:
        load()
    except Exception as error:  # noqa: BLE001 - whatever the module of a plug-in raises when it is imported
        reason = str(error) if key in str(error) else f"{key}: {type(error).__name__}: {error}"
        yield Error(reason, hint=f"Correct {key}, or take it out.", id="evalsite.E001")
