"""An option that a study adds to the command line, as a frozen, checked value."""

from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["flag", "text", "name_or_file"]


@dataclass(frozen=True)
class Option:
    """A setting of a study's config that has an option of its own on the command line.

    `Option("skip_corrupt", "flag", ...)` is given as `--skip-corrupt`.

    Args:
        setting: the config's key.
        kind: "flag" sets it to true; "text" takes a text; "name_or_file" takes a name that the
            trainable knows, or a file: what looks like one, by a slash or an ending, must exist,
            and the setting is its absolute path.
        help: what the option does, a sentence that stands alone.

    Raises:
        ValueError: at construction, naming the field and its value.
    """

    setting: str
    kind: Kind
    help: str

    def __post_init__(self) -> None:
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
