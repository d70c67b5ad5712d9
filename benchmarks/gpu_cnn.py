"""`sweepbook.stack` on a small CNN: one step of many nets beside a loop over the nets."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from benchmarks.gpu_card import Bench, forget_peak, free_memory, peak_gib
from benchmarks.measure import Timing

SIDE, ROWS, N_CLASSES = 28, 64, 10
STACKS, QUICK_STACKS = (8, 64), (2,)
LOOP, STACK = "loop over the nets", "sweepbook.stack"
FUSED = partial(torch.optim.Adam, fused=True)
Step = Callable[[], Tensor]  # trains all nets by a step; their losses (R,) before it


def measure_cnn(bench: Bench) -> None:
    """Milliseconds of a step of all nets, and how far apart both sides' last losses are."""
    if find_spec("numpy") is None:
        bench.report.note("`sweepbook.stack` needs numpy, which is not there: not measured.")
        return
    n_steps = 2 if bench.quick else 20
    bench.report.table(
        "way", "nets", "step of all", "times the loop", "losses apart from the loop", "peak GiB"
    )
    for n_nets in QUICK_STACKS if bench.quick else STACKS:
        with bench.report.attempt(f"{n_nets} nets"):
            _measure(bench, n_nets, n_steps)
        free_memory(bench)
    bench.report.end_table()
    bench.report.note(
        f"Nets of two convolutions (8 and 16 channels), each with batch norm, ReLU and pooling, "
        f"and one layer of {N_CLASSES} classes; batches of {ROWS} random images of {SIDE} px, one "
        f"batch per net; fused Adam on both sides; blocks of {n_steps} steps. Apart: the largest "
        "relative difference of the losses after the timed steps. Convolutions may use TF32."
    )


def _measure(bench: Bench, n_nets: int, n_steps: int) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n_nets, ROWS, 1, SIDE, SIDE, generator=generator).to(bench.device)
    y = torch.randint(N_CLASSES, (n_nets, ROWS), generator=generator).to(bench.device)
    loop_s, expected = None, None
    for way, make in ((LOOP, _looped), (STACK, _stacked)):
        forget_peak(bench)
        step = make(bench, n_nets, x, y)
        losses = []  # of the last step of each block

        def block(step: Step = step, losses: list[Tensor] = losses) -> None:
            losses.append([step() for _ in range(n_steps)][-1])

        block_s = bench.timed(block, repeats=1 if bench.quick else 5, warm_up=1)
        step_ms = Timing(tuple(1e3 * s / n_steps for s in block_s.values), " ms")
        loop_s, expected = loop_s or block_s.median, expected if way == STACK else losses[-1]
        apart = float(((losses[-1] - expected).abs() / expected.abs()).max())
        gain = loop_s / block_s.median
        bench.report.row(way, n_nets, step_ms, gain, apart, peak_gib(bench))


def _net(bench: Bench, seed: int) -> nn.Module:
    """The net of this seed, on the bench's device."""
    layers: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for n_in, n_out in ((1, 8), (8, 16)):
            layers += [nn.Conv2d(n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out)]
            layers += [nn.ReLU(), nn.MaxPool2d(2)]
        net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * (SIDE // 4) ** 2, N_CLASSES))
    return net.to(bench.device)


def _looped(bench: Bench, n_nets: int, x: Tensor, y: Tensor) -> Step:
    nets = [_net(bench, seed) for seed in range(n_nets)]
    optimizers = [FUSED(net.parameters()) for net in nets]

    def step() -> Tensor:
        losses = []
        for net, optimizer, own_x, own_y in zip(nets, optimizers, x, y, strict=True):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(own_x), own_y)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return torch.stack(losses)

    return step


def _stacked(bench: Bench, n_nets: int, x: Tensor, y: Tensor) -> Step:
    from sweepbook.stack import Stack, cross_entropy

    stack = Stack(partial(_net, bench), range(n_nets), FUSED)
    return lambda: stack.step(lambda net, x, y: cross_entropy(net(x), y), x, y)
