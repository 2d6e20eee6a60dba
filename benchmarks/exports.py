"""What whole exports over many results take: `python -m benchmarks.exports CANDIDATES ITEMS TRIALS`.

Works on the site of `benchmarks.pages`. Prints {"name": {"first_ms", "whole_s", "cpu_s", "mib", "grown_mib"}}; each
export is made in a process of its own, so that the memory is that of one.
"""

import json
import multiprocessing
import resource
import sys
import time

from benchmarks.page_addresses import exports
from benchmarks.pages import site
from benchmarks.shape import Shape

MIB = 1024 * 1024


def main(shape: Shape) -> None:
    """Make every export and print what that took."""
    forked = multiprocessing.get_context("fork")
    found = {}
    for name in ["nothing", *names(shape)]:
        with forked.Pool(1) as process:
            found[name] = process.apply(taken, (shape, name))
        sys.stderr.write(f"{name}: {found[name]}\n")
    sys.stdout.write(json.dumps(found) + "\n")


def names(shape: Shape) -> list[str]:
    """Return the names of the exports, looked up in a process of its own: what follows is forked."""
    with multiprocessing.get_context("fork").Pool(1) as process:
        return process.apply(_names, (shape,))


def _names(shape: Shape) -> list[str]:
    _, experiment = site(shape)
    return [name for name, _ in exports(experiment)]


def taken(shape: Shape, name: str) -> dict[str, float]:
    """Return what one export takes, from the request to its last piece; "nothing" makes none."""
    client, experiment = site(shape)
    client.get("/experiments/")
    before, began, spent = _peak_mib(), time.perf_counter(), time.process_time()
    address = dict(exports(experiment)).get(name)
    first_ms, size = 0.0, 0
    for piece in client.get(address) if address else ():
        first_ms = first_ms or (time.perf_counter() - began) * 1000
        size += len(piece)
    took = {"first_ms": first_ms, "whole_s": time.perf_counter() - began, "cpu_s": time.process_time() - spent}
    took |= {"mib": size / MIB, "grown_mib": _peak_mib() - before}
    return {figure: round(value, 1) for figure, value in took.items()}


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(Shape(*map(int, sys.argv[1:4])))
