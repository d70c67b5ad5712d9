"""Loss and gradient of a stack, layer by layer, without the autograd engine.

The same operations as autograd would call, and so the same bits (a test holds them equal), but a
gradient is written where it belongs in the flat buffer, and nothing is recorded: on tiny nets the
engine costs a third of a step.
"""

import torch
from torch import Tensor

from trainables.stacked.mlp import BN_EPS, BN_MOMENTUM, StackedMLP, groups, linear

_batch_norm_backward = torch.ops.aten.native_batch_norm_backward.default
_relu_backward = torch.ops.aten.threshold_backward.default

# exp(-80) is 1.8e-35: beside the largest class's 1 no float32 sum feels it, and 1/B of it still is
# a normal number. Below, the gradient fills with subnormal ones, which are slow to multiply: a
# step of a 6x16 net that had learnt for ten epochs took 1.5 times as long.
FARTHEST = -80.0


def cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Cross entropy of each row, and whether it is a hit; `logits` are overwritten.

    Takes logits (K, C, B) and labels (K, B); returns losses (K, B) in nats, hits (K, B), True
    where no class has a larger logit than the label's (a tie counts as a hit), and what a
    gradient needs: exponentials (K, C, B) and their sums (K, 1, B).

    The same numbers as torch.nn.functional.cross_entropy to within rounding, but that a class
    whose logit lies more than 80 below the largest counts in the exponentials as 80 below. One
    exponential serves loss and gradient, and the largest logit both the loss and the hits.
    """
    largest = logits.amax(1, keepdim=True)
    own = logits.gather(1, labels.unsqueeze(1))
    exps = logits.sub_(largest).clamp_(min=FARTHEST).exp_()
    total = exps.sum(1, keepdim=True)
    losses = (total.log() + (largest - own)).squeeze(1)
    return losses, (own == largest).squeeze(1), exps, total


@torch.no_grad()
def loss_and_gradient(model: StackedMLP, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Returns each model's mean loss (K,) and number of hits (K,), and sets `model.gradient`.

    Takes inputs x (K, n_inputs, B) and labels y (K, B). Batch norm uses the batch's statistics
    and moves the running ones. Of fewer inputs (R, n_inputs, B) each R models have the same.
    """
    *hidden, (w_out, b_out, _) = model.layers
    *hidden_grads, (w_grad, b_grad, _) = model.gradients
    h, tape = x, []
    for i, (w, b, norm) in enumerate(hidden):
        z, kept = linear(b, w, h), None  # (K, width, B)
        if norm is not None:
            flat = z.view(1, -1, z.shape[-1])  # (1, K*width, B)
            mean, var = model.running[0, i], model.running[1, i]
            normed, *statistics = torch.native_batch_norm(
                flat, *norm, mean, var, True, BN_MOMENTUM, BN_EPS
            )
            kept = (flat, mean, var, *statistics)
            z = normed.view(z.shape)
        z.relu_()
        tape.append((h, z, kept))
        h = h + z if model.residual and h.shape == z.shape else z

    losses, hits, exps, total = cross_entropy(torch.baddbmm(b_out, w_out, h), y)
    share = total.new_full((1, 1, 1), 1.0 / y.shape[1])  # of a row in the mean
    g = exps.mul_(share / total)
    g.scatter_add_(1, y.unsqueeze(1), -share.expand(total.shape))

    torch.bmm(g, h.transpose(1, 2), out=w_grad)
    torch.sum(g, 2, keepdim=True, out=b_grad)
    g = torch.bmm(w_out.transpose(1, 2), g)
    for i in reversed(range(len(hidden))):
        (w, _, norm), (w_grad, b_grad, norm_grads) = hidden[i], hidden_grads[i]
        h, z, kept = tape[i]
        past = g if model.residual and h.shape == z.shape else None
        g = _relu_backward(g, z, 0)
        if norm is not None and norm_grads is not None and kept is not None:
            flat, mean, var, *statistics = kept
            g, *own = _batch_norm_backward(
                g.view(flat.shape), flat, norm[0], mean, var, *statistics, True, BN_EPS, [True] * 3
            )
            g = g.view(z.shape)
            for into, value in zip(norm_grads, own, strict=True):
                into.copy_(value)
        for own in groups(len(g), len(h)):
            torch.bmm(g[own], h.transpose(1, 2), out=w_grad[own])
        torch.sum(g, 2, keepdim=True, out=b_grad)
        if i:  # the inputs need no gradient
            g = torch.bmm(w.transpose(1, 2), g)
            g = g if past is None else past + g
    return losses.mean(1), hits.sum(1)
