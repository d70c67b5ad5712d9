"""One small net beside stacks of many: op by op, as a CUDA graph, compiled."""

from collections.abc import Callable
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from benchmarks.gpu_blocks import (
    BATCH,
    N_CLASSES,
    N_INPUTS,
    Gradient,
    captured,
    new_stack,
    synthetic_points,
    train_block,
)
from benchmarks.gpu_card import Bench, forget_peak, free_memory, peak_gib
from benchmarks.gpu_floor import fused_bytes, layer_sizes, layered_bytes, operations
from benchmarks.measure import Timing
from trainables.mlp_config import MLPConfig
from trainables.stacked.gradient import loss_and_gradient
from trainables.stacked.mlp import build_network

N_ROWS = 106_897  # of the exercise's training split
STACKS, QUICK_STACKS = (1, 8, 64, 512, 4096), (1, 2, 8)
COMPILED, QUICK_COMPILED = (512, 8, 4096), (2,)  # the goal's two first: time may run out
PLAIN = "plain loop, op by op"
COLUMNS = (
    "way",
    "models",
    "step",
    "models x epochs / s",
    "times the plain loop",
    "floor by bytes, %",
    "floor by operations, %",
    "bytes layer by layer, %",
    "peak GiB",
)


class Points:
    """The synthetic training split on the device, and blocks of rows drawn from it."""

    def __init__(self, bench: Bench) -> None:
        self.n_steps = 2 if bench.quick else 20  # of a block
        points, labels = synthetic_points(2_000 if bench.quick else N_ROWS, seed=0)
        self.x, self.y = points.float().to(bench.device), labels.to(bench.device)

    def order(self, n_models: int) -> Tensor:
        """Rows of a block (K, n_steps * BATCH), drawn with replacement, on the device."""
        shape = (n_models, self.n_steps * BATCH)
        return torch.randint(len(self.y), shape, device=self.y.device)


def measure_stacks(bench: Bench) -> None:
    """The plain loop over one net, then stacks: op by op, and as CUDA graphs on a GPU."""
    points = Points(bench)
    bench.report.table(*COLUMNS)
    with bench.report.attempt(PLAIN):
        _row(bench, points, PLAIN, 1, _timed(bench, _plain_block(bench, points)))
    for n_models in QUICK_STACKS if bench.quick else STACKS:
        _measure_stack(bench, points, n_models, "stack", loss_and_gradient)
        free_memory(bench)
    bench.report.end_table()
    bench.report.note(_explained(points) + ("" if bench.on_gpu else " No GPU, no CUDA graphs."))
    _say_order(bench)


def measure_compiled(bench: Bench) -> None:
    """Stacks whose gradient torch.compile has compiled; one size after another, as time allows."""
    points = Points(bench)
    backend = "inductor" if bench.on_gpu else "eager"  # the CPU's compiler takes too long here
    bench.report.table(*COLUMNS)
    for n_models in QUICK_COMPILED if bench.quick else COMPILED:
        torch._dynamo.reset()
        compiled = torch.compile(loss_and_gradient, dynamic=False, backend=backend)
        _measure_stack(bench, points, n_models, "compiled stack", compiled)
        del compiled
        free_memory(bench)
    torch._dynamo.reset()
    bench.report.end_table()
    bench.report.note(
        f"torch.compile with the backend {backend!r}. The first step compiles; Adam is left as is."
    )


class Stack:
    """A stack in training on one block of rows, gathered anew for every repetition."""

    def __init__(self, bench: Bench, points: Points, n_models: int, gradient: Gradient) -> None:
        self.config = MLPConfig(device=str(bench.device))
        self.model, self.adam = new_stack(self.config, n_models)
        self.points, self.order, self.gradient = points, points.order(n_models), gradient
        self.x = torch.empty(n_models, N_INPUTS, self.order.shape[1], device=bench.device)
        self.y = torch.empty_like(self.order)
        self.gather()

    def gather(self) -> None:
        self.x.copy_(self.points.x[:, self.order].movedim(0, 1))
        self.y.copy_(self.points.y[self.order])

    def first_gradient(self) -> None:
        self.gradient(self.model, self.x[:, :, :BATCH], self.y[:, :BATCH])

    def train(self) -> Tensor:
        return train_block(self.model, self.adam, self.x, self.y, self.config.lr, self.gradient)


