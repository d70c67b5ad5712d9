"""The texts of failed attempts, from files as Ray leaves them."""

import pickle
from types import SimpleNamespace

import pytest
from ray.exceptions import ActorUnavailableError, OutOfMemoryError, RayActorError, RayTaskError

from sweepbook.tune.failures.errors import failure_text


def failed(folder, *attempts):
    """Ray's trial after these errors: all texts in one file, the last pickled."""
    for number, error in enumerate(attempts, 1):
        with (folder / "error.txt").open("a") as file:
            file.write(f"Failure # {number} (occurred at noon)\n{error}\n")
        if isinstance(error, RayActorError | RayTaskError | OutOfMemoryError):
            (folder / "error.pkl").write_bytes(pickle.dumps(error))
    return SimpleNamespace(local_path=str(folder))


def test_a_dead_worker_keeps_ray_s_words_and_gets_a_reason(tmp_path):
    died = RayActorError(error_msg="\x1b[36mThe worker died, says Ray.\x1b[39m")
    lines = failure_text(failed(tmp_path, died), None, None).splitlines()
    assert "The worker died, says Ray." in lines
    assert lines[-1].startswith("its worker died: ")


def test_a_lost_machine_is_told_from_a_dead_worker(tmp_path):
    dead = RayActorError(error_msg="The actor died because its node has died. Node Id: 5ad7")
    away = ActorUnavailableError("RPC error: Socket closed rpc_code: 14", b"0" * 16)
    for lost in (dead, away):
        lines = failure_text(failed(tmp_path, lost), "File planted.py, line 7", 2.5).splitlines()
        assert lines[-1].startswith("its machine was lost: ")


def test_a_dead_worker_that_left_its_stacks_hung(tmp_path):
    died = RayActorError(error_msg="The worker died, says Ray.")
    text = failure_text(failed(tmp_path, died), "File planted.py, line 7", 2.5)
    assert "says Ray" in text and "line 7" in text
    assert text.splitlines()[-1] == "it hung: no step within 2.5 s (hang_s)"


def test_a_worker_that_the_memory_monitor_ended_ran_out_of_memory(tmp_path):
    said = (
        "1 worker(s) were killed due to the node running low on memory. Memory on the node "
        "(IP: 10.0.0.1, ID: 0f) was 22.41GB used / 23.54GB limit (0.95)\nOOM kill reason: x\n"
        "Refer to the documentation on how to address the out of memory issue: ..."
    )
    text = failure_text(failed(tmp_path, OutOfMemoryError(said)), None, 2.5)
    assert said in text
    assert text.splitlines()[-1] == (
        "out of memory: Ray ended its worker at 22.41GB used of its machine's 23.54GB"
    )


def test_another_error_after_a_dead_worker_is_not_called_one(tmp_path):
    trial = failed(tmp_path, RayActorError(error_msg="It died."), ValueError("of Tune itself"))
    text = failure_text(trial, None, None)
    assert "It died." in text, "the first attempt too"
    assert text.splitlines()[-1] == "of Tune itself"


@pytest.mark.parametrize("pickled", [b"", b"not a pickle"])
def test_an_error_that_cannot_be_loaded_is_told_by_its_text(tmp_path, pickled):
    trial = failed(tmp_path, ValueError("planted"))
    (tmp_path / "error.pkl").write_bytes(pickled)
    assert failure_text(trial, None, None).splitlines()[-1] == "planted"


def test_no_file_is_no_crash(tmp_path):
    assert failure_text(failed(tmp_path), None, None) == "unknown error"
