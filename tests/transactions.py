"""What happens between two transactions of a process: another one comes first, or it dies."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class AtTransaction:
    """Do something before a transaction begins: the one with this number, from 1."""

    number: int
    act: Callable[[], object]
    begun: int = 0

    def __call__(self, execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        """Count the transactions (within a test they are savepoints) and pass every statement on."""
        if sql.startswith("SAVEPOINT"):
            self.begun += 1
            if self.begun == self.number:
                self.act()
        return execute(sql, *args)