def _measure_stack(
    bench: Bench, points: Points, n_models: int, name: str, gradient: Gradient
) -> None:
    """A row op by op, and one as a CUDA graph where there is a GPU, from one stack."""
    forget_peak(bench)
    with bench.report.attempt(f"{name}, {n_models} models"):
        stack = Stack(bench, points, n_models, gradient)

        def block(train: Callable[[], object]) -> Timing:
            return _timed(bench, lambda: [call() for call in (stack.gather, train)])

        if gradient is not loss_and_gradient:
            first = bench.timed(stack.first_gradient, repeats=1, warm_up=0)
            bench.report.row(f"{name}, first step", n_models, first, *[None] * 6)
        _row(bench, points, f"{name}, op by op", n_models, block(stack.train))
        if bench.on_gpu:
            replay, _ = captured(stack.train)
            _row(bench, points, f"{name}, CUDA graph", n_models, block(replay))


def _plain_block(bench: Bench, points: Points) -> Callable[[], Tensor]:
    """The usual loop over one net: autograd, torch.optim.Adam (fused), rows on the device."""
    net = build_network(MLPConfig(), N_INPUTS, N_CLASSES, seed=0).to(bench.device)
    optimizer = torch.optim.Adam(net.parameters(), fused=True)
    criterion = nn.CrossEntropyLoss()
    order, rows = points.order(1)[0], points.x.T.contiguous()

    def train() -> Tensor:
        x, y, losses = rows[order], points.y[order], []
        for start in range(0, len(order), BATCH):
            loss = criterion(net(x[start : start + BATCH]), y[start : start + BATCH])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return torch.stack(losses)

    return train


def _timed(bench: Bench, block: Callable[[], object]) -> Timing:
    return bench.timed(block, repeats=3 if bench.quick else 9, warm_up=1 if bench.quick else 3)


def _row(bench: Bench, points: Points, way: str, n_models: int, block: Timing) -> None:
    """A row of the table, from the seconds of a block of steps."""
    step_s = block.median / points.n_steps
    epoch_s = step_s * -(-N_ROWS // BATCH)
    bench.step_s[way, n_models] = step_s
    plain_s = bench.step_s.get((PLAIN, 1))
    sizes = layer_sizes(MLPConfig().depth, MLPConfig().width, N_INPUTS, N_CLASSES)
    share: list[float | None] = [None] * 3
    if bench.peaks is not None:
        floors_s = (
            fused_bytes(sizes, BATCH) / bench.peaks.bytes_per_s,
            operations(sizes, BATCH) / bench.peaks.operations_per_s,
            layered_bytes(sizes, BATCH) / bench.peaks.bytes_per_s,
        )
        share = [100 * n_models * floor_s / step_s for floor_s in floors_s]
    step = Timing(tuple(1e3 * s / points.n_steps for s in block.values), " ms")
    gain = n_models * plain_s / step_s if plain_s else None
    bench.report.row(way, n_models, step, n_models / epoch_s, gain, *share, peak_gib(bench))


def _explained(points: Points) -> str:
    return (
        f"6x16 nets, {N_INPUTS} inputs, {N_CLASSES} classes, float32, batches of {BATCH} of "
        f"{N_ROWS:,} synthetic rows. Timed are blocks of {points.n_steps} steps with the "
        f"gathering of their rows; an epoch is scaled from them to {-(-N_ROWS // BATCH)} steps, "
        "without evaluation and without the drawing of its order. Medians with the range. "
        "Floors: the least time for the bytes (parameters, moments and rows moved once) or the "
        "operations (of the matrix products) at the peaks measured above, as a share of the "
        "step's time; layer by layer: every operation's own reads and writes, of which the cache "
        "serves a part where models are few."
    )


def _say_order(bench: Bench) -> None:
    """What the trainable adds on the host: an order of the rows per model and epoch."""
    if find_spec("numpy") is None:
        bench.report.note("numpy is not there: the drawing of an epoch's order was not timed.")
        return
    with bench.report.attempt("an epoch's order"):
        from trainables.batches import epoch_order

        order = bench.timed(lambda: epoch_order(0, 1, N_ROWS), repeats=5)
        bench.report.note(
            f"The trainable draws an epoch's order on the host: {1e3 * order.median:.2f} ms a "
            f"model, so it trains at most {1 / order.median:,.0f} models x epochs / s."
        )
