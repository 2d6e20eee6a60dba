"""A lane's gate to one provider: how many calls may be open, and how the provider is."""

from asyncio import Future, get_running_loop
from collections import deque
from collections.abc import Callable

DOWN_AFTER_CALLS = 20
DOWN_AFTER_S = 2.0


class Gate:
    """Lets as many callers in as the lane's share allows, the others in the order in which they came."""

    def __init__(self, limit: int = 0) -> None:
        self._limit = limit
        self._open = 0
        self._waiting: deque[Future[None]] = deque()

    @property
    def limit(self) -> int:
        """Calls that may be open at once."""
        return self._limit

    @property
    def open(self) -> int:
        """Calls that are open."""
        return self._open

    @property
    def wanted(self) -> int:
        """Calls that would be open if there were no limit."""
        return self._open + len(self._waiting)

    def set_limit(self, limit: int) -> None:
        """Take another limit; calls that are open above it end in their own time."""
        self._limit = limit
        self._admit()

    async def enter(self) -> None:
        """Come back when a call may begin; the caller must `leave` then."""
        if self._open < self._limit and not self._waiting:
            self._open += 1
            return
        turn: Future[None] = get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except BaseException:
            self._give_up(turn)
            raise

    def leave(self) -> None:
        """End a call and let the next one in."""
        self._open -= 1
        self._admit()

    def _give_up(self, turn: "Future[None]") -> None:
        if turn.done() and not turn.cancelled():  # admitted and cancelled in the same moment
            self.leave()
        elif turn in self._waiting:
            self._waiting.remove(turn)

    def _admit(self) -> None:
        while self._waiting and self._open < self._limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self._open += 1
                turn.set_result(None)


class Health:
    """Whether a provider can be reached, judged over all calls of a lane to it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.answers = 0
        """Calls that reached the provider, whatever it said."""
        self._unreached = 0
        self._unreached_since = 0.0

    def reached(self) -> None:
        """Note a call that the provider answered."""
        self.answers += 1
        self._unreached = 0

    def unreached(self) -> None:
        """Note a call for which no connection came about."""
        if not self._unreached:
            self._unreached_since = self._clock()
        self._unreached += 1

    @property
    def is_down(self) -> bool:
        """Whether 20 calls in a row, over at least 2 s, reached nobody.

        The time keeps one burst of refused connections (64 calls at one moment of a restart) from counting.
        """
        lasted = self._clock() - self._unreached_since
        return self._unreached >= DOWN_AFTER_CALLS and lasted >= DOWN_AFTER_S
