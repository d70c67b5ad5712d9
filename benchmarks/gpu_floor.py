"""The least that a training step of an MLP costs: bytes to move, operations to do.

Per model and step, in float32, for B rows. Divided by what the card does at best, they are times
that no form of the step can beat (`fused_bytes`, `operations`) or that no form can beat which
writes the output of every operation to memory, as ours does (`layered_bytes`).
"""

from collections.abc import Sequence

BYTES = 4  # of a float32
LABEL_BYTES = 8  # of an int64


def layer_sizes(depth: int, width: int, n_inputs: int, n_classes: int) -> list[int]:
    """Numbers of neurons from the inputs to the classes; `depth` hidden layers."""
    return [n_inputs, *[width] * depth, n_classes]


def n_weights(sizes: Sequence[int]) -> int:
    """Elements of all weight matrices, without the biases."""
    return sum(n_in * n_out for n_in, n_out in zip(sizes, sizes[1:], strict=False))


def n_parameters(sizes: Sequence[int]) -> int:
    """Elements of all weight matrices and biases."""
    return n_weights(sizes) + sum(sizes[1:])


def operations(sizes: Sequence[int], rows: int) -> int:
    """Multiplications and additions of the matrix products: forward, weights, inputs.

    The inputs of the net need no gradient. What is done element by element is left out.
    """
    return rows * (6 * n_weights(sizes) - 2 * sizes[0] * sizes[1])


def fused_bytes(sizes: Sequence[int], rows: int) -> int:
    """Parameters and both moments of Adam read and written, inputs and labels read, once each.

    Everything between is thought to stay on the chip.
    """
    return 2 * 3 * BYTES * n_parameters(sizes) + rows * (BYTES * sizes[0] + LABEL_BYTES)


def layered_bytes(sizes: Sequence[int], rows: int) -> int:
    """What `loss_and_gradient` and Adam read and write, each operation counted on its own.

    Without batch norm, residuals and what is only (K, B) large. A cache may serve part of it, so
    a step of few models can be faster than this.
    """
    n_in, *hidden, classes = sizes
    last = hidden[-1]
    forward = last + classes  # the last layer reads and writes
    # amax 1, sub_ 2, clamp_ 2, exp_ 2, sum 1, mul_ 2; then two products and a sum read them
    logits = 10 * classes + 3 * classes
    backward = 2 * last  # the last layer's weight gradient reads, its input gradient is written
    for before, width in zip([n_in, *hidden], hidden, strict=False):
        forward += before + width + 2 * width  # the product, and ReLU in place
        backward += 3 * width + width + before + width  # ReLU's, the weights' and the bias's
    backward += sum(width + before for before, width in zip(hidden, hidden[1:], strict=False))
    parameters = n_parameters(sizes)
    moved = 3 * parameters + 7 * parameters  # read twice and a gradient written; Adam's 4 + 3
    return BYTES * (rows * (forward + logits + backward) + moved)
