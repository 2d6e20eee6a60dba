"""What a lane holds, kept by its database thread: runs that it knows, units that it claimed, its shares of limits."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from evalsite.plugins import UnknownKind
from experiments.credentials import KeyNotAllowed
from experiments.options import OptionError
from experiments.templating import TemplateProblem
from runs.exchange import NeedsPerson
from runs.execution import RunWork
from runs.lanes.bookkeeping import Bookkeeper
from runs.lanes.claims import CaseCache, HeldUnit, claim_alone, claim_in_turn, claimable_runs, halts_of, release
from runs.lanes.heartbeat import Pulse
from runs.lanes.line_shares import LineShare
from runs.lanes.pipeline import MOST_RESULTS
from runs.lanes.sink import Sink
from runs.lanes.supplies import LaneSupplies
from runs.limits.purses import LanePurse, runs_of
from runs.limits.wallets import Budget
from runs.lines import ProviderLine
from runs.models import Lane, Run, WorkUnit

logger = logging.getLogger(__name__)
Claimed = tuple[Run, HeldUnit]

TICKS_A_LOOK = 2
CANNOT_BEGIN = (NeedsPerson, KeyNotAllowed, UnknownKind, OptionError, TemplateProblem)


class EventLoopSide(Protocol):
    """What the database thread tells a lane's event loop."""

    def halted(self, halts: dict[int, str]) -> None:
        """Take no new call of these runs: the reason, by the run's id."""
        ...

    def look_again(self) -> None:
        """Look at once whether there is something to do."""
        ...


