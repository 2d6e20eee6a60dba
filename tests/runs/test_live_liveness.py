"""Whether a worker lives, asked by whoever cannot wait."""

import pytest

from runs.live.liveness import KNOWN_FOR_S, WorkerWatch
from tests.factories import LaneFactory

pytestmark = pytest.mark.django_db


class Looks:
    """Answers each look with the next of some words, and counts them."""

    def __init__(self, *answers: object) -> None:
        self.answers, self.count, self.now = list(answers), 0, 100.0

    def __call__(self) -> object | None:
        """Return the next answer."""
        self.count += 1
        return self.answers.pop(0)

    def clock(self) -> float:
        """Return the time that the test says it is."""
        return self.now


def test_without_a_host_nobody_looks() -> None:
    looks = Looks()

    assert not WorkerWatch(look=looks, clock=looks.clock).is_alive()
    assert looks.count == 0


def test_host_without_a_beat_is_not_alive() -> None:
    LaneFactory(kind="host")
    looks = Looks(None, None)
    watch = WorkerWatch(look=looks, clock=looks.clock)

    assert not watch.is_alive()
    assert not watch.is_alive()
    assert looks.count == 2


def test_living_host_is_remembered_for_a_while() -> None:
    LaneFactory(kind="host")
    looks = Looks("alive", None)
    watch = WorkerWatch(look=looks, clock=looks.clock)

    first = (watch.is_alive(), watch.is_alive(), looks.count)
    looks.now += KNOWN_FOR_S

    assert first == (True, True, 1)
    assert not watch.is_alive()
