"""Configurations: what runs store, and how people read it."""

from typing import Any

import pytest

from experiments.configs import config_from, config_of, hash_of, shown
from experiments.models import Candidate, PromptVersion
from tests.factories import CandidateFactory, ProviderFactory

BLOB = "blob:" + "a" * 64
PROMPT = PromptVersion(messages=[{"role": "user", "content": "{{ input }}"}])

pytestmark = pytest.mark.django_db


def recorded(name: str) -> Candidate:
    """Return a candidate whose outputs came in a file of this name."""
    candidate: Candidate = CandidateFactory(provider__base_url=BLOB, provider__recorded_in=name)
    return candidate


def test_recorded_outputs_are_shown_under_the_name_of_their_file() -> None:
    config = config_of(recorded("outputs.jsonl"))

    assert config["base_url"] == BLOB
    assert shown(config) == {
        **{name: config[name] for name in ("kind", "model", "messages", "params")},
        "base_url": "outputs.jsonl",
    }


def test_recorded_outputs_of_before_names_were_kept_are_shown_as_such() -> None:
    assert shown(config_of(recorded("")))["base_url"] == "recorded outputs"


def test_other_configurations_are_shown_as_they_are() -> None:
    config: dict[str, Any] = config_of(CandidateFactory())

    assert shown(config) == config
    assert "file" not in config


def test_name_of_the_file_is_no_part_of_the_identity() -> None:
    config = config_of(recorded("outputs.jsonl"))

    assert hash_of(config) == hash_of({**config, "file": "other.jsonl"})


@pytest.mark.parametrize(("changed", "is_same"), [({"text": "b"}, False), ({"key_header": "X-Key"}, True), ({}, True)])
def test_templates_and_paths_of_a_provider_are_part_of_its_candidates(changed: dict[str, str], is_same: bool) -> None:
    provider = ProviderFactory.build(kind="http", base_url="http://there", options={"text": "a"})
    before = hash_of(config_from(provider, "m", PROMPT, {}))
    provider.options |= changed

    assert (hash_of(config_from(provider, "m", PROMPT, {})) == before) == is_same


def test_options_of_kinds_that_are_not_measured_leave_the_configuration_alone() -> None:
    provider = ProviderFactory.build(kind="openai", options={"stream": True})

    assert "options" not in config_from(provider, "m", PROMPT, {})
