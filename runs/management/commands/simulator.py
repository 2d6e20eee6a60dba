"""`evalsite simulator`: serve simulated models until Ctrl-C."""

import asyncio
import dataclasses
import secrets
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings

from evalsite.commands import CommandFailed, SiteCommand
from runs.event_loop import new_event_loop
from runs.simulator.address import SimulatorAddress, announce, withdraw
from runs.simulator.catalogue import KNOWLEDGE_FILE, MODELS_FILE, CatalogueProblem, load_knowledge, load_models
from runs.simulator.models import SimulatedModel
from runs.simulator.server import Simulator

FILE_WRONG = 2


class Command(SiteCommand):
    """Serve an OpenAI-compatible endpoint whose models are simulated."""

    help = "Serve simulated models over HTTP; providers of kind simulator find it by themselves."
    needs_database = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
        parser.add_argument("--port", type=int, default=0, help="the port to listen on; 0 takes a free one")
        parser.add_argument("--latency-ms", type=float, metavar="MS", help="every answer of every model takes this")
        parser.add_argument(
            "--models", type=Path, default=MODELS_FILE, metavar="FILE", help="JSON: what models there are"
        )
        parser.add_argument(
            "--knowledge", type=Path, default=KNOWLEDGE_FILE, metavar="FILE", help="JSON Lines: question, answer, wrong"
        )
        parser.add_argument("--quiet", action="store_true", help="print nothing")

    def handle(self, **options: Any) -> None:
        """Serve until a signal comes. Raises CommandFailed for files that are no catalogue."""
        simulator = self._simulator(options)
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(self._serve(simulator, is_quiet=options["quiet"]))

    def _simulator(self, options: dict[str, Any]) -> Simulator:
        try:
            models, knowledge = load_models(options["models"]), load_knowledge(options["knowledge"])
        except (CatalogueProblem, OSError) as problem:
            raise CommandFailed(str(problem), returncode=FILE_WRONG) from problem
        if options["latency_ms"] is not None:
            models = tuple(_with_latency(model, options["latency_ms"]) for model in models)
        key = settings.SIMULATOR_KEY or secrets.token_urlsafe(32)
        return Simulator(models, knowledge, key=key, host=options["host"], port=options["port"])

    async def _serve(self, simulator: Simulator, *, is_quiet: bool) -> None:
        ends, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ends.set)
        await simulator.start()
        address = SimulatorAddress(simulator.url, simulator.key)
        announce(address)
        if not is_quiet:
            self.stdout.write(f"Simulator at {address.url}; its key is in {settings.DATA_DIR / 'simulator.json'}.")
        try:
            await ends.wait()
        finally:
            withdraw(address)
            await simulator.close()


def _with_latency(model: SimulatedModel, latency_ms: float) -> SimulatedModel:
    try:
        return dataclasses.replace(model, latency_ms=latency_ms, latency_sigma=0.0)
    except ValueError as error:
        raise CommandFailed(str(error), returncode=FILE_WRONG) from error
