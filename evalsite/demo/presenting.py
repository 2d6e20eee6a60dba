"""Presenting the demo: run by the workers at the first start, and shown on the terminal.

It may be ended anywhere: what is missing is done at the next start, and a demo that is complete is left alone.
"""

import time
from collections.abc import Sequence
from typing import TextIO

from django.conf import settings
from rich.console import Console

from evalsite.demo.mark import is_removed
from evalsite.demo.ratings import is_rated, rate
from evalsite.preparation import someone_to_sign_in
from experiments.actions import declare_experiment
from experiments.files.experiment_file import ExperimentFile, load
from experiments.models import Experiment, Membership, Project, Role
from runs.actions import start_experiment
from runs.live.watching import HostWatch, living_host
from runs.models import Run
from runs.simulator.address import answers, read_address
from runs.terminal import ProgressDisplay
from scoring.boards.leaderboard import leaderboard
from scoring.terminal import print_board

FILE = settings.BASE_DIR / "evalsite" / "demo" / "demo.yaml"
WAIT_FOR_WORKERS_S = 60.0
LOOK_EVERY_S = 0.2
WIDTH_WITHOUT_TERMINAL = 120


def present(stdout: TextIO) -> bool:
    """Run the demo through the workers, show its progress and its board; return whether there was anything to show.

    False at once for a demo that is complete or was removed, and after a sentence where no worker came to life.
    """
    if is_removed():
        return False
    file = load(FILE)
    if is_rated(file):
        return False
    console = _console(stdout)
    if not _wait_for_workers(WAIT_FOR_WORKERS_S):
        console.print("No worker came to life: the demo is tried again at the next start.", style="yellow")
        return False
    experiment = declare_demo(file)
    console.print(f"The demo: {len(file.candidates)} simulated models, {file.trials} trials a question.", markup=False)
    runs = start_experiment(experiment=experiment, by=None).runs
    if not _watch(console, runs):
        console.print("The workers are gone: the demo goes on when they are back.", style="yellow")
        return False
    rate(experiment)
    print_board(console, leaderboard(experiment))
    return True


def declare_demo(file: ExperimentFile) -> Experiment:
    """Bring the demo's project and experiment to what its file says; the first administrator owns them."""
    project = Project.objects.get_or_create(name=file.project, defaults={"is_demo": True})[0]
    owner = someone_to_sign_in()
    if owner is not None:
        Membership.objects.get_or_create(project=project, user=owner, defaults={"role": Role.OWNER})
    return declare_experiment(file=file, project=project, by=None).experiment


def _console(stdout: TextIO) -> Console:
    return Console(file=stdout, width=None if stdout.isatty() else WIDTH_WITHOUT_TERMINAL)


def _wait_for_workers(within_s: float) -> bool:
    """Return whether a worker and the simulator showed life in time."""
    until = time.monotonic() + within_s
    while living_host() is None or not answers(read_address()):
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_EVERY_S)
    return True


def _watch(console: Console, runs: Sequence[Run]) -> bool:
    """Show progress until the runs stand still; False when the workers were gone before."""
    hosts = HostWatch()
    with ProgressDisplay(console, [run.pk for run in runs]) as display:
        return display.watch(until=hosts.all_gone)
