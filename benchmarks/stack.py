"""One step of 8 nets: a stack of sweepbook.stack beside a loop over the nets, one thread.

`python -m benchmarks.stack` prints the table, within two minutes on an idle core.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn.functional import cross_entropy
from torchvision.models import resnet18

from benchmarks.measure import Timing, interleaved, ratios
from sweepbook.stack import Stack
from sweepbook.stack import cross_entropy as stacked_cross_entropy

N = 8  # replicates
N_CLASSES = 10
Step = Callable[[], object]
FUSED = partial(torch.optim.Adam, fused=True)


@dataclass(frozen=True)
class Case:
    """A net and its batches: `build` takes a seed; `shape` is one row's, `rows` a batch's."""

    name: str
    build: Callable[[int], nn.Module]
    shape: tuple[int, ...]
    rows: int
    n_steps: int  # of one timing


def perceptron(norm: bool, seed: int) -> nn.Module:
    """Two hidden layers of 64 units on 20 inputs."""
    layers: list[nn.Module] = []
    for n_in in (20, 64):
        layers += [nn.Linear(n_in, 64), *([nn.BatchNorm1d(64)] if norm else []), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(64, N_CLASSES))


def convolutions(norm: bool, seed: int) -> nn.Module:
    """Two convolutions of 8 and 16 channels, each with pooling, on 28 pixels."""
    layers: list[nn.Module] = []
    for n_in, n_out in ((1, 8), (8, 16)):
        norms = [nn.BatchNorm2d(n_out)] if norm else []
        layers += [nn.Conv2d(n_in, n_out, 3, padding=1), *norms, nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * 7 * 7, N_CLASSES))


class Attention(nn.Module):
    """A block of attention with 4 heads on 16 places of 32 numbers, then a class."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
        self.head = nn.Linear(32, N_CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Takes (B, 16, 32), returns (B, N_CLASSES)."""
        scores: Tensor = self.head(self.block(x).mean(1))
        return scores


CASES = (
    Case("MLP 20-64-64-10, 64 rows", partial(perceptron, False), (20,), 64, 40),
    Case("the same with batch norm", partial(perceptron, True), (20,), 64, 30),
    Case("the same MLP, 512 rows", partial(perceptron, False), (20,), 512, 10),
    Case("CNN at 28 px, 8 rows", partial(convolutions, False), (1, 28, 28), 8, 8),
    Case("CNN with batch norm, 8 rows", partial(convolutions, True), (1, 28, 28), 8, 8),
    Case("CNN with batch norm, 64 rows", partial(convolutions, True), (1, 28, 28), 64, 1),
    Case("transformer block, 16 rows", lambda seed: Attention(), (16, 32), 16, 5),
    Case("ResNet-18 at 32 px, 8 rows", lambda seed: resnet18(num_classes=10), (3, 32, 32), 8, 1),
)


def loss(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Mean cross entropy of one net's batch."""
    return cross_entropy(net(x), y)


def looped(case: Case, make: Callable[..., torch.optim.Optimizer], x: Tensor, y: Tensor) -> Step:
    """The plain loop: each net has its optimizer and takes its step."""
    nets = [case.build(seed) for seed in range(N)]
    optimizers = [make(net.parameters()) for net in nets]

    def step() -> None:
        for net, optimizer, own_x, own_y in zip(nets, optimizers, x, y, strict=True):
            optimizer.zero_grad()
            loss(net, own_x, own_y).backward()
            optimizer.step()

    return step


def by_hand(case: Case, x: Tensor, y: Tensor) -> Step:
    """torch.func as its documentation has it: stack_module_state, vmap, functional_call."""
    nets = [case.build(seed) for seed in range(N)]
    parameters, buffers = stack_module_state(nets)
    optimizer = FUSED(parameters.values())

    def one(p: dict[str, Tensor], b: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(functional_call(nets[0], (p, b), (x,)), y)

    def step() -> None:
        optimizer.zero_grad()
        vmap(one)(parameters, buffers, x, y).sum().backward()
        optimizer.step()

    return step


def stacked(case: Case, x: Tensor, y: Tensor, vectorized: bool) -> Step:
    """The stack of this package."""
    stack = Stack(case.build, range(N), FUSED, vectorized=vectorized)
    return lambda: stack.step(lambda net, x, y: stacked_cross_entropy(net(x), y), x, y)


def measure_stack(repeats: int) -> dict[str, dict[str, Timing]]:
    """CPU seconds of some steps of 8 nets, for each case and side, in turn, on one thread."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    found = {}
    for case in CASES:
        x = torch.randn(N, case.rows, *case.shape, generator=generator)
        y = torch.randint(N_CLASSES, (N, case.rows), generator=generator)
        sides = {
            "stack": stacked(case, x, y, vectorized=True),
            "in turn": stacked(case, x, y, vectorized=False),
            "by hand": by_hand(case, x, y),
            "fused loop": looped(case, FUSED, x, y),
            "loop": looped(case, torch.optim.Adam, x, y),
        }
        calls = {name: partial(_times, case.n_steps, step) for name, step in sides.items()}
        with warnings.catch_warnings():  # by hand, vmap says what it has no rule for
            warnings.simplefilter("ignore", UserWarning)
            found[case.name] = interleaved(calls, repeats)
    return found


def _times(n: int, step: Step) -> None:
    for _ in range(n):
        step()


def stack_table(measured: Mapping[str, Mapping[str, Timing]]) -> Sequence[str]:
    """The table as lines of markdown: how many times faster each side is than the loop."""
    steps = {case.name: case.n_steps for case in CASES}
    lines = [
        "| 8 nets | step of the loop | stack | `vectorized=False` | torch.func by hand | loop, "
        "fused Adam |",
        "|---|---|---|---|---|---|",
    ]
    for name, sides in measured.items():
        loop, others = sides["loop"], ("stack", "in turn", "by hand", "fused loop")
        cells = [str(ratios(loop, sides[side])) for side in others]
        milliseconds = Timing(tuple(s / steps[name] * 1000 for s in loop.values), " ms")
        lines.append(f"| {name} | {' | '.join([str(milliseconds), *cells])} |")
    return lines


if __name__ == "__main__":
    print("\n".join(stack_table(measure_stack(repeats=7))))
