"""The runner for the simulator that ships with the site: an OpenAI-compatible endpoint, found by itself."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runs.exchange import CallFailed, Completion, Request
from runs.runners.base import Connection, Transport
from runs.runners.openai import OpenAIRunner
from runs.simulator.address import SimulatorAddress, answers, read_address
from runs.simulator.thread import running_simulator

if TYPE_CHECKING:
    from experiments.models import Experiment

__all__ = ["SimulatorRunner", "needs_simulator", "running_simulator"]

KIND = "simulator"
NOT_RUNNING = "the simulator is not running: start it with `evalsite simulator`"


class SimulatorRunner(OpenAIRunner):
    """Asks the simulator over HTTP, like any other provider."""

    label = "Simulator"
    help_text = "Simulated models of chosen accuracy, pace and faults; nothing leaves this machine."
    needs_url = False

    def __init__(self, connection: Connection, transport: Transport) -> None:
        super().__init__(connection, transport)
        self._address: SimulatorAddress | None = None

    async def complete(self, request: Request) -> Completion:
        """Return the completion of one call. Raises CallFailed or NeedsPerson."""
        self._find()
        try:
            return await super().complete(request)
        except CallFailed as failure:
            self._forget_if_unreachable(failure)
            raise

    async def models(self) -> list[str]:
        """Return the names of the simulated models. Raises CallFailed or NeedsPerson."""
        self._find()
        try:
            return await super().models()
        except CallFailed as failure:
            self._forget_if_unreachable(failure)
            raise

    def headers_for(self, request: Request) -> Mapping[str, str]:
        """Return the headers of one call: the number of the repetition tells apart what is else the same."""
        return {**super().headers_for(request), "X-Evalsite-Sample": str(request.sample)}

    def _find(self) -> None:
        """Take up the announced address, unless the provider names one itself.

        Raises CallFailed while there is none: a site that starts up announces it within moments, and a provider
        that stays unreachable pauses its runs with this very sentence.
        """
        if self.connection.base_url or self._address is not None:
            return
        self._address = read_address()
        if self._address is None:
            raise CallFailed("provider_error", NOT_RUNNING, is_unreachable=True, was_sent=False)
        self.connect(self._address.url, self._address.key)
        for url in self.urls:
            self.transport.trust(url)

    def _forget_if_unreachable(self, failure: CallFailed) -> None:
        """Look the address up anew before the next call: a simulator that was started again has another one."""
        if failure.is_unreachable:
            self._address = None


def needs_simulator(experiment: "Experiment") -> bool:
    """Return whether a candidate of this experiment calls the site's own simulator and none answers now."""
    candidates = experiment.candidates.listed().filter(provider__kind=KIND, provider__base_url="")
    return candidates.exists() and not answers(read_address())
