"""Watching runs: snapshots of how far they are, and whether any worker lives."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runs.live.progress import Totals, counts_of
from runs.live.standstill import standstills_of
from runs.models import Lane, Run
from runs.watcher import BeatWatch

LOOK_FOR_HOST_S = 2.0
HOSTS_GONE_AFTER_S = 10.0


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far one run is."""

    run: Run
    totals: Totals
    """Without times, tokens and cost."""
    reason: str = ""
    """Why it stands still or waits; "": it does not."""

    @property
    def left(self) -> int:
        """Planned results that are still missing."""
        return max(0, self.run.planned_count - self.totals.results)

    @property
    def stands_still(self) -> bool:
        """Whether nothing will come without a person: it has ended or is paused."""
        return self.run.is_paused or (self.run.is_finished and self.run.preparation_id is None)


def progress_of(run_ids: Sequence[int]) -> list[RunProgress]:
    """Return the progress of the runs, in the order of the ids."""
    runs = Run.objects.select_related("candidate", "provider", "preparation__case_list").in_bulk(run_ids)
    counts = counts_of(run_ids)
    reasons = standstills_of(runs.values())
    there = [run_id for run_id in run_ids if run_id in runs]
    return [RunProgress(runs[pk], counts.get(pk, Totals()), reasons.get(pk, "")) for pk in there]


def living_host(
    *,
    look_s: float = LOOK_FOR_HOST_S,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Lane | None:
    """Return a host whose beat moved while this looked; None: no workers are there."""
    first = {host.pk: host.beat for host in Lane.objects.hosts()}
    until = clock() + look_s
    while first and clock() < until:
        sleep(0.1)
        host: Lane
        for host in Lane.objects.hosts():
            if host.beat != first.get(host.pk, host.beat):
                return host
    return None


class HostWatch:
    """Whether the workers that a command handed its runs to still live."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._watch = BeatWatch(clock)

    def all_gone(self) -> bool:
        """Return whether no host's beat has moved for 10 s."""
        hosts = list(Lane.objects.hosts())
        return len(self._watch.still(hosts, HOSTS_GONE_AFTER_S)) == len(hosts)
