"""R replicates of any net of torch, trained as one stack."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils._pytree import tree_map

from sweepbook.stack.alone import Alone
from sweepbook.stack.batches import check_batch, check_seeds, check_state, copied
from sweepbook.stack.calls import Function, call_all, call_one, set_modes
from sweepbook.stack.dropout import mask_generators, put_dropout
from sweepbook.stack.gradients import gradients_at_once, gradients_of_one
from sweepbook.stack.layers import put_layers
from sweepbook.stack.nets import Build, build_nets
from sweepbook.stack.optimizers import MakeOptimizer, check_optimizer, clip_
from sweepbook.stack.randoms import OwnRandoms
from sweepbook.stack.tensors import Tensors


class Stack:
    """R nets of one kind that differ in their seeds, trained together.

    Replicate r has its own weights, buffers, data, dropout masks and gradient norm. Its numbers
    are those of `build(seeds[r])` trained alone with the same optimizer, to within rounding; a
    replicate that diverges changes no other.

    Args:
        build: takes a seed and returns a torch.nn.Module in training mode. torch's generator of
            the CPU starts from the seed, so `build` may ignore it. It is called R + 1 times.
        seeds: R different whole numbers >= 0.
        optimizer: takes a list of one parameter (n,) and returns an optimizer of torch.optim
            that treats all numbers alike (Adam, AdamW, SGD, ...). It is called three times.
        clip_norm: largest L2 norm of a replicate's gradient; None: it is not clipped.
        vectorized: True: one call of torch.func.vmap trains all nets. False: the nets train in
            turn within each step, for nets that vmap cannot take, and where it is slower.

    Attributes:
        seeds: as given.
        optimizer: the optimizer, for example for a learning-rate scheduler of torch.

    Raises:
        TypeError, ValueError: the nets or the optimizer cannot be stacked; says what to do.

    Randomness:
        Weights of replicate r: torch's generator of the CPU, seeded with seeds[r] while its net is
        built and restored behind. Masks of `nn.Dropout`: a generator of its own, which depends on
        seeds[r] alone. With `vectorized=False` torch's own generators have a state for each
        replicate, too, and are left as they were.
    """

    def __init__(
        self,
        build: Build,
        seeds: Sequence[int],
        optimizer: MakeOptimizer,
        *,
        clip_norm: float | None = None,
        vectorized: bool = True,
    ) -> None:
        self.seeds = check_seeds(seeds)
        if clip_norm is not None and not clip_norm > 0:
            raise ValueError(f"clip_norm must be greater than 0, and is {clip_norm}")
        *nets, again = build_nets(build, self.seeds, vectorized)
        self._again: nn.Module | None = again  # until the first step has been checked
        self._modes: list[bool] = [module.training for module in nets[0].modules()]
        self._tensors = Tensors(nets)
        check_optimizer(optimizer, self._tensors.flat)
        self.optimizer: Optimizer = optimizer([self._tensors.flat])
        self._clip_norm = clip_norm
        self._vectorized = vectorized
        self._generators = mask_generators(self.seeds, self._tensors.flat.device)
        self._active = list(self._generators)  # of the replicates that are being called
        put_dropout(nets[0], self._active)
        if vectorized:
            put_layers(nets[0])
        self._randoms = OwnRandoms(self.seeds, self._tensors.flat.device)
        self._is_training = True

    def __len__(self) -> int:
        """Returns R, the number of replicates."""
        return len(self.seeds)

    def step(self, loss: Callable[..., Tensor], *batch: Any) -> Tensor:
        """Trains each replicate by one step on its own batch, in training mode.

        The first step is compared with that of the last net trained alone.

        Args:
            loss: called as loss(net, *batch) with one net and its part of the batch, without the
                dimension R; returns one number, a tensor of shape ().
            batch: tensors (R, ...), or dicts, lists or tuples of them: row r is replicate r's.
                For one batch that all share, give `x.expand(R, *x.shape)`.

        Returns:
            The losses (R,) before the step, without gradient; not finite where one diverged.

        Raises:
            ValueError: the batch has another number of rows; vmap cannot do what the net or the
                loss does; the loss does not depend on all trained parameters.
        """
        check_batch(batch, len(self))
        self._set_mode(training=True)
        alone = self._trained_alone(loss, batch)
        losses = self._gradients(loss, batch)
        if alone is not None:
            alone.check(losses, self._tensors)
            self._again = None
        if self._clip_norm is not None:
            clip_(self._tensors.gradients, self._clip_norm)
        self.optimizer.step()
        return losses

    @torch.no_grad()
    def evaluate(self, function: Function, *batch: Any) -> Any:
        """Returns function(net, *batch) of each replicate, in evaluation mode, without gradients.

        Args:
            function: called with one net and its part of the batch, without the dimension R;
                returns a tensor, or a dict, list or tuple of tensors.
            batch: as in `step`.

        Returns:
            What the function returned, with R before each tensor's dimensions.

        Raises:
            ValueError: see `step`.
        """
        check_batch(batch, len(self))
        self._set_mode(training=False)
        own, n = self._tensors, len(self)
        if self._vectorized:
            return call_all(own, own.leaves, function, batch)
        each = [call_one(own, own.leaves_of(r), function, batch, r) for r in range(n)]
        return tree_map(lambda *results: torch.stack(results), *each)

    def __call__(self, x: Tensor) -> Tensor:
        """Returns the outputs (R, ...) of all nets for inputs x (R, ...), as `evaluate` does."""
        outputs: Tensor = self.evaluate(lambda net, x: net(x), x)
        return outputs

    def state_dict(self, replicate: int) -> dict[str, Tensor]:
        """Returns copies of one replicate's tensors, for `build(seed).load_state_dict`."""
        return self._tensors.state_dict(range(len(self))[replicate])

    def state(self) -> dict[str, Any]:
        """Returns all that training needs to go on bit for bit: tensors on the CPU, plain values.

        A learning-rate scheduler keeps its own state.
        """
        state: dict[str, Any] = {"seeds": list(self.seeds), **self._tensors.state()}
        state |= {
            "optimizer": self.optimizer.state_dict(),
            "masks": [generator.get_state() for generator in self._generators],
            "randoms": self._randoms.states,
        }
        return dict(copied(state))

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `state()` returned in a stack of the same nets, seeds and optimizer.

        Raises:
            ValueError: the state is of another stack; nothing is changed.
        """
        check_state(state, {"seeds": list(self.seeds), **self._tensors.state()})
        self._tensors.set_values(state["flat"], state["kept"])
        self.optimizer.load_state_dict(copied(state["optimizer"]))
        for generator, own in zip(self._generators, state["masks"], strict=True):
            generator.set_state(own)
        self._randoms.states = copied(state["randoms"])

    def _gradients(self, loss: Function, batch: Any) -> Tensor:
        """Sets the gradients of all replicates, and returns their losses (R,)."""
        if self._vectorized:
            return gradients_at_once(self._tensors, loss, batch)
        losses = []
        for r, generator in enumerate(self._generators):
            self._active[:] = [generator]
            with self._randoms.entered(r):
                losses.append(gradients_of_one(self._tensors, loss, batch, r))
        return torch.stack(losses)

    def _trained_alone(self, loss: Function, batch: Any) -> Alone | None:
        """The first step of the last net by itself; None where it has been checked."""
        if self._again is None:
            return None
        last = len(self) - 1
        alone = Alone(self._again, self._modes, self._generators[last], self._tensors)
        with self._randoms.entered(last, keep=False):
            alone.train(loss, batch)
        return alone

    def _set_mode(self, training: bool) -> None:
        if training != self._is_training:
            set_modes(self._tensors.net, self._modes if training else None)
            self._is_training = training
