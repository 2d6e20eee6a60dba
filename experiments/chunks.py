"""Cutting what is many into what is written at once."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

V = TypeVar("V")


def chunks(values: Iterable[V], size: int) -> Iterator[list[V]]:
    """Yield the values in their order as lists of at most `size`."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
