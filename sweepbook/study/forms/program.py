"""A program that trains one replicate, as a frozen, checked value."""

from dataclasses import dataclass

from sweepbook.study.fields import check_fields


@dataclass(frozen=True)
class Program:
    """A command that trains one replicate and prints its metrics.

    Example:
        >>> Program("python train.py --lr {lr} --seed {seed}").command
        'python train.py --lr {lr} --seed {seed}'

    Args:
        command: the command line; {name} stands for the value of a setting.
        folder: where it is run. None: the folder of the study file, or else the current one.

    Raises:
        ValueError: when it is made, naming the field and its value.
    """

    command: str
    folder: str | None = None

    def __post_init__(self) -> None:
        check_fields(self, "a program")
