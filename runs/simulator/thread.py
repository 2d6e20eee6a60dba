"""A simulator in a thread of this process: for tests, and for commands that work while no site is up."""

import asyncio
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from runs.event_loop import new_event_loop
from runs.simulator.address import SimulatorAddress, announce, answers, read_address, withdraw
from runs.simulator.catalogue import load_knowledge, load_models
from runs.simulator.server import Simulator

START_S = 10.0


class SimulatorThread:
    """Runs a simulator on an event loop of its own, in a daemon thread, while its context lasts."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)
        self._is_ready = threading.Event()
        self._error: OSError | None = None

    @property
    def address(self) -> SimulatorAddress:
        """How to call it."""
        return SimulatorAddress(self.simulator.url, self.simulator.key)

    def __enter__(self) -> Self:
        """Start, and come back when it listens. Raises OSError where it cannot."""
        self._thread.start()
        if not self._is_ready.wait(START_S):
            raise OSError(f"the simulator did not start within {START_S:g} s")
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and come back when the thread has ended."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self.simulator.start()
        except OSError as error:
            self._error = error
            return
        finally:
            self._is_ready.set()
        await self._stop.wait()
        await self.simulator.close()


@contextmanager
def running_simulator() -> Iterator[SimulatorAddress]:
    """Have a simulator while the context lasts: the site's where one answers, else one in this process, announced."""
    known = read_address()
    if known is not None and answers(known):
        yield known
        return
    with SimulatorThread(default_simulator()) as thread:
        announce(thread.address)
        try:
            yield thread.address
        finally:
            withdraw(thread.address)


def default_simulator() -> Simulator:
    """Return a simulator of the models that ship with the site, with a new key."""
    return Simulator(load_models(), load_knowledge(), key=secrets.token_urlsafe(32))
