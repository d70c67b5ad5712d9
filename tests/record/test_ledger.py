"""Where the time goes: laps of a worker, attempts of a driver, sessions beside their ideal."""

import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweepbook.record import ledger as module
from sweepbook.record.ledger import PHASES, TIMES, Attempt, Ledger, Session, column, slots


class Clock:
    """Seconds that pass only when told."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        own = SimpleNamespace(perf_counter=lambda: self.now, monotonic=lambda: self.now)
        monkeypatch.setattr(module, "time", own)  # nobody else's clock stands still

    def pass_(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def row(trial_id="a", **times):
    return {"trial_id": trial_id} | dict.fromkeys(TIMES, 0.0) | times


def test_every_second_of_a_worker_is_in_one_phase(clock):
    ledger = Ledger()
    clock.pass_(1)
    ledger.lap("start")
    clock.pass_(2)
    ledger.lap("import")
    clock.pass_(10)
    ledger.step({"data": 3, "train": 4, "evaluate": 1})
    clock.pass_(5)
    ledger.step(None)
    clock.pass_(0.5)
    ledger.lap("report")
    assert dict(zip(PHASES, ledger.spent(), strict=True)) == {
        "start": 1,
        "import": 2,
        "data": 3,
        "compile": 0,
        "train": 4 + 5,  # a step that says nothing is all training
        "evaluate": 1,
        "report": 0.5,
        "idle": 2,  # what the trainable left unsaid
    }


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1e4),
            st.dictionaries(st.sampled_from(module.STEP_PHASES), st.floats(0, 1e5)),
        ),
        max_size=5,
    )
)
def test_phases_sum_to_the_time_that_passed_whatever_a_trainable_says(steps):
    with pytest.MonkeyPatch.context() as patch:
        clock, ledger, total = Clock(patch), Ledger(), 0.0
        for seconds, times in steps:
            clock.pass_(seconds)
            ledger.step(times)
            total += seconds
    assert sum(ledger.spent()) == pytest.approx(total)
    assert min(ledger.spent()) >= -1e-6


@pytest.mark.parametrize("times", [{"coffee": 1}, {"train": -1}, {"train": math.nan}])
def test_times_that_make_no_sense_are_refused(times):
    with pytest.raises(ValueError, match='"times" has'):
        Ledger().step(times)


def test_attempts_at_a_trial_add_up_and_sum_to_its_time(clock):
    trial = row()
    for spent in ([0, 1, 0, 0, 4, 1, 0, 0], [1, 0, 0, 0, 2, 0, 0, 0]):
        attempt = Attempt(trial)
        clock.pass_(3)  # until the worker begins
        clock.pass_(sum(spent))
        attempt.hear(spent)
        clock.pass_(2)  # after its last report
        trial |= attempt.times()
    phases = {phase: trial[column(phase)] for phase in PHASES}
    assert phases == {
        "start": 3 + 3 + 1,
        "import": 1,
        "data": 0,
        "compile": 0,
        "train": 6,
        "evaluate": 1,
        "report": 0,
        "idle": 4,
    }
    assert trial["time_total_s"] == sum(phases.values()) == clock.now


def test_an_attempt_without_any_report_is_idle_and_one_can_look_at_any_time(clock):
    attempt = Attempt(row())
    clock.pass_(7)
    assert attempt.times()["time_idle_s"] == attempt.times()["time_total_s"] == 7
    attempt.hear([0, 0, 0, 0, 5, 0, 0, 0])
    assert attempt.times()["time_start_s"] == 2
    attempt.hear([0, 0, 0, 0, 5, 0, 0, 0])
    assert attempt.times()["time_start_s"] == 2, "the first report told"


@pytest.mark.parametrize("n_slots, ideal", [(1, 30.0), (2, 20.0), (30, 20.0)])
def test_a_session_s_ideal_is_its_work_in_full_slots_or_the_longest_trial(clock, n_slots, ideal):
    before = [row("a", time_total_s=100.0, time_train_s=90.0), row("kept", time_total_s=5.0)]
    session = Session(before)
    clock.pass_(40)
    after = [
        row("a", time_total_s=125.0, time_train_s=105.0, time_evaluate_s=5.0),
        row("b", time_total_s=13.0, time_train_s=10.0),
        before[1],
    ]
    made = session.summary(after, dict.fromkeys("ab", n_slots))
    assert made == {
        "started": made["started"],
        "wall_s": 40,
        "slots": n_slots,
        "n_trials": 2,
        "occupied_s": 25 + 13,
        "work_s": 20 + 10,
        "ideal_s": ideal,
    }


@pytest.mark.parametrize(
    "cpus, gpus, most, found", [(1, 0, None, 4), (1, 0, 3, 3), (0.5, 0.5, None, 2), (8, 0, 9, 1)]
)
def test_slots_are_what_there_is_room_for(cpus, gpus, most, found):
    assert slots(cpus, gpus, {"CPU": 4.0, "GPU": 1.0}, most) == found