@dataclass(slots=True)
class Holdings:
    """The lane's side of the database. Every method belongs to the database thread; both threads read the fields."""

    row: Lane
    owner: str
    """What `Run.owner` of the runs to work on says; "": those of the workers."""
    units: dict[int, HeldUnit]
    """The units that are held, by primary key; the flusher takes out what is complete."""
    sink: Sink
    books: Bookkeeper
    pulse: Pulse
    supplies: LaneSupplies
    stages: Sequence[Any]
    told: EventLoopSide
    runs: dict[int, RunWork] = field(default_factory=dict)
    """The runs whose stages are prepared and that take calls, by primary key."""
    _rows: dict[int, Run] = field(default_factory=dict)
    _shares: dict[int, LineShare] = field(default_factory=dict)
    _purses: dict[Budget, LanePurse] = field(default_factory=dict)
    _cases: CaseCache = field(default_factory=CaseCache)
    _last_run: int = 0
    _ticks: int = 0
    _has_left: bool = False

    def claim(self, wanted: int) -> list[tuple[RunWork, HeldUnit]]:
        """Claim units for about `wanted` results, of all runs in turn."""
        ids = claimable_runs(self.owner).values_list("pk", flat=True)
        works = {run_id: work for run_id in ids if (work := self._prepared(run_id)) is not None}
        runs = [self._rows[run_id] for run_id in works]
        claimed = []
        after, is_first = self._last_run, not self._last_run
        turns = claim_in_turn(self.row, runs, after_run=after, wanted=wanted, cache=self._cases, is_first=is_first)
        for run, held in self._alone_else(turns, runs):
            self.units[held.unit_id] = held
            self._last_run = run.pk
            claimed.append((works[run.pk], held))
            fields = {"run": str(run.uid), "unit": held.unit_id, "lane": self.row.pk, "results": len(held.cases)}
            logger.debug("unit claimed", extra=fields)
        return claimed

    def _alone_else(self, turns: Iterator[Claimed], runs: list[Run]) -> Iterator[Claimed]:
        """Yield what the turns bring; where that is nothing and nothing is held, a unit to be worked alone."""
        if any(held.work.is_alone for held in self.units.values()):
            return
        yield from turns
        if not self.units:
            yield from claim_alone(self.row, runs, self._cases)

    def _prepared(self, run_id: int) -> RunWork | None:
        """Return a run with its stages prepared; None, and it is paused, when it cannot begin."""
        known = self.runs.get(run_id)
        if known is not None:
            return known
        run: Run = Run.objects.select_related("case_list", "provider", "experiment").get(pk=run_id)
        try:
            parts = {stage.name: stage.prepare(run) for stage in self.stages}
        except CANNOT_BEGIN as reason:
            run.pause(str(reason))
            return None
        self._take_share(parts["generate"].line, at_least=MOST_RESULTS)
        self._rows[run_id] = run
        work = self.runs[run_id] = RunWork(run_id, run.case_list.case_count, run.config, parts, uid=str(run.uid))
        return work

    def tick(self) -> None:
        """Four times a second hear of halts; twice a second part the limits, once prove life. Nothing after `leave`."""
        if self._has_left:
            return
        halts = halts_of(list(self.runs), self.owner)
        if halts:
            self.sink.in_loop(self.told.halted, halts)
        self._ticks += 1
        is_look = self._ticks % TICKS_A_LOOK == 0
        is_due = is_look and self.pulse.is_due()
        for line in list(self.supplies.lines.values()):
            if is_due or self._asks_soon(line, is_look=is_look):
                self._take_share(line)
        if is_look:
            self._allot()
        if is_due:
            self._prove_life()

    def _asks_soon(self, line: ProviderLine, *, is_look: bool) -> bool:
        """Return whether a share is asked for before the second is over."""
        is_metered = line.gate.meter is not None  # a minute's limits are used fully only if asked for in time
        return self._share_of(line).is_pressing or (is_look and is_metered)

    def _prove_life(self) -> None:
        """Count a beat, and say of each unit how many calls are open and of each run what its scores are so far."""
        self.pulse.beat()
        for held in list(self.units.values()):
            held_now = WorkUnit.objects.held(self.row.pk, held.lease).filter(pk=held.unit_id)
            held_now.exclude(open_calls=held.work.open_calls).update(open_calls=held.work.open_calls)
        self.books.goes_on([self._rows[held.run_id] for held in self.units.values()])

    def _take_share(self, line: ProviderLine, *, at_least: int = 0) -> None:
        self.sink.in_loop(self._share_of(line).take(at_least=at_least))

    def _share_of(self, line: ProviderLine) -> LineShare:
        return self._shares.setdefault(line.provider_id, LineShare(line, self.row.pk))

    def _allot(self) -> None:
        """Take what the next calls cost of the budgets; runs of one that is used up pause."""
        for budget, wallet in list(self.supplies.wallets.items()):
            purse = self._purses.setdefault(budget, LanePurse(wallet, self.row.pk))
            allotment = purse.allot()
            self.sink.in_loop(wallet.add, allotment.more_usd)
            if allotment.reason:
                for run in runs_of(budget):
                    self.pause(run.pk, allotment.reason)
                    self.sink.in_loop(self.told.halted, {run.pk: allotment.reason})

    def pause(self, run_id: int, reason: str) -> None:
        """Pause a run: who resumes it finds it prepared anew, its provider as it is then."""
        run = Run.objects.filter(pk=run_id).first()
        if run is not None:
            run.pause(reason)
        work = self.runs.pop(run_id, None)
        if work is not None:
            work.halted = reason  # also for jobs of a unit that was claimed at this moment

    def pause_all(self, provider_id: int, reason: str) -> None:
        """Pause every run that asks this provider."""
        for run in Run.objects.runnable().filter(provider=provider_id):
            self.pause(run.pk, reason)

    def release_if_missing(self, unit_id: int) -> None:
        """Give back a unit whose jobs have gone while results are missing: its run takes no calls."""
        held = self.units.get(unit_id)
        if held is None or held.cases or held.work.jobs:
            return
        self.sink.flush()  # nobody shall make a call again whose answer is at hand
        if unit_id in self.units:
            release(self.row.pk, [self.units.pop(unit_id)])
            self.books.stands_still(held.run_id)
            self.sink.in_loop(self.told.look_again)

    def leave(self) -> None:
        """Store what there is, give everything back and take the lane's row out."""
        self.sink.flush()  # before the units are free: nobody shall make a call again whose answer is at hand
        release(self.row.pk, list(self.units.values()))
        for held in self.units.values():
            self.books.stands_still(held.run_id)
        self.units.clear()
        for purse in self._purses.values():
            purse.close()
        Lane.objects.filter(pk=self.row.pk).delete()
        self._has_left = True
        logger.info("%s ends", self.row, extra={"lane": self.row.pk, "host": self.row.host})
