"""The processes of a site that runs: who started whom, and who does what."""

import subprocess

Row = tuple[int, int, str]


def descendants(pid: int) -> list[int]:
    """Return the processes that a process started, and those that they started."""
    return _below(pid, _shown())


def children(pid: int) -> list[int]:
    """Return the processes that a process started, oldest first."""
    return sorted(child for child, parent, _ in _shown() if parent == pid)


def named(pid: int, word: str) -> int:
    """Return the one child whose command line holds a word."""
    (found,) = [child for child, parent, command in _shown() if parent == pid and f"evalsite {word}" in command]
    return found


def _below(pid: int, rows: list[Row]) -> list[int]:
    direct = [child for child, parent, _ in rows if parent == pid]
    return direct + [grandchild for child in direct for grandchild in _below(child, rows)]


def _shown() -> list[Row]:
    """Return (process, its parent, its command line) of every process that runs; not those that only wait to go."""
    said = subprocess.run(["ps", "-eo", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=3) for line in said.splitlines()]
    return [(int(row[0]), int(row[1]), row[-1]) for row in rows if not row[2].startswith("Z")]
