"""The event loop on which calls are made and served."""

import asyncio


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return the fastest event loop there is: uvloop's, else asyncio's own, which does the same, slower."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
