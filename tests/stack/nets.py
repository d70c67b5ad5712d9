"""Nets that the tests stack, and the same nets trained one by one."""

from functools import partial

import torch
from torch import nn
from torch.nn.functional import cross_entropy, scaled_dot_product_attention

SEEDS = (3, 11, 4)
OPTIMIZERS = {
    "Adam": partial(torch.optim.Adam, lr=0.01, weight_decay=0.01),
    "AdamW": partial(torch.optim.AdamW, lr=0.01, weight_decay=0.1),
    "SGD": partial(torch.optim.SGD, lr=0.05, momentum=0.9, weight_decay=0.01),
}


def loss(net, x, y):
    return cross_entropy(net(x), y)


class Block(nn.Module):
    """A transformer block on sequences (B, T, 6), then a class of each sequence."""

    def __init__(self, fused=True):
        super().__init__()
        self.fused = fused
        self.norm1, self.norm2 = nn.LayerNorm(6), nn.LayerNorm(6)
        self.qkv, self.out = nn.Linear(6, 18), nn.Linear(6, 6)
        self.feed = nn.Sequential(nn.Linear(6, 12), nn.GELU(), nn.Linear(12, 6))
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        n, t, _ = x.shape
        q, k, v = (
            part.view(n, t, 2, 3).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, -1)
        )
        if self.fused:
            mixed = scaled_dot_product_attention(q, k, v)
        else:
            mixed = (q @ k.transpose(-1, -2) / 3**0.5).softmax(-1) @ v
        x = x + self.out(mixed.transpose(1, 2).reshape(n, t, 6))
        return self.head((x + self.feed(self.norm2(x))).mean(1))


# No biases before batch norm: their gradient is zero, and Adam makes steps of its rounding errors.
def layers(seed=0):
    return nn.Sequential(
        nn.Linear(5, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)
    ).double()  # fmt: skip


def images(seed=0):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3, stride=2, bias=False), nn.BatchNorm2d(6), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3),
    ).double()  # fmt: skip


NETS = {
    "layers": (layers, (5,)),
    "images": (images, (1, 10, 10)),
    "attention": (lambda seed: Block().double(), (7, 6)),
    "attention by matmul": (lambda seed: Block(fused=False).double(), (7, 6)),
}


def batches(shape, n_steps, n=3, rows=6, dtype=torch.float64):
    """Steps of inputs (n, rows, *shape) and labels (n, rows)."""
    generator = torch.Generator().manual_seed(0)
    for _ in range(n_steps):
        x = torch.randn(n, rows, *shape, generator=generator, dtype=dtype)
        yield x, torch.randint(3, (n, rows), generator=generator)


def train_alone(build, seed, optimizer, rows, clip_norm=None):
    """A net of its own, and its losses; rows: its batches."""
    torch.manual_seed(seed)
    net = build(seed)
    own, losses = optimizer(net.parameters()), []
    for x, y in rows:
        value = loss(net, x, y)
        own.zero_grad()
        value.backward()
        if clip_norm is not None:
            nn.utils.clip_grad_norm_(net.parameters(), clip_norm)
        own.step()
        losses.append(value.detach())
    return net, torch.stack(losses)
