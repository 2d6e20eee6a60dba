"""How many requests a second the simulator answers on one core: `python -m benchmarks.simulator_rate`.

Asks the model sim-instant (no latency, no faults) for one-line sums over kept-alive connections from raw asyncio
protocols, which cost less than what is measured. Prints one JSON object: requests a second, and the server's CPU
microseconds per request (the figure to rely on where the machine is shared). An answer that is no 200 ends it.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from benchmarks.floor import call_raw
from benchmarks.provider import Provider


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Provider(Path(folder), latency_ms=0) as provider:
        provider.reset()
        began = time.perf_counter()
        uvloop.run(call_raw(provider.port, provider.key, options.requests, options.connections))
        seconds, stats = time.perf_counter() - began, provider.stats()
    found = {
        "requests": stats["requests"],
        "requests_per_s": round(options.requests / seconds),
        "server_cpu_us_per_request": round(stats["cpu_s"] * 1e6 / options.requests, 1),
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
