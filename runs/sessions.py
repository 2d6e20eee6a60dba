"""Sessions of PostgreSQL by the process whose they are, so that those of a dead one can be ended.

A process that a cut network took away in the middle of a COPY is one that its server waits for, with all its locks,
until the network itself gives it up: `idle_in_transaction_session_timeout` does not count there.
"""

from django.db import connection

NAME_BYTES = 63  # what PostgreSQL keeps of a name
END = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = %s AND datname = current_database() AND usename = current_user
    AND state <> 'idle' AND pid <> pg_backend_pid()
"""


def session_name(host: str, pid: int) -> str:
    """Return what a process calls its sessions."""
    return f"evalsite {pid}@{host}".encode("ascii", "replace").decode()[:NAME_BYTES]


def end_sessions_of(host: str, pid: int) -> None:
    """End what a dead process's sessions are in the middle of; nothing on another database than PostgreSQL."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(END, [session_name(host, pid)])
