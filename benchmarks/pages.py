"""How long pages, API and admin take over many results: `python -m benchmarks.pages CANDIDATES ITEMS TRIALS`.

Works on the site in the data directory, filled at first use and kept. Prints {"name": {"p95_ms", "queries"}}.
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

from benchmarks.shape import Shape

if TYPE_CHECKING:
    from django.test import Client

    from experiments.models import Experiment

ROUNDS = 20


def main(candidates: int, items: int, trials: int, rounds: int = ROUNDS) -> None:
    """Fill the site if it is empty, ask for every page, and print what that took."""
    django.setup()
    from django.conf import settings

    from evalsite.preparation import prepare_database, prepare_static_files

    settings.ALLOWED_HOSTS = ["testserver"]
    prepare_database(report=_nothing, also_shared=True)
    prepare_static_files(report=_nothing)
    experiment = experiment_of(Shape(candidates, items, trials))
    client = _signed_in(experiment)
    found = {name: timed(_asking(client, address), rounds) for name, address in addresses(experiment)}
    found["leaderboard query"] = timed(_board_query(experiment), rounds)
    sys.stdout.write(json.dumps(found) + "\n")


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


def _signed_in(experiment: "Experiment") -> "Client":
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


def addresses(experiment: "Experiment") -> Iterator[tuple[str, str]]:
    """Yield (name, address) of everything that is asked for: pages, API, admin."""
    run = experiment.runs.latest("pk")
    page, api, last = f"/runs/{run.uid}/", f"/api/v1/runs/{run.uid}/", run.planned_count - 1
    outputs = f"/experiments/{experiment.uid}/outputs/"
    yield from {
        "home": "/",
        "runs": "/runs/",
        "experiments": "/experiments/",
        "runs of the experiment": f"/experiments/{experiment.uid}/runs/",
        "leaderboard": f"/experiments/{experiment.uid}/board/",
        "compare": f"/experiments/{experiment.uid}/compare/",
        "outputs": outputs,
        "outputs, failures far down": f"{outputs}?mode=failures&after={run.case_limit - 30}",
        "outputs, a text that is nowhere": f"{outputs}?text=nowhere",
        "run": page,
        "results, far down": f"{page}results/?after={last - 30}",
        "results, errors": f"{page}results/?outcome=errors",
        "results, an outcome that never came": f"{page}results/?outcome=timeout",
        "drawer": f"{page}results/{last}/",
        "API: runs": "/api/v1/runs/",
        "API: run": api,
        "API: results": f"{api}results/",
        "API: results, errors": f"{api}results/?outcome=provider_error",
        "API: leaderboard": f"/api/v1/experiments/{experiment.uid}/leaderboard/",
    }.items()
    yield from _admin_lists()


def _admin_lists() -> Iterator[tuple[str, str]]:
    from django.contrib import admin
    from django.urls import reverse

    for model in admin.site._registry:
        label = model._meta
        yield f"admin: {label.verbose_name_plural}", reverse(f"admin:{label.app_label}_{label.model_name}_changelist")


def _asking(client: "Client", address: str) -> Callable[[], None]:
    """Return what asks for an address; an answer that is no 200 ends the measuring."""

    def ask() -> None:
        response = client.get(address)
        if response.status_code != 200:
            raise SystemExit(f"{address} answered {response.status_code}")

    return ask


def _board_query(experiment: "Experiment") -> Callable[[], object]:
    from scoring.boards.leaderboard import leaderboard

    return lambda: leaderboard(experiment)


def timed(ask: Callable[[], object], rounds: int) -> dict[str, float]:
    """Return {"p95_ms", "queries"} of so many calls after a first one that warms caches."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        ask()
    query_count = len(queries)  # before the next request empties the log
    took = sorted(_milliseconds(ask) for _ in range(rounds))
    return {"p95_ms": round(took[int(0.95 * (rounds - 1))], 1), "queries": query_count}


def _milliseconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
