"""Hearing the news of runs that other processes tell on PostgreSQL (runs/news.py)."""

import asyncio
import logging
from typing import Any

import psycopg
from django.db import connection, connections

from runs.news import CHANNEL

TRY_AGAIN_S = 5.0
PROVE_EVERY_S = 20.0
logger = logging.getLogger(__name__)


class Listener:
    """Hears what others tell, over a connection of its own; a lost one is made anew."""

    def __init__(self, *, try_again_s: float = TRY_AGAIN_S) -> None:
        self._try_again_s = try_again_s
        self.heard = asyncio.Event()
        """Set at each notification."""
        self.is_listening = False

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as error:
                logger.warning("Live pages are polled, since PostgreSQL cannot be listened to: %s", error)
            finally:
                self.is_listening = False
            await asyncio.sleep(self._try_again_s)

    async def _listen(self) -> None:
        async with await psycopg.AsyncConnection.connect(**_parameters(), autocommit=True) as line:
            await line.execute(f"LISTEN {CHANNEL}")
            self.is_listening = True
            while True:
                async for _ in line.notifies(timeout=PROVE_EVERY_S):
                    self.heard.set()
                await line.execute("SELECT 1")  # a connection that is silent may be one that is lost


def _parameters() -> dict[str, Any]:
    """Return what Django connects with, without what belongs to its own connections."""
    ours = ("cursor_factory", "context", "prepare_threshold", "server_side_binding")
    known = connections["default"].get_connection_params()
    return {name: value for name, value in known.items() if name not in ours}


def listener() -> Listener | None:
    """Return a listener to the site's database; None: it is none that can be listened to."""
    return Listener() if connection.vendor == "postgresql" else None
