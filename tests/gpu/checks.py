"""What must hold of the command line on a machine with GPUs, be they real or Ray's logical ones.

Each check takes a `Machine`, runs commands there, and asserts.
"""

from collections.abc import Callable

import pandas as pd

from tests.gpu.machine import Machine

MOST_LEFT_OVER = 64 * 2**20  # bytes of a GPU that earlier trials of a worker may still hold


def check_a_trial_has_its_whole_gpu_to_itself(machine: Machine) -> None:
    """A whole GPU for each trial: one at a time on each GPU."""
    machine.run_placed()
    attempts = machine.attempts("alone")
    assert len(attempts) == 2 * machine.n_gpus and set(attempts["share"]) == {1.0}
    assert not attempts["visible"].str.contains(",").any(), "a trial sees one GPU"
    for _, on_card in attempts.groupby("card"):
        assert most_at_once(on_card) == 1
    alone = machine.record("alone").trials
    assert set(alone["status"]) == {"finished"} and set(alone["config/device"]) == {"cuda"}
    check_the_device(machine, attempts)


def check_all_gpus_are_used_and_none_is_promised_twice(machine: Machine) -> None:
    """The shares that trials of all studies have of one GPU at one time add up to 1 at most."""
    machine.run_placed()
    attempts = machine.attempts("alone", "crowded", "too-large")
    on_gpus = attempts[attempts["share"] > 0]  # not those that `verify` retrained
    assert on_gpus["card"].nunique() == machine.n_gpus
    for _, on_card in on_gpus.groupby("card"):
        for moment in on_card["began"]:
            at_once = on_card[(on_card["began"] <= moment) & (moment < on_card["ended"])]
            assert at_once["share"].sum() <= 1


def check_four_trials_share_a_gpu(machine: Machine) -> None:
    """`--gpus-per-trial 0.25`: four trials at a time see the same device, and no fifth one."""
    code, output = machine.run("quarters", "placed.py:QUARTERS", "--gpus-per-trial", 0.25)
    assert code == 0, output
    attempts = machine.attempts("quarters")
    assert len(attempts) == 4 * machine.n_gpus and set(attempts["share"]) == {0.25}
    assert attempts["card"].nunique() == machine.n_gpus
    for _, on_card in attempts.groupby("card"):
        assert most_at_once(on_card) == 4 and on_card["pid"].nunique() == 4
    check_the_device(machine, attempts)


def check_trials_without_a_gpu_see_none(machine: Machine) -> None:
    """A study that asks for no GPU trains on the CPU, and torch finds no GPU."""
    machine.run_placed()
    attempts = machine.attempts("on-the-cpu")
    assert set(attempts["visible"]) == {""}
    assert set(attempts["device"]) == {"cpu"} and not attempts["has_gpu"].any()
    assert set(machine.record("on-the-cpu").trials["config/device"]) == {"cpu"}


def check_a_full_gpu_is_tried_again_alone(machine: Machine) -> None:
    """Two trials that take 0.6 of a GPU's memory each: what fails gets a whole GPU afterwards."""
    output = machine.run_placed()
    assert "CUDA out of memory. Tried to allocate " in output
    assert "; next alone on a whole GPU" in output
    trials = machine.record("crowded").trials
    assert set(trials["status"]) == {"finished"}
    attempts = machine.attempts("crowded")
    shared, alone = (attempts[attempts["share"] == share] for share in (0.5, 1.0))
    assert len(shared) == 2 * machine.n_gpus and len(shared) + len(alone) == len(attempts)
    assert len(alone) == trials["n_retries"].sum() >= machine.n_gpus
    assert set(alone["began_at"]) == {1}, "from its last state"
    assert alone["began"].min() >= shared["ended"].max(), "after all others"
    for _, on_card in shared.groupby("card"):
        assert most_at_once(on_card) == 2
    for _, on_card in alone.groupby("card"):
        assert most_at_once(on_card) == 1


def check_a_trial_that_no_gpu_can_hold_fails(machine: Machine) -> None:
    """There is nothing larger to retry on than a whole GPU."""
    machine.run_placed()
    trial = machine.record("too-large").trials.iloc[0]
    assert (trial["status"], trial["n_retries"]) == ("failed", 0)
    reason = "error after round 1 of 2: OutOfMemoryError: CUDA out of memory. Tried to allocate "
    assert trial["reason"].startswith(reason) and "(placed.py, line " in trial["reason"]


