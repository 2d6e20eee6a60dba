"""Clients that a cut network took away: PostgreSQL is told to end their sessions, whose locks stop everybody else.

Left to itself a server notices after two hours that nobody is there any more; until then a transaction that was open
keeps its locks. Each session bears its process's name, so that whoever buries a lane can end its sessions. Said with a
query of its own, since poolers refuse such words at the start of a connection.
"""

import os
import socket
from typing import Any
from weakref import WeakSet

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from runs.sessions import session_name

KEEPALIVES = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}
UNREAD = {"tcp_user_timeout": "20s"}

_told = WeakSet[Any]()


def end_severed_sessions() -> None:
    """Tell every new connection to PostgreSQL how long its server waits for a client that is silent."""
    connection_created.connect(_tell, dispatch_uid="severed")


def _tell(connection: BaseDatabaseWrapper, **_kwargs: object) -> None:
    """Tell it once: the pool hands the same connection out again and again."""
    if connection.vendor != "postgresql" or connection.connection in _told:
        return
    words = {"idle_in_transaction_session_timeout": f"{settings.SEVERED_AFTER_S}s", **KEEPALIVES, **UNREAD}
    words["application_name"] = session_name(socket.gethostname(), os.getpid())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(['set_config(%s, %s, false)'] * len(words))}", sum(words.items(), ()))
    _told.add(connection.connection)
