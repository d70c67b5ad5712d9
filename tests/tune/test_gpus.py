import dataclasses
import sys

import pytest

from search_spaces import STUDIES
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.room import check_room
from sweepbook.plan.studies import load_studies
from sweepbook.tune.failures.gpus import is_out_of_memory, missing_gpus

OURS = dataclasses.replace(STUDIES["learning-rate"], grid={"lr": (0.1,)})


def planned(study=OURS, **options):
    return make_plan(study, Options(**options)).trials[0]


def test_a_trial_with_a_gpu_trains_on_it_and_is_another_trial_than_on_the_cpu():
    cpu, half, whole = planned(), planned(gpus=0.5), planned(gpus=1)
    assert [t.gpus for t in (cpu, half, whole)] == [0, 0.5, 1]
    assert [t.config["device"] for t in (cpu, half, whole)] == ["cpu", "cuda", "cuda"]
    assert half.trial_id == whole.trial_id != cpu.trial_id, "the numbers are those of a device"


def test_a_device_that_is_named_stays_and_takes_a_whole_gpu():
    named = planned(settings={"device": "cuda:0"})
    assert (named.gpus, named.config["device"]) == (1, "cuda:0")
    assert planned(gpus=0.25, settings={"device": "cpu"}).config["device"] == "cpu"
    both = planned(gpus=0.25, settings={"device": "cuda"})
    assert (both.gpus, both.config["device"]) == (0.25, "cuda")
    declared = dataclasses.replace(OURS, gpus=1)
    assert planned(declared, gpus=0).config["device"] == "cpu"


def test_a_trial_without_a_device_gets_its_gpus_and_uses_them_by_itself(toy_file):
    (study,) = load_studies([str(toy_file)])
    half = planned(study, gpus=0.5)
    assert half.gpus == 0.5 and "device" not in half.config


@pytest.mark.parametrize("gpus", [-1, 1.5, float("nan"), float("inf")])
def test_gpus_are_a_share_or_a_whole_number(gpus):
    with pytest.raises(ValueError, match=f"--gpus-per-trial must be .* got {gpus}"):
        Options(gpus=gpus)
    with pytest.raises(ValueError, match="gpus"):
        dataclasses.replace(OURS, gpus=gpus)


def needs(study=OURS, **options):
    return make_plan(study, Options(**options)).needs


def test_a_gpu_that_is_not_there_is_told_before_anything_starts(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    with pytest.raises(ValueError, match="a trial asks for 1 GPU, and this machine has 0: "):
        check_room(needs(gpus=1), None)
    check_room(needs(gpus=1), "auto")
    check_room(needs(), None)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    check_room(needs(gpus=1), None)
    assert missing_gpus(needs(gpus=1), 1.0) is None
    note = missing_gpus(needs(gpus=1), 0.0)
    assert note and "up to 1 GPU" in note and "has 0 now" in note


@pytest.mark.parametrize(("visible", "n"), [(None, 2), ("0", 1), ("0,1,2", 2), ("", 0), ("-1", 0)])
def test_gpus_are_counted_where_torch_is_not_installed(monkeypatch, tmp_path, visible, n):
    for card in ("0000:3b:00.0", "0000:5e:00.0"):
        (tmp_path / card).mkdir()
    monkeypatch.setattr("sweepbook.plan.room._NVIDIA", tmp_path)
    monkeypatch.setitem(sys.modules, "torch", None)  # its import fails as if it were not there
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    if n:
        check_room([(1, n)], None)
    with pytest.raises(ValueError, match=f"a trial asks for {n + 1} GPU, .* has {n}: "):
        check_room([(1, n + 1)], None)


def test_a_search_needs_what_its_cells_do_before_it_has_trials(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    search = STUDIES["tuned-mlp"]
    assert needs(search, trials=3) == [(1, 0)] * 3 * len(search.configs())
    for options in ({"gpus": 1}, {"settings": {"device": "cuda"}}):
        with pytest.raises(ValueError, match="a trial asks for 1 GPU, and this machine has 0: "):
            check_room(needs(search, **options), None)
    note = missing_gpus(needs(search, trials=3, gpus=0.5), 0.0)
    assert note and note.startswith(f"{3 * len(search.configs())} trials need up to 0.5 GPU")


def test_more_cpus_than_this_machine_has_are_told_before_anything_starts(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    greedy = needs(dataclasses.replace(OURS, cpus=3))
    with pytest.raises(ValueError, match="a trial asks for 3 CPUs, and this machine has 2: "):
        check_room(greedy, None)
    check_room(greedy, "auto")
    check_room(needs(dataclasses.replace(OURS, cpus=2)), None)
    check_room([], None)


def test_a_full_gpu_is_told_from_other_failures():
    full = "Traceback\ntorch.OutOfMemoryError: CUDA out of memory. Tried to allocate"
    assert is_out_of_memory(full)
    assert is_out_of_memory("Traceback\ntorch.cuda.OutOfMemoryError: CUDA out of memory")
    for other in (  # where another process has left too little for CUDA itself, or a library
        "torch.AcceleratorError: CUDA error: out of memory",
        "RuntimeError: CUDA error: out of memory",
        "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB",
        "RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "RuntimeError: cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    ):
        assert is_out_of_memory(f"Traceback\n{other}\nCompile with `TORCH_USE_CUDA_DSA`")
    assert not is_out_of_memory("torch.AcceleratorError: CUDA error: an illegal memory access")
    assert not is_out_of_memory("ray.exceptions.OutOfMemoryError: the worker was killed")
    later = "Failure # 1\n" + full + "\nFailure # 2 (occurred at\nValueError: other"
    assert not is_out_of_memory(later)
    assert not is_out_of_memory("ValueError: no torch.OutOfMemoryError here")
