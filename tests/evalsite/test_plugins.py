"""The registry of plug-ins, and the system check that tries them all."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from evalsite.checks import check_plugins
from evalsite.plugins import Registry, UnknownKind
from scoring.scorers.base import Scorer
from scoring.scorers.text import ExactMatch


@pytest.fixture
def scorers() -> Registry:
    """A registry that has loaded nothing yet."""
    return Registry(setting="EVALSITE_SCORERS", group="evalsite.scorers")


def test_registry_of_scorers_gives_the_class_that_the_setting_names(scorers: Registry) -> None:
    assert scorers.get("exact_match") is ExactMatch


def test_registry_of_scorers_holds_scorers_only(scorers: Registry) -> None:
    assert list(scorers.all()) == list(scorers.kinds())
    assert all(issubclass(kind, Scorer) for kind in scorers.all().values())


def test_registry_of_an_unknown_kind_lists_those_there_are(scorers: Registry) -> None:
    with pytest.raises(UnknownKind, match='unknown kind "exact"; there are exact_match, contains'):
        scorers.get("exact")


@pytest.mark.parametrize("path", ["scoring.nowhere.Thing", "scoring.scorers.text.Nothing", "nodots"])
def test_registry_of_a_path_that_leads_nowhere_names_setting_and_key(
    scorers: Registry, settings: Settings, path: str
) -> None:
    settings.EVALSITE_SCORERS = {"odd": path}

    with pytest.raises(ImproperlyConfigured, match=rf"EVALSITE_SCORERS\['odd'\] names {path}: "):
        scorers.get("odd")


def test_check_of_the_site_as_it_is_finds_nothing() -> None:
    assert check_plugins() == []


@pytest.mark.parametrize(
    ("setting", "value", "key"),
    [
        ("EVALSITE_RUNNERS", {"odd": "runs.nowhere.Runner"}, "EVALSITE_RUNNERS['odd']"),
        ("EVALSITE_SCORERS", {"odd": "scoring.scorers.text.Nothing"}, "EVALSITE_SCORERS['odd']"),
        ("EVALSITE_STAGES", ["runs.nowhere.Stage"], "EVALSITE_STAGES[0]"),
        ("EVALSITE_SCORERS", {"odd": "tests.evalsite.broken_plugin.Scorer"}, "EVALSITE_SCORERS['odd']"),
    ],
)
def test_check_of_a_plug_in_that_cannot_be_imported_names_setting_and_key(
    settings: Settings, setting: str, value: Any, key: str
) -> None:
    setattr(settings, setting, value)

    (error,) = check_plugins()

    assert error.id == "evalsite.E001"
    assert error.is_serious()
    assert error.msg.startswith(key)


def test_check_is_among_those_that_django_runs(settings: Settings) -> None:
    settings.EVALSITE_STAGES = ["runs.nowhere.Stage"]

    with pytest.raises(SystemCheckError, match=r"evalsite\.E001.*EVALSITE_STAGES\[0\]"):
        call_command("check")
