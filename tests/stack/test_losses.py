"""Cross entropy of a stack in one call: the numbers and gradients of torch's."""

import pytest
import torch
from torch.nn import functional as F

from sweepbook.stack import cross_entropy


@pytest.mark.parametrize("ignored", [False, True])
def test_it_equals_torch_s(ignored):
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(4, 7, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(3, (4, 7), generator=generator)
    if ignored:
        labels[1, :3] = -100
    each = torch.stack([F.cross_entropy(s, y) for s, y in zip(scores, labels, strict=True)])
    ours = torch.func.vmap(cross_entropy)(scores, labels)
    torch.testing.assert_close(ours, each, rtol=1e-12, atol=1e-12)
    (a,), (b,) = (torch.autograd.grad(value.sum(), scores) for value in (ours, each))
    torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)
    assert torch.equal(cross_entropy(scores[0], labels[0]), each[0])  # of a net alone
