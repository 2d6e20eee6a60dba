"""A provider for tests: the simulator in a thread, with models of chosen faults, and what it was asked."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from runs.simulator.knowledge import Knowledge
from runs.simulator.models import SimulatedModel
from runs.simulator.server import Simulator
from runs.simulator.thread import SimulatorThread

KEY = "simulated-key"
MODELS = (
    SimulatedModel("right"),
    SimulatedModel("wrong", accuracy=0.0),
    SimulatedModel("slow", latency_ms=40.0),
    SimulatedModel("slower", latency_ms=400.0),
    SimulatedModel("slower_wrong", latency_ms=400.0, accuracy=0.0),
    SimulatedModel("hasty", retry_429_rate=1.0, retry_after_s=0),
    SimulatedModel("hanging", timeout_rate=0.3, hang_s=20.0),
    SimulatedModel("stuck", timeout_rate=1.0, hang_s=20.0),
    SimulatedModel("refusing", refusal_rate=0.5),
)


@contextmanager
def provider(*, key: str = KEY, port: int = 0) -> Iterator[Simulator]:
    """Serve the models at a free port, or at this one, while the block runs."""
    with SimulatorThread(Simulator(MODELS, Knowledge(), key=key, port=port)) as thread:
        yield thread.simulator


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
