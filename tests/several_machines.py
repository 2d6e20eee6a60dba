"""Several machines that are one: worker hosts as processes of their own on one PostgreSQL, with disks of their own."""

import subprocess

from runs.lanes.pipeline import CALLS_TO_RESULTS, FIRST_RESULTS
from tests.machine import IN_FLIGHT, RUN_S, START_S, Machine
from tests.waiting import wait_until

REPEATED = max(FIRST_RESULTS, CALLS_TO_RESULTS * IN_FLIGHT) + IN_FLIGHT  # answers that wait to be stored, open calls
HOSTS = "SELECT 1 FROM runs_lane WHERE kind = 'host' AND beat > 0"
IN_SLOW_MOTION = {"slow": "slower", "wrong": "slower_wrong"}
DOUBLED = "SELECT result_id FROM scoring_score GROUP BY result_id HAVING count(*) > 1"
SHARING = "SELECT lane_id FROM runs_providershare WHERE open_count > 0"
CALLING = "SELECT lane_id FROM runs_workunit WHERE open_calls > 0 GROUP BY lane_id"


def start_worker(machine: Machine, name: str, **environment: str) -> subprocess.Popen[str]:
    """Start a worker with one lane that takes itself for a machine of this name, with a disk of its own."""
    whole = machine.environment
    named = {"DJANGO_SETTINGS_MODULE": "tests.machine_settings", "MACHINE_NAME": name}
    named["EVALSITE_DATA"] = str(machine.folder / name)
    machine.environment = {**whole, **named, **environment}
    worker = machine.start("worker", "--lanes", "1")
    machine.environment = whole
    return worker


def slow_down(machine: Machine) -> None:
    """Give the run enough time for the second host to take a share in it."""
    slower = [{**one, "model": IN_SLOW_MOTION[one["name"]]} for one in machine.declared["candidates"]]
    machine.write({**machine.declared, "candidates": slower})


def wait_for_hosts(machine: Machine, count: int) -> None:
    """Return once this many workers beat."""
    wait_until(lambda: len(machine.asked(HOSTS)) == count, START_S, f"{count} hosts")


def begin_with_both(machine: Machine) -> None:
    """Start the run and return once two hosts make calls for it: until then it takes minutes, whoever comes late."""
    declared = machine.declared
    narrow = {**declared["providers"]["local"], "max_in_flight": 2}
    machine.write({**declared, "providers": {"local": narrow}})
    machine.run("--detach").communicate(timeout=START_S)
    wait_until(lambda: len(machine.asked(SHARING)) == 2, START_S, "calls of both lanes")
    machine.write(declared)
    machine.run("--detach").communicate(timeout=START_S)


def wait_for_end(machine: Machine) -> None:
    """Return once both runs are completed."""
    ended = "SELECT 1 FROM runs_run WHERE status = 'completed'"
    wait_until(lambda: len(machine.asked(ended)) == 2, RUN_S, "the end of both runs")


def scored_right(machine: Machine) -> tuple[int, int, list[tuple[int]]]:
    """Return how many results there are, how many scores say right, and the results that were scored twice."""
    ((right,),) = machine.asked("SELECT count(*) FROM scoring_score WHERE value = 1")
    return machine.results(), right, machine.asked(DOUBLED)
