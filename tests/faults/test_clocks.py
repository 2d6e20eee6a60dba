"""A wall clock that is set an hour forward or back doubles no work and stops none."""

from datetime import datetime

import pytest

from tests.machine import EXACT, GOING_ON_S, ITEMS, RUN_S, Machine

pytestmark = [pytest.mark.processes, pytest.mark.faults, pytest.mark.both]

HOUR_S = 3600


@pytest.mark.parametrize("shift_s", [HOUR_S, -HOUR_S])
def test_clock_set_by_an_hour_repeats_no_call_and_frees_no_unit(machine: Machine, shift_s: int) -> None:
    shift = machine.folder / "shift"
    machine.environment |= {"DJANGO_SETTINGS_MODULE": "tests.shifted_settings", "SHIFT_FILE": str(shift)}
    machine.start("worker")
    machine.wait_for_host()
    machine.run("--detach").communicate(timeout=RUN_S)
    machine.wait_for_results(20)

    shift.write_text(str(shift_s))
    machine.wait_for_results(machine.results() + ITEMS // 2, GOING_ON_S)
    shift.write_text("0")
    last = machine.run()
    said = last.communicate(timeout=RUN_S)[0]

    ((crashes,),) = machine.asked("SELECT sum(crash_count) FROM runs_workunit")
    times = machine.asked("SELECT min(finished_at), max(finished_at) FROM runs_result")
    first, latest = (datetime.fromisoformat(str(time)) for time in times[0])
    assert last.returncode == 0, said
    assert (machine.scores(), machine.results(), crashes) == (EXACT, 2 * ITEMS, 0)
    assert machine.simulator.stats.requests == 2 * ITEMS
    assert (latest - first).total_seconds() > HOUR_S / 2  # the shift was seen
