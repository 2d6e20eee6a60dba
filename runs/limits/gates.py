"""A lane's gate to one provider: how many calls may be open, and how the provider is."""

import time
from asyncio import TimerHandle, get_running_loop
from collections.abc import Callable

from runs.limits.allowance import Allowance
from runs.limits.meters import Meter
from runs.limits.turns import Caller, Turns

DOWN_AFTER_CALLS = 20
DOWN_AFTER_S = 2.0


class Gate:
    """Lets as many callers in as the lane's share allows: calls in flight, and calls and tokens of the minute.

    The runs take turns, and the callers of each come in the order in which they came.
    """

    def __init__(self, limit: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._clock = limit, clock
        self._open = 0
        self._waiting = Turns()
        self._meter: Meter | None = None
        self._held_until_s = float("-inf")
        self._timer: TimerHandle | None = None
        self.calls_made = 0
        """Calls that were let in since the gate was made."""

    @property
    def limit(self) -> int:
        """Calls that may be open at once."""
        return self._limit

    @property
    def open(self) -> int:
        """Calls that are open."""
        return self._open

    @property
    def waiting(self) -> int:
        """Callers that wait."""
        return len(self._waiting)

    @property
    def wanted(self) -> int:
        """Calls that would be open if there were no limit."""
        return self._open + len(self._waiting)

    @property
    def waiting_tokens(self) -> float:
        """Tokens of the callers that wait, estimated."""
        return self._waiting.tokens

    @property
    def meter(self) -> Meter | None:
        """What the lane has of the minute's limits; None: there are none."""
        return self._meter

    @property
    def first_tokens(self) -> float:
        """Tokens of the call that is next."""
        first = self._waiting.first()
        return first.tokens if first else 0.0

    def set_limit(self, limit: int) -> None:
        """Take another limit; calls that are open above it end in their own time."""
        self._limit = limit
        self._admit()

    def set_meter(self, meter: Meter | None) -> None:
        """Let in what the meter has from now on; None: there is no limit of the minute."""
        self._meter = meter
        self._admit()

    def allow(self, allowance: Allowance) -> None:
        """Let in what this allowance has, behind those at hand."""
        self._meter = self._meter or Meter()
        self._meter.add(allowance, self._clock())
        self._admit()

    def hold(self, seconds: float) -> None:
        """Let nobody in for so long."""
        self._held_until_s = max(self._held_until_s, self._clock() + seconds)

    async def enter(self, run_id: int = 0, tokens: float = 0.0) -> int | None:
        """Come back when a call may begin; the caller must `leave` then.

        Returns the number of the allowance that the call is of, under which its tokens are settled.
        """
        if self._is_free():
            self._begin()
            return None
        caller = Caller(run_id, tokens, get_running_loop().create_future())
        self._waiting.add(caller)
        if len(self._waiting) == 1:  # who waits already waits for the limit, the timer or the next share
            self._admit()
        try:
            return await caller.turn
        except BaseException:
            self._give_up(caller)
            raise

    def leave(self) -> None:
        """End a call and let the next one in."""
        self._open -= 1
        self._admit()

    def _give_up(self, caller: Caller) -> None:
        if caller.turn.done() and not caller.turn.cancelled():  # admitted and cancelled in the same moment
            self.leave()
        else:
            self._waiting.remove(caller)

    def _admit(self) -> None:
        while self._open < self._limit and (caller := self._waiting.first()) is not None:
            now_s = self._clock()
            wait_s = self._wait_s(caller, now_s)
            if wait_s is None:
                return
            if wait_s > 0:
                self._wake_in(wait_s)
                return
            self._let_in(self._waiting.take())

    def _is_free(self) -> bool:
        """Return whether there is nothing that a caller would have to wait for."""
        is_held = self._held_until_s > float("-inf") and self._clock() < self._held_until_s
        return self._open < self._limit and not self._waiting and self._meter is None and not is_held

    def _begin(self) -> None:
        self._open += 1
        self.calls_made += 1

    def _let_in(self, caller: Caller) -> None:
        if caller.turn.done():  # cancelled in this moment
            return
        number = self._meter.spend(caller.tokens) if self._meter else None
        self._begin()
        caller.turn.set_result(number)

    def _wait_s(self, caller: Caller, now_s: float) -> float | None:
        held_s = self._held_until_s - now_s
        if held_s > 0:
            return held_s
        return self._meter.wait_s(caller.tokens, now_s) if self._meter else 0.0

    def _wake_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = get_running_loop().call_later(seconds, self._admit)


class Health:
    """Whether a provider can be reached, judged over all calls of a lane to it."""

    def __init__(self, clock: Callable[[], float], tell: Callable[[bool], object] = bool) -> None:
        """`tell` hears whether the provider is down, whenever that changes."""
        self._clock, self._tell = clock, tell
        self._was_down = False
        self.answers = 0
        """Calls that reached the provider, whatever it said."""
        self._unreached = 0
        self._unreached_since = 0.0

    def reached(self) -> None:
        """Note a call that the provider answered."""
        self.answers += 1
        self._unreached = 0
        if self._was_down:
            self._was_down = False
            self._tell(False)

    def unreached(self) -> None:
        """Note a call for which no connection came about."""
        if not self._unreached:
            self._unreached_since = self._clock()
        self._unreached += 1
        if self.is_down and not self._was_down:
            self._was_down = True
            self._tell(True)

    @property
    def is_down(self) -> bool:
        """Whether 20 calls in a row, over at least 2 s, reached nobody.

        The time keeps one burst of refused connections (64 calls at one moment of a restart) from counting.
        """
        lasted = self._clock() - self._unreached_since
        return self._unreached >= DOWN_AFTER_CALLS and lasted >= DOWN_AFTER_S
