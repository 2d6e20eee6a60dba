"""The registry of what may be plugged in: runners, scorers and stages, named in settings or by entry points."""

from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string


class UnknownKind(LookupError):
    """No plug-in of this kind; the text lists those there are."""


class Registry:
    """Plug-ins of one sort by kind: the mapping of a setting, then the entry points of a group."""

    def __init__(self, *, setting: str, group: str) -> None:
        self.setting, self.group = setting, group
        self._load = cache(self._import)
        # Looking through what is installed reads files; what is installed does not change while a process lives.
        self._entry_points = cache(self._find_entry_points)

    def kinds(self) -> tuple[str, ...]:
        """Return every kind, those of the setting first."""
        return tuple(dict.fromkeys([*getattr(settings, self.setting), *self._entry_points()]))

    def get(self, kind: str) -> Any:
        """Return the plug-in of this kind. Raises UnknownKind, or ImproperlyConfigured when it cannot be imported."""
        return self._load(kind)

    def all(self) -> dict[str, Any]:
        """Return every plug-in by kind."""
        return {kind: self.get(kind) for kind in self.kinds()}

    def _find_entry_points(self) -> dict[str, Callable[[], Any]]:
        return {point.name: point.load for point in entry_points(group=self.group)}

    def _import(self, kind: str) -> Any:
        path = getattr(settings, self.setting).get(kind)
        if path is None:
            return self._from_entry_point(kind)
        try:
            return import_string(path)
        except ImportError as error:
            raise ImproperlyConfigured(f"{self.setting}[{kind!r}] names {path}: {error}") from error

    def _from_entry_point(self, kind: str) -> Any:
        load = self._entry_points().get(kind)
        if load is None:
            raise UnknownKind(f'unknown kind "{kind}"; there are {", ".join(self.kinds())}')
        return load()


runners = Registry(setting="EVALSITE_RUNNERS", group="evalsite.runners")
scorers = Registry(setting="EVALSITE_SCORERS", group="evalsite.scorers")
