"""What a stack is given: seeds, batches with a row per replicate, states."""

import operator
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map


def check_seeds(seeds: Sequence[int]) -> tuple[int, ...]:
    """Returns the seeds as plain numbers.

    Raises:
        ValueError: there are none, one is below 0, or two are equal.
        TypeError: one is no whole number.
    """
    found = tuple(operator.index(seed) for seed in seeds)
    if not found:
        raise ValueError("seeds is empty: give one seed per replicate")
    if min(found) < 0:
        raise ValueError(f"seeds must be at least 0, and one is {min(found)}")
    if len(set(found)) < len(found):
        raise ValueError(
            f"seeds must differ, and are {list(found)}: equal ones train the same net"
        )
    return found


def check_batch(batch: Any, n: int) -> None:
    """Checks that all tensors of a batch have one row per replicate.

    Raises:
        TypeError: there is something else than tensors.
        ValueError: a tensor has another number of rows.
    """
    for value in tree_leaves(batch):
        if not isinstance(value, Tensor):
            raise TypeError(
                f"a batch holds a {type(value).__name__}: it must hold tensors alone. Give other "
                "values to your function by a lambda"
            )
        if value.dim() == 0 or len(value) != n:
            raise ValueError(
                f"a batch holds a tensor of shape {tuple(value.shape)}, but its first dimension "
                f"must be that of the {n} replicates. For one batch that all share, give "
                "x.expand(R, *x.shape)"
            )


def check_state(state: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """Checks that a stack's state has the seeds, the names and the shapes of `own`.

    Raises:
        ValueError: it has others, or is no state of a stack.
    """
    for key, what in (("seeds", "seeds"), ("names", "tensors"), ("shapes", "shapes")):
        if key not in state:
            raise ValueError(f"the state has no {key!r}: give what Stack.state() returned")
        if list(state[key]) != list(own[key]):
            raise ValueError(
                f"the state is of another stack: its {what} are {state[key]}, and here "
                f"{own[key]}. Build the stack with the same nets and seeds"
            )


def copied(value: Any) -> Any:
    """Returns a tree of values with copies of its tensors, on the CPU."""
    return tree_map(lambda v: v.detach().cpu().clone() if isinstance(v, Tensor) else v, value)
