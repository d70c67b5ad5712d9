"""Does dropout help a small net? `sweepbook run study.py` trains 5 replicates in one stack."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy

from sweepbook import Fidelity, Metric, Study
from sweepbook.stack import Stack, seeds_of, shuffled_batches


def train(config, state=None):
    def build(seed):  # one net; the stack has seeded torch
        drop = nn.Dropout(config["dropout"])
        return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), drop, nn.Linear(64, 10))

    pixels, digits = load_digits(return_X_y=True)
    x, y = torch.tensor(pixels / 16, dtype=torch.float32), torch.tensor(digits)
    rows, seeds = torch.arange(len(x)), seeds_of(config)
    split = next(shuffled_batches(rows.expand(len(seeds), -1), len(x), seeds, epoch=0))
    train, val = split[:, :1300], split[:, 1300:]  # (replicates, rows): each has its own
    stack = Stack(build, seeds, lambda params: torch.optim.Adam(params, lr=0.003))
    if state is not None:
        stack.load_state(state["stack"])
    for epoch in range(state["epoch"] + 1 if state else 1, config["epochs"] + 1):
        for batch in shuffled_batches(train, 32, seeds, epoch):  # (replicates, 32)
            stack.step(lambda net, x, y: cross_entropy(net(x), y), x[batch], y[batch])
        val_acc = (stack(x[val]).argmax(-1) == y[val]).double().mean(1)  # (replicates,)
        kept = {"epoch": epoch, "stack": stack.state()}
        yield {"epoch": epoch, "replicates": {"val_acc": val_acc}, "state": lambda kept=kept: kept}


grid, fixed = {"dropout": [0.0, 0.5]}, {"epochs": 120}
metric, fidelity = Metric("val_acc", "max"), Fidelity("epoch", "epochs")
declared = dict(grid=grid, fixed=fixed, metric=metric, fidelity=fidelity, replicates=5)
STUDY = Study(name="stack", question=__doc__, trainable="study:train", stacked=True, **declared)
