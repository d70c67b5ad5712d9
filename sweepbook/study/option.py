"""An option that a study adds to the command line, as a frozen, checked value."""

from dataclasses import dataclass
from typing import Literal, get_args

from sweepbook.study.fields import check_fields

Kind = Literal["flag", "text", "name_or_file"]


@dataclass(frozen=True)
class Option:
    """A setting that has an option of its own on the command line.

    Example:
        >>> Option("skip_corrupt", "flag", "Leave out damaged files.").flag
        '--skip-corrupt'

    Args:
        setting: name of the setting in the config.
        kind: "flag": the option takes no value and sets True. "text": it takes a text.
            "name_or_file": it takes a name that the trainable knows, or a file. A value with a
            slash or an ending such as .pt is a file; it must exist, and becomes an absolute path.
        help: what the option does, as a sentence that stands alone.

    Raises:
        ValueError: when it is made, naming the field and its value.
    """

    setting: str
    kind: Kind
    help: str

    def __post_init__(self) -> None:
        check_fields(self, "an option")
        if not self.setting.isidentifier():
            raise ValueError(
                f"setting of an option must be the name of a setting, got {self.setting!r}"
            )
        if self.kind not in get_args(Kind):
            raise ValueError(
                f"kind of option {self.flag} must be one of {', '.join(get_args(Kind))}, "
                f"got {self.kind!r}"
            )
        if not self.help:
            raise ValueError(f"option {self.flag} needs a help text that says what it does")

    @property
    def flag(self) -> str:
        """How the command line spells it."""
        return f"--{self.setting.replace('_', '-')}"
