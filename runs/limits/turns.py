"""Callers that wait, each run's in the order in which they came, and the runs in turn."""

from asyncio import Future
from collections import OrderedDict, deque
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Caller:
    """Somebody who waits for a call."""

    run_id: int
    tokens: float
    turn: "Future[int | None]"
    """Done when the call may begin: the number of the allowance that it is of, None where there is no limit."""


class Turns:
    """A queue that is fair between runs: a run with a thousand callers does not keep another's first one waiting."""

    def __init__(self) -> None:
        self._runs: OrderedDict[int, deque[Caller]] = OrderedDict()
        self._count = 0
        self.tokens = 0.0
        """Tokens of all callers, estimated."""

    def __len__(self) -> int:
        return self._count

    def add(self, caller: Caller) -> None:
        """Let a caller wait behind those of its run."""
        self._runs.setdefault(caller.run_id, deque()).append(caller)
        self._count += 1
        self.tokens += caller.tokens

    def first(self) -> Caller | None:
        """Return who is next; None: nobody waits."""
        return next(iter(self._runs.values()))[0] if self._runs else None

    def take(self) -> Caller:
        """Take out who is next; its run is then the last in turn."""
        run_id, callers = next(iter(self._runs.items()))
        caller = callers.popleft()
        self._count -= 1
        self.tokens -= caller.tokens
        if callers:
            self._runs.move_to_end(run_id)
        else:
            del self._runs[run_id]
        return caller

    def remove(self, caller: Caller) -> bool:
        """Take a caller out who waits no more; False when it did not wait."""
        callers = self._runs.get(caller.run_id)
        if callers is None or caller not in callers:
            return False
        callers.remove(caller)
        self._count -= 1
        self.tokens -= caller.tokens
        if not callers:
            del self._runs[caller.run_id]
        return True
