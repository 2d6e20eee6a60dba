"""The event loop on which calls are made and served."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return the fastest event loop there is: uvloop's, else asyncio's own, which does the same, slower."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def run_in_loop(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Return what a coroutine returns, run on a loop of its own."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main())
