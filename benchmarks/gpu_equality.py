"""The same training on the device and on the CPU: how far apart it is after some steps."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from benchmarks.gpu_blocks import (
    BATCH,
    N_INPUTS,
    captured,
    new_stack,
    synthetic_points,
    train_block,
)
from benchmarks.gpu_card import Bench
from trainables.mlp_config import MLPConfig

N_MODELS = 8
N_STEPS = 20
LIMITS: dict[Literal["float32", "float64"], float] = {"float32": 1e-4, "float64": 1e-9}  # relative
Way = Literal["eager", "graph"]


@dataclass(frozen=True)
class Course:
    """Losses (steps, K), parameters (K, n) and logits (K, 33 * B) at the end; float64, CPU."""

    losses: Tensor
    parameters: Tensor
    logits: Tensor


def measure_equality(bench: Bench) -> None:
    """Trains each kind of net on the device and on the CPU from the same weights and batches."""
    bench.report.table("6x16 nets", "dtype", "losses", "parameters", "logits", "limit", "within")
    for dtype in LIMITS:
        plain = MLPConfig(dtype=dtype, device=str(bench.device))
        normed = MLPConfig(dtype=dtype, device=str(bench.device), batch_norm=True, residual=True)
        _compare(bench, "op by op", plain, "eager")
        if bench.on_gpu:
            _compare(bench, "as a CUDA graph", plain, "graph")
        _compare(bench, "batch norm, residuals", normed, "eager")
    bench.report.end_table()
    bench.report.note(
        f"Largest relative differences after {N_STEPS} steps of {N_MODELS} models: of a loss; of "
        "a model's parameters and of its logits, as norms. With batch norm the losses "
        "alone count: a bias before it has no gradient but rounding, which Adam enlarges to its "
        "step size, and which the next batch norm takes out again."
        + ("" if bench.on_gpu else " No GPU: the CPU beside itself.")
    )


def _compare(bench: Bench, name: str, config: MLPConfig, way: Way) -> None:
    dtype, limit = config.dtype, LIMITS[config.dtype]
    worst = math.nan  # where it fails
    with bench.report.attempt(f"{name}, {dtype}"):
        here, there = _course(config, way), _course(replace(config, device="cpu"), "eager")
        losses = float(((here.losses - there.losses).abs() / there.losses.abs()).max())
        parameters = _apart(here.parameters, there.parameters)
        logits = _apart(here.logits, there.logits)
        counted = torch.tensor([losses] if config.batch_norm else [losses, parameters, logits])
        worst = float(counted.max())  # NaN where one is
        verdict = "yes" if worst <= limit else "NO"
        bench.report.row(name, dtype, losses, parameters, logits, limit, verdict)
    bench.differences.setdefault(dtype, []).append(worst)


def _apart(here: Tensor, there: Tensor) -> float:
    """The largest relative distance of two rows (K, n)."""
    return float(((here - there).norm(dim=1) / there.norm(dim=1)).max())


def _course(config: MLPConfig, way: Way) -> Course:
    model, adam = new_stack(config, N_MODELS)
    points, labels = synthetic_points(N_MODELS * N_STEPS * BATCH, seed=1)
    x = points.view(N_INPUTS, N_MODELS, -1).movedim(0, 1).to(model.flat)  # (K, 2, steps * B)
    y = labels.view(N_MODELS, -1).to(config.device)
    if way == "graph":
        start = model.state(), adam.state()
        replay, losses = captured(lambda: train_block(model, adam, x, y, config.lr))
        model.load_state(start[0])
        adam.load_state(start[1])
        replay()
    else:
        losses = train_block(model, adam, x, y, config.lr)
    logits = model.forward(x[:, :, :BATCH]).flatten(1)
    parameters = torch.cat([p.reshape(N_MODELS, -1) for p in model.parameters], 1)
    return Course(*(t.detach().double().cpu() for t in (losses, parameters, logits)))