def check_shares_are_tried_again_before_whole_gpus(machine: Machine) -> None:
    """`--max-failures 1`: a second try on the share; then, in a grid alone, two on a whole GPU."""
    studies = ("placed.py:HOPELESS", "placed.py:SEARCHED")
    options = ("--gpus-per-trial", 0.5, "--max-failures", 1, "--max-concurrent", 2)
    code, output = machine.run("hopeless", *studies, *options)
    assert code == 1, output
    assert machine.attempts("hopeless")["share"].tolist() == [0.5, 0.5, 1.0, 1.0]
    assert machine.attempts("searched")["share"].tolist() == [0.5, 0.5]
    for name in ("hopeless", "searched"):
        assert machine.record(name).trials["status"].tolist() == ["failed"]


def check_records_are_verified(machine: Machine) -> None:
    """`verify` retrains a trial where it was trained: on one GPU, or without any."""
    machine.run_placed()
    for name, n_seen in (("alone", 1), ("on-the-cpu", 0)):
        code, output = machine.sweepbook("verify", f"records/{name}", "--trials", 1)
        assert code == 0, output
        assert "was retrained and gave the recorded numbers" in output
        retrained = machine.attempts(name).iloc[-1]
        assert retrained["share"] == 0, "without Ray"
        assert len([one for one in retrained["visible"].split(",") if one]) == n_seen
        assert retrained["device"] == ("cuda:0" if machine.is_real and n_seen else "cpu")


def check_a_record_is_resumed_with_another_share(machine: Machine) -> None:
    """`--resume --gpus-per-trial`: another share, from the last state, and the same record."""
    code, output = machine.run("broken", "placed.py:BROKEN", "--gpus-per-trial", 0.25)
    assert code == 1 and set(machine.record("broken").trials["status"]) == {"failed"}, output
    (machine.folder / "notes" / "mended").touch()
    arguments = ("run", "--resume", "records/broken", "--gpus-per-trial", 0.5)
    code, output = machine.sweepbook(*arguments, *machine.address)
    assert code == 0, output
    attempts = machine.attempts("broken")
    assert attempts["share"].tolist() == [0.25, 0.25, 0.5, 0.5]
    assert attempts["began_at"].tolist() == [0, 0, 1, 1]
    record = machine.record("broken")
    assert [trial.gpus for trial in record.manifest.trials] == [0.5, 0.5]
    undisturbed = ("placed.py:BROKEN", "--gpus-per-trial", 1, "--name", "whole")
    code, output = machine.run("whole", *undisturbed)
    assert code == 0, output
    assert record.manifest.record_digest == machine.record("whole").manifest.record_digest


def check_the_device(machine: Machine, attempts: pd.DataFrame) -> None:
    """On a real GPU the nets were there, and a worker's earlier trials have left nothing."""
    if machine.is_real:
        assert attempts["has_gpu"].all() and set(attempts["device"]) == {"cuda:0"}
        assert attempts["most_bytes"].min() > 0
        assert attempts["left_over"].max() < MOST_LEFT_OVER


def most_at_once(attempts: pd.DataFrame) -> int:
    """How many attempts went on at one moment, at most."""
    began, ended = attempts["began"], attempts["ended"]
    return max(int(((began <= moment) & (moment < ended)).sum()) for moment in began)


QUICK: list[Callable[[Machine], None]] = [
    check_trials_without_a_gpu_see_none,
    check_a_full_gpu_is_tried_again_alone,
    check_a_trial_that_no_gpu_can_hold_fails,
]
SLOW: list[Callable[[Machine], None]] = [
    check_a_trial_has_its_whole_gpu_to_itself,
    check_all_gpus_are_used_and_none_is_promised_twice,
    check_four_trials_share_a_gpu,
    check_shares_are_tried_again_before_whole_gpus,
    check_records_are_verified,
    check_a_record_is_resumed_with_another_share,
]


def named(check: Callable[[Machine], None]) -> str:
    """What a test of it is called."""
    return check.__name__.removeprefix("check_")
