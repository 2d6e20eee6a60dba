"""How long pages, API and admin take over many results: `python -m benchmarks.pages CANDIDATES ITEMS TRIALS`.

Works on the site in the data directory, filled at first use and kept; on PostgreSQL where the environment names one
(`python -m tests.postgres_server benchmarks.pages ...`). Prints {"name": {"p50_ms", "p95_ms", "cpu_ms", "queries"}}.
Of an export the first piece is measured. A word behind the numbers measures what has it in its name only.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import django

from benchmarks.measuring import database_cpu_s
from benchmarks.shape import Shape

if TYPE_CHECKING:
    from django.test import Client

    from experiments.models import Experiment

ROUNDS = 20
PATIENCE_S = 5.0


def main(shape: Shape, rounds: int, only: str) -> None:
    """Fill the site if it is empty, ask for every page, and print what that took."""
    client, experiment = site(shape)
    from benchmarks.page_addresses import addresses

    asked: dict[str, Callable[[], object]] = {name: _asking(client, address) for name, address in addresses(experiment)}
    asked["leaderboard query"] = _board_query(experiment)
    found = {name: _told(name, timed(ask, rounds)) for name, ask in asked.items() if only in name}
    sys.stdout.write(json.dumps(found) + "\n")


def site(shape: Shape) -> "tuple[Client, Experiment]":
    """Set the site up and return a browser that is signed in, and the experiment with many results."""
    use_given_database()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evalsite.settings")
    django.setup()
    from django.conf import settings

    from evalsite.preparation import prepare_database, prepare_static_files

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.API_REQUESTS_PER_TOKEN = settings.API_REQUESTS_PER_PERSON = 0
    prepare_database(report=_nothing, also_shared=True)
    prepare_static_files(report=_nothing)
    experiment = experiment_of(shape)
    return signed_in(experiment), experiment


def _told(name: str, figures: dict[str, float]) -> dict[str, float]:
    """Say on stderr what was found while the next page is asked for, and return it."""
    sys.stderr.write(f"{name}: {figures}\n")
    return figures


def use_given_database() -> None:
    """Work on the PostgreSQL of `tests.postgres_server` where that started this process."""
    if url := os.environ.get("EVALSITE_TEST_DATABASE"):
        os.environ["DATABASE_URL"] = url
        os.environ.setdefault("EVALSITE_SECRET_KEY", "measuring")


def _nothing(_line: str) -> None:
    """Say nothing: the output is for the figures."""


def experiment_of(shape: Shape) -> "Experiment":
    """Return the experiment with many results, made where it is missing."""
    from benchmarks.filling import NAME, fill
    from experiments.models import Experiment
    from runs.models import RunStatus

    folder = Path(os.environ["EVALSITE_DATA"])
    found: Experiment | None = Experiment.objects.filter(name=NAME).first()
    if found is None:
        return fill(folder, shape)
    if found.runs.exclude(status=RunStatus.COMPLETED).exists():
        raise SystemExit(f"filling {folder} was interrupted: delete it and measure again")
    return found


def signed_in(experiment: "Experiment") -> "Client":
    """Return a browser in which an owner of the project, who is of the staff and sees every admin, is signed in."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    from experiments.models import AccessToken, Membership, Role

    person, _ = get_user_model().objects.get_or_create(
        username="measuring", defaults={"is_staff": True, "is_superuser": True}
    )
    Membership.objects.get_or_create(project=experiment.project, user=person, defaults={"role": Role.OWNER})
    _, token = AccessToken.issue(user=person, name="measuring", expires_in=timedelta(hours=1))
    client = Client(headers={"Authorization": f"Bearer {token}"})
    client.force_login(person)
    return client


def _asking(client: "Client", address: str) -> Callable[[], None]:
    """Return what asks for an address; an answer that is no 200 ends the measuring. Of a stream the first is taken."""

    def ask() -> None:
        response = client.get(address, follow=True)
        if response.status_code != 200:
            raise SystemExit(f"{address} answered {response.status_code}")
        if response.streaming:
            next(iter(response))
            response.close()

    return ask


def _board_query(experiment: "Experiment") -> Callable[[], object]:
    from scoring.boards.leaderboard import leaderboard

    return lambda: leaderboard(experiment)


def timed(ask: Callable[[], object], rounds: int) -> dict[str, float]:
    """Return {"p50_ms", "p95_ms", "cpu_ms", "queries"} of so many calls after a first one that warms caches.

    `cpu_ms` is the p95 of the processor time of this process and of the PostgreSQL that serves it on this machine,
    which neighbours lengthen little.
    """
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        ask()
    query_count = len(queries)  # before the next request empties the log
    took = list(_repeated(ask, rounds))
    walls, cpus = (sorted(times) for times in zip(*took, strict=True))
    late = int(0.95 * (len(walls) - 1))
    figures = {"p50_ms": walls[len(walls) // 2], "p95_ms": walls[late], "cpu_ms": cpus[late]}
    return {name: round(figure, 1) for name, figure in figures.items()} | {"queries": query_count}


def _repeated(ask: Callable[[], object], rounds: int) -> Iterator[tuple[float, float]]:
    """Yield what each call took; of a slow one there are fewer."""
    until = time.monotonic() + PATIENCE_S
    for _ in range(rounds):
        yield _milliseconds(ask)
        if time.monotonic() > until:
            return


def _milliseconds(ask: Callable[[], object]) -> tuple[float, float]:
    """Return how long it took, and how much processor time."""
    began, spent = time.perf_counter(), time.process_time() + database_cpu_s()
    ask()
    return (time.perf_counter() - began) * 1000, (time.process_time() + database_cpu_s() - spent) * 1000


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdecimal()]
    words = [argument for argument in sys.argv[1:] if not argument.isdecimal()]
    main(Shape(*numbers[:3]), (numbers[3:] or [ROUNDS])[0], " ".join(words))
