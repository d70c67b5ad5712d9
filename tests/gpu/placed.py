"""Studies whose trials note what they find of GPUs.

On Ray's logical GPUs, the CPU takes the place of the device, and a share the place of its memory.
"""

import dataclasses
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweepbook import Fidelity, Metric, Search, Study

PATIENCE_S = 60  # for other trials on the same device


@dataclass(frozen=True)
class Config:
    n: int = 0
    rounds: int = 2
    device: str = "cpu"
    memory: float = 0.0  # of the device's, taken in round 2
    meets: int = 1  # trials that are on the device at one time, where the shares are that small
    pause_s: float = 0.4  # before each round, so that trials overlap; after 1 s a state is saved
    breaks: bool = False  # in round 2, until the folder of the notes has a file "mended"
    case: str = ""  # names the notes
    folder: str = ""  # of the notes
    seed: int = 0


def train(config: Config, state: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Trains a tiny net; its numbers depend on the config alone, its notes on the place."""
    import torch

    at = state["round"] if state else 0
    with _noted(config, at) as note:
        net, steps = torch.nn.Linear(4, 2), torch.Generator().manual_seed(config.seed + config.n)
        if state:
            net.load_state_dict(state["net"])
        net = net.to(config.device if note["has_gpu"] else "cpu")
        for n in range(at + 1, config.rounds + 1):
            time.sleep(config.pause_s)
            held = _memory_of(config, note) if n == 2 else None
            if n == 2 and config.breaks and not (Path(config.folder) / "mended").exists():
                raise RuntimeError("not mended")
            x = torch.randn(8, 4, generator=steps.manual_seed(n)).to(net.weight.device)
            loss = net(x).square().mean()
            net.zero_grad()
            loss.backward()
            with torch.no_grad():
                for parameter in net.parameters():
                    parameter -= 0.1 * parameter.grad
            note["device"] = str(net.weight.device)
            kept = {name: value.detach().cpu().clone() for name, value in net.state_dict().items()}
            yield {"round": n, "loss": loss.item(), "state": lambda n=n, kept=kept: {
                "round": n, "net": kept}}  # fmt: skip
            del held


@contextmanager
def _noted(config: Config, at: int) -> Iterator[dict[str, Any]]:
    """Writes a note of one attempt at a trial when it ends, however that is."""
    import ray
    import torch

    assigned = ray.get_runtime_context().get_assigned_resources() if ray.is_initialized() else {}
    visible, has_gpu = os.environ.get("CUDA_VISIBLE_DEVICES", "all"), torch.cuda.is_available()
    card = str(torch.cuda.get_device_properties(0).uuid) if has_gpu else visible
    note = {
        "case": config.case, "n": config.n, "pid": os.getpid(),
        "began": time.time(), "began_at": at,  # at: the last round of an earlier attempt
        "share": assigned.get("GPU", 0.0), "visible": visible, "has_gpu": has_gpu, "card": card,
        "left_over": torch.cuda.memory_reserved() if has_gpu else 0,  # bytes, of earlier trials
    }  # fmt: skip
    try:
        yield note
    finally:
        note["ended"] = time.time()
        note["most_bytes"] = torch.cuda.max_memory_allocated() if has_gpu else 0
        name = f"{config.case}-{config.n}-{os.getpid()}-{time.time_ns()}.json"
        (Path(config.folder) / name).write_text(json.dumps(note))


def _memory_of(config: Config, note: dict[str, Any]) -> Any:
    """Takes memory of the device while the others there try the same.

    Raises:
        torch.OutOfMemoryError: there is too little for all of them.
    """
    import torch

    is_shared = 0 < note["share"] * config.meets <= 1 < config.meets
    if is_shared:
        _meet(config, note, "arrived")
    try:
        if note["has_gpu"] and config.memory:
            whole = torch.cuda.get_device_properties(0).total_memory
            return torch.empty(int(config.memory * whole), dtype=torch.uint8, device="cuda")
        if note["share"] < config.memory:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
    finally:
        if is_shared:
            _meet(config, note, "tried")


def _meet(config: Config, note: dict[str, Any], what: str) -> None:
    """Waits until as many trials as fit are here on one device, however slowly they start."""
    folder = Path(config.folder) / f"{config.case}-{what}-on-{note['card']}"
    folder.mkdir(exist_ok=True)
    (folder / str(config.n)).touch()
    deadline = time.time() + PATIENCE_S
    while len(list(folder.iterdir())) < config.meets and time.time() < deadline:
        time.sleep(0.02)


def study(name: str, n_trials: int, gpus: float = 0, **fixed: Any) -> Study:
    """A study of this many trials, each with these GPUs unless a command says otherwise."""
    notes = Path(__file__).parent / "notes"
    return Study(
        name=name, question="?", trainable="placed:train", replicates=1, cpus=0.1, gpus=gpus,
        metric=Metric("loss", "min"), fidelity=Fidelity("round", "rounds"),
        grid={"n": range(n_trials)}, fixed={"case": name, "folder": str(notes), **fixed},
    )  # fmt: skip


def space() -> dict[str, Any]:
    """The space of a search; Ray Tune is slow to import, and workers do without."""
    from ray import tune

    return {"n": tune.randint(0, 9)}


N_GPUS = int(os.environ.get("N_GPUS", 1))  # of the machine; only the driver asks
ALONE = study("alone", 2 * N_GPUS, gpus=1)
ON_THE_CPU = study("on-the-cpu", 1)
CROWDED = study("crowded", 2 * N_GPUS, gpus=0.5, memory=0.6, meets=2, pause_s=1.2)
TOO_LARGE = study("too-large", 1, gpus=1, memory=2.0)
QUARTERS = study("quarters", 4 * N_GPUS, meets=4)
HOPELESS = study("hopeless", 1, memory=2.0)
SEARCHED = dataclasses.replace(
    study("searched", 1, memory=2.0), grid={}, search=Search(n_trials=1, space="placed:space")
)
BROKEN = study("broken", 2, pause_s=1.2, breaks=True)
