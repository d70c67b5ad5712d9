"""How trials that differ in a few settings alone train in one stack, as a frozen value."""

from collections.abc import Sequence
from dataclasses import dataclass

from sweepbook.study.fields import check_fields


@dataclass(frozen=True, kw_only=True)
class Fused:
    """How a trainable trains several configs together, in one stack of models in one worker.

    Each trial keeps its own rows, checkpoints, ending and trial_id, and its numbers must be the
    very ones that the study's `trainable` yields for its config by itself.

    Example:
        >>> Fused(train="my_study:train_stack", per_model=["lr", "weight_decay"])
        Fused(train='my_study:train_stack', per_model=['lr', 'weight_decay'], size=None)

    Args:
        train: import path "module:function" of a generator (configs, states), two lists of one
            length. After each unit of fidelity it yields a list with the dict of each config, as
            the trainable yields it, `state` included; the shares of `time_s` and `times` are
            the config's own. A state is None, or what the config's last `state()` returned.
        per_model: names of the settings in which configs of one stack may differ.
        size: import path of a function (config) -> most trials like it in one stack, a whole
            number >= 1; 1: it trains by itself. None: there is no limit.

    Raises:
        ValueError: when it is made, naming the field and its value.
    """

    train: str
    per_model: Sequence[str]
    size: str | None = None

    def __post_init__(self) -> None:
        check_fields(self, "fused")
        if not self.per_model:
            raise ValueError("per_model of fused must name at least one setting, got none")
