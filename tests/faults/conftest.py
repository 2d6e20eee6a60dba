"""What the tests of faults have: a machine of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine import Machine, machine_beside_provider


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine beside a simulated provider."""
    with machine_beside_provider(tmp_path) as machine:
        yield machine
