"""Configurations: what runs store, and how people read it."""

from typing import Any

import pytest

from experiments.configs import config_of, hash_of, shown
from experiments.models import Candidate
from tests.factories import CandidateFactory

BLOB = "blob:" + "a" * 64

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
