"""Processes made by forking share no connection to the database with the one that forked them.

django-q2 forks its workers anew whenever one has died or done its 500 tasks, from a process that has spoken to the
database by then. On PostgreSQL the pool would go over to the child with its open connections: two processes then
write to one socket and read each other's answers.
"""

import os
from typing import Any

from django.db import connections

_inherited: list[Any] = []
"""Kept, so that nothing closes in this process what another one uses."""


def share_nothing_with_forks() -> None:
    """Let every process forked from now on begin without connections and without pools."""
    os.register_at_fork(after_in_child=_forget_inherited)


def _forget_inherited() -> None:
    """Forget what this thread, the only one that a fork takes along, had open; close none of it.

    Pools belong to all threads. Connections that other threads had out of them are nobody's here.
    """
    for wrapper in connections.all():
        pools: dict[str, Any] = getattr(type(wrapper), "_connection_pools", {})
        _inherited.extend([wrapper, *pools.values()])
        pools.clear()
        del connections[wrapper.alias]
