"""What the stages of a lane share: the lines to providers, the call port, reuse."""

import logging
from collections.abc import Callable
from functools import partial

from evalsite.plugins import runners
from experiments.configs import measured_options
from experiments.credentials import provider_key
from experiments.models import Provider
from experiments.options import OptionError
from runs.calls import CallPort
from runs.exchange import NeedsPerson
from runs.limits.gates import Gate, Health
from runs.limits.purses import budgets_of
from runs.limits.wallets import Budget, Wallet
from runs.lines import ProviderLine
from runs.models import Run
from runs.reuse import Reuse
from runs.runners.base import Connection, Runner, Transport

logger = logging.getLogger(__name__)


def runner_of(provider: Provider, transport: Transport) -> Runner:
    """Return the runner of a provider. Raises KeyNotAllowed, UnknownKind or OptionError."""
    kind: type[Runner] = runners.get(provider.kind)
    if sentence := kind.unfit(provider.options, is_operators=provider.is_from_command_line):
        raise OptionError({"options": sentence})
    connection = Connection(
        name=provider.name,
        base_url=provider.base_url,
        api_key=provider_key(provider),
        headers=provider.headers,
        options=kind.Options.parse(provider.options),
    )
    return kind(connection, transport)


class LaneSupplies:
    """What the stages of one lane share."""

    def __init__(self, *, transport: Transport, port: CallPort, reuse: Reuse, clock: Callable[[], float]) -> None:
        self.port, self.reuse = port, reuse
        self._transport, self._clock = transport, clock
        self.lines: dict[int, ProviderLine] = {}
        """The lines that are in use, by the provider's primary key."""
        self.wallets: dict[Budget, Wallet] = {}
        """What this lane may spend, by the budget."""

    def line_of(self, run: Run) -> ProviderLine:
        """Return this lane's line to the run's provider, made at first use. Called in the database thread.

        Raises NeedsPerson when the provider is not the one that the run was planned for.
        """
        provider = run.provider
        if run.config["base_url"] != provider.base_url:
            raise NeedsPerson(
                f"{provider.name} has another base URL ({provider.base_url}) than when this run was planned "
                f"({run.config['base_url']}): change it back, or start the candidate anew"
            )
        if run.config.get("options") != measured_options(provider).get("options"):
            raise NeedsPerson(
                f"{provider.name} has other options than when this run was planned: change them back, or start the "
                "candidate anew"
            )
        line = self.lines.get(provider.pk)
        if line is None:
            line = self.lines[provider.pk] = self._connect(provider)
        else:
            line.runner = runner_of(provider, self._transport)  # its key or headers may be others by now
        return line

    def wallets_of(self, run: Run, line: ProviderLine) -> tuple[Wallet, ...]:
        """Return this lane's wallets of the budgets that a run has. Called in the database thread.

        Raises NeedsPerson when the model has no price: a budget could not be kept.
        """
        budgets = budgets_of(run)
        model = run.config["model"]
        if budgets and line.price(model, 0, 0, 0) is None:
            raise NeedsPerson(
                f"{model} has no price at {line.name}, so that the budget cannot be kept: set its price (0 where calls "
                "are free), or take the budget away"
            )
        return tuple(self.wallets.setdefault(budget, Wallet(budget)) for budget in budgets)

    def _connect(self, provider: Provider) -> ProviderLine:
        runner = runner_of(provider, self._transport)
        health = Health(self._clock, partial(_tell_log, provider.name))
        return ProviderLine(
            provider.pk, provider.name, runner, Gate(), health, provider.cost_usd, is_in_process=runner.is_in_process
        )


def _tell_log(provider: str, is_down: bool) -> None:  # noqa: FBT001 - what `Health` tells
    level = logging.WARNING if is_down else logging.INFO
    logger.log(level, "%s %s", provider, "is down" if is_down else "is back", extra={"provider": provider})
