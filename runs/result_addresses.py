"""How a result is addressed from outside: `<run uid>.<ordinal>`."""

import re
from typing import Any

from experiments.identifiers import uid_from
from runs.models import Result, Run
from runs.models.results import ORDINAL_BITS, result_id_of

ORDINAL = re.compile(r"0|[1-9][0-9]{0,9}")


def address_of(run: Run, ordinal: int) -> str:
    """Return the address of a result."""
    return f"{run.uid}.{ordinal}"


def result_at(runs: Any, address: str) -> tuple[Run, Result] | None:
    """Return the run, among `runs`, and the result of an address; None: there is none."""
    text, _, ordinal = address.partition(".")
    uid = uid_from(text)
    run: Run | None = runs.filter(uid=uid).first() if uid else None
    if run is None or not ORDINAL.fullmatch(ordinal) or int(ordinal) >> ORDINAL_BITS:
        return None
    found = Result.objects.select_related("transcript").filter(pk=result_id_of(run.pk, int(ordinal))).first()
    return (run, found) if found is not None else None
