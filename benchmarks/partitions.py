"""Whether results partitioned by run would pay on PostgreSQL.

    python -m tests.postgres_server benchmarks.partitions [--runs 600] [--results 10000]

Fills the results table of the models three times - whole, one partition a run, one partition for 50 runs - with the
same rows, and measures each: storing more runs in flushes of 1,000 rows, reading a page, counting outcomes, looking
up a hash, deleting a run. Prints one JSON object a shape. The server is that of the tests: fsync is off, so that CPU
and memory are compared, not the disk.
"""

# ruff: noqa: S608 - its own tables, with numbers of its own
import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

import django
import psycopg
from psycopg import sql

ROWS_A_FLUSH = 1_000
READS = 200
SHAPES = {"whole": 0, "a partition a run": 1, "a partition for 50 runs": 50}
FILL = """
INSERT INTO {table} (id, item_id, trial, variant, outcome, detail, preview, tokens_in, tokens_out, cost_usd,
    other_cost_usd, latency_ms, wait_ms, attempt_count, request_hash, reused_from, stages, finished_at)
SELECT ({run}::bigint << 32) | n, n, 0, 0, CASE WHEN n % 50 = 0 THEN 'timeout' ELSE 'ok' END, '',
    'The answer is ' || n || ', since both numbers add up to it.', 40, 12, 0.000123, NULL, 800 + n % 400, 0, 1,
    decode(md5({run}::text || '-' || n), 'hex'), NULL,
    '[["render","ok",0,0],["generate","ok",812,0],["score","ok",1,0]]', now()
FROM generate_series(0, {last}) n
"""


def made(table: str, shape: int, runs: int) -> Iterator[str]:
    """Yield the statements that make a table of this shape, like that of the models."""
    partitioned = " PARTITION BY RANGE (id)" if shape else ""
    yield f"CREATE TABLE {table} (LIKE runs_result INCLUDING ALL){partitioned}"
    for first in range(0, runs, shape) if shape else ():
        end = first + shape
        yield (f"CREATE TABLE {table}_{first} PARTITION OF {table} FOR VALUES FROM ({first << 32}) TO ({end << 32})")


def timed_ms(work: Callable[[], object]) -> float:
    """Return how long a piece of work took."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


class Shape:
    """One table under measurement."""

    def __init__(self, connection: psycopg.Connection, table: str, shape: int, runs: int, results: int) -> None:
        """Make it, with room for 12 runs more than are filled in."""
        self.connection, self.table, self.shape, self.runs, self.results = connection, table, shape, runs, results
        _ = [self.ask(statement) for statement in made(table, shape, runs + 12)]

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        """Return the rows of a statement; [] where it has none."""
        cursor = self.connection.execute(sql.SQL(statement))
        return cursor.fetchall() if cursor.description else []

    def fill(self) -> None:
        """Put the rows of all runs in."""
        for run in range(self.runs):
            self.ask(FILL.format(table=self.table, run=run, last=self.results - 1))
        self.ask(f"ANALYZE {self.table}")

    def flush_rate(self) -> float:
        """Return how many rows a second COPY stores, in flushes of 1,000 over 10 runs at once."""
        self.ask("CREATE TEMP TABLE flushed (LIKE runs_result) ON COMMIT PRESERVE ROWS")
        for run in range(self.runs, self.runs + 10):
            self.ask(FILL.format(table="flushed", run=run, last=self.results - 1))
        with self.connection.cursor().copy(
            "COPY (SELECT * FROM flushed ORDER BY id & 4294967295, id) TO STDOUT"
        ) as out:
            rows = b"".join(out).splitlines(keepends=True)
        self.ask("DROP TABLE flushed")
        took_ms = sum(timed_ms(partial(self._copy, part)) for part in parts(rows))
        return len(rows) / took_ms * 1000

    def _copy(self, rows: list[bytes]) -> None:
        with self.connection.cursor().copy(f"COPY {self.table} FROM STDIN") as into:
            into.write(b"".join(rows))

    def read_ms(self, statement: str) -> float:
        """Return the median time of a statement about one run, over runs spread over the table."""
        runs = [number * 7919 % self.runs for number in range(READS)]
        ranges = [(run << 32, run + 1 << 32, run) for run in runs]
        texts = [statement.format(table=self.table, first=first, end=end, run=run) for first, end, run in ranges]
        return statistics.median([timed_ms(partial(self.ask, text)) for text in texts])

    def delete_ms(self) -> float:
        """Return how long it takes to be rid of a run's rows, vacuuming included where rows are deleted."""
        if self.shape == 1:
            return timed_ms(lambda: self.ask(f"DROP TABLE {self.table}_5"))
        rows = f"DELETE FROM {self.table} WHERE id >= {5 << 32} AND id < {6 << 32}"
        return timed_ms(lambda: self.ask(rows)) + timed_ms(lambda: self.ask(f"VACUUM {self.table}"))

    def sizes_mb(self) -> tuple[float, float]:
        """Return the sizes of the rows and of the indexes."""
        relations = f"SELECT relid FROM pg_partition_tree('{self.table}') UNION SELECT '{self.table}'::regclass"
        found = self.ask(f"SELECT sum(pg_table_size(relid)), sum(pg_indexes_size(relid)) FROM ({relations}) r")
        return tuple(round(int(size) / 1e6, 1) for size in found[0])  # type: ignore[call-overload]

    def measured(self) -> dict[str, object]:
        """Fill and measure it."""
        span = "WHERE id >= {first} AND id < {end}"
        filled_ms = timed_ms(self.fill)
        heap, indexes = self.sizes_mb()
        return {
            "table": self.table,
            "rows": self.runs * self.results,
            "filled_s": round(filled_ms / 1000, 1),
            "table_mb": heap,
            "indexes_mb": indexes,
            "page_ms": round(self.read_ms(f"SELECT * FROM {{table}} {span} ORDER BY id LIMIT 50"), 2),
            "outcomes_ms": round(self.read_ms(f"SELECT outcome, count(*) FROM {{table}} {span} GROUP BY 1"), 2),
            "hash_ms": round(
                self.read_ms("SELECT id FROM {table} WHERE request_hash=decode(md5('{run}-77'),'hex')"), 2
            ),
            "flushed_rows_a_second": round(self.flush_rate()),
            "delete_run_ms": round(self.delete_ms(), 1),
        }


def parts(rows: list[bytes]) -> Iterator[list[bytes]]:
    """Yield the rows of one flush after the other."""
    for first in range(0, len(rows), ROWS_A_FLUSH):
        yield rows[first : first + ROWS_A_FLUSH]


def main() -> None:
    """Measure the three shapes, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=600)
    parser.add_argument("--results", type=int, default=10_000)
    options = parser.parse_args()
    os.environ |= {"DATABASE_URL": os.environ["EVALSITE_TEST_DATABASE"], "EVALSITE_SECRET_KEY": "measuring"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evalsite.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        for number, (name, shape) in enumerate(SHAPES.items()):
            table = Shape(connection, f"measured_{number}", shape, options.runs, options.results)
            print(json.dumps({"shape": name, **table.measured()}), flush=True)  # noqa: T201
            connection.execute(sql.SQL(f"DROP TABLE measured_{number}"))


if __name__ == "__main__":
    main()
